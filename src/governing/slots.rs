//! Slots: numbered places at the broker, each of which can be taken once. A use of a grant takes one, and so does each
//! window of a cap; where none is free, there is no use or no room left.

use crate::authority::GrantId;
use crate::decision::DecisionId;
use crate::policy::cap::{CapScope, Window};
use jiff::{SignedDuration, Timestamp};
use std::collections::{BTreeSet, HashMap};
use std::fmt;
use std::time::Duration;

/// How many free slots of a row an action may try, one after the other: other instances choose, too.
const CANDIDATES_MAX: usize = 4;

/// How long after its window a row is still known: the broker's clock may be ahead of the one that decides.
const KNOWN_BEYOND: SignedDuration = SignedDuration::from_secs(60);

/// A row of slots.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Slot {
    /// The uses of a grant.
    Use(GrantId),
    /// A window of a cap: scope and window as tokens.
    Cap(String),
}

/// A row, and the free slots that may be taken in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SlotChoice {
    /// The row.
    pub row: Slot,
    /// Free slots, at least one, in the order in which to try them.
    pub candidates: Vec<u32>,
    /// How long the broker keeps it.
    pub kept: Duration,
}

/// The slots that are taken.
#[derive(Debug, Default)]
pub(super) struct Slots {
    taken: HashMap<String, BTreeSet<u32>>,
    /// The minute in which rows of windows that are over were last thrown away.
    pruned: String,
}

impl Slot {
    /// The row of a cap in the window that is now.
    pub fn cap(scope: &CapScope, window: Window, now: Timestamp) -> Self {
        // No name holds `=` but before two digits, so `=all` is no name.
        let all = || "=all".to_owned();
        let class = scope.class.as_ref().map_or_else(all, ToString::to_string);
        let kind = scope.kind.as_ref().map_or_else(all, ToString::to_string);
        let channel = scope.channel.as_ref().map_or_else(|| "=all.=all".to_owned(), |it| it.subject().to_owned());
        Self::Cap(format!("{class}.{kind}.{channel}.{}", window.at(now)))
    }
}

/// As the tokens below `<root>.slot`.
impl fmt::Display for Slot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Use(grant) => write!(f, "use.{grant}"),
            Self::Cap(row) => write!(f, "cap.{row}"),
        }
    }
}

impl Slots {
    /// A slot was taken: `use.<grant>.<n>`, `cap.….<n>`. Other records below `<root>.slot` are not looked for here.
    pub(super) fn take(&mut self, slot: &str, stored_at: Timestamp) {
        self.prune(stored_at);
        let Some((row, number)) = slot.rsplit_once('.') else { return };
        let is_looked_for = row.starts_with("use.") || row.starts_with("cap.");
        if let (true, Ok(number)) = (is_looked_for, number.parse()) {
            self.taken.entry(row.to_owned()).or_default().insert(number);
        }
    }

    /// How many of a row are taken.
    pub(super) fn taken(&self, row: &Slot) -> u32 {
        let taken = self.taken.get(&row.to_string()).map_or(0, BTreeSet::len);
        u32::try_from(taken).unwrap_or(u32::MAX)
    }

    /// Free slots of a row that has so many, or `None` where all are taken. Which ones come first hangs on the
    /// decision, so that instances that decide at the same time seldom want the same.
    pub(super) fn choose(
        &self,
        row: Slot,
        slots: u32,
        decision: &DecisionId,
        kept: SignedDuration,
    ) -> Option<SlotChoice> {
        let taken = self.taken.get(&row.to_string());
        let is_free = |number: &u32| taken.is_none_or(|taken| !taken.contains(number));
        let start = spread(decision) % slots.max(1);
        let candidates: Vec<u32> = (start..slots).chain(0..start).filter(is_free).take(CANDIDATES_MAX).collect();
        let kept = Duration::try_from(kept).unwrap_or_default().max(Duration::from_secs(60));
        (!candidates.is_empty()).then_some(SlotChoice { row, candidates, kept })
    }

    /// Throws away rows whose window is over for some time, once a minute.
    fn prune(&mut self, now: Timestamp) {
        let now = now.checked_sub(KNOWN_BEYOND).unwrap_or(now);
        let minute = Window::Minute.at(now);
        if minute == self.pruned {
            return;
        }
        let current = Window::ALL.map(|window| window.at(now));
        // Labels of a window are in the order of time as texts.
        let is_over = |label: &str| current.iter().any(|now| now.get(..1) == label.get(..1) && label < now.as_str());
        self.taken.retain(|row, _| match row.strip_prefix("cap.").and_then(|row| row.rsplit_once('.')) {
            Some((_, label)) => !is_over(label),
            None => true,
        });
        self.pruned = minute;
    }
}

fn spread(decision: &DecisionId) -> u32 {
    decision.as_str().get(..8).and_then(|digits| u32::from_str_radix(digits, 16).ok()).unwrap_or(0)
}
