//! aho-corasick for literals, and a check for each that is seen: ids only.
//!
//! A phrase is looked for as a whole, with single spaces, which is less work than it should be: what remains
//! is to look at its ends. Of a pair the longer word is looked for, and the regex runs on what is around it.

use super::{Engine, regex};
use crate::patterns::{Drawn, GAP_CHARS_MAX, Pattern};
use ::decile::message::Message;
use aho_corasick::{AhoCorasick, AhoCorasickKind, Match};
use regex::bytes::Regex;
use std::collections::BTreeMap;

/// An automaton of literals, and what to do about each.
pub(crate) struct Aho {
    kind: AhoCorasickKind,
    automaton: AhoCorasick,
    /// By literal.
    candidates: Vec<Vec<Candidate>>,
    /// By pattern: the last message that it was found in.
    seen: Vec<u64>,
    message: u64,
    ids: Vec<usize>,
}

struct Candidate {
    pattern: usize,
    /// Of a pair: the regex, and how many bytes around the literal it needs.
    regex: Option<(Regex, usize)>,
}

impl Aho {
    /// Builds the automaton.
    pub(crate) fn new(drawn: &[Drawn], kind: AhoCorasickKind) -> Self {
        let mut by_literal: BTreeMap<String, Vec<Candidate>> = BTreeMap::new();
        for (id, Drawn { pattern, .. }) in drawn.iter().enumerate() {
            let (literal, regex) = match pattern {
                Pattern::Phrase(words) => (words.join(" "), None),
                Pattern::Pair(first, second) => {
                    let (long, short) = if first.len() > second.len() { (first, second) } else { (second, first) };
                    // One more, so that what is cut is never taken for the edge of a word.
                    (long.clone(), Some((regex(pattern), short.len() + GAP_CHARS_MAX + 1)))
                }
            };
            by_literal.entry(literal).or_default().push(Candidate { pattern: id, regex });
        }
        let automaton = AhoCorasick::builder()
            .kind(Some(kind))
            .ascii_case_insensitive(true)
            .build(by_literal.keys().map(String::as_bytes))
            .unwrap();
        let candidates = by_literal.into_values().collect();
        Self { kind, automaton, candidates, seen: vec![0; drawn.len()], message: 0, ids: Vec::new() }
    }

    fn find(&mut self, text: &[u8]) {
        self.ids.clear();
        self.message += 1;
        for found in self.automaton.find_overlapping_iter(text) {
            for candidate in &self.candidates[found.pattern().as_usize()] {
                if self.seen[candidate.pattern] != self.message && candidate.matches(text, &found) {
                    self.seen[candidate.pattern] = self.message;
                    self.ids.push(candidate.pattern);
                }
            }
        }
    }
}

impl Candidate {
    fn matches(&self, text: &[u8], found: &Match) -> bool {
        match &self.regex {
            None => is_edge(text, found.start()) && is_edge(text, found.end()),
            Some((regex, around)) => {
                let end = text.len().min(found.end() + around);
                regex.is_match(&text[found.start().saturating_sub(*around)..end])
            }
        }
    }
}

impl Engine for Aho {
    fn name(&self) -> String {
        let kind = if self.kind == AhoCorasickKind::DFA { "DFA" } else { "contiguous NFA" };
        format!("aho-corasick {kind} + a check per candidate, ids only")
    }

    fn run(&mut self, message: &Message) -> usize {
        self.find(message.text.as_bytes());
        self.ids.len()
    }

    fn ids(&mut self, message: &Message) -> Vec<usize> {
        self.find(message.text.as_bytes());
        let mut ids = self.ids.clone();
        ids.sort_unstable();
        ids
    }
}

/// `\b`, where one side is known to be a word.
fn is_edge(text: &[u8], at: usize) -> bool {
    let is_word = |at: usize| text.get(at).is_some_and(|byte| byte.is_ascii_alphanumeric() || *byte == b'_');
    at == 0 || !(is_word(at - 1) && is_word(at))
}
