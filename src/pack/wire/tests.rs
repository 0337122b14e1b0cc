//! Packs as bytes: what was written is opened; what is damaged is refused, or does no harm.

mod damaged;
mod golden;

use super::*;
use crate::channel::Channel;
use crate::classify::{ClassifyLimits, Scratch, classify, trace};
use crate::diagnostic::{Report, SourceFile, render};
use crate::message::{Message, Origin};
use crate::rules;
use crate::verdict::Verdict;
use jiff::Timestamp;

/// A rule of every kind: phrases of words and of signs, gaps, regexes with and without literals, in both views, `where`,
/// fields, channels, a vocabulary.
const RULES: &str = r#"
[[class]]
name = "paid"
description = "somebody has paid"
witnesses = 1
max_words = 40
vocabulary = ["we have paid the invoice of euro on"]
max_unknown = 6

[[class]]
name = "greeting"

[[restriction]]
name = "legal"

[lists]
who = ["lawyer", "attorney", "solicitor at law"]

[[rule]]
id = "paid"
class = "paid"
owner = "accounts"
note = "asked for by Eva"
channels = ["test.*"]
expires = 2031-01-02T03:04:05.678Z
any = ["paid the invoice", { re = 'paid (?P<amount>\d+(\.\d+)?) euro' }, { re = '\bpaid\b.{0,20}\binvoice\b' }]
none = ["not paid", { phrase = "unpaid", field = "subject" }]
where = ["amount < 500.25", "length(amount) < 9"]

[[rule]]
id = "paid-on"
class = "paid"
all = [{ re = 'paid on (?P<day>\d+-\d+-\d+)' }]
where = ["day >= 2026-01-31", "day < today + 3 days"]

[[rule]]
id = "greeting"
class = "greeting"
any = ["^hello there$", "good morning!", "c'est ça", "会议"]

[[rule]]
id = "legal"
restrict = "legal"
any = ["my {who}", { re = '\d{3}-\d{4}' }, { phrase = "vip", field = "header:x-kind" }, { re = '(sue|suing) (you|them)' }]
"#;
const TEXTS: [&str; 8] = [
    "we have paid the invoice",
    "we paid, on Monday, the invoice; paid 120.50 euro",
    "paid on 2026-02-01 the invoice not paid",
    "hello there",
    "Good morning! c'est ça 会议",
    "my l\u{ad}awyer, my solicitor at law, will be suing you 555-1234",
    "paid paid paid invoice invoice café 120 €",
    "",
];
const NOW: Timestamp = Timestamp::UNIX_EPOCH;
const LIMITS: ClassifyLimits = ClassifyLimits { evidence_spans_max: 100, decision_steps_max: 1_000_000 };

fn compiled(files: &[&str]) -> Pack {
    let report = Report::new();
    let files = files.iter().zip(1..).map(|(text, number)| SourceFile::new(format!("rules/{number}.toml"), *text));
    let written = rules::load_texts(files.collect(), &report);
    let compiled = rules::compile(&written, &report);
    compiled.unwrap_or_else(|| panic!("{}", render::to_text(&report.into_sorted(), false))).0
}

fn messages() -> impl Iterator<Item = Message> {
    TEXTS.into_iter().map(|text| Message {
        channel: Channel::parse("test.test").unwrap(),
        id: None,
        sender: None,
        subject: Some("hello".to_owned()),
        text: text.to_owned(),
        sent_at: None,
        thread: None,
        attributes: Default::default(),
        headers: [("x-kind".to_owned(), "person".to_owned())].into(),
        origin: Origin::Person,
    })
}

fn verdicts(pack: &Pack) -> Vec<Verdict> {
    let mut scratch = Scratch::new(pack);
    messages().map(|message| classify(pack, &message, NOW, &LIMITS, &mut scratch)).collect()
}

#[test]
fn what_is_written_is_opened() {
    let pack = compiled(&[RULES]);
    let opened = open(&encode(&pack)).unwrap();
    assert_eq!(opened.digest(), pack.digest());
    assert_eq!(verdicts(&opened), verdicts(&pack));
    for message in messages() {
        assert_eq!(trace(&opened, &message, NOW, &LIMITS), trace(&pack, &message, NOW, &LIMITS));
    }
    let classes = verdicts(&opened).iter().filter(|verdict| verdict.class().is_some()).count();
    assert!(classes >= 3, "{:#?}", verdicts(&opened));
}

#[test]
fn it_lies_where_its_types_want_it_or_is_copied_there() {
    let bytes = encode(&compiled(&[RULES]));
    for before in 0..ALIGNMENT {
        let moved = [vec![0; before], bytes.clone()].concat();
        assert!(open(&moved[before..]).is_ok(), "{before}");
    }
}

#[test]
fn the_same_rules_give_the_same_bytes() {
    assert!(encode(&compiled(&[RULES])) == encode(&compiled(&[RULES])));
    let (lists, rules) = RULES.split_once("[[rule]]").unwrap();
    let rules = format!("[[rule]]{rules}");
    let [one, other] = [[lists, rules.as_str()], [rules.as_str(), lists]].map(|files| compiled(&files));
    assert_eq!(one.digest(), other.digest(), "the order of the files does not matter");
    assert_eq!(verdicts(&one), verdicts(&other));
}
