//! Once a scratch has seen its messages, deciding on them allocates nothing: whatever they hold, under the shipped
//! rules and those of the table of cases, whether compiled or opened.
//!
//! In a binary of its own: `allocation_counter` puts its allocator in the place of the usual one.
#![expect(clippy::unwrap_used, clippy::panic, reason = "tests stop at the first surprise")]

use decile::classify::{ClassifyLimits, Scratch, find};
use decile::diagnostic::Report;
use decile::message::Message;
use decile::pack::{Pack, wire};
use decile::reason::Reason;
use decile::rules::cases::{self, Cases};
use decile::rules::{self, Tests};
use jiff::Timestamp;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

const UNBOUNDED: ClassifyLimits = ClassifyLimits { evidence_spans_max: usize::MAX, decision_steps_max: u64::MAX };
/// What the shipped configuration takes of a message.
const MESSAGE_BYTES_MAX: usize = 16 << 10;

/// A message, when it arrives, and the bounds of deciding on it.
struct Ask {
    message: Message,
    now: Timestamp,
    limits: ClassifyLimits,
}

/// What deciding on messages gave, over all packs and passes.
#[derive(Default)]
struct Seen {
    decisions: usize,
    outcomes: BTreeSet<Option<Reason>>,
    spans: usize,
}

fn shipped() -> (Pack, Tests) {
    let report = Report::new();
    let written = rules::load(&root("rules"), &report);
    rules::compile(&written, &report).unwrap_or_else(|| panic!("{:?}", report.into_sorted()))
}

fn table() -> Cases {
    let report = Report::new();
    let cases = cases::load(&root("cases"), &report);
    assert!(!report.has_errors() && !cases.is_empty(), "{:?}", report.into_sorted());
    cases
}

fn root(folder: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(folder)
}

/// Messages as they are, and with bounds that they do not keep.
fn asks<'a>(messages: impl Iterator<Item = (&'a Message, Timestamp)>) -> Vec<Ask> {
    let tight = [10, 200, 2_000].map(|decision_steps_max| ClassifyLimits { evidence_spans_max: 1, decision_steps_max });
    let asks = messages.flat_map(|(message, now)| {
        let ask = move |limits| Ask { message: message.clone(), now, limits };
        [UNBOUNDED].into_iter().chain(tight).map(ask)
    });
    asks.collect()
}

/// Messages with other texts than a person writes.
fn odd(of: &Ask, texts: impl Iterator<Item = String>) -> Vec<Ask> {
    let message = |text| Message { text, ..of.message.clone() };
    texts.map(|text| Ask { message: message(text), now: of.now, limits: UNBOUNDED }).collect()
}

/// Every character, each a word.
fn every_char() -> impl Iterator<Item = String> {
    let chars: Vec<char> = ('\0'..'\u{20000}').chain(('\u{20000}'..=char::MAX).step_by(101)).collect();
    let texts: Vec<String> = chars.chunks(2_000).map(|chars| chars.iter().map(|c| format!("{c} ")).collect()).collect();
    texts.into_iter()
}

/// Words with many marks, and marks without a word.
fn marked() -> impl Iterator<Item = String> {
    ["a", "가", "ﷺ", "paypa1", " ", "👍"]
        .into_iter()
        .map(|word| [word, &"\u{301}\u{323}".repeat(300)].concat().repeat(4))
}

/// Texts one after another, up to the bound.
fn long_texts<'a>(texts: impl Iterator<Item = &'a str>) -> Vec<String> {
    let mut long = vec![String::new()];
    for text in texts.filter(|text| text.len() < MESSAGE_BYTES_MAX) {
        if long.last().unwrap().len() + text.len() > MESSAGE_BYTES_MAX {
            long.push(String::new());
        }
        let last = long.last_mut().unwrap();
        last.push_str(text);
        last.push('\n');
    }
    long
}

/// Decides on all of them; those for which memory was asked for, and how often.
fn allocations<'a>(
    pack: &Pack,
    asks: impl Iterator<Item = &'a Ask>,
    scratch: &mut Scratch,
    seen: &mut Seen,
) -> Vec<(u64, String)> {
    let mut allocations = Vec::new();
    for Ask { message, now, limits } in asks {
        let (mut reason, mut spans) = (None, 0);
        let counted = allocation_counter::measure(|| {
            let found = find(pack, message, *now, limits, scratch);
            reason = found.reason();
            spans = found.evidence().count();
        });
        if counted.count_total > 0 {
            allocations.push((counted.count_total, format!("{reason:?}: {:?}", message.text)));
        }
        seen.decisions += 1;
        seen.outcomes.insert(reason);
        seen.spans += spans;
    }
    allocations
}

/// Three times the same, the last in another order: it is the first that may ask for memory.
fn assert_none_after_the_first(pack: &Pack, asks: &[Ask], seen: &mut Seen) {
    let mut scratch = Scratch::new(pack);
    let first = allocations(pack, asks.iter(), &mut scratch, seen);
    assert!(!first.is_empty(), "the count sees what the first pass takes");
    assert_eq!(allocations(pack, asks.iter(), &mut scratch, seen), [], "again");
    assert_eq!(allocations(pack, asks.iter().rev(), &mut scratch, seen), [], "in another order");
}

#[test]
fn deciding_on_what_it_has_seen_allocates_nothing() {
    let ((shipped, tests), cases) = (shipped(), table());
    let mut seen = Seen::default();
    let mut all = asks(tests.messages());
    for (pack, messages) in cases.messages() {
        let asks = asks(messages);
        assert_none_after_the_first(pack, &asks, &mut seen);
        all.extend(asks);
    }
    let long = long_texts(all.iter().map(|ask| ask.message.text.as_str()));
    all.extend(odd(all.first().unwrap(), long.into_iter().chain(every_char()).chain(marked())));
    assert_none_after_the_first(&shipped, &all, &mut seen);
    assert_none_after_the_first(&wire::open(&wire::encode(&shipped)).unwrap(), &all, &mut seen);
    assert_eq!(seen.outcomes.len(), 8, "a class, and each reason that a classifier gives: {:?}", seen.outcomes);
    assert!(seen.decisions > 10_000 && seen.spans > 3_000, "{} decisions, {} spans", seen.decisions, seen.spans);
}
