//! The bound against what texts cost that were made to cost much.

use super::*;
use crate::diagnostic::{Report, SourceFile};
use crate::pack::literals::LiteralBuilder;
use crate::pack::phrases::PhraseBuilder;
use crate::rules;
use crate::views::words::is_edge_counted;
use std::fmt::Write as _;

fn pack(rules: &str) -> Pack {
    let report = Report::new();
    let written = rules::load_texts(vec![SourceFile::new("rules/test.toml", rules)], &report);
    rules::compile(&written, &report).unwrap_or_else(|| panic!("{:?}", report.into_sorted())).0
}

/// Gaps, each as a regex, beside a dictionary that has none of their words: a pack from a file may leave them out, and the
/// bound must hold all the same.
fn gaps<'r>(regexes: impl IntoIterator<Item = &'r str>) -> (Gaps, Phrases) {
    let mut rules = String::new();
    for (at, regex) in regexes.into_iter().enumerate() {
        writeln!(rules, "[[rule]]\nid = \"r{at}\"\nrestrict = \"x\"\nany = [{{ re = '{regex}' }}]").unwrap();
    }
    let pack = pack(&rules);
    assert!(!pack.gaps.is_empty() && pack.open.is_empty(), "all are gaps");
    let uses = (0..).take(pack.gaps.literals.len()).map(|literal| pack.gaps.uses(literal).to_vec()).collect();
    let nothing = PhraseBuilder::default().build();
    (Gaps::new(pack.gaps.literals, uses, &nothing).unwrap(), nothing)
}

/// What the places of literals in a text cost, and the bound for a view of its length.
fn places((gaps, phrases): &(Gaps, Phrases), text: &str) -> (u64, u64) {
    let cost = gaps.in_text(text).map(|(literal, _)| gaps.place_cost(literal)).sum();
    (cost, gaps.cost(to_u64(text.len()), phrases))
}

#[test]
fn one_word_may_hold_several_literals() {
    let words = [
        (&[r"\bpay\b.{90}\bref", r"\bpay\b.{90}\brefu", r"\bpay\b.{90}\brefund"][..], "refunds "),
        (&[r"\bpay\b.{90}\bref", r"\bpay\b.{90}\brefund\b"], "refund "),
        (&[r"\bpay\b.{90}unds\b", r"\bpay\b.{90}ds\b"], "refunds "),
        (&[r"\bpay\b.{90}a", r"\bpay\b.{90}\ba"], "aaax "),
        (&[r"\bpay\b.{90}a", r"\bpay\b.{90}aa", r"\bpay\b.{90}aa\b"], "aaaa "),
        (&[r"\bpay\b.{90}\bref", r"\bpay\b.{90}und\b", r"\bpay\b.{90}e"], "refund "),
    ];
    for (regexes, word) in words {
        let gaps = gaps(regexes.iter().copied());
        for text in [word.repeat(500), format!("\u{e9} {}", word.repeat(500))] {
            let (cost, bound) = places(&gaps, &text);
            assert!(cost <= bound, "{word}: {cost} of at most {bound}");
            assert!(cost > bound / 4, "{word}: {cost} of at most {bound}, which says little");
        }
    }
}

#[test]
fn no_text_has_dearer_places_than_the_bound() {
    let seed = fastrand::u64(..);
    let mut rng = fastrand::Rng::with_seed(seed);
    for _ in 0..300 {
        let letters = |rng: &mut fastrand::Rng| (0..rng.usize(1..5)).map(|_| ["a", "b"][rng.usize(..2)]).collect();
        let literals: Vec<String> = (0..rng.usize(2..9)).map(|_| letters(&mut rng)).collect();
        let mut held =
            |literal: &str| format!("{}{literal}{}", [r"\b", ""][rng.usize(..2)], [r"\b", ""][rng.usize(..2)]);
        let regexes: Vec<String> =
            literals.iter().map(|literal| format!("{}.{{40}}{}", held("pay"), held(literal))).collect();
        let gaps = gaps(regexes.iter().map(String::as_str));
        for _ in 0..20 {
            let word: String = (0..rng.usize(1..5)).map(|_| rng.choice(&literals).unwrap().as_str()).collect();
            let text = format!("{word}{}", ["", " ", " \u{e9}", "_"][rng.usize(..4)]).repeat(200);
            let (cost, bound) = places(&gaps, &text);
            assert!(cost <= bound, "seed {seed}: {regexes:?} in `{text:.20}…`: {cost} of at most {bound}");
        }
    }
}

/// What it takes to find literals in a text, as a scan counts it.
fn found(literals: &Literals, text: &str) -> u64 {
    let mut work = text.len() * LITERAL_OPERATIONS;
    for (found, uses) in literals.found(text) {
        work += uses.len();
        for usage in uses {
            if let Check::Phrase(ends) = usage.check {
                let _ = ends.word_before && !is_edge_counted(text, found.start, &mut work);
                let _ = ends.word_after && !is_edge_counted(text, found.end, &mut work);
            }
        }
    }
    to_u64(work)
}

/// Characters that cannot be seen are looked through from each literal with a word at that end.
#[test]
fn no_text_has_dearer_literals_than_the_bound() {
    let seed = fastrand::u64(..);
    let mut rng = fastrand::Rng::with_seed(seed);
    let texts = [":", "a", ":a", "a:", "a:a", ":a:", "é:", ":é", "'a", "a'", "::a", "a::"];
    let pieces = ["a", ":", "'", "\u{200b}", "\u{200b}\u{200b}\u{200b}", "\u{301}", "é", " ", "\u{ad}a", ":a"];
    let mut nearest = 0;
    for _ in 0..2_000 {
        let mut builder = LiteralBuilder::default();
        for pattern in 0..rng.u32(1..40) {
            let text = texts[rng.usize(..texts.len())];
            let (word_before, word_after) = (!text.starts_with([':', '\'']), !text.ends_with([':', '\'']));
            let check = match rng.u8(..3) {
                0 => Check::Gate,
                _ => Check::Phrase(Ends { at_start: false, at_end: false, word_before, word_after }),
            };
            builder.add(text.as_bytes(), LiteralUse { pattern, field: 0, views: ViewSet::EITHER, check });
        }
        let literals = Literals::new(builder.into_entries()).unwrap();
        let piece: String = (0..rng.usize(1..6)).map(|_| pieces[rng.usize(..pieces.len())]).collect();
        let text = piece.repeat(20);
        let (work, bound) = (found(&literals, &text), literals.cost(to_u64(text.len())));
        assert!(work <= bound, "seed {seed}: {work} of at most {bound}: {:?} in {text:.40}…", literals.entries);
        nearest = nearest.max(100 * work / bound);
    }
    assert!(nearest > 40, "the nearest is {nearest} % of its bound, which says little");
}

/// Regexes wait for the first bytes of a literal, which may end within a character.
#[test]
fn literals_that_end_within_a_character_count() {
    let usage = |pattern| LiteralUse { pattern, field: 0, views: ViewSet::EITHER, check: Check::Gate };
    let mut builder = LiteralBuilder::default();
    (0..50).for_each(|pattern| builder.add(&"aéé".as_bytes()[..4], usage(pattern)));
    let literals = Literals::new(builder.into_entries()).unwrap();
    let text = "aéé".repeat(100);
    assert!(found(&literals, &text) <= literals.cost(to_u64(text.len())));
}
