//! Guards, against the whole list of what a text has, and against their bound.

use super::*;
use crate::class::Class;
use std::collections::BTreeSet;

fn class(words_max: Option<usize>, vocabulary: Option<(&str, usize)>) -> ClassSpec {
    let of = |(words, unknown_max): (&str, usize)| Vocabulary {
        words: words.split(' ').map(str::to_owned).collect::<BTreeSet<String>>(),
        unknown_max,
    };
    ClassSpec {
        class: Class::parse("c").unwrap(),
        description: None,
        witnesses: 1,
        words_max,
        vocabulary: vocabulary.map(of),
    }
}

/// Whether a text has too much, and what it took to see that.
fn exceeds(spec: &ClassSpec, text: &str) -> (bool, u64) {
    let mut steps = Steps::new(u64::MAX);
    let exceeds = Novelty::default().exceeds(spec, text, &mut steps).unwrap();
    (exceeds, steps.taken())
}

#[test]
fn whoever_stops_early_says_what_the_whole_list_says() {
    let seed = fastrand::u64(..);
    let mut rng = fastrand::Rng::with_seed(seed);
    let tokens = ["a", "b", "can't", "é", "会议", "12", "3pm", "x@y.de", "ab", "zz", "q", "...", "\u{200b}", "'"];
    let mut seen = [0; 2];
    for _ in 0..20_000 {
        let text: Vec<&str> = (0..rng.usize(..24)).map(|_| tokens[rng.usize(..tokens.len())]).collect();
        let text = text.join(["", " "][rng.usize(..2)]);
        let vocabulary = rng.bool().then(|| (["a b", "会 q", "can't ab é"][rng.usize(..3)], rng.usize(..6)));
        let spec = class(rng.bool().then(|| rng.usize(..20)), vocabulary);
        let whole = Novelty::of(&spec, &text);
        let too_much = spec.words_max.is_some_and(|most| whole.words > most)
            || vocabulary.is_some_and(|(_, most)| whole.unknown.len() > most);
        let (found, taken) = exceeds(&spec, &text);
        assert_eq!(found, too_much, "seed {seed}: {spec:?} of {text:?}");
        let bound = spec.guard_cost(text.len()) as u64;
        assert!(taken <= bound, "seed {seed}: {taken} of at most {bound}: {spec:?} of {text:?}");
        seen[usize::from(found)] += 1;
    }
    assert!(seen.iter().all(|count| *count > 4_000), "both often: {seen:?}");
}

#[test]
fn no_text_takes_more_than_the_bound_of_a_class() {
    let distinct = |bytes: usize| ('\u{4e00}'..).take(bytes / 3).collect::<String>();
    let letters = |bytes: usize| {
        (0..bytes / 5).map(|at| format!("{at:04x} ").replace(|c: char| c.is_ascii_digit(), "x")).collect()
    };
    for bytes in [0, 1, 9, 1_000, 16_384] {
        let texts: [String; 6] = [
            distinct(bytes),
            letters(bytes),
            "q ".repeat(bytes / 2),
            "a ".repeat(bytes / 2),
            "é'".repeat(bytes / 3),
            "会1".repeat(bytes / 4),
        ];
        for words_max in [None, Some(0), Some(30), Some(100_000)] {
            for unknown_max in [0, 1, 7, 500, 5_000, usize::MAX] {
                let spec = class(words_max, Some(("a b c d e f g h", unknown_max)));
                for text in &texts {
                    let (taken, bound) = (exceeds(&spec, text).1, spec.guard_cost(text.len()) as u64);
                    assert!(taken <= bound, "{taken} of at most {bound}: {words_max:?}, {unknown_max}, {text:.20}…");
                }
            }
        }
    }
    let spec = class(None, Some(("a", 4_000)));
    let (taken, bound) = (exceeds(&spec, &distinct(16_384)).1, spec.guard_cost(16_384) as u64);
    assert!(taken > bound / 3, "{taken} of at most {bound}, which says little");
}

#[test]
fn what_is_surely_too_much_is_not_read_to_its_end() {
    let long = "many words ".repeat(1_000);
    for spec in [class(Some(30), None), class(None, Some(("a", 1))), class(None, Some(("many", 0)))] {
        let (found, taken) = exceeds(&spec, &long);
        assert!(found && taken < 100 * 60, "{taken} steps: {spec:?}");
    }
    let (found, taken) = exceeds(&class(None, Some(("a", 2))), &long);
    assert!(!found && taken > long.len() as u64, "two unknown words, again and again, are two: {taken} steps");
    assert_eq!(exceeds(&class(None, None), &long), (false, 0), "whoever asks nothing reads nothing");
}
