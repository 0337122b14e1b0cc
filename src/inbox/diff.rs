//! What would go out, as text, and what an amendment changes in it.

use crate::decision::OutwardAction;
use crate::plain::{lines, one_line};
use similar::{ChangeTag, TextDiff};
use std::fmt::Write as _;

/// Whether a line stays, goes or comes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Change {
    /// It stays.
    Same,
    /// It was in the draft.
    Gone,
    /// It is new.
    New,
}

/// A line of a comparison.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// What becomes of it.
    pub change: Change,
    /// Its text, plain.
    pub text: String,
}

/// Exactly what goes out, and where: type and channel, target, arguments, and the text.
pub fn written(action: &OutwardAction) -> String {
    let mut text = format!("{} on {}\n", action.kind, one_line(action.channel.as_str(), 128));
    let target = &action.target;
    let message = target.message.as_deref().map_or_else(
        || format!("#{} of {}", target.source.sequence, one_line(&target.source.stream, 64)),
        |message| one_line(message, 128),
    );
    let _ = writeln!(text, "about message {message}");
    if let Some(thread) = &target.thread {
        let _ = writeln!(text, "in thread {}", one_line(thread, 128));
    }
    for (name, value) in &action.arguments {
        let _ = writeln!(text, "{} = {}", one_line(name, 256), one_line(value, 256));
    }
    if let Some(written) = &action.text {
        let _ = write!(text, "\n{}", lines(written));
    }
    text
}

/// What an amendment changes: everything of it that goes out, against everything of the draft.
pub fn diff(draft: Option<&OutwardAction>, instead: &OutwardAction) -> Vec<Line> {
    let (before, after) = (draft.map(written).unwrap_or_default(), written(instead));
    let compared = TextDiff::from_lines(before.as_str(), after.as_str());
    compared
        .iter_all_changes()
        .map(|change| Line {
            change: match change.tag() {
                ChangeTag::Equal => Change::Same,
                ChangeTag::Delete => Change::Gone,
                ChangeTag::Insert => Change::New,
            },
            text: change.value().trim_end_matches('\n').to_owned(),
        })
        .collect()
}

impl Change {
    /// Its sign.
    pub fn sign(self) -> char {
        match self {
            Self::Same => ' ',
            Self::Gone => '-',
            Self::New => '+',
        }
    }
}
