//! As much of an editor as a draft needs.

use super::Key;
use crate::inbox::TEXT_BYTES_MAX;
use crate::plain::visible;

/// A text and a cursor in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Editor {
    text: String,
    /// The byte before which the cursor stands: always the beginning of a character, or the end.
    at: usize,
    has_lines: bool,
}

impl Editor {
    /// One on a text, with the cursor at its end.
    pub fn new(text: String, has_lines: bool) -> Self {
        Self { at: text.len(), text, has_lines }
    }

    /// The text.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The text before the cursor.
    pub fn before(&self) -> &str {
        self.text.get(..self.at).unwrap_or_default()
    }

    /// A character at the cursor. What nobody sees, and what no longer fits, is not taken.
    pub fn insert(&mut self, c: char) {
        let is_break = c == '\n' && self.has_lines;
        if (is_break || visible(c) == c) && self.text.len() + c.len_utf8() <= TEXT_BYTES_MAX {
            self.text.insert(self.at, c);
            self.at += c.len_utf8();
        }
    }

    /// What a key does to it.
    pub fn key(&mut self, key: Key) {
        let (line, column) = self.place();
        match key {
            Key::Char(c) => self.insert(c),
            Key::Enter => self.insert('\n'),
            Key::Backspace => {
                if let Some(c) = self.before().chars().next_back() {
                    self.at -= c.len_utf8();
                    self.text.remove(self.at);
                }
            }
            Key::Delete if self.at < self.text.len() => drop(self.text.remove(self.at)),
            Key::Left => self.at -= self.before().chars().next_back().map_or(0, char::len_utf8),
            Key::Right => self.at += self.after().chars().next().map_or(0, char::len_utf8),
            Key::Up => self.go(line.saturating_sub(1), column),
            Key::Down => self.go(line + 1, column),
            Key::Home => self.go(line, 0),
            Key::End => self.go(line, usize::MAX),
            _ => {}
        }
    }

    /// Line and column of the cursor, in characters.
    pub fn place(&self) -> (usize, usize) {
        let before = self.before();
        let column = before.chars().rev().take_while(|c| *c != '\n').count();
        (before.matches('\n').count(), column)
    }

    fn after(&self) -> &str {
        self.text.get(self.at..).unwrap_or_default()
    }

    /// To a line and column, or as near as there is.
    fn go(&mut self, line: usize, column: usize) {
        let mut at = 0;
        for (number, text) in self.text.split('\n').enumerate() {
            if number == line {
                self.at = at + text.chars().take(column).map(char::len_utf8).sum::<usize>();
                return;
            }
            at += text.len() + 1;
        }
    }
}
