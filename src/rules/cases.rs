//! Cases: rules, messages, and what must come of them, in files that stand beside no rules of anybody's. They
//! are the table that says what the language means; `decile test --cases` and the library's tests run it.

mod written;

use super::load::read_folder;
use crate::class::RuleId;
use crate::classify::{ClassifyLimits, Scratch, Trace, classify, trace};
use crate::diagnostic::{Location, Report, Severity, SourceFile};
use crate::message::Message;
use crate::pack::Pack;
use crate::reason::Reason;
use crate::verdict::{Evidence, Verdict};
use jiff::Timestamp;
use std::path::Path;
use std::sync::Arc;

const LIMITS: ClassifyLimits = ClassifyLimits { evidence_spans_max: usize::MAX, decision_steps_max: u64::MAX };

/// The cases of a folder.
#[derive(Debug, Default)]
pub struct Cases {
    files: Vec<CaseFile>,
}

/// Rules, and messages for them.
#[derive(Debug)]
struct CaseFile {
    pack: Pack,
    cases: Vec<Case>,
    refusals: Vec<Refusal>,
}

/// A message, and what must come of it.
#[derive(Debug)]
struct Case {
    at: Location,
    why: String,
    message: Message,
    now: Timestamp,
    /// A class, or why there is none.
    expected: Result<String, Reason>,
    /// The rules that fire.
    fired: Option<Vec<String>>,
    /// Rule, field, and what the span holds; in the order of the evidence.
    evidence: Option<Vec<[String; 3]>>,
    /// `rule field start..end`; in any order.
    spans: Option<Vec<String>>,
}

/// Rules that do not load.
#[derive(Debug)]
struct Refusal {
    at: Location,
    why: String,
    rules: Arc<SourceFile>,
    /// The code of the mistake.
    code: String,
}

/// A case that does not hold.
#[derive(Clone, Debug)]
pub struct Failure {
    /// Where it stands.
    pub at: Location,
    /// What it shows.
    pub why: String,
    /// What is otherwise.
    pub wrong: Vec<String>,
}

impl Cases {
    /// How many there are.
    pub fn len(&self) -> usize {
        self.files.iter().map(|file| file.cases.len() + file.refusals.len()).sum()
    }

    /// The packs of all files: for whoever wants to ask them something else.
    pub fn packs(&self) -> impl Iterator<Item = &Pack> {
        self.files.iter().map(|file| &file.pack)
    }

    /// The same, each with its messages, and when each of these arrives.
    pub fn messages(&self) -> impl Iterator<Item = (&Pack, impl Iterator<Item = (&Message, Timestamp)>)> {
        self.files.iter().map(|file| (&file.pack, file.cases.iter().map(|case| (&case.message, case.now))))
    }

    /// The same, with packs that were stored and opened.
    #[cfg(test)]
    pub(crate) fn reopened(mut self) -> Self {
        use crate::pack::wire;
        self.files.iter_mut().for_each(|file| file.pack = wire::open(&wire::encode(&file.pack)).unwrap());
        self
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

/// Reads every `*.toml` of a folder, in name order. A folder without any is an error, and so is a file without
/// cases.
pub fn load(dir: &Path, report: &Report) -> Cases {
    let files = read_folder(dir, report);
    Cases { files: files.iter().filter_map(|file| written::case_file(file, report)).collect() }
}

/// Runs the cases through the production path; those that do not hold.
pub fn run(cases: &Cases) -> Vec<Failure> {
    cases.files.iter().flat_map(run_file).collect()
}

fn run_file(file: &CaseFile) -> Vec<Failure> {
    let mut scratch = Scratch::new(&file.pack);
    let fail = |at: &Location, why: &str, wrong: Vec<String>| {
        (!wrong.is_empty()).then(|| Failure { at: at.clone(), why: why.to_owned(), wrong })
    };
    let cases = file.cases.iter().filter_map(|case| fail(&case.at, &case.why, wrong(&file.pack, case, &mut scratch)));
    let mut failures: Vec<Failure> = cases.collect();
    failures.extend(file.refusals.iter().filter_map(|refusal| fail(&refusal.at, &refusal.why, refusal.wrong())));
    failures
}

fn wrong(pack: &Pack, case: &Case, scratch: &mut Scratch) -> Vec<String> {
    let verdict = classify(pack, &case.message, case.now, &LIMITS, scratch);
    let told = trace(pack, &case.message, case.now, &LIMITS);
    let evidence: Vec<[String; 3]> = verdict.evidence.iter().map(|one| written_out(one, &case.message)).collect();
    let mut spans: Vec<String> = verdict.evidence.iter().map(span).collect();
    spans.sort();
    let mut expected_spans = case.spans.clone();
    expected_spans.iter_mut().for_each(|spans| spans.sort());
    let fired: Vec<String> = fired(&told).map(|rule| rule.to_string()).collect();
    let mut wrong = Vec::new();
    differ("it is", Some(&case.expected), &outcome(&verdict), &mut wrong);
    differ("it fires", case.fired.as_ref(), &fired, &mut wrong);
    differ("the evidence is", case.evidence.as_ref(), &evidence, &mut wrong);
    differ("the spans are", expected_spans.as_ref(), &spans, &mut wrong);
    differ("the trace says", Some(&verdict), &said(&told), &mut wrong);
    wrong
}

fn differ<T: PartialEq + std::fmt::Debug>(what: &str, expected: Option<&T>, found: &T, wrong: &mut Vec<String>) {
    if let Some(expected) = expected.filter(|expected| *expected != found) {
        wrong.push(format!("{what} {found:?}, and should be {expected:?}"));
    }
}

fn outcome(verdict: &Verdict) -> Result<String, Reason> {
    match verdict.reason() {
        Some(reason) => Err(reason),
        None => Ok(verdict.class().map(ToString::to_string).unwrap_or_default()),
    }
}

fn fired(told: &Trace) -> impl Iterator<Item = &RuleId> {
    told.rules.iter().filter(|rule| rule.fired).map(|rule| &rule.rule)
}

/// The verdict that a trace tells.
fn said(told: &Trace) -> Verdict {
    let none = |reason| Verdict::none(reason, told.evidence.clone());
    match (&told.class, told.reason) {
        (Some(class), None) => {
            let outcome = crate::verdict::Outcome::Class(class.clone());
            Verdict { outcome, evidence: told.evidence.clone() }
        }
        // A trace with neither, or with both, says something that no verdict does.
        (_, reason) => none(reason.unwrap_or(Reason::Malformed)),
    }
}

fn written_out(evidence: &Evidence, message: &Message) -> [String; 3] {
    let text = message.field(&evidence.field).and_then(|text| text.get(evidence.start..evidence.end));
    [evidence.rule.to_string(), evidence.field.to_string(), text.unwrap_or("a span outside the field").to_owned()]
}

fn span(evidence: &Evidence) -> String {
    format!("{} {} {}..{}", evidence.rule, evidence.field, evidence.start, evidence.end)
}

impl Refusal {
    fn wrong(&self) -> Vec<String> {
        let report = Report::new();
        let written = super::load_texts(vec![Arc::clone(&self.rules)], &report);
        let loads = super::compile(&written, &report).is_some();
        let errors = report.into_sorted().into_iter().filter(|found| found.severity == Severity::Error);
        let codes: Vec<String> = errors.map(|found| found.code.to_owned()).collect();
        let mut wrong = Vec::new();
        differ("that the rules load is", Some(&false), &loads, &mut wrong);
        differ("the mistakes are", Some(&vec![self.code.clone()]), &codes, &mut wrong);
        wrong
    }
}
