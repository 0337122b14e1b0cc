//! Messages, decoded and in memory.

use crate::cli::classify::DECODE_LIMITS;
use crate::cli::lines;
use crate::decode;
use crate::message::Message;
use anyhow::Context as _;
use std::path::Path;

/// The lines of a file.
pub(super) struct Lines {
    /// Those that are messages.
    pub(super) messages: Vec<Message>,
    /// How many are not: escalations.
    pub(super) unreadable: usize,
    /// Bytes in the messages' texts.
    pub(super) text_bytes: usize,
}

impl Lines {
    /// All lines.
    pub(super) fn count(&self) -> usize {
        self.messages.len() + self.unreadable
    }
}

/// Reads and decodes all lines of a file.
pub(super) fn read(file: &Path) -> anyhow::Result<Lines> {
    let unreadable = || format!("cannot read the messages in `{}`", file.display());
    let input = lines::open(Some(file)).with_context(unreadable)?;
    let mut read = Lines { messages: Vec::new(), unreadable: 0, text_bytes: 0 };
    lines::each(input, |line| {
        let spec = lines::spec(&line.label, None)?;
        match decode::decode(&spec.recipe, &spec.channel, &DECODE_LIMITS, &line.delivery) {
            Ok(message) => {
                read.text_bytes += message.text.len();
                read.messages.push(message);
            }
            Err(_) => read.unreadable += 1,
        }
        Ok(())
    })
    .with_context(unreadable)?;
    anyhow::ensure!(!read.messages.is_empty(), "no message in `{}`", file.display());
    Ok(read)
}
