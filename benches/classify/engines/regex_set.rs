//! `regex::RegexSet`: ids only.

use super::{Engine, expression};
use crate::patterns::Drawn;
use ::decile::message::Message;
use regex::bytes::{RegexSet, RegexSetBuilder};

/// Its lazy DFA thrashes at a thousand patterns already: milliseconds a message. Ten thousand say no more.
const PATTERNS_MAX: usize = 1_000;
const MESSAGES_MAX: usize = 50;
const COMPILED_BYTES_MAX: usize = 256 << 20;
const CACHE_BYTES_MAX: usize = 64 << 20;

/// A set of regexes.
pub(crate) struct Set(RegexSet);

impl Set {
    /// The patterns, or nothing where they are too many.
    pub(crate) fn new(drawn: &[Drawn]) -> Option<Self> {
        let expressions = drawn.iter().map(|drawn| expression(&drawn.pattern));
        let mut builder = RegexSetBuilder::new(expressions);
        builder.case_insensitive(true).dot_matches_new_line(true).unicode(false);
        builder.size_limit(COMPILED_BYTES_MAX).dfa_size_limit(CACHE_BYTES_MAX);
        (drawn.len() <= PATTERNS_MAX).then(|| Self(builder.build().unwrap()))
    }
}

impl Engine for Set {
    fn name(&self) -> String {
        format!("regex::RegexSet, ids only ({MESSAGES_MAX} messages, up to {PATTERNS_MAX} patterns)")
    }

    fn run(&mut self, message: &Message) -> usize {
        self.0.matches(message.text.as_bytes()).iter().count()
    }

    fn ids(&mut self, message: &Message) -> Vec<usize> {
        self.0.matches(message.text.as_bytes()).iter().collect()
    }

    fn messages_max(&self) -> usize {
        MESSAGES_MAX
    }
}
