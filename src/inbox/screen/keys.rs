//! What keys do, by mode.

use super::{Editor, FILTER_CHARS_MAX, Intent, Key, List, Mode, Screen};
use crate::class::Class;
use crate::inbox::answer::{Hindrance, Wanted, with_proposal};
use crate::plain::lines;

/// How far a page is scrolled at once, in lines.
const PAGE_LINES: u16 = 10;

impl Screen {
    pub(super) fn key(&mut self, key: Key) -> Intent {
        if key == Key::Ctrl('c') {
            return Intent::Quit;
        }
        match std::mem::replace(&mut self.mode, Mode::Browse) {
            Mode::Browse => return self.browse(key),
            Mode::Filter => self.filtering(key),
            Mode::Edit(editor) => self.editing(editor, key),
            Mode::Class(editor) => self.naming(editor, key),
            Mode::Confirm(confirm) => {
                let (mode, intent) = confirm.key(key);
                self.mode = mode;
                return intent;
            }
        }
        Intent::Nothing
    }

    fn browse(&mut self, key: Key) -> Intent {
        self.notice = None;
        match key {
            Key::Char('q') => return Intent::Quit,
            Key::Char('e') if self.has_editor && self.person.is_some() => return Intent::Edit(self.draft_text()),
            Key::Char('j') | Key::Down => self.step(1),
            Key::Char('k') | Key::Up => self.step(-1),
            Key::Char('g') | Key::Home => self.step(isize::MIN),
            Key::Char('G') | Key::End => self.step(isize::MAX),
            Key::Char(' ') | Key::PageDown | Key::Ctrl('d') => self.scroll = self.scroll.saturating_add(PAGE_LINES),
            Key::Char('b') | Key::PageUp | Key::Ctrl('u') => self.scroll = self.scroll.saturating_sub(PAGE_LINES),
            Key::Enter => self.is_detail_large = !self.is_detail_large,
            Key::Escape if self.is_detail_large => self.is_detail_large = false,
            Key::Escape => self.filter.clear(),
            Key::Tab => self.turn(),
            Key::Char('/') => self.mode = Mode::Filter,
            Key::Char('a') => self.ask(|_| Ok(Wanted::Approve)),
            Key::Char('r') => self.ask(|_| Ok(Wanted::Reject)),
            Key::Char('c') => self.mode = Mode::Class(Editor::new(String::new(), false)),
            Key::Char('e' | 'E') => self.mode = Mode::Edit(Editor::new(self.draft_text(), true)),
            Key::Char(digit @ '1'..='9') => self.propose(digit),
            _ => {}
        }
        Intent::Nothing
    }

    /// Another entry of the list.
    fn step(&mut self, by: isize) {
        let listed = self.listed();
        let last = listed.len().saturating_sub(1);
        let place = self.place.saturating_add_signed(by).min(last);
        let selected = listed.get(place).map(|entry| entry.id().clone());
        if selected != self.selected {
            (self.selected, self.place, self.scroll) = (selected, place, 0);
        }
    }

    /// The other list.
    fn turn(&mut self) {
        self.list = match self.list {
            List::Open => List::Answered,
            List::Answered => List::Open,
        };
        (self.selected, self.place, self.scroll) = (None, 0, 0);
    }

    /// The text that editing begins with, plain: what is hidden in a draft shows as something that was changed.
    fn draft_text(&self) -> String {
        let draft = self.entry().and_then(|entry| entry.escalation.draft());
        lines(&draft.and_then(|draft| draft.text).unwrap_or_default())
    }

    fn propose(&mut self, digit: char) {
        let number = digit.to_digit(10).and_then(|digit| usize::try_from(digit).ok()).unwrap_or_default();
        let proposal = self.entry().and_then(|entry| entry.proposals.get(number.saturating_sub(1)));
        let Some(proposal) = proposal.cloned() else { return self.warn(&format!("there is no proposal {number}")) };
        self.ask(|entry| Ok(Wanted::Amend(Box::new(with_proposal(entry, &proposal)))));
    }

    fn filtering(&mut self, key: Key) {
        self.mode = Mode::Filter;
        match key {
            Key::Enter => self.mode = Mode::Browse,
            Key::Escape => {
                self.filter.clear();
                self.mode = Mode::Browse;
            }
            Key::Backspace => drop(self.filter.pop()),
            Key::Char(c) if self.filter.chars().count() < FILTER_CHARS_MAX => self.filter.push(c),
            _ => {}
        }
    }

    fn editing(&mut self, mut editor: Editor, key: Key) {
        match key {
            Key::Escape => self.tell("nothing was changed"),
            Key::Ctrl('s') => {
                let text = editor.text().to_owned();
                // What was written is not lost where something stands in the way.
                self.mode = Mode::Edit(editor);
                self.amend(&text);
            }
            key => {
                editor.key(key);
                self.mode = Mode::Edit(editor);
            }
        }
    }

    fn naming(&mut self, mut editor: Editor, key: Key) {
        match key {
            Key::Escape => {}
            Key::Enter => self.reclassify(editor),
            key => {
                editor.key(key);
                self.mode = Mode::Class(editor);
            }
        }
    }

    fn reclassify(&mut self, editor: Editor) {
        let class = match editor.text() {
            "" => Ok(None),
            name => Class::parse(name).map(Some),
        };
        match class {
            Ok(class) => self.ask(|_| Ok::<_, Hindrance>(Wanted::Reclassify(class))),
            Err(wrong) => {
                self.warn(&wrong.to_string());
                self.mode = Mode::Class(editor);
            }
        }
    }
}
