//! The last look before something is signed: exactly what goes out and where, and what that changes.

use super::{Editor, Intent, Key, Mode};
use crate::inbox::Entry;
use crate::inbox::answer::{Prepared, Wanted};
use crate::inbox::diff::{self, Change, Line};

/// A question: may this be signed?
#[derive(Clone, Debug)]
pub struct Confirm {
    pub(in crate::inbox) title: String,
    pub(in crate::inbox) prepared: Prepared,
    pub(in crate::inbox) diff: Vec<Line>,
    /// What must be typed in full.
    pub(in crate::inbox) phrase: Option<String>,
    pub(in crate::inbox) typed: String,
    pub(in crate::inbox) note: Editor,
    pub(in crate::inbox) is_noting: bool,
    pub(in crate::inbox) scroll: u16,
}

impl Confirm {
    /// Of an answer that nothing stands in the way of.
    pub(super) fn new(entry: &Entry, wanted: Wanted, prepared: Prepared) -> Self {
        let draft = entry.escalation.draft();
        let diff = match (&wanted, &prepared.action) {
            (_, None) => Vec::new(),
            (Wanted::Amend(_), Some(action)) => diff::diff(draft.as_ref(), action),
            (_, Some(action)) => whole(&diff::written(action)),
        };
        let phrase = prepared.phrase();
        let note = Editor::new(String::new(), false);
        let (typed, is_noting, scroll) = (String::new(), false, 0);
        Self { title: title(&wanted), prepared, diff, phrase, typed, note, is_noting, scroll }
    }

    /// A key; the mode afterwards, and what is to be done.
    pub(super) fn key(mut self: Box<Self>, key: Key) -> (Mode, Intent) {
        match key {
            Key::Escape if self.is_noting => self.is_noting = false,
            Key::Escape => return (Mode::Browse, Intent::Nothing),
            Key::Down | Key::PageDown => self.scroll = self.scroll.saturating_add(1),
            Key::Up | Key::PageUp => self.scroll = self.scroll.saturating_sub(1),
            Key::Enter if self.is_noting => self.is_noting = false,
            key if self.is_noting => self.note.key(key),
            key => return self.decide(key),
        }
        (Mode::Confirm(self), Intent::Nothing)
    }

    fn decide(mut self: Box<Self>, key: Key) -> (Mode, Intent) {
        match (self.phrase.as_deref(), key) {
            (_, Key::Tab) => self.is_noting = true,
            (None, Key::Char('y')) => return self.sign(),
            (None, Key::Char('n' | 'q')) => return (Mode::Browse, Intent::Nothing),
            (Some(phrase), Key::Enter) if self.typed == phrase => return self.sign(),
            (Some(phrase), Key::Char(c)) if self.typed.len() < phrase.len() + 8 => self.typed.push(c),
            (Some(_), Key::Backspace) => drop(self.typed.pop()),
            _ => {}
        }
        (Mode::Confirm(self), Intent::Nothing)
    }

    fn sign(self: Box<Self>) -> (Mode, Intent) {
        let typed = self.phrase.is_some().then(|| self.typed.clone());
        let prepared = Box::new(self.prepared.with_note(self.note.text()));
        (Mode::Browse, Intent::Sign { prepared, typed })
    }
}

fn whole(text: &str) -> Vec<Line> {
    text.lines().map(|line| Line { change: Change::Same, text: line.to_owned() }).collect()
}

fn title(wanted: &Wanted) -> String {
    match wanted {
        Wanted::Approve => "approve: this goes out".to_owned(),
        Wanted::Amend(_) => "amend: this goes out instead".to_owned(),
        Wanted::Reject => "reject: nothing goes out".to_owned(),
        Wanted::Reclassify(Some(class)) => format!("reclassify: it is `{class}`; nothing goes out"),
        Wanted::Reclassify(None) => "reclassify: it is of no class; nothing goes out".to_owned(),
    }
}
