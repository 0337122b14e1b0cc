//! Random regexes on random texts, against the `regex` crate.

use super::{Ready, simulated};
use crate::automaton::Bounds;
use std::ops::Range;

/// A generator of numbers that is the same everywhere (splitmix64).
pub(super) struct Random(pub(super) u64);

impl Random {
    pub(super) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    pub(super) fn below(&mut self, bound: usize) -> usize {
        (self.next() % bound as u64) as usize
    }

    pub(super) fn of<T: Copy>(&mut self, of: &[T]) -> T {
        of[self.below(of.len())]
    }
}

const ATOMS: &[&str] = &[
    "a",
    "b",
    "ab",
    "abc",
    "ba",
    "c",
    "é",
    "йa",
    "ß",
    "1",
    "12",
    " ",
    "-",
    "_",
    ".",
    r"\w",
    r"\W",
    r"\d",
    r"\s",
    r"\S",
    "[ab]",
    "[^a]",
    "[a-c1]",
    r"[\w-]",
    r"[^\w ]",
    r"\p{L}",
    r"\p{Greek}",
    "[а-я]",
    "[é-ü]",
    "👍",
    "[👍🏽]",
    r"\x{301}",
    r"\x{200d}",
    "(?i:É)",
    "(?i:ab)",
    "(?i:k)",
    "[^é]",
    r"\n",
    "(?s:.)",
    "(?-u:\\w)",
    "[a&&b]",
    "",
];
const LOOKS: &[&str] = &[
    r"\b",
    r"\b",
    r"\b",
    r"\B",
    "^",
    "$",
    r"\<",
    r"\>",
    r"\b{start-half}",
    r"\b{end-half}",
    r"(?-u:\b)",
    r"(?-u:\B)",
    "(?m:^)",
    "(?m:$)",
    "(?mR:^)",
    "(?mR:$)",
];
const COUNTS: &[&str] = &[
    "*", "+", "?", "*?", "+?", "??", "{2}", "{0,3}", "{1,3}?", "{2,}", "{2,}?", "{0,7}", "{3,5}", "{0}", "{1,9}",
    "{0,8}", "{2,12}", "{0,9}?",
];
const CHARS: &[char] = &[
    'a', 'a', 'a', 'b', 'b', 'c', 'k', 'A', '1', '2', ' ', ' ', '-', '_', '.', 'é', 'É', 'й', 'ß', 'α', '👍', '🏽',
    '\u{301}', '\u{200d}', '\n', '\r', '中', '\u{212a}', '\u{ff11}',
];

/// A regex of random pieces.
pub(super) fn regex(random: &mut Random) -> String {
    let mut groups = 0;
    let mut source = String::new();
    if random.below(12) == 0 {
        source.push('^');
    }
    expression(random, 3, &mut groups, &mut source);
    if random.below(12) == 0 {
        source.push('$');
    }
    source
}

fn expression(random: &mut Random, depth: usize, groups: &mut usize, out: &mut String) {
    for part in 0..=random.below(4) {
        match random.below(10) {
            0 | 1 if depth > 0 => {
                let open = if random.below(2) == 0 {
                    "(?:".to_owned()
                } else {
                    *groups += 1;
                    format!("(?P<g{groups}>")
                };
                out.push_str(&open);
                expression(random, depth - 1, groups, out);
                out.push(')');
                if random.below(2) == 0 {
                    out.push_str(random.of(COUNTS));
                }
            }
            2 if part > 0 => {
                out.push('|');
                out.push_str(random.of(ATOMS));
            }
            3 => out.push_str(random.of(LOOKS)),
            4 | 5 => {
                out.push_str("(?:");
                out.push_str(random.of(ATOMS));
                out.push(')');
                out.push_str(random.of(COUNTS));
            }
            _ => out.push_str(random.of(ATOMS)),
        }
    }
}

/// A random text; half of them are ASCII.
pub(super) fn text(random: &mut Random) -> String {
    let ascii = random.below(2) == 0;
    let length = random.below(24);
    let chars = std::iter::repeat_with(|| random.of(CHARS)).filter(|c| !ascii || c.is_ascii());
    chars.take(length).collect()
}

/// What the `regex` crate finds.
fn known(regex: &regex::Regex, text: &str, from: usize) -> (Option<Range<usize>>, Vec<Option<usize>>) {
    let names: Vec<&str> = regex.capture_names().flatten().collect();
    let Some(captures) = regex.captures_at(text, from) else {
        return (None, vec![None; names.len() * 2]);
    };
    let slots = names.iter().flat_map(|name| {
        let found = captures.name(name);
        [found.map(|found| found.start()), found.map(|found| found.end())]
    });
    (Some(captures.get(0).unwrap().range()), slots.collect())
}

fn compare(seed: u64, rounds: usize, bounds: &[Bounds]) {
    let mut random = Random(seed);
    let mut compared = 0;
    let mut matched = 0;
    for round in 0..rounds {
        let source = regex(&mut random);
        let Ok(plain) = regex::Regex::new(&source) else { continue };
        let ready = |bounds: &Bounds| Ready::try_new(&source, bounds).ok();
        let Some(mut all) = bounds.iter().map(ready).collect::<Option<Vec<Ready>>>() else { continue };
        for _ in 0..12 {
            let text = text(&mut random);
            let places: Vec<usize> = text.char_indices().map(|(at, _)| at).chain([text.len()]).collect();
            let from = if random.below(3) == 0 { random.of(&places) } else { 0 };
            let expected = known(&plain, &text, from);
            matched += usize::from(expected.0.is_some());
            for (ready, bounds) in all.iter_mut().zip(bounds) {
                let what = format!("seed {seed}, round {round}: `{source}` in {text:?} from {from}, {bounds:?}");
                assert_eq!(ready.find(&text, from), expected.0, "find: {what}");
                assert_eq!(ready.start(&text, from), expected.0.as_ref().map(|it| it.start), "start: {what}");
                assert_eq!(ready.captures(&text, from), expected, "captures: {what}");
                compared += 1;
            }
        }
    }
    let texts = compared / bounds.len();
    // Of few regexes, chance may make most ones that seldom match.
    assert!(texts > rounds * 6 && matched * 12 > texts, "too few: {compared} compared, {matched} matched");
}

#[test]
fn random_regexes_agree_with_the_regex_crate() {
    let fresh = std::time::UNIX_EPOCH.elapsed().unwrap().as_nanos() as u64;
    for seed in [1, fresh] {
        let few = Bounds { dfa_states_max: 6, ..Bounds::default() };
        compare(seed, 80, &[simulated(), few, Bounds::default()]);
    }
}
