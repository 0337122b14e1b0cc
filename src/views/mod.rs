//! Two readings of a field, each with a map back to the field as sent.
//!
//! *Raw* is the field without differences that nobody means: case, white space, typographic quotes, dashes.
//! *Folded* also undoes what hides a word: compatibility forms (NFKC), invisible characters, look-alikes
//! (UTS #39). What helps to handle a message must match raw; what helps to escalate it may match either.

pub(crate) mod atoms;
mod bytes;
pub(crate) mod chars;
mod cluster;
mod fold;
mod inspect;
mod nfkc;
mod view;
pub(crate) mod words;

#[cfg(test)]
mod tests;

pub use cluster::Folder;
pub use inspect::{Uninspectable, inspect};
pub use view::View;

/// The most bytes that a view may have beyond one and a half times its text.
pub(crate) const EXPANSION_BYTES_MAX: usize = 64;

/// Both views of one field. Refilling keeps the buffers.
#[derive(Clone, Debug, Default)]
pub struct Views {
    raw: View,
    folded: View,
    shared: bool,
}

impl Views {
    /// Both views of a text.
    pub fn of(text: &str) -> Self {
        let mut views = Self::default();
        views.refill(text, &mut Folder::default());
        views
    }

    /// Replaces both views by those of another text.
    pub fn refill(&mut self, text: &str, folder: &mut Folder) {
        if self.raw.take_plain(text) {
            self.shared = true;
            return;
        }
        fold::raw(text, &mut self.raw);
        // Folding changes nothing that is plain ASCII, bar what the raw view changed already.
        self.shared = self.raw.is_ascii() || {
            fold::folded(text, &mut self.folded, folder);
            self.folded.text() == self.raw.text()
        };
    }

    /// Whether a view is much longer than the text that it was made of: then it says more than anybody sees.
    pub fn expand(&self, text: &str) -> bool {
        let most = text.len() + text.len() / 2 + EXPANSION_BYTES_MAX;
        self.raw.text().len() > most || self.folded().text().len() > most
    }

    /// The raw view.
    pub fn raw(&self) -> &View {
        &self.raw
    }

    /// The folded view; the raw one where both say the same.
    pub fn folded(&self) -> &View {
        if self.shared { &self.raw } else { &self.folded }
    }

    /// Whether both views say the same, so that one scan serves both.
    pub fn is_shared(&self) -> bool {
        self.shared
    }
}

/// A text as the raw view has it.
pub(crate) fn raw_text(text: &str) -> String {
    let mut view = View::default();
    fold::raw(text, &mut view);
    view.into_text()
}

/// A text as the folded view has it.
pub(crate) fn folded_text(text: &str) -> String {
    let mut view = View::default();
    fold::folded(text, &mut view, &mut Folder::default());
    view.into_text()
}
