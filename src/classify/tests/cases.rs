//! `tests/cases/classify/*.toml`: rules, messages, and what must come of them.

use super::*;
use std::collections::BTreeMap;
use std::path::Path;

#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    rules: String,
    case: Vec<Case>,
}

#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct Case {
    why: String,
    text: String,
    subject: Option<String>,
    sender: Option<String>,
    channel: Option<String>,
    #[serde(default)]
    headers: BTreeMap<String, String>,
    #[serde(default)]
    attributes: BTreeMap<String, String>,
    class: Option<String>,
    reason: Option<Reason>,
    fired: Option<Vec<String>>,
    /// Rule, field, and what the span holds.
    evidence: Option<Vec<(String, Field, String)>>,
    /// Rule, field, start, end; in any order.
    spans: Option<Vec<(String, Field, usize, usize)>>,
}

#[test]
fn every_case_holds() {
    let dir = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cases/classify");
    let mut count = 0;
    let mut wrong = Vec::new();
    for entry in std::fs::read_dir(&dir).unwrap() {
        let path = entry.unwrap().path();
        let file: File = toml::from_str(&std::fs::read_to_string(&path).unwrap())
            .unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        let pack = pack(&file.rules);
        let mut scratch = Scratch::new(&pack);
        for case in &file.case {
            count += 1;
            let found = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| check(&pack, case, &mut scratch)));
            if found.is_err() {
                wrong.push(format!("{}: {}", path.file_name().unwrap().display(), case.why));
            }
        }
    }
    assert!(count > 100, "only {count} cases in {}", dir.display());
    assert!(wrong.is_empty(), "{} cases are wrong:\n{}", wrong.len(), wrong.join("\n"));
}

fn check(pack: &Pack, case: &Case, scratch: &mut Scratch) {
    let message = Message {
        channel: Channel::parse(case.channel.as_deref().unwrap_or("test.test")).unwrap(),
        subject: case.subject.clone(),
        sender: case.sender.clone(),
        headers: case.headers.clone(),
        attributes: case.attributes.clone(),
        ..super::message(&case.text)
    };
    let verdict = classify(pack, &message, NOW, &LIMITS, scratch);
    assert!(case.class.is_some() != case.reason.is_some(), "`{}` expects a class or a reason", case.why);
    assert_eq!(verdict.class().map(|class| class.as_str()), case.class.as_deref(), "{}: {verdict:?}", case.why);
    assert_eq!(verdict.reason(), case.reason, "{}: {verdict:?}", case.why);
    check_evidence(case, &message, &verdict);
    let told = trace(pack, &message, NOW, &LIMITS);
    assert_eq!((told.reason, &told.evidence), (case.reason, &verdict.evidence), "the trace of {}", case.why);
    if let Some(fired) = &case.fired {
        let told: Vec<&str> = told.rules.iter().filter(|rule| rule.fired).map(|rule| rule.rule.as_str()).collect();
        assert_eq!(&told, fired, "{}", case.why);
    }
}

fn check_evidence(case: &Case, message: &Message, verdict: &Verdict) {
    let slice = |found: &Evidence| message.field(&found.field).unwrap()[found.start..found.end].to_owned();
    if let Some(evidence) = &case.evidence {
        let found: Vec<(String, Field, String)> =
            verdict.evidence.iter().map(|one| (one.rule.to_string(), one.field.clone(), slice(one))).collect();
        assert_eq!(&found, evidence, "{}", case.why);
    }
    if let Some(spans) = &case.spans {
        let mut found: Vec<(String, Field, usize, usize)> =
            verdict.evidence.iter().map(|one| (one.rule.to_string(), one.field.clone(), one.start, one.end)).collect();
        let mut spans = spans.clone();
        found.sort();
        spans.sort();
        assert_eq!(found, spans, "{}", case.why);
    }
}
