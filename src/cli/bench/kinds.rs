//! The kinds of work that the bound of a pack is made of: for each a rule and a text that make nearly nothing else, so
//! that the time of one operation can be told for each.

use crate::channel::Channel;
use crate::classify::{self, ClassifyLimits, Scratch};
use crate::diagnostic::{Report, SourceFile};
use crate::message::Message;
use crate::pack::Pack;
use crate::rules;
use anyhow::Context as _;
use jiff::Timestamp;
use std::hint::black_box;
use std::time::Instant;

const TEXT_BYTES: usize = 16 * 1_024;
const LIMITS: ClassifyLimits = ClassifyLimits { evidence_spans_max: 64, decision_steps_max: u64::MAX };

/// A kind of work.
pub(super) struct Kind {
    pub(super) name: &'static str,
    /// A rule without its id; [`GUARDED`] names its class, all others restrict.
    rule: &'static str,
    text: Text,
}

/// A text of about [`TEXT_BYTES`], and no more.
enum Text {
    /// The same again and again.
    Of(&'static str),
    /// Each character once, then again from the first.
    Chars(std::ops::RangeInclusive<char>),
}

/// A rule that every text fires, so that its class is asked whether it knows the words.
const GUARDED: &str = "class = \"known\"\nany = [{ re = '.' }]";
/// How many words that class knows; no text has so many that it does not.
const KNOWN: usize = 1_000;

/// All of them.
pub(super) const KINDS: &[Kind] = &[
    Kind { name: "words that no rule knows", rule: r#"any = ["refund"]"#, text: Text::Of("a b c ") },
    Kind { name: "phrases", rule: r#"any = ["is down", "down is", "is down is up"]"#, text: Text::Of("is down ") },
    Kind { name: "literals", rule: r#"any = [":)", ":-)", "(:"]"#, text: Text::Of(":) (:") },
    Kind { name: "two words and a gap", rule: r"any = [{ re = '\bup\b.{9,40}\bdown\b' }]", text: Text::Of("up down ") },
    Kind { name: "a table of an automaton", rule: r"any = [{ re = '[a-z]+[0-9]{2,9}x' }]", text: Text::Of("abc12 ") },
    Kind {
        name: "a table, beyond ASCII",
        rule: r"any = [{ re = '\w+[0-9]{2,9}x' }]",
        text: Text::Chars('\u{e0}'..='\u{ff}'),
    },
    Kind {
        name: "threads of a regex without a table",
        rule: r"any = [{ re = '[ab].{0,30}[bc].{0,30}[cd].{0,30}x' }]",
        text: Text::Of("abcd "),
    },
    Kind {
        name: "numbers that are compared",
        rule: "any = [{ re = '[$](?P<sum>[0-9]+)' }]\nwhere = [\"sum > 500\"]",
        text: Text::Of("$400 "),
    },
    Kind { name: "looking for words", rule: GUARDED, text: Text::Of("\u{fd2}'") },
    Kind { name: "words that a class does not know", rule: GUARDED, text: Text::Of("z y x v ") },
    Kind { name: "the same, each another", rule: GUARDED, text: Text::Chars('\u{4e00}'..='\u{9fff}') },
    Kind { name: "reading letters with accents", rule: r#"any = ["x"]"#, text: Text::Chars('\u{e0}'..='\u{17f}') },
    Kind { name: "reading ideographs", rule: r#"any = ["x"]"#, text: Text::Chars('\u{4e00}'..='\u{9fff}') },
];

impl Kind {
    /// The rule and the text, ready.
    ///
    /// # Errors
    /// Where the rule is none: a defect.
    pub(super) fn ready(&self) -> anyhow::Result<Ready> {
        let report = Report::new();
        let effect = if self.rule == GUARDED { "" } else { "restrict = \"calibration\"\n" };
        let known: String = (0..KNOWN).map(|at| format!("\"w{at}\", ")).collect();
        let class = format!("[[class]]\nname = \"known\"\nvocabulary = [{known}]\nmax_unknown = {TEXT_BYTES}\n");
        let rule = format!("{class}[[rule]]\nid = \"it\"\n{effect}{}\n", self.rule);
        let written = rules::load_texts(vec![SourceFile::new("calibrate.toml", &rule)], &report);
        let (pack, _) = rules::compile(&written, &report).context("a defect: a rule to calibrate by is none")?;
        let message = Message::of(Channel::parse("bench.calibrate")?, self.text.make());
        Ok(Ready { scratch: Scratch::new(&pack), pack, message })
    }
}

impl Text {
    fn make(&self) -> String {
        match self {
            Self::Of(piece) => piece.repeat(TEXT_BYTES / piece.len()),
            Self::Chars(range) => {
                let mut text = String::with_capacity(TEXT_BYTES);
                text.extend(range.clone().cycle().take(TEXT_BYTES / 4));
                text
            }
        }
    }
}

/// A kind of work, to be done.
pub(super) struct Ready {
    pack: Pack,
    message: Message,
    scratch: Scratch,
}

impl Ready {
    /// Does it once: the nanoseconds of one operation.
    #[expect(clippy::cast_precision_loss, reason = "a time for people")]
    pub(super) fn ns_per_op(&mut self) -> f64 {
        let started = Instant::now();
        let found = classify::find(&self.pack, &self.message, Timestamp::UNIX_EPOCH, &LIMITS, &mut self.scratch);
        let steps = black_box(found).steps();
        started.elapsed().as_nanos() as f64 / steps.max(1) as f64
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_is_work() {
        for kind in KINDS {
            let mut ready = kind.ready().unwrap();
            assert!(ready.ns_per_op() > 0.0, "{}", kind.name);
            let found = classify::find(&ready.pack, &ready.message, Timestamp::UNIX_EPOCH, &LIMITS, &mut ready.scratch);
            assert!(found.steps() > TEXT_BYTES as u64 / 2, "{}: {} steps", kind.name, found.steps());
        }
    }
}
