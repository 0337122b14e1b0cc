//! A pack that was stored and opened decides as the one that was compiled.

use super::generate::RuleSet;
use super::numbers::Numbers;
use super::*;
use crate::pack::wire;
use std::path::Path;

const SETS: u64 = 300;
const MESSAGES_EACH: usize = 10;

pub(super) fn reopened(pack: &Pack) -> Pack {
    let bytes = wire::encode(pack);
    let opened = wire::open(&bytes).unwrap();
    assert!(bytes == wire::encode(&opened), "opened and stored again, the bytes are the same");
    assert_eq!(opened.digest(), pack.digest());
    opened
}

fn assert_same(packs: [&Pack; 2], message: &Message, limits: &ClassifyLimits) {
    let [one, other] = packs.map(|pack| classify(pack, message, NOW, limits, &mut Scratch::new(pack)));
    assert_eq!(one, other, "{message:#?}");
    let [one, other] = packs.map(|pack| trace(pack, message, NOW, limits));
    assert_eq!(one, other, "{message:#?}");
}

#[test]
fn random_rules_decide_the_same() {
    let mut classes = 0;
    for set in 0..SETS {
        let mut numbers = Numbers::new(set);
        let rules = RuleSet::random(&mut numbers);
        let compiled = pack(&rules.to_toml());
        let opened = reopened(&compiled);
        let limits = ClassifyLimits { evidence_spans_max: rules.spans_max, decision_steps_max: u64::MAX };
        for _ in 0..MESSAGES_EACH {
            let message = rules.message(&mut numbers);
            assert_same([&compiled, &opened], &message, &limits);
            classes += usize::from(verdict(&opened, &message.text).class().is_some());
        }
    }
    assert!(classes > 10, "{classes}");
}

#[test]
fn the_shipped_rules_decide_the_same_and_say_the_same_of_themselves() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let report = Report::new();
    let (compiled, _) = rules::compile(&rules::load(&root.join("rules"), &report), &report).unwrap();
    let opened = reopened(&compiled);
    assert!(compiled.rules().eq(opened.rules()) && compiled.len() > 50);
    assert!(compiled.classes().all(|class| compiled.class(class) == opened.class(class)));
    assert!(compiled.restrictions().all(|name| compiled.restriction(name) == opened.restriction(name)));
    let mut messages = 0;
    for entry in std::fs::read_dir(root.join("config/demo/messages")).unwrap() {
        for line in std::fs::read_to_string(entry.unwrap().path()).unwrap().lines() {
            let json: serde_json::Value = serde_json::from_str(line).unwrap();
            let Some(text) = json.get("text").and_then(serde_json::Value::as_str) else { continue };
            assert_same([&compiled, &opened], &message(text), &LIMITS);
            messages += 1;
        }
    }
    assert!(messages > 100, "only {messages} messages");
}

#[test]
fn an_empty_pack_is_stored_too() {
    let opened = reopened(&pack(""));
    assert!(opened.is_empty());
    assert_eq!(verdict(&opened, "hello").reason(), Some(Reason::Unmatched));
}

/// Everything that has a form of its own when stored.
#[test]
fn times_counts_and_comparisons_are_stored_as_they_are() {
    let compiled = pack(
        "[[class]]\nname = \"c\"\ndescription = \"m\"\nwitnesses = 1\nmax_words = 9\nvocabulary = [\"pay é words\"]\nmax_unknown = 2\n\
         [[restriction]]\nname = \"x\"\n\
         [[rule]]\nid = \"a\"\nclass = \"c\"\nany = [{ re = 'pay (?P<n>\\d+)' }]\nwhere = [\"n > -1.5\", \"length(n) < 9\"]\n\
         expires = 2031-01-02T03:04:05.678Z\nowner = \"o\"\nnote = \"n\"\nchannels = [\"test.*\", \"*.b\"]\n\
         [[rule]]\nid = \"b\"\nrestrict = \"x\"\nany = [{ re = 'due (?P<d>\\d+-\\d+-\\d+)' }]\nwhere = [\"d < 2026-03-01\", \"d >= today + 3 days\"]",
    );
    let opened = reopened(&compiled);
    assert!(compiled.rules().eq(opened.rules()));
    assert_eq!(compiled.rules, opened.rules);
    assert_eq!(compiled.classes, opened.classes);
    assert_eq!(compiled.fields, opened.fields);
    assert_eq!(compiled.phrases, opened.phrases);
}
