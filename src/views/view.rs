//! A view's text and its map back to the field as sent.

use super::bytes::{self, Bits};
use std::ops::Range;

/// A field as one of its views has it. Offsets into the view map to ranges of the field as sent.
#[derive(Clone, Debug, Default)]
pub struct View {
    /// The text, and zeros after it, so that whoever reads many bytes at a time never has to ask.
    text: String,
    /// Where its words are; none where the text is not ASCII.
    words: Vec<u64>,
    is_ascii: bool,
    /// How long the text is; zero while it is made.
    len: usize,
    pieces: Vec<Piece>,
    space: Option<Range<usize>>,
}

/// A stretch of the view, from `view` to the next piece's.
#[derive(Clone, Debug)]
struct Piece {
    view: usize,
    sent: Range<usize>,
    /// Byte for byte as sent (`sent.end` says nothing then); otherwise all of it stands for all of `sent`.
    linear: bool,
}

impl View {
    /// A text as it is.
    pub(crate) fn verbatim(text: &str) -> Self {
        let mut view = Self { text: text.to_owned(), ..Self::default() };
        view.finish();
        view
    }

    /// The view's text.
    pub fn text(&self) -> &str {
        self.text.get(..self.len).unwrap_or("")
    }

    /// The text, and at least eight zeros after it.
    pub(crate) fn padded(&self) -> &str {
        &self.text
    }

    /// Where the words of a text are that is ASCII, a bit for each byte, 64 to a number.
    pub(crate) fn word_bits(&self) -> Option<&[u64]> {
        self.is_ascii.then_some(self.words.as_slice())
    }

    /// Whether the text is ASCII.
    pub fn is_ascii(&self) -> bool {
        self.is_ascii
    }

    /// Takes a text that is its own raw view but for capitals; whether it is one.
    pub(super) fn take_plain(&mut self, text: &str) -> bool {
        self.clear();
        let from = text.len() - text.trim_ascii_start().len();
        let text = text.trim_ascii();
        self.text.push_str(text);
        self.len = text.len();
        bytes::pad(&mut self.text);
        self.text.make_ascii_lowercase();
        let Bits { is_ascii, has_odd_spaces } = bytes::read(self.text.as_bytes(), text.len(), &mut self.words);
        self.is_ascii = is_ascii;
        self.pieces.push(Piece { view: 0, sent: from..from + text.len(), linear: true });
        is_ascii && !has_odd_spaces
    }

    /// The range of the field as sent that a range of this view stands for. The ends of `span` lie on
    /// character boundaries of the view; those of the answer do so in the field.
    pub fn sent(&self, span: Range<usize>) -> Range<usize> {
        let start = self.piece(span.start).map_or(0, |piece| piece.start_of(span.start));
        if span.is_empty() {
            return start..start;
        }
        let end = self.piece(span.end.saturating_sub(1)).map_or(start, |piece| piece.end_of(span.end));
        start..end
    }

    pub(super) fn into_text(mut self) -> String {
        self.text.truncate(self.len);
        self.text
    }

    /// Ends the making of it.
    pub(super) fn finish(&mut self) {
        self.len = self.text.len();
        bytes::pad(&mut self.text);
        self.is_ascii = bytes::read(self.text.as_bytes(), self.len, &mut self.words).is_ascii;
    }

    pub(super) fn clear(&mut self) {
        self.text.clear();
        self.len = 0;
        self.pieces.clear();
        self.space = None;
    }

    /// Notes white space; it becomes one space if anything follows.
    pub(super) fn push_space(&mut self, sent: Range<usize>) {
        match &mut self.space {
            Some(space) => space.end = sent.end,
            None => self.space = Some(sent),
        }
    }

    /// Adds a character that stands for a range of the field.
    pub(super) fn push(&mut self, c: char, sent: Range<usize>) {
        self.flush_space();
        let linear = c.len_utf8() == sent.len();
        self.piece_for(sent, linear);
        self.text.push(c);
    }

    /// Adds ASCII without white space to fold, whose letters become small, sent from `at` on.
    pub(super) fn push_ascii(&mut self, text: &str, at: usize) {
        self.flush_space();
        self.piece_for(at..at + text.len(), true);
        let from = self.text.len();
        self.text.push_str(text);
        if let Some(added) = self.text.get_mut(from..) {
            added.make_ascii_lowercase();
        }
    }

    /// Adds text that stands, as a whole, for a range of the field.
    pub(super) fn push_str(&mut self, text: &str, sent: Range<usize>) {
        self.flush_space();
        self.piece_for(sent, false);
        self.text.push_str(text);
    }

    fn flush_space(&mut self) {
        let Some(space) = self.space.take() else { return };
        if !self.text.is_empty() {
            let linear = space.len() == 1;
            self.piece_for(space, linear);
            self.text.push(' ');
        }
    }

    fn piece_for(&mut self, sent: Range<usize>, linear: bool) {
        let view = self.text.len();
        let continues =
            self.pieces.last().is_some_and(|last| last.linear && linear && last.start_of(view) == sent.start);
        if !continues {
            self.pieces.push(Piece { view, sent, linear });
        }
    }

    fn piece(&self, at: usize) -> Option<&Piece> {
        let after = self.pieces.partition_point(|piece| piece.view <= at);
        self.pieces.get(after.checked_sub(1)?)
    }
}

impl Piece {
    fn start_of(&self, at: usize) -> usize {
        if self.linear { self.sent.start + (at - self.view) } else { self.sent.start }
    }

    fn end_of(&self, end: usize) -> usize {
        if self.linear { self.sent.start + (end - self.view) } else { self.sent.end }
    }
}
