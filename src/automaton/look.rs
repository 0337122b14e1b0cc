//! Looks: questions about the characters on both sides of a place, answered by what kinds they are.

use regex_syntax::hir;

/// There is no character: the text begins or ends here.
pub(super) const EDGE: u8 = 1;
/// A line feed.
pub(super) const LINE_FEED: u8 = 1 << 1;
/// A carriage return.
pub(super) const CARRIAGE_RETURN: u8 = 1 << 2;
/// A word character, as `\w` has it.
pub(super) const WORD: u8 = 1 << 3;
/// A word character of ASCII, as `(?-u:\w)` has it.
pub(super) const WORD_ASCII: u8 = 1 << 4;

/// A look, as plain data.
#[derive(Debug, Clone, Copy, PartialEq, Eq, rkyv::Archive, rkyv::Serialize, rkyv::Deserialize)]
pub enum Look {
    /// The text begins.
    Start,
    /// The text ends.
    End,
    /// A line begins.
    StartLine,
    /// A line ends.
    EndLine,
    /// A line begins, after `\n`, `\r` or `\r\n`.
    StartLineCrlf,
    /// A line ends, before `\n`, `\r` or `\r\n`.
    EndLineCrlf,
    /// Whether there are word characters behind and ahead.
    Word {
        /// The kind that a word is made of.
        kind: u8,
        /// The answers that hold, a bit each: 1 for neither, 2 for ahead only, 4 for behind only, 8 for both.
        answers: u8,
    },
}

impl Look {
    /// The look that a regex asks for.
    pub(super) fn of(look: hir::Look) -> Self {
        use hir::Look as L;
        let word = |kind, answers| Self::Word { kind, answers };
        match look {
            L::Start => Self::Start,
            L::End => Self::End,
            L::StartLF => Self::StartLine,
            L::EndLF => Self::EndLine,
            L::StartCRLF => Self::StartLineCrlf,
            L::EndCRLF => Self::EndLineCrlf,
            L::WordAscii => word(WORD_ASCII, 0b0110),
            L::WordAsciiNegate => word(WORD_ASCII, 0b1001),
            L::WordUnicode => word(WORD, 0b0110),
            L::WordUnicodeNegate => word(WORD, 0b1001),
            L::WordStartAscii => word(WORD_ASCII, 0b0010),
            L::WordEndAscii => word(WORD_ASCII, 0b0100),
            L::WordStartUnicode => word(WORD, 0b0010),
            L::WordEndUnicode => word(WORD, 0b0100),
            L::WordStartHalfAscii => word(WORD_ASCII, 0b0011),
            L::WordEndHalfAscii => word(WORD_ASCII, 0b0101),
            L::WordStartHalfUnicode => word(WORD, 0b0011),
            L::WordEndHalfUnicode => word(WORD, 0b0101),
        }
    }

    /// Whether it holds between characters of these kinds.
    pub(super) fn holds(self, behind: u8, ahead: u8) -> bool {
        let is = |side: u8, kind: u8| side & kind != 0;
        match self {
            Self::Start => is(behind, EDGE),
            Self::End => is(ahead, EDGE),
            Self::StartLine => is(behind, EDGE | LINE_FEED),
            Self::EndLine => is(ahead, EDGE | LINE_FEED),
            Self::StartLineCrlf => is(behind, EDGE | LINE_FEED) || is(behind, CARRIAGE_RETURN) && !is(ahead, LINE_FEED),
            Self::EndLineCrlf => {
                is(ahead, EDGE | CARRIAGE_RETURN) || is(ahead, LINE_FEED) && !is(behind, CARRIAGE_RETURN)
            }
            Self::Word { kind, answers } => {
                let answer = u8::from(is(behind, kind)) * 2 + u8::from(is(ahead, kind));
                answers >> answer & 1 == 1
            }
        }
    }

    /// The kinds that its answer depends on, of either side. The sides are kept together: that makes a few more
    /// states than there need be, and one thing less to get wrong.
    pub(super) fn kinds(self) -> u8 {
        match self {
            Self::Start | Self::End => EDGE,
            Self::StartLine | Self::EndLine => EDGE | LINE_FEED,
            Self::StartLineCrlf | Self::EndLineCrlf => EDGE | LINE_FEED | CARRIAGE_RETURN,
            Self::Word { kind, .. } => kind,
        }
    }
}
