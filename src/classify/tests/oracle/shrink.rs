//! A smaller case that differs all the same.

use super::generate::RuleSet;
use super::*;

/// The most tries: each compiles a pack.
const TRIES_MAX: usize = 3_000;

/// Leaves out whatever can be left out, until nothing can.
pub(super) fn shrink(mut rules: RuleSet, mut message: Message, mut what: String) -> (RuleSet, Message, String) {
    let mut tries = TRIES_MAX;
    loop {
        let smaller = fewer_rules(&rules).into_iter().map(|rules| (rules, message.clone()));
        let shorter = shorter(&message).into_iter().map(|message| (rules.clone(), message));
        let mut candidates = smaller.chain(shorter).take(tries).inspect(|_| tries -= 1).collect::<Vec<_>>().into_iter();
        let found = candidates.find_map(|(rules, message)| Some((difference(&rules, &message)?, rules, message)));
        let Some(found) = found else { return (rules, message, what) };
        (what, rules, message) = found;
    }
}

/// How a case differs; `None` where it does not, or where its rules are none.
fn difference(rules: &RuleSet, message: &Message) -> Option<String> {
    let report = Report::new();
    let written = rules::load_texts(vec![SourceFile::new("rules/test.toml", rules.to_toml())], &report);
    let (pack, _) = rules::compile(&written, &report)?;
    let differ = |pack: &Pack| differ(rules, pack, message, &mut Scratch::new(pack)).err();
    differ(&pack).or_else(|| differ(&opened::reopened(&pack)))
}

fn fewer_rules(rules: &RuleSet) -> Vec<RuleSet> {
    let mut found = Vec::new();
    let mut add = |change: &dyn Fn(&mut RuleSet)| {
        let mut changed = rules.clone();
        change(&mut changed);
        found.push(changed);
    };
    for (at, rule) in rules.rules.iter().enumerate() {
        add(&|rules| _ = rules.rules.remove(at));
        (0..rule.any.len()).for_each(|pattern| add(&|rules| _ = rules.rules[at].any.remove(pattern)));
        (0..rule.all.len()).for_each(|pattern| add(&|rules| _ = rules.rules[at].all.remove(pattern)));
        (0..rule.none.len()).for_each(|pattern| add(&|rules| _ = rules.rules[at].none.remove(pattern)));
        (0..rule.comparisons.len()).for_each(|one| add(&|rules| _ = rules.rules[at].comparisons.remove(one)));
    }
    found
}

fn shorter(message: &Message) -> Vec<Message> {
    let mut found = Vec::new();
    let length = message.text.chars().count();
    let sizes = [length / 2, length / 4, 8, 4, 2, 1].into_iter().filter(|size| (1..=length).contains(size));
    for (from, size) in sizes.flat_map(|size| (0..length).step_by(size).map(move |from| (from, size))) {
        let text = message.text.chars().take(from).chain(message.text.chars().skip(from + size)).collect();
        found.push(Message { text, ..message.clone() });
    }
    for change in [
        |message: &mut Message| message.subject = None,
        |message: &mut Message| message.sender = None,
        |message: &mut Message| message.headers.clear(),
        |message: &mut Message| message.attributes.clear(),
    ] {
        let mut changed = message.clone();
        change(&mut changed);
        found.extend((changed != *message).then_some(changed));
    }
    found
}
