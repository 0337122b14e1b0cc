//! The terminal for reviews as a machine: one sample after the other; first the class, then what was decided.

mod draw;

pub use draw::draw;

use super::{Reviews, Waiting};
use crate::authority::Review;
use crate::class::Class;
use crate::decision::DecisionId;
use crate::inbox::Published;
use crate::inbox::screen::{Editor, Key};
use crate::plain::one_line;
use jiff::Timestamp;
use std::collections::BTreeSet;

/// What the terminal shows, and all that it depends on.
#[derive(Clone, Debug)]
pub struct Screen {
    reviews: Reviews,
    /// What a message may be of.
    classes: Vec<Class>,
    reviewer: String,
    now: Timestamp,
    current: Option<DecisionId>,
    stage: Stage,
    /// Left for later in this round.
    skipped: BTreeSet<DecisionId>,
    scroll: u16,
    signed: u64,
    agreed: u64,
    notice: Option<String>,
    /// The person wants to leave once it is signed.
    is_leaving: bool,
}

/// How far the review of the current sample is.
#[derive(Clone, Debug)]
enum Stage {
    /// The class is being named.
    Naming { typed: Editor, picked: usize },
    /// It was named, for good, and what was decided is shown.
    Shown { class: Option<Class>, severe: bool },
    /// It is being signed and stored; whether it agrees.
    Signing { agrees: bool },
}

/// What happens.
#[derive(Clone, Debug)]
pub enum Input<'a> {
    /// A key was pressed.
    Key(Key),
    /// It is so late.
    Now(Timestamp),
    /// Something was published.
    Published(Published<'a>),
    /// A review was stored.
    Stored(DecisionId),
    /// It was not, and why.
    Refused(String),
    /// The connection fails, or is back.
    Connection(Option<String>),
}

/// What the terminal wants from the world.
#[derive(Clone, Debug, PartialEq)]
pub enum Intent {
    /// Nothing.
    Nothing,
    /// To be closed.
    Quit,
    /// This signed and published.
    Sign(Box<Prepared>),
}

/// A review, ready to be signed.
#[derive(Clone, Debug, PartialEq)]
pub struct Prepared {
    /// The decision.
    pub decision: DecisionId,
    /// The sample's sequence.
    pub sample: u64,
    /// What must lie last on the review's subject.
    pub expected_sequence: u64,
    /// The class that the person named.
    pub class: Option<Class>,
    /// Whether what was done was a severe error.
    pub severe: bool,
    /// A word about it.
    pub note: String,
}

impl Prepared {
    /// A review of a sample.
    pub fn of(waiting: &Waiting, class: Option<Class>, severe: bool, note: &str) -> Self {
        let (decision, sample) = (waiting.sample.decision.id.clone(), waiting.sequence);
        let note = one_line(note.trim(), crate::inbox::answer::NOTE_CHARS_MAX);
        Self { decision, sample, expected_sequence: waiting.reviewed, class, severe, note }
    }

    /// What is signed, at a moment of the broker's clock.
    pub fn review(&self, issued_at: Timestamp) -> Review {
        let Self { decision, sample, class, severe, note, .. } = self.clone();
        Review { decision, sample, issued_at, class, severe, note }
    }
}

impl Screen {
    /// A screen on what waits.
    pub fn new(reviews: Reviews, classes: Vec<Class>, reviewer: &str, now: Timestamp) -> Self {
        let reviewer = one_line(reviewer, 40);
        let (current, skipped, notice, is_leaving) = (None, BTreeSet::new(), None, false);
        let stage = Stage::naming();
        let mut screen = Self {
            reviews,
            classes,
            reviewer,
            now,
            current,
            stage,
            skipped,
            scroll: 0,
            signed: 0,
            agreed: 0,
            notice,
            is_leaving,
        };
        screen.go_on();
        screen
    }

    /// Takes an input; what the world has to do about it comes back.
    pub fn take(&mut self, input: Input<'_>) -> Intent {
        match input {
            Input::Key(key) => return self.key(key),
            Input::Now(now) => self.now = now,
            Input::Published(published) => {
                self.reviews.apply(&published);
                self.check();
            }
            Input::Stored(decision) => {
                self.signed += 1;
                self.agreed += u64::from(matches!(self.stage, Stage::Signing { agrees: true }));
                self.skipped.insert(decision);
                self.go_on();
                if self.is_leaving {
                    return Intent::Quit;
                }
            }
            Input::Refused(why) => {
                self.notice = Some(one_line(&why, 300));
                self.skipped.extend(self.current.clone());
                self.is_leaving = false;
                self.go_on();
            }
            Input::Connection(trouble) => self.notice = trouble.map(|trouble| one_line(&trouble, 300)),
        }
        Intent::Nothing
    }

    fn key(&mut self, key: Key) -> Intent {
        // Once it is shown what was decided, the class is named for good: leaving would be a way to name it anew, so it is
        // signed then.
        let is_naming = matches!(self.stage, Stage::Naming { .. });
        match key {
            Key::Ctrl('c') if matches!(self.stage, Stage::Shown { .. }) => {
                self.is_leaving = true;
                return self.key(Key::Enter);
            }
            Key::Ctrl('c') => return Intent::Quit,
            Key::Escape if is_naming => return Intent::Quit,
            _ => {}
        }
        let Some(waiting) = self.waiting().cloned() else { return Intent::Nothing };
        match key {
            Key::PageDown | Key::Ctrl('d') => self.scroll = self.scroll.saturating_add(PAGE_LINES),
            Key::PageUp | Key::Ctrl('u') => self.scroll = self.scroll.saturating_sub(PAGE_LINES),
            key => return self.answer(key, &waiting),
        }
        Intent::Nothing
    }

    fn answer(&mut self, key: Key, waiting: &Waiting) -> Intent {
        match self.stage.clone() {
            Stage::Naming { typed, picked } => self.name(key, typed, picked),
            Stage::Shown { class, severe } => {
                let agrees = is_right(class.as_ref(), waiting);
                match key {
                    Key::Enter => {
                        self.stage = Stage::Signing { agrees };
                        return Intent::Sign(Box::new(Prepared::of(waiting, class, severe, "")));
                    }
                    Key::Char('s') if !agrees => self.stage = Stage::Shown { class, severe: !severe },
                    _ => {}
                }
            }
            Stage::Signing { .. } => {}
        }
        Intent::Nothing
    }

    fn name(&mut self, key: Key, mut typed: Editor, picked: usize) {
        let last = self.choices(typed.text()).len().saturating_sub(1);
        match key {
            Key::Enter => {
                let class = self.choices(typed.text()).into_iter().nth(picked);
                self.stage = match class {
                    Some(class) => Stage::Shown { class, severe: false },
                    None => Stage::Naming { typed, picked: 0 },
                };
            }
            Key::Tab => {
                self.skipped.extend(self.current.clone());
                self.go_on();
            }
            Key::Down => self.stage = Stage::Naming { typed, picked: (picked + 1).min(last) },
            Key::Up => self.stage = Stage::Naming { typed, picked: picked.saturating_sub(1) },
            key => {
                typed.key(key);
                self.stage = Stage::Naming { typed, picked: 0 };
            }
        }
    }

    /// What can be picked: classes that have what was typed in their names, and that it is of none.
    fn choices(&self, typed: &str) -> Vec<Option<Class>> {
        let typed = typed.to_lowercase();
        let fits = |class: &&Class| class.as_str().to_lowercase().contains(&typed);
        let classes = self.classes.iter().filter(fits).cloned().map(Some);
        classes.chain(NONE.contains(&typed).then_some(None)).collect()
    }

    fn waiting(&self) -> Option<&Waiting> {
        self.reviews.get(self.current.as_ref()?)
    }

    /// Somebody else may have reviewed it meanwhile.
    fn check(&mut self) {
        let is_over = self.waiting().is_none_or(|waiting| !waiting.is_open());
        if is_over && !matches!(self.stage, Stage::Signing { .. }) {
            if self.current.is_some() {
                self.notice = Some("somebody else has reviewed it".to_owned());
            }
            self.go_on();
        }
    }

    /// To the next sample.
    fn go_on(&mut self) {
        let open = self.reviews.open();
        let next = open.into_iter().map(|waiting| &waiting.sample.decision.id).find(|id| !self.skipped.contains(*id));
        (self.current, self.stage, self.scroll) = (next.cloned(), Stage::naming(), 0);
    }
}

/// How far a page is scrolled at once, in lines.
const PAGE_LINES: u16 = 10;
/// What stands in the list for no class.
const NONE: &str = "none of these";

impl Stage {
    fn naming() -> Self {
        Self::Naming { typed: Editor::new(String::new(), false), picked: 0 }
    }
}

/// Whether the class that was named is the one that was decided by.
pub fn is_right(named: Option<&Class>, waiting: &Waiting) -> bool {
    named.is_some() && named == waiting.sample.decision.verdict.class.as_ref()
}
