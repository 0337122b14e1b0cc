//! aho-corasick for literals, and a check for each that is seen: ids only.
//!
//! A phrase is looked for as a whole, with single spaces, which is less work than it should be: what remains
//! is to look at its ends. A regex runs once a message, from where its first word was seen first.

use super::{Engine, regex};
use crate::patterns::{Drawn, Pattern};
use ::decile::message::Message;
use aho_corasick::{AhoCorasick, AhoCorasickKind};
use regex::bytes::Regex;
use std::collections::BTreeMap;

/// An automaton of literals, and what to do about each.
pub(crate) struct Aho {
    kind: AhoCorasickKind,
    automaton: AhoCorasick,
    /// By literal: the patterns, and the regex of those that are one.
    candidates: Vec<Vec<(usize, Option<Regex>)>>,
    /// By pattern: the last message that it was checked for, successfully or for good.
    seen: Vec<u64>,
    message: u64,
    ids: Vec<usize>,
}

impl Aho {
    /// Builds the automaton.
    pub(crate) fn new(drawn: &[Drawn], kind: AhoCorasickKind) -> Self {
        let mut by_literal: BTreeMap<String, Vec<(usize, Option<Regex>)>> = BTreeMap::new();
        for (id, Drawn { pattern, .. }) in drawn.iter().enumerate() {
            let (literal, regex) = match pattern {
                Pattern::Phrase(words) => (words.join(" "), None),
                Pattern::Pair(first, _) => (first.clone(), Some(regex(pattern))),
            };
            by_literal.entry(literal).or_default().push((id, regex));
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
            for (id, regex) in &self.candidates[found.pattern().as_usize()] {
                if self.seen[*id] == self.message {
                    continue;
                }
                let (matches, is_final) = match regex {
                    None => {
                        let fits = is_edge(text, found.start()) && is_edge(text, found.end());
                        (fits, fits)
                    }
                    Some(regex) => (regex.is_match_at(text, found.start()), true),
                };
                if is_final {
                    self.seen[*id] = self.message;
                }
                if matches {
                    self.ids.push(*id);
                }
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
