//! The messages of a run, the same ones for all that is measured.

use super::traffic::{Shape, Traffic};
use crate::cli::lines;
use anyhow::{Context as _, ensure};
use bytes::Bytes;
use jiff::Timestamp;
use std::path::Path;

/// Payloads, sent again and again.
#[derive(Clone)]
pub(super) struct Load {
    /// In the `decile` form.
    pub(super) payloads: Vec<Bytes>,
    /// On how many channels, in turn.
    pub(super) channels: usize,
    /// How many messages fill a source stream.
    pub(super) messages: usize,
}

/// Made-up messages before they are repeated, and their bytes.
const MADE_MAX: usize = 20_000;
const MADE_BYTES_MAX: usize = 32 << 20;
/// What fills a source stream at most: long messages are fewer.
const FILL_BYTES_MAX: usize = 512 << 20;

impl Load {
    /// Messages that a person brought, a line each.
    pub(super) fn read(file: &Path, channels: usize, messages_max: usize) -> anyhow::Result<Self> {
        let unreadable = || format!("cannot read the messages in `{}`", file.display());
        let mut payloads = Vec::new();
        lines::each(lines::open(Some(file)).with_context(unreadable)?, |line| {
            payloads.push(line.delivery.payload);
            Ok(())
        })
        .with_context(unreadable)?;
        ensure!(!payloads.is_empty(), "no message in `{}`", file.display());
        Ok(Self::of(payloads, channels, messages_max))
    }

    /// Messages that are made, and the text of the rules that know them.
    pub(super) fn make(shape: Shape, channels: usize, messages_max: usize) -> (Self, String) {
        let mut traffic = Traffic::new(shape);
        let fitting = MADE_BYTES_MAX / shape.payload_bytes.unwrap_or(1).max(1);
        let payloads = traffic.payloads(messages_max.min(MADE_MAX).min(fitting), Timestamp::now());
        (Self::of(payloads, channels, messages_max), traffic.rules())
    }

    fn of(payloads: Vec<Bytes>, channels: usize, messages_max: usize) -> Self {
        let mut load = Self { payloads, channels, messages: messages_max };
        load.messages = messages_max.min((FILL_BYTES_MAX as f64 / load.payload_bytes().max(1.0)) as usize).max(2);
        load
    }

    /// Mean length of a payload, in bytes.
    pub(super) fn payload_bytes(&self) -> f64 {
        self.payloads.iter().map(Bytes::len).sum::<usize>() as f64 / self.payloads.len().max(1) as f64
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_messages_are_fewer() {
        let long = Load::of(vec![Bytes::from(vec![b'x'; 16_384])], 1, 1_000_000);
        assert_eq!(long.messages, FILL_BYTES_MAX / 16_384);
        assert_eq!(Load::of(vec![Bytes::from_static(b"{}")], 1, 100).messages, 100);
    }
}
