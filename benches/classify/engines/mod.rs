//! Who is measured: ours, and what others would take.

mod aho;
mod decile;
#[cfg(feature = "hyperscan")]
mod hyperscan;
mod regex_set;

pub(crate) use self::decile::Decile;

use crate::patterns::{Drawn, GAP_CHARS_MAX, Pattern};
use ::decile::message::Message;
use aho_corasick::AhoCorasickKind;
use regex::bytes::{Regex, RegexBuilder};
use std::time::Duration;

/// Something that finds which patterns match.
pub(crate) trait Engine {
    /// What the row is called.
    fn name(&self) -> String;

    /// All of the work on one message; how much it found.
    fn run(&mut self, message: &Message) -> usize;

    /// The patterns that match a message, each once.
    fn ids(&mut self, message: &Message) -> Vec<usize>;

    /// Whether it does not look into a message at all.
    fn refuses(&mut self, _message: &Message) -> bool {
        false
    }

    /// How many messages a pass has: fewer for what is so slow that nothing else matters.
    fn messages_max(&self) -> usize {
        usize::MAX
    }

    /// One pass over as many of the messages as [`Engine::messages_max`] allows.
    fn pass(&mut self, messages: &[Message]) -> usize {
        messages.iter().take(self.messages_max()).map(|message| self.run(message)).sum()
    }
}

/// Everybody, ours first.
pub(crate) fn all(drawn: &[Drawn]) -> Vec<Box<dyn Engine>> {
    let mut engines: Vec<Box<dyn Engine>> = vec![Box::new(Decile::new(drawn))];
    #[cfg(feature = "hyperscan")]
    engines.push(Box::new(hyperscan::Hyperscan::new(drawn)));
    engines.push(Box::new(aho::Aho::new(drawn, AhoCorasickKind::DFA)));
    engines.push(Box::new(aho::Aho::new(drawn, AhoCorasickKind::ContiguousNFA)));
    engines.extend(regex_set::Set::new(drawn).map(|set| -> Box<dyn Engine> { Box::new(set) }));
    engines
}

/// A pattern as others would have it. `\b` is theirs: an apostrophe ends a word. One space stands for any white
/// space: with `\s+` a phrase would be no literal any more, which costs Hyperscan twice the time.
pub(crate) fn expression(pattern: &Pattern) -> String {
    match pattern {
        Pattern::Phrase(words) => format!(r"\b{}\b", words.join(" ")),
        Pattern::Pair(first, second) => format!(r"\b{first}\b.{{0,{GAP_CHARS_MAX}}}\b{second}\b"),
    }
}

/// The same, compiled. What is matched is bytes, ASCII letters in any case.
pub(crate) fn regex(pattern: &Pattern) -> Regex {
    let mut builder = RegexBuilder::new(&expression(pattern));
    builder.case_insensitive(true).dot_matches_new_line(true).unicode(false).build().unwrap()
}

/// A figure for a message, from the time of a pass.
pub(crate) fn ns_per_message(engine: &dyn Engine, pass: Duration, messages: &[Message]) -> f64 {
    pass.as_nanos() as f64 / messages.len().min(engine.messages_max()) as f64
}
