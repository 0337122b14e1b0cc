//! Tests of classifying: a table of cases in files, what a table cannot say, and a naive oracle.

mod cases;
mod compared;
mod oracle;

use super::*;
use crate::channel::Channel;
use crate::diagnostic::{Report, SourceFile, render};
use crate::message::Field;
use crate::rules;
use crate::verdict::Evidence;
use std::fmt::Write as _;

const NOW: Timestamp = Timestamp::UNIX_EPOCH;
const LIMITS: ClassifyLimits = ClassifyLimits { evidence_spans_max: 100, decision_steps_max: 1_000_000 };

fn pack(text: &str) -> Pack {
    let report = Report::new();
    let written = rules::load_texts(vec![SourceFile::new("rules/test.toml", text)], &report);
    let compiled = rules::compile(&written, &report);
    compiled.unwrap_or_else(|| panic!("{}", render::to_text(&report.into_sorted(), false))).0
}

fn message(text: &str) -> Message {
    Message::of(Channel::parse("test.test").unwrap(), text)
}

fn verdict(pack: &Pack, text: &str) -> Verdict {
    classify(pack, &message(text), NOW, &LIMITS, &mut Scratch::new(pack))
}

#[test]
fn offsets_are_those_of_the_field_as_sent() {
    let pack = pack("[[rule]]\nid = \"r\"\nrestrict = \"x\"\nany = [\"café login\"]");
    let text = "日本 \u{200b}— CAFÉ \u{a0} LO\u{ad}GIN!";
    let verdict = verdict(&pack, text);
    assert_eq!(verdict.reason(), Some(Reason::Restricted));
    let span = verdict.evidence.first().map(|evidence| (evidence.start, evidence.end));
    assert_eq!(span, Some((14, 30)));
    assert_eq!(&text[14..30], "CAFÉ \u{a0} LO\u{ad}GIN");
}

#[test]
fn evidence_is_cut_and_restricting_rules_are_kept_first() {
    let rules = "[[rule]]\nid = \"a\"\nclass = \"c\"\nany = [\"one\", \"two\"]\n\
        [[rule]]\nid = \"z\"\nrestrict = \"x\"\nany = [\"three\", \"four\"]";
    let pack = pack(rules);
    let limits = ClassifyLimits { evidence_spans_max: 3, ..LIMITS };
    let verdict = classify(&pack, &message("one two three four"), NOW, &limits, &mut Scratch::new(&pack));
    let found: Vec<(&str, usize)> = verdict.evidence.iter().map(|e| (e.rule.as_str(), e.start)).collect();
    assert_eq!(found, [("a", 0), ("z", 8), ("z", 14)]);
}

#[test]
fn a_pattern_that_two_groups_share_is_evidence_once() {
    let pack = pack("[[rule]]\nid = \"a\"\nclass = \"c\"\nany = [\"one\"]\nall = [\"one\"]");
    assert_eq!(verdict(&pack, "one").evidence.len(), 1);
}

#[test]
fn too_much_work_escalates_and_always_at_the_same_step() {
    let pack = pack("[[rule]]\nid = \"a\"\nclass = \"c\"\nany = [\"one\", { re = '\\d{3}' }]");
    let told = trace(&pack, &message("one 123"), NOW, &LIMITS);
    assert_eq!(told.class.as_ref().map(|class| class.as_str()), Some("c"));
    assert!(told.steps >= 2 * 7, "at least, each byte is read, and given to the regex: {}", told.steps);
    for (steps, reason) in
        [(told.steps, None), (told.steps - 1, Some(Reason::OverBudget)), (0, Some(Reason::OverBudget))]
    {
        let limits = ClassifyLimits { decision_steps_max: steps, ..LIMITS };
        let verdict = classify(&pack, &message("one 123"), NOW, &limits, &mut Scratch::new(&pack));
        assert_eq!(verdict.reason(), reason, "{steps} steps");
    }
}

#[test]
fn over_budget_comes_before_restricted() {
    let pack = pack("[[rule]]\nid = \"a\"\nrestrict = \"x\"\nany = [\"one\"]");
    let limits = ClassifyLimits { decision_steps_max: 5, ..LIMITS };
    let verdict = classify(&pack, &message("one two three"), NOW, &limits, &mut Scratch::new(&pack));
    assert_eq!(verdict, Verdict::none(Reason::OverBudget, Vec::new()));
}

#[test]
fn a_scratch_serves_any_pack_and_forgets_every_message() {
    let small = pack("[[rule]]\nid = \"a\"\nclass = \"small\"\nany = [\"one\"]");
    let large = pack(
        "[[rule]]\nid = \"a\"\nclass = \"large\"\nany = [\"one\", \"two\", { phrase = \"x\", field = \"subject\" }]\n\
         [[rule]]\nid = \"b\"\nclass = \"b\"\nany = [{ re = 'thr(e)+' }]",
    );
    let mut scratch = Scratch::new(&small);
    let mut ask = |pack, text| classify(pack, &message(text), NOW, &LIMITS, &mut scratch);
    assert_eq!(ask(&small, "one"), verdict(&small, "one"));
    assert_eq!(ask(&large, "three"), verdict(&large, "three"));
    assert_eq!(ask(&small, "three").reason(), Some(Reason::Unmatched));
    assert_eq!(ask(&large, "two, three").reason(), Some(Reason::Conflict));
    assert_eq!(ask(&large, "two"), verdict(&large, "two"));
    assert_eq!(ask(&large, "").reason(), Some(Reason::Unmatched));
}

#[test]
fn words_that_no_phrase_has_are_unknown() {
    let pack = pack("[[rule]]\nid = \"a\"\nclass = \"a\"\nany = [\"works for me\"]\n");
    let mut scratch = Scratch::new(&pack);
    let mut unknown = |text: &str| {
        let _ = classify(&pack, &message(text), NOW, &LIMITS, &mut scratch);
        scratch.unknown_words()
    };
    assert_eq!(unknown("Thursday works for me"), Some(0.25));
    assert_eq!(unknown("Works, for me!"), Some(0.0));
    assert_eq!(unknown("W\u{f6}rks f\u{f6}r them"), Some(1.0), "as it was sent, not as it was folded");
    assert_eq!(unknown(""), None);
    assert_eq!(unknown("nobody knows"), Some(1.0));
    scratch.forget();
    assert_eq!(scratch.unknown_words(), None);
}

#[test]
fn an_empty_pack_escalates_everything() {
    let pack = pack("");
    assert!(pack.is_empty());
    assert_eq!(verdict(&pack, "hello").reason(), Some(Reason::Unmatched));
}

#[test]
fn a_trace_tells_what_fired_and_what_nearly_did() {
    let pack = pack(
        "[[rule]]\nid = \"fires\"\nclass = \"c\"\nany = [\"one\"]\n\
         [[rule]]\nid = \"nearly\"\nclass = \"d\"\nany = [\"one\"]\nnone = [\"two\"]\n\
         [[rule]]\nid = \"unsaid\"\nclass = \"e\"\nall = [\"one\"]\nnone = [{ phrase = \"x\", field = \"subject\" }]\n\
         [[rule]]\nid = \"far\"\nclass = \"f\"\nall = [\"one\", \"three\", \"four\"]\n\
         [[rule]]\nid = \"silent\"\nclass = \"f\"\nany = [\"five\"]",
    );
    let told = trace(&pack, &message("one and t\u{ad}wo"), NOW, &LIMITS);
    let rules: Vec<(&str, bool)> = told.rules.iter().map(|rule| (rule.rule.as_str(), rule.fired)).collect();
    assert_eq!(rules, [("fires", true), ("nearly", false), ("unsaid", false)]);
    let hidden = &told.rules[1].conditions[1];
    assert_eq!((hidden.kind, hidden.state), (ConditionKind::None, crate::pack::Truth::False));
    assert_eq!((hidden.spans[0].view, hidden.spans[0].start, hidden.spans[0].end), (ViewName::Folded, 8, 13));
    let unsaid = &told.rules[2].conditions[1];
    assert_eq!((unsaid.state, unsaid.absent.as_slice()), (crate::pack::Truth::Unknown, &[Field::Subject][..]));
    assert_eq!(told.evidence, verdict(&pack, "one and t\u{ad}wo").evidence);
}

#[test]
fn a_trace_is_json() {
    let pack = pack("[[class]]\nname = \"c\"\nmax_words = 3\n[[rule]]\nid = \"a\"\nclass = \"c\"\nany = [\"one\"]");
    let json = serde_json::to_value(trace(&pack, &message("one"), NOW, &LIMITS)).unwrap();
    assert_eq!(json["class"], "c");
    assert_eq!(json["rules"][0]["effect"]["permit"], "c");
    assert_eq!(json["rules"][0]["origin"], "test.toml:5");
    assert_eq!(json["rules"][0]["conditions"][0]["spans"][0]["view"], "raw");
    assert_eq!(json["classes"][0]["words"], 1);
    let json = serde_json::to_value(trace(&pack, &message("p\u{430}y"), NOW, &LIMITS)).unwrap();
    assert_eq!(json["uninspectable"]["field"], "text");
    assert_eq!(json["uninspectable"]["found"]["why"], "mixed_script");
}

#[test]
fn a_long_text_with_many_candidates_is_decided() {
    let pack = pack("[[rule]]\nid = \"a\"\nclass = \"c\"\nany = [\"a a b\", { re = '(a ){20}b' }]");
    let verdict = verdict(&pack, &"a ".repeat(8_000));
    assert_eq!(verdict.reason(), Some(Reason::Unmatched));
}

#[test]
fn a_pack_is_shared_between_threads() {
    fn shared<T: Send + Sync>() {}
    fn sent<T: Send>() {}
    shared::<Pack>();
    sent::<Scratch>();
}

/// Texts that make much work, for any rules: what they look for, over and over, and what is dear to read.
fn dear_texts(words: &[&str], bytes: usize) -> Vec<String> {
    let fill = |piece: &str| piece.repeat(bytes / piece.len());
    let mut texts: Vec<String> = words.iter().map(|word| fill(&format!("{word} "))).collect();
    texts.extend(["a", "\u{e9}", "a b ", "1 ", "会", "\u{430} ", "e\u{301} ", "a\u{200b}"].map(fill));
    texts.push(fill(&format!("{} ", words.join(" "))));
    texts
}

#[test]
fn no_message_takes_more_than_the_bound_of_its_pack() {
    let pack = pack(
        "[[class]]\nname = \"c\"\nmax_words = 3\n\
         [[rule]]\nid = \"a\"\nclass = \"c\"\nany = [\"a a b\", \"a a\", \"a\", \":)\", { re = '(a ){20}b' }]\nnone = [\"b\"]\n\
         [[rule]]\nid = \"b\"\nrestrict = \"r\"\nall = [{ re = '\\baa?\\b.{0,40}\\bb\\b' }, { re = 'ab.{2,9}b' }]\n\
         [[rule]]\nid = \"c\"\nrestrict = \"r\"\nall = [{ re = '\\ba\\b.{0,40}\\bb\\b' }, { re = 'b.{0,9}a' }]\n\
         [[rule]]\nid = \"d\"\nclass = \"d\"\nall = [{ re = '(?P<n>\\d+)' }]\nwhere = [\"n > 5\"]",
    );
    let limits = ClassifyLimits { evidence_spans_max: 64, decision_steps_max: u64::MAX };
    for bytes in [0, 1, 100, 5_000] {
        let bound = pack.cost(bytes, limits.evidence_spans_max).operations();
        for text in dear_texts(&["a", "b", "ab", "a a b", ":)", "a b", "12", "é"], bytes) {
            let steps = trace(&pack, &message(&text), NOW, &limits).steps;
            assert!(steps <= bound, "{steps} steps of at most {bound}: {text:.40}…");
        }
    }
}

/// A word may begin with many literals of gaps, and each of its places is asked for all gaps that it could close. The text
/// keeps each gap from matching: one first word is too near, the one before it too far by less than a byte can tell.
#[test]
fn words_that_begin_with_many_literals_keep_the_bound() {
    let word = "paymentdetails";
    let mut rules = String::new();
    for (at, (end, least, most)) in (6..=word.len())
        .flat_map(|end| (2..5).map(move |least| (end, least)))
        .flat_map(|(end, least)| (7..10).map(move |most| (end, least, most)))
        .enumerate()
    {
        let regex = format!(r"\bx.{{{least},{most}}}\b{}", &word[..end]);
        writeln!(rules, "[[rule]]\nid = \"r{at}\"\nrestrict = \"r\"\nany = [{{ re = '{regex}' }}]").unwrap();
    }
    let pack = pack(&rules);
    let text = format!("\u{e9}\u{200b} {}", format!("x {word} ").repeat(280));
    let limits = ClassifyLimits { evidence_spans_max: 64, decision_steps_max: u64::MAX };
    let told = trace(&pack, &message(&text), NOW, &limits);
    assert_eq!(told.reason, Some(Reason::Unmatched));
    let bound = pack.cost(text.len(), limits.evidence_spans_max).operations();
    assert!(told.steps <= bound, "{} steps of at most {bound}", told.steps);
    assert!(told.steps > bound / 4, "{} steps of at most {bound}, which says little", told.steps);
}

/// All words are looked up, and all are different.
#[test]
fn words_that_a_class_does_not_know_keep_the_bound() {
    let known: String = (0..1_000).map(|at| format!("\"w{at}\", ")).collect();
    let pack = pack(&format!(
        "[[class]]\nname = \"c\"\nvocabulary = [{known}]\nmax_unknown = 1500\n\
         [[rule]]\nid = \"a\"\nclass = \"c\"\nany = [{{ re = '.' }}]"
    ));
    let text: String = ('\u{4e00}'..).take(1_500).collect();
    let limits = ClassifyLimits { evidence_spans_max: 64, decision_steps_max: u64::MAX };
    let told = trace(&pack, &message(&text), NOW, &limits);
    assert_eq!(told.class.as_ref().map(|class| class.as_str()), Some("c"));
    let bound = pack.cost(text.len(), limits.evidence_spans_max);
    assert!(told.steps <= bound.operations(), "{} steps of at most {}", told.steps, bound.operations());
    assert!(told.steps > bound.operations() - bound.novelty, "without a bound for novelty there would be too many");
}

#[test]
fn a_text_that_becomes_much_longer_cannot_be_inspected() {
    let pack = pack("[[rule]]\nid = \"a\"\nclass = \"c\"\nany = [\"one\"]");
    assert_eq!(verdict(&pack, &format!("one {}", "\u{fdfa}".repeat(40))).reason(), Some(Reason::Uninspectable));
    assert_eq!(verdict(&pack, "one \u{fdfa}").class().map(|class| class.as_str()), Some("c"));
}
