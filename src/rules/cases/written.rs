//! Case files as written, and as meant.
//!
//! ```toml
//! rules = '…'                             # what a rule file holds
//! [[case]]
//! why = "an apostrophe between letters joins"
//! text = "I can't"                        # and `subject`, `sender`, `channel`, `headers`, `attributes`, `now`
//! class = "cant"                          # or `reason = "unmatched"`
//! fired = ["cant"]                        # from here on: where it matters
//! evidence = [["cant", "text", "can't"]]  # rule, field, and what the span holds
//! spans = ["cant text 2..7"]
//! [[refused]]
//! why = "a list that is not there"
//! rules = '…'
//! code = "unknown-list"
//! ```

use super::super::moment;
use super::{Case, CaseFile, Refusal};
use crate::channel::Channel;
use crate::diagnostic::table::{Placed, Table, read_file};
use crate::diagnostic::{Report, SourceFile};
use crate::message::{Message, Origin};
use crate::reason::Reason;
use jiff::Timestamp;
use std::collections::BTreeMap;
use std::sync::Arc;

/// Where messages come from that do not say it.
const CHANNEL: &str = "test.test";

/// Reads a file of cases; `None` where something is wrong, which has been reported.
pub(super) fn case_file(file: &Arc<SourceFile>, report: &Report) -> Option<CaseFile> {
    let (rules, cases, refusals) = read_file(file, report, |table| {
        let rules = table.string("rules").map(|rules| rules.value).unwrap_or_default();
        (rules, table.tables("case", case), table.tables("refused", refusal))
    });
    if cases.is_empty() && refusals.is_empty() {
        let wrong = format!("no case in `{}`", file.name());
        report.error_nowhere("no-cases", wrong, "write a `[[case]]`, or remove the file");
    }
    let cases: Option<Vec<Case>> = cases.into_iter().collect();
    let refusals: Option<Vec<Refusal>> = refusals.into_iter().collect();
    let source = SourceFile::new(format!("{}: `rules`", file.name()), rules);
    let inner = Report::new();
    let compiled = super::super::compile(&super::super::load_texts(vec![source], &inner), &inner);
    if compiled.is_none() {
        report.extend(inner);
    }
    Some(CaseFile { pack: compiled?.0, cases: cases?, refusals: refusals? })
}

fn case(table: &Table<'_>) -> Option<Case> {
    let why = table.required_string("why");
    let message = message(table);
    let now = table.moment("now").and_then(|written| moment::beginning(&written, table.report()));
    let expected = expected(table);
    let strings = |key| table.has(key).then(|| values(table.strings(key)));
    let fired = strings("fired");
    let spans = strings("spans");
    let evidence = table.has("evidence").then(|| evidence(table));
    let now = now.unwrap_or(Timestamp::UNIX_EPOCH);
    Some(Case { at: table.at(), why: why?.value, message: message?, now, expected: expected?, fired, evidence, spans })
}

fn message(table: &Table<'_>) -> Option<Message> {
    let value = |key| table.string(key).map(|text| text.value);
    let by_name = |key, name: fn(&str) -> String| -> BTreeMap<String, String> {
        let named = table.named(key).into_iter();
        named.filter_map(|(key, value)| Some((name(&key.value), value.string(&key.value)?.value))).collect()
    };
    let text = table.required_string("text");
    let (subject, sender) = (value("subject"), value("sender"));
    let attributes = by_name("attributes", str::to_owned);
    let headers = by_name("headers", str::to_ascii_lowercase);
    let channel = match table.string("channel") {
        Some(written) => channel(&written, table.report())?,
        None => Channel::parse(CHANNEL).ok()?,
    };
    Some(Message {
        channel,
        id: None,
        sender,
        subject,
        text: text?.value,
        sent_at: None,
        thread: None,
        attributes,
        headers,
        origin: Origin::Person,
    })
}

fn channel(written: &Placed<String>, report: &Report) -> Option<Channel> {
    let parsed = Channel::parse(&written.value);
    if let Err(error) = &parsed {
        report.error("bad-channel", &written.at, format!("`{}` is no channel", written.value), error.to_string());
    }
    parsed.ok()
}

fn expected(table: &Table<'_>) -> Option<Result<String, Reason>> {
    let reasons = Reason::ALL.map(|reason| (reason.as_str(), reason));
    let (class, reason) = (table.string("class"), table.word("reason", &reasons));
    match (class, reason, table.has("reason")) {
        (Some(class), None, false) => Some(Ok(class.value)),
        (None, Some(reason), _) => Some(Err(reason.value)),
        // An unknown reason has been reported already.
        (None, None, true) => None,
        _ => {
            let wrong = "a case has a `class` or a `reason`, one of them";
            table.report().error("case-kind", &table.at(), wrong, "write what must come of the message");
            None
        }
    }
}

fn evidence(table: &Table<'_>) -> Vec<[String; 3]> {
    let parts = |(value, at)| match <[String; 3]>::try_from(values(value)) {
        Ok(parts) => Some(parts),
        Err(_) => {
            let wrong = "evidence is a rule, a field, and what the span holds";
            table.report().error("case-evidence", &at, wrong, "write `[\"rule\", \"text\", \"as sent\"]`");
            None
        }
    };
    let lists = table.list("evidence").into_iter().map(|value| (value.strings("evidence"), value.at()));
    lists.filter_map(parts).collect()
}

fn refusal(table: &Table<'_>) -> Option<Refusal> {
    let (why, rules, code) =
        (table.required_string("why"), table.required_string("rules"), table.required_string("code"));
    let rules = SourceFile::new(format!("{}: `rules`", table.at()), rules?.value);
    Some(Refusal { at: table.at(), why: why?.value, rules, code: code?.value })
}

fn values(written: Vec<Placed<String>>) -> Vec<String> {
    written.into_iter().map(|text| text.value).collect()
}
