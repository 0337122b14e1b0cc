//! From what a person wants to the ruling that they sign, or to what stands in the way, said before anything is
//! published. The daemon looks at all of it again.

use super::{Entry, Proposal, TEXT_BYTES_MAX};
use crate::authority::{Answer, Operator, Ruling};
use crate::class::{ActionType, Class};
use crate::decision::OutwardAction;
use crate::plain::{lines, one_line};
use crate::policy::Policy;
use crate::policy::action::{Reversibility, UNDECLARED, built_in};
use jiff::Timestamp;
use std::collections::BTreeMap;

/// The longest note, in characters.
pub const NOTE_CHARS_MAX: usize = 1_000;

/// What a person wants.
#[derive(Clone, Debug, PartialEq)]
pub enum Wanted {
    /// The draft goes out as it is.
    Approve,
    /// This goes out instead.
    Amend(Box<OutwardAction>),
    /// Nothing goes out.
    Reject,
    /// The message is of another class, or of none that is known.
    Reclassify(Option<Class>),
}

/// What cannot be undone, as today's policy has it. What it does not name cannot.
#[derive(Clone, Debug, Default)]
pub struct Natures(BTreeMap<ActionType, Reversibility>);

/// An answer, ready to be signed.
#[derive(Clone, Debug, PartialEq)]
pub struct Prepared {
    /// The ruling, but for when it is signed, and that the person was told.
    ruling: Ruling,
    /// What goes out, if anything does.
    pub action: Option<OutwardAction>,
    /// Whether it cannot be undone.
    pub is_irreversible: bool,
    /// What must lie last on the ruling's subject.
    pub expected_sequence: u64,
}

/// What stands in the way of an answer.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Hindrance {
    /// Somebody was faster.
    #[error("it was answered before: {word} by {by}, {at}")]
    Answered {
        /// Who.
        by: String,
        /// What they said.
        word: &'static str,
        /// When.
        at: Timestamp,
    },
    /// It is over without an answer.
    #[error("it is no longer open: {0}")]
    Over(String),
    /// Nothing is held back.
    #[error("nothing is held back for approval; `decile amend ID --type reply --text …` writes something of your own")]
    NoDraft,
    /// Not for this desk.
    #[error("{operator} may not rule on the desk `{desk}`: `rulings` in operators.toml does not name it")]
    Desk {
        /// The operator.
        operator: String,
        /// The desk.
        desk: String,
    },
    /// Not what cannot be undone.
    #[error(
        "`{kind}` cannot be undone, and {operator} may not let that out: `irreversible` is not set in operators.toml"
    )]
    Irreversible {
        /// The operator.
        operator: String,
        /// The type of the action.
        kind: ActionType,
    },
    /// The person has not been told.
    #[error("this cannot be undone; to confirm it, give exactly `{0}`")]
    Unconfirmed(String),
    /// Too long.
    #[error("a text has at most {TEXT_BYTES_MAX} bytes")]
    TooLong,
    /// Something in the text would not be seen.
    #[error("the text has characters that nobody sees, or that a terminal obeys; write it without them")]
    Hidden,
    /// Nothing was changed.
    #[error("that is the draft as it is: approve it")]
    Same,
}

impl Natures {
    /// Those that a policy declares.
    pub fn of(policy: &Policy) -> Self {
        let natures = policy.natures.iter().map(|(kind, nature)| (kind.clone(), nature.reversibility));
        Self(natures.collect())
    }

    /// Whether an action can be undone: by what the escalation says, and by today's policy, whichever is stricter.
    fn of_action(&self, entry: &Entry, kind: &ActionType) -> Reversibility {
        let held = entry.escalation.held.as_ref().filter(|held| held.action.kind == *kind);
        let declared = self.0.get(kind).copied();
        let known = built_in(kind.as_str()).map(|nature| nature.reversibility);
        let today = declared.max(known).unwrap_or(UNDECLARED.reversibility);
        held.map_or(today, |held| held.action.reversibility.max(today))
    }
}

/// The draft of an entry with another text. Without a draft, an action of this type.
///
/// # Errors
/// [`Hindrance::NoDraft`] where there is no draft and no type, [`Hindrance::TooLong`], [`Hindrance::Hidden`].
pub fn with_text(entry: &Entry, kind: Option<&ActionType>, text: &str) -> Result<OutwardAction, Hindrance> {
    let text = text.trim_end().replace("\r\n", "\n");
    if text.len() > TEXT_BYTES_MAX {
        return Err(Hindrance::TooLong);
    }
    if lines(&text) != text.replace('\t', " ") {
        return Err(Hindrance::Hidden);
    }
    let draft = entry.escalation.draft().filter(|draft| kind.is_none_or(|kind| draft.kind == *kind));
    let action = match (draft, kind) {
        (Some(draft), _) => draft,
        (None, Some(kind)) => OutwardAction {
            kind: kind.clone(),
            channel: entry.escalation.decision.channel.clone(),
            arguments: BTreeMap::new(),
            text: None,
            target: entry.escalation.target(),
        },
        (None, None) => return Err(Hindrance::NoDraft),
    };
    Ok(OutwardAction { text: Some(text), ..action })
}

/// What a proposal would do here.
pub fn with_proposal(entry: &Entry, proposal: &Proposal) -> OutwardAction {
    proposal.on(&entry.escalation)
}

/// Looks at everything that can be known before it is signed.
///
/// # Errors
/// What stands in the way; [`Hindrance::Unconfirmed`] comes later, with the signature.
pub fn prepare(entry: &Entry, wanted: Wanted, operator: &Operator, natures: &Natures) -> Result<Prepared, Hindrance> {
    is_open(entry)?;
    let desk = entry.escalation.decision.desk.as_ref();
    if !desk.is_some_and(|desk| operator.rulings.has(desk)) {
        let desk = desk.map_or("none", |desk| desk.as_str()).to_owned();
        return Err(Hindrance::Desk { operator: operator.name.clone(), desk });
    }
    let action = goes_out(entry, &wanted)?;
    let is_irreversible =
        action.as_ref().is_some_and(|it| natures.of_action(entry, &it.kind) == Reversibility::Irreversible);
    if let (Some(action), true, false) = (&action, is_irreversible, operator.irreversible) {
        return Err(Hindrance::Irreversible { operator: operator.name.clone(), kind: action.kind.clone() });
    }
    let ruling = Ruling {
        decision: entry.id().clone(),
        escalation: entry.sequence,
        issued_at: Timestamp::UNIX_EPOCH,
        answer: said(entry, wanted, action.as_ref()),
        severe: false,
        note: String::new(),
    };
    Ok(Prepared { ruling, action, is_irreversible, expected_sequence: entry.expected_sequence() })
}

impl Prepared {
    /// What must be typed in full to let out what cannot be undone.
    pub fn phrase(&self) -> Option<String> {
        let action = self.action.as_ref().filter(|_| self.is_irreversible)?;
        Some(format!("{} {}", action.kind, one_line(action.channel.as_str(), 128)))
    }

    /// With a word about it.
    #[must_use]
    pub fn with_note(mut self, note: &str) -> Self {
        self.ruling.note = one_line(note.trim(), NOTE_CHARS_MAX);
        self
    }

    /// With the word that what was drafted would have been a severe error.
    #[must_use]
    pub fn severe(mut self, severe: bool) -> Self {
        self.ruling.severe = severe;
        self
    }

    /// The decision that it answers.
    pub fn decision(&self) -> &crate::decision::DecisionId {
        &self.ruling.decision
    }

    /// The ruling, as of now.
    ///
    /// # Errors
    /// [`Hindrance::Unconfirmed`] where something cannot be undone, and the phrase was not typed.
    pub fn ruling(mut self, typed: Option<&str>, now: Timestamp) -> Result<Ruling, Hindrance> {
        if let Some(phrase) = self.phrase() {
            if typed.map(str::trim) != Some(phrase.as_str()) {
                return Err(Hindrance::Unconfirmed(phrase));
            }
            match &mut self.ruling.answer {
                Answer::Approve { irreversible, .. } | Answer::Amend { irreversible, .. } => *irreversible = true,
                Answer::Reject | Answer::Reclassify { .. } => {}
            }
        }
        self.ruling.issued_at = now;
        Ok(self.ruling)
    }
}

fn is_open(entry: &Entry) -> Result<(), Hindrance> {
    if entry.is_open() {
        return Ok(());
    }
    match (&entry.ruling, &entry.became) {
        (Some(ruling), _) if ruling.void.is_none() => {
            let by = one_line(&ruling.by, 64);
            Err(Hindrance::Answered { by, word: ruling.word(), at: ruling.stored_at })
        }
        (_, became) => Err(Hindrance::Over(became.as_ref().map(super::Became::line).unwrap_or_default())),
    }
}

fn goes_out(entry: &Entry, wanted: &Wanted) -> Result<Option<OutwardAction>, Hindrance> {
    let draft = entry.escalation.draft();
    match wanted {
        Wanted::Approve => draft.map(Some).ok_or(Hindrance::NoDraft),
        Wanted::Amend(instead) if draft.as_ref() == Some(instead.as_ref()) => Err(Hindrance::Same),
        Wanted::Amend(instead) => Ok(Some(instead.as_ref().clone())),
        Wanted::Reject | Wanted::Reclassify(_) => Ok(None),
    }
}

fn said(entry: &Entry, wanted: Wanted, action: Option<&OutwardAction>) -> Answer {
    match (wanted, action) {
        (Wanted::Approve, Some(action)) => Answer::Approve { action: action.digest(entry.id()), irreversible: false },
        (Wanted::Amend(instead), _) => Answer::Amend { instead, irreversible: false },
        (Wanted::Reclassify(class), _) => Answer::Reclassify { class },
        (Wanted::Reject | Wanted::Approve, _) => Answer::Reject,
    }
}
