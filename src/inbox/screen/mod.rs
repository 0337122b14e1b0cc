//! The terminal as a machine: what it shows is a state, what happens to it an input, what it wants from the world an
//! intent. No I/O, no clock: [`draw`] paints a state, `cli::inbox` brings inputs and carries intents out.

mod confirm;
pub mod draw;
mod editor;
mod keys;
#[cfg(test)]
mod tests;

pub use confirm::Confirm;
pub use editor::Editor;

use super::answer::{Natures, Prepared, Wanted, prepare};
use super::{Entry, Inbox, Published};
use crate::authority::Operator;
use crate::decision::DecisionId;
use crate::plain::{lines, one_line};
use jiff::Timestamp;
use std::collections::BTreeSet;

/// The longest filter, in characters.
const FILTER_CHARS_MAX: usize = 64;

/// What the terminal shows, and all that it depends on.
#[derive(Clone, Debug)]
pub struct Screen {
    pub(super) inbox: Inbox,
    pub(super) person: Option<Person>,
    pub(super) has_editor: bool,
    pub(super) now: Timestamp,
    pub(super) list: List,
    pub(super) filter: String,
    pub(super) selected: Option<DecisionId>,
    /// Where the selected one stood in the list: what comes after it when it is gone.
    pub(super) place: usize,
    pub(super) scroll: u16,
    pub(super) is_detail_large: bool,
    pub(super) mode: Mode,
    pub(super) notice: Option<Notice>,
    /// What was signed here: what becomes of it is told.
    mine: BTreeSet<DecisionId>,
}

/// Who sits there.
#[derive(Clone, Debug)]
pub struct Person {
    /// Their rights.
    pub operator: Operator,
    /// What cannot be undone, as today's policy has it.
    pub natures: Natures,
}

/// Which list is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum List {
    /// What waits.
    Open,
    /// What was answered.
    Answered,
}

/// What keys do.
#[derive(Clone, Debug)]
pub(super) enum Mode {
    /// Look around.
    Browse,
    /// Type a filter.
    Filter,
    /// Edit a text.
    Edit(Editor),
    /// Type a class; nothing is none.
    Class(Editor),
    /// Agree to what is about to be signed.
    Confirm(Box<Confirm>),
}

/// Something that the person is told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Notice {
    pub(super) text: String,
    pub(super) is_bad: bool,
}

/// A key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Key {
    /// A character.
    Char(char),
    /// One with Ctrl.
    Ctrl(char),
    /// Enter.
    Enter,
    /// Escape.
    Escape,
    /// Backspace.
    Backspace,
    /// Delete.
    Delete,
    /// Tab.
    Tab,
    /// Up.
    Up,
    /// Down.
    Down,
    /// Left.
    Left,
    /// Right.
    Right,
    /// Page up.
    PageUp,
    /// Page down.
    PageDown,
    /// Home.
    Home,
    /// End.
    End,
}

/// What happens.
#[derive(Clone, Debug)]
pub enum Input<'a> {
    /// A key was pressed.
    Key(Key),
    /// A text was pasted.
    Paste(&'a str),
    /// It is so late.
    Now(Timestamp),
    /// Something was published.
    Published(Published<'a>),
    /// The person's editor came back with a text, or without.
    Edited(Option<String>),
    /// A ruling was stored.
    Stored {
        /// On which decision.
        decision: DecisionId,
    },
    /// It was not.
    Refused {
        /// Why.
        why: String,
    },
    /// The connection fails, or is back.
    Connection {
        /// What is wrong with it.
        trouble: Option<String>,
    },
}

/// What the terminal wants from the world.
#[derive(Clone, Debug, PartialEq)]
pub enum Intent {
    /// Nothing.
    Nothing,
    /// To be closed.
    Quit,
    /// This text in the person's editor.
    Edit(String),
    /// This signed and published.
    Sign {
        /// What.
        prepared: Box<Prepared>,
        /// What was typed in full, where that is needed.
        typed: Option<String>,
    },
}

impl Screen {
    /// A screen on an inbox. Without a person it only shows.
    pub fn new(inbox: Inbox, person: Option<Person>, has_editor: bool, now: Timestamp) -> Self {
        let mut screen = Self {
            inbox,
            person,
            has_editor,
            now,
            list: List::Open,
            filter: String::new(),
            selected: None,
            place: 0,
            scroll: 0,
            is_detail_large: false,
            mode: Mode::Browse,
            notice: None,
            mine: BTreeSet::new(),
        };
        screen.settle();
        screen
    }

    /// Takes an input; what the world has to do about it comes back.
    pub fn take(&mut self, input: Input<'_>) -> Intent {
        let intent = match input {
            Input::Key(key) => self.key(key),
            Input::Paste(text) => self.paste(text),
            Input::Now(now) => self.nothing(|screen| screen.now = now),
            Input::Published(published) => self.nothing(|screen| screen.published(&published)),
            Input::Edited(text) => self.nothing(|screen| screen.edited(text)),
            Input::Stored { decision } => self.nothing(|screen| screen.stored(decision)),
            Input::Refused { why } => self.nothing(|screen| screen.warn(&why)),
            Input::Connection { trouble } => self.nothing(|screen| screen.connection(trouble)),
        };
        self.settle();
        intent
    }

    /// The entries of the list that is shown, filtered.
    pub(super) fn listed(&self) -> Vec<&Entry> {
        let all = match self.list {
            List::Open => self.inbox.open(),
            List::Answered => self.inbox.answered(),
        };
        let words = self.filter.to_lowercase();
        all.into_iter().filter(|entry| words.is_empty() || is_about(entry, &words)).collect()
    }

    /// The entry that is selected.
    pub(super) fn entry(&self) -> Option<&Entry> {
        self.selected.as_ref().and_then(|id| self.inbox.get(id))
    }

    /// Makes ready what the person wants, and asks them; or says what stands in the way.
    pub(super) fn ask(&mut self, want: impl FnOnce(&Entry) -> Result<Wanted, super::answer::Hindrance>) {
        let Some(person) = &self.person else {
            return self.warn("to answer, start with `--key FILE`, or set DECILE_KEY_FILE");
        };
        let Some(entry) = self.entry() else { return };
        let prepared = want(entry).and_then(|wanted| {
            let prepared = prepare(entry, wanted.clone(), &person.operator, &person.natures)?;
            Ok(Confirm::new(entry, wanted, prepared))
        });
        match prepared {
            Ok(confirm) => self.mode = Mode::Confirm(Box::new(confirm)),
            Err(wrong) => self.warn(&wrong.to_string()),
        }
    }

    pub(super) fn warn(&mut self, text: &str) {
        self.notice = Some(Notice { text: one_line(text, 300), is_bad: true });
    }

    pub(super) fn tell(&mut self, text: &str) {
        self.notice = Some(Notice { text: one_line(text, 300), is_bad: false });
    }

    fn nothing(&mut self, change: impl FnOnce(&mut Self)) -> Intent {
        change(self);
        Intent::Nothing
    }

    fn published(&mut self, published: &Published<'_>) {
        let became = |screen: &Self| -> Vec<(DecisionId, Option<String>)> {
            let line = |id: &DecisionId| screen.inbox.get(id)?.became.as_ref().map(super::Became::line);
            screen.mine.iter().map(|id| (id.clone(), line(id))).collect()
        };
        let before = became(self);
        self.inbox.apply(published);
        let news = became(self).into_iter().zip(before).find(|(now, before)| now != before);
        if let Some(((id, Some(line)), _)) = news {
            self.tell(&format!("{}: {line}", short(&id)));
        }
    }

    fn edited(&mut self, text: Option<String>) {
        match text {
            Some(text) => self.amend(&text),
            None => self.tell("nothing was changed"),
        }
    }

    /// Asks about another text than the draft's; where nothing is held back it is a reply.
    pub(super) fn amend(&mut self, text: &str) {
        let reply = crate::class::ActionType::parse("reply").ok();
        self.ask(|entry| {
            let kind = if entry.escalation.held.is_some() { None } else { reply.as_ref() };
            super::answer::with_text(entry, kind, text).map(|action| Wanted::Amend(Box::new(action)))
        });
    }

    fn stored(&mut self, decision: DecisionId) {
        self.tell(&format!("{}: signed and stored; waiting for the daemon", short(&decision)));
        self.mine.insert(decision);
    }

    fn connection(&mut self, trouble: Option<String>) {
        match trouble {
            Some(trouble) => self.warn(&trouble),
            None => self.tell("connected"),
        }
    }

    fn paste(&mut self, text: &str) -> Intent {
        let text = lines(text);
        match &mut self.mode {
            Mode::Edit(editor) => text.chars().for_each(|c| editor.insert(c)),
            Mode::Class(editor) => text.chars().filter(|c| *c != '\n').for_each(|c| editor.insert(c)),
            // What is to be typed in full is not to be pasted.
            Mode::Browse | Mode::Filter | Mode::Confirm(_) => {}
        }
        Intent::Nothing
    }

    /// Keeps the selection on an entry of the list: the same one, or the one at its place.
    fn settle(&mut self) {
        if self.stays() {
            return;
        }
        let listed: Vec<DecisionId> = self.listed().into_iter().map(|entry| entry.id().clone()).collect();
        let at = self.selected.as_ref().and_then(|id| listed.iter().position(|listed| listed == id));
        let place = at.unwrap_or_else(|| self.place.min(listed.len().saturating_sub(1)));
        let selected = listed.get(place).cloned();
        if selected != self.selected {
            self.scroll = 0;
        }
        (self.selected, self.place) = (selected, place);
    }

    /// Whether the selection stays although its entry may have left the list: what is being answered, and what somebody
    /// else has answered. No key meant for one escalation ever meets another.
    fn stays(&self) -> bool {
        let Some(entry) = self.entry() else { return false };
        let is_answering = !matches!(self.mode, Mode::Browse | Mode::Filter);
        let is_anothers = self.list == List::Open && !entry.is_open() && !self.mine.contains(entry.id());
        is_answering || is_anothers
    }
}

/// The first twelve digits of an id.
pub(super) fn short(id: &DecisionId) -> &str {
    id.as_str().get(..12).unwrap_or_default()
}

/// Whether an entry has the words somewhere.
fn is_about(entry: &Entry, words: &str) -> bool {
    let escalation = &entry.escalation;
    let decision = &escalation.decision;
    let message = escalation.message.as_ref();
    let texts = [
        Some(decision.id.as_str()),
        Some(decision.channel.as_str()),
        decision.desk.as_ref().map(|desk| desk.as_str()),
        class_of(entry),
        decision.reason.map(|reason| reason.as_str()),
        message.map(|message| message.text.as_str()),
        message.and_then(|message| message.sender.as_deref()),
        message.and_then(|message| message.subject.as_deref()),
    ];
    texts.into_iter().flatten().any(|text| text.to_lowercase().contains(words))
}

/// The class that the rules name, whatever came of it.
pub(super) fn class_of(entry: &Entry) -> Option<&str> {
    let escalation = &entry.escalation;
    let class = escalation.would_have.as_ref().map(|would| &would.class).or(escalation.decision.verdict.class.as_ref());
    class.map(crate::class::Class::as_str)
}
