//! Which rules are as good as those that something was known of: where a person has compared the two over retained messages,
//! found that nothing new comes into the class on a channel, and signed that.
//!
//! Nothing new among n different messages says that new ones are rare, not that there are none: with a probability of 95 % their
//! share of the class is at most 1 - 0.05^(1/n), about 3/n ("the rule of three": Hanley and Lippman-Hand, *If nothing goes wrong,
//! is everything all right?*, 1983). What was known is kept where that share, over all changes since, is at most what the level
//! lets be wrong: level 2 needs 29 messages, level 3 needs 149. Those who left matter, too: where the right ones leave, the wrong
//! ones weigh more. So at least four fifths of the class must have stayed, with the same certainty (the bound of Clopper and
//! Pearson, 1934), and what is wrong weighs at most a quarter more than before.
//!
//! What is kept is not proven anew: at the worst, all that is new is wrong beside what was known to be.

use super::admission::Places;
use super::bound::{SIGNIFICANCE, threshold};
use crate::authority::{Authority, Signed, SignedError, UpheldClass, UpholdingError, VerifiedUpholding};
use crate::channel::Channel;
use crate::class::Class;
use crate::digest::Digest;
use crate::pack::Pack;
use crate::policy::level::Level;
use statrs::distribution::{Beta, ContinuousCDF as _};
use std::collections::{HashMap, HashSet};

/// The least share of a class that must have stayed.
const KEPT_MIN: f64 = 0.8;

/// What operators have signed of rules that were changed.
#[derive(Clone, Debug, Default)]
pub struct Upheld {
    changes: HashMap<(Class, Channel), Vec<Change>>,
    /// Entries that do not count, with the classes that they say to be of; none where that cannot be read.
    wrong: Vec<(Vec<Class>, UpholdingError)>,
}

/// Other rules of a class.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Change {
    before: Digest,
    after: Digest,
    shift: Shift,
}

/// How far a class may have moved from what it was.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Shift {
    /// At most this share of it is new.
    newly: f64,
    /// At least this share of what it was is still of it.
    kept: f64,
}

/// The rules of today, and which others they are as good as.
#[derive(Clone, Copy, Debug)]
pub struct Today<'a> {
    /// The rules.
    pub pack: &'a Pack,
    /// What was signed of rules that were changed.
    pub upheld: &'a Upheld,
}

/// Why what is known under some rules says nothing under those of today.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, thiserror::Error)]
pub enum NotUpheld {
    /// They are others, and nobody has signed anything about that.
    #[error(
        "the rules of the class, or what restricts, have changed since it was promoted: its evidence is of other rules"
    )]
    Unsigned,
    /// What was signed about that does not count.
    #[error("the rules have changed since it was promoted, and what upholds it does not count: {0}")]
    Wrong(UpholdingError),
    /// Too little was compared, or too little stayed.
    #[error(
        "the rules have changed since it was promoted, and too few messages were compared, or too many left, to uphold this level"
    )]
    Thin,
}

/// The messages of a class on a channel, as two packs have them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Compared {
    still: HashSet<u64>,
    newly: u64,
    no_longer: u64,
}

impl Upheld {
    /// What counts of the entries of a policy's file, on the channels that there are.
    pub fn new(entries: &[String], authority: &Authority, places: &Places) -> Self {
        let mut upheld = Self::default();
        for entry in entries {
            let signed = Signed::parse(entry.as_bytes());
            let claimed = signed.as_ref().map(VerifiedUpholding::claimed).unwrap_or_default();
            let verified = signed.map_err(SignedError::into).and_then(|it| VerifiedUpholding::new(&it, authority));
            match verified {
                Ok(verified) => verified.upholding().classes.iter().for_each(|it| upheld.add(it, places)),
                Err(error) => upheld.wrong.push((claimed, error)),
            }
        }
        upheld
    }

    /// A channel that takes other messages by now is another one.
    pub(super) fn add(&mut self, upheld: &UpheldClass, places: &Places) {
        let UpheldClass { class, channel, place, before, after, still, no_longer } = upheld;
        if places.get(channel) == Some(place) {
            let change = Change { before: *before, after: *after, shift: Shift::of(*still, *no_longer) };
            self.changes.entry((class.clone(), channel.clone())).or_default().push(change);
        }
    }

    /// How far a class on a channel may have moved from what it was under some rules; none where no changes lead from those to
    /// these.
    fn shift(&self, class: &Class, channel: &Channel, then: Digest, now: Digest) -> Option<Shift> {
        if then == now {
            return Some(Shift::NONE);
        }
        let changes = self.changes.get(&(class.clone(), channel.clone()))?;
        let mut shifts: HashMap<Digest, Shift> = [(then, Shift::NONE)].into();
        // By the least that is new: no way that is of use has more changes than there are.
        for _ in changes {
            for change in changes {
                let Some(shift) = shifts.get(&change.before).map(|before| before.then(change.shift)) else { continue };
                let known = shifts.entry(change.after).or_insert(shift);
                if shift.newly < known.newly {
                    *known = shift;
                }
            }
        }
        shifts.get(&now).copied()
    }
}

impl Shift {
    const NONE: Self = Self { newly: 0.0, kept: 1.0 };

    fn of(still: u64, no_longer: u64) -> Self {
        Self { newly: 1.0 - share_min(still, 0), kept: share_min(still, no_longer) }
    }

    /// One after the other. What was new weighs more where others leave.
    fn then(self, next: Self) -> Self {
        Self { newly: (self.newly / next.kept + next.newly).min(1.0), kept: self.kept * next.kept }
    }

    /// Whether what was known for a level is kept.
    fn is_small(self, level: Level) -> bool {
        self.newly <= 1.0 - threshold(level).unwrap_or(0.0) && self.kept >= KEPT_MIN
    }
}

impl Today<'_> {
    /// Whether what is known of a class on a channel under some rules holds under those of today, for a level.
    ///
    /// # Errors
    /// Why not.
    pub fn upholds(&self, class: &Class, channel: &Channel, rules: Digest, level: Level) -> Result<(), NotUpheld> {
        let Some(now) = self.pack.class_digest(class) else { return Err(NotUpheld::Unsigned) };
        match self.upheld.shift(class, channel, rules, now) {
            Some(shift) if shift.is_small(level) => Ok(()),
            Some(_) => Err(NotUpheld::Thin),
            None => {
                let mut wrong = self.upheld.wrong.iter();
                let wrong = wrong.find(|(claimed, _)| claimed.is_empty() || claimed.contains(class));
                Err(wrong.map_or(NotUpheld::Unsigned, |(_, error)| NotUpheld::Wrong(*error)))
            }
        }
    }

    /// The same, where it does not matter why.
    pub fn holds(&self, class: &Class, channel: &Channel, rules: Digest, level: Level) -> bool {
        self.upholds(class, channel, rules, level).is_ok()
    }
}

impl Compared {
    /// Takes whether a message is of the class before and after; `text` stands for all messages that say the same. Of these
    /// only one shows anything where nothing changes: whoever writes often is one case.
    pub fn add(&mut self, text: u64, before: bool, after: bool) {
        match (before, after) {
            (true, true) => {
                self.still.insert(text);
            }
            (true, false) => self.no_longer += 1,
            (false, true) => self.newly += 1,
            (false, false) => {}
        }
    }

    /// How many different messages are of the class by both.
    pub fn still(&self) -> u64 {
        self.still.len() as u64
    }

    /// How many messages are of it by the new rules alone.
    pub fn newly(&self) -> u64 {
        self.newly
    }

    /// How many messages are of it by the old rules alone.
    pub fn no_longer(&self) -> u64 {
        self.no_longer
    }

    /// The highest level that this change alone keeps; none where something is new, or too little was compared or stayed.
    pub fn upholds(&self) -> Option<Level> {
        let shift = Shift::of(self.still(), self.no_longer);
        let is_kept = |level: &Level| self.newly == 0 && shift.is_small(*level);
        [Level::Bounded, Level::Routine].into_iter().find(is_kept)
    }
}

/// The fewest different messages of a class that must be compared, so that a level stays.
pub fn compared_min(level: Level) -> u64 {
    (1..).find(|still| Shift::of(*still, 0).is_small(level)).unwrap_or(u64::MAX)
}

/// The share that is true at the least, of which so many are and so many are not.
#[expect(clippy::cast_precision_loss, reason = "counts of messages: far below 2^53")]
fn share_min(are: u64, are_not: u64) -> f64 {
    if are == 0 {
        return 0.0;
    }
    Beta::new(are as f64, are_not as f64 + 1.0).map_or(0.0, |beta| beta.inverse_cdf(SIGNIFICANCE))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::authority::{Deployment, Operator, Scope, Seed, Upholding};
    use jiff::Timestamp;

    fn digest(name: &str) -> Digest {
        Digest::of("test", [name.as_bytes()])
    }

    fn class() -> Class {
        Class::parse("meeting").unwrap()
    }

    fn channel() -> Channel {
        Channel::parse("test.main").unwrap()
    }

    fn places() -> Places {
        [(channel(), digest("a place"))].into()
    }

    fn change(before: &str, after: &str, still: u64) -> UpheldClass {
        let (before, after, place) = (digest(before), digest(after), digest("a place"));
        UpheldClass { class: class(), channel: channel(), place, before, after, still, no_longer: 0 }
    }

    fn upheld(changes: &[UpheldClass]) -> Upheld {
        let mut upheld = Upheld::default();
        changes.iter().for_each(|it| upheld.add(it, &places()));
        upheld
    }

    fn compared(still: u64, newly: u64, no_longer: u64) -> Compared {
        let mut compared = Compared::default();
        (0..still).for_each(|text| compared.add(text, true, true));
        (0..newly).for_each(|text| compared.add(text, false, true));
        (0..no_longer).for_each(|text| compared.add(text, true, false));
        compared.add(0, false, false);
        assert_eq!((compared.still(), compared.newly(), compared.no_longer()), (still, newly, no_longer));
        compared
    }

    #[test]
    fn nothing_new_among_three_over_the_share_is_enough() {
        assert_eq!([Level::Routine, Level::Bounded].map(compared_min), [29, 149]);
        let of = |still: f64| 1.0 - SIGNIFICANCE.powf(1.0 / still);
        let newly = |still| Shift::of(still, 0).newly;
        for still in [1, 29, 300, 100_000] {
            assert!((newly(still) - of(still as f64)).abs() < 1e-9, "{still}: {}", newly(still));
        }
        assert!((newly(300) - 0.01).abs() < 1e-4, "{}", newly(300));
        let upholds = |still, newly| compared(still, newly, 0).upholds();
        assert_eq!((upholds(0, 0), upholds(28, 0), upholds(29, 0)), (None, None, Some(Level::Routine)));
        assert_eq!((upholds(148, 0), upholds(149, 0)), (Some(Level::Routine), Some(Level::Bounded)));
        assert_eq!(upholds(100_000, 1), None, "one that is new is enough to begin again");
    }

    /// 380 of 400 agreed, and the errors are of one wording: who keeps that wording alone keeps no evidence.
    #[test]
    fn at_most_a_fifth_may_leave() {
        assert_eq!(compared(29, 0, 1_000).upholds(), None);
        assert_eq!(compared(1_000, 0, 300).upholds(), None);
        assert_eq!(compared(1_000, 0, 200).upholds(), Some(Level::Bounded));
        // Clopper and Pearson: 16 of 20 are 60 % at the least, from tables of the binomial distribution.
        assert!((share_min(16, 4) - 0.599).abs() < 1e-3, "{}", share_min(16, 4));
        assert_eq!((share_min(0, 0), share_min(0, 9)), (0.0, 0.0));
    }

    #[test]
    fn whoever_writes_often_is_one_case() {
        let mut compared = Compared::default();
        (0..1_000).for_each(|_| compared.add(7, true, true));
        assert_eq!((compared.still(), compared.upholds()), (1, None));
    }

    #[test]
    fn changes_add_up_and_lead_one_way() {
        let upheld =
            upheld(&[change("a", "b", 60), change("b", "c", 60), change("c", "d", 60), change("a", "c", 1_000)]);
        let shift = |then, now| upheld.shift(&class(), &channel(), digest(then), digest(now));
        let one = Shift::of(60, 0);
        assert_eq!(shift("a", "a"), Some(Shift::NONE));
        assert_eq!(shift("a", "b"), Some(one));
        assert_eq!(shift("a", "c"), Some(Shift::of(1_000, 0)), "the shorter way");
        let two = one.then(one);
        assert_eq!(shift("b", "d"), Some(two));
        assert!((two.newly - one.newly / one.kept - one.newly).abs() < 1e-12 && two.kept < one.kept);
        assert_eq!((shift("b", "a"), shift("x", "a")), (None, None));
        let news = Class::parse("news").unwrap();
        assert_eq!(upheld.shift(&news, &channel(), digest("a"), digest("b")), None, "another class");
        let elsewhere = Channel::parse("test.mail").unwrap();
        assert_eq!(upheld.shift(&class(), &elsewhere, digest("a"), digest("b")), None, "another channel");
        assert!(one.is_small(Level::Routine) && !two.then(one).is_small(Level::Routine));
    }

    #[test]
    fn a_channel_that_takes_other_messages_is_another() {
        let mut upheld = Upheld::default();
        upheld.add(&change("a", "b", 60), &[(channel(), digest("another place"))].into());
        assert_eq!(upheld.shift(&class(), &channel(), digest("a"), digest("b")), None);
    }

    #[test]
    fn only_what_somebody_signed_who_may_promote_counts() {
        let (ada, bob) = (Seed::generate(), Seed::generate());
        let operator = |promotions| Operator {
            name: "ada".to_owned(),
            grants: Vec::new(),
            rulings: Scope::All,
            irreversible: false,
            promotions,
            resume: false,
        };
        let deployment = Deployment::parse("town").unwrap();
        let authority = Authority {
            deployment: deployment.clone(),
            operators: [(ada.public(), operator(true)), (bob.public(), operator(false))].into(),
            grant_max: std::time::Duration::from_secs(3_600),
        };
        let upholding = Upholding {
            classes: vec![change("a", "b", 29)],
            messages: 100,
            since: Timestamp::UNIX_EPOCH,
            issued_at: Timestamp::UNIX_EPOCH,
            note: String::new(),
        };
        let entry = |seed: &Seed, deployment: &str| {
            let signed = upholding.sign(&Deployment::parse(deployment).unwrap(), seed).unwrap();
            String::from_utf8(signed.encode().unwrap()).unwrap()
        };
        let of = |entry: String| {
            let upheld = Upheld::new(&[entry], &authority, &places());
            (
                upheld.shift(&class(), &channel(), digest("a"), digest("b")).is_some(),
                upheld.wrong.first().map(|(_, why)| *why),
            )
        };
        assert_eq!(of(entry(&ada, "town")), (true, None));
        assert_eq!(of(entry(&bob, "town")), (false, Some(UpholdingError::Right)));
        let signature = UpholdingError::Signed(SignedError::Signature);
        assert_eq!(of(entry(&ada, "city")), (false, Some(signature)));
        assert_eq!(of(entry(&ada, "town").replace("29", "99")), (false, Some(signature)));
        assert_eq!(of(entry(&Seed::generate(), "town")), (false, Some(UpholdingError::Signed(SignedError::Signer))));
        assert_eq!(of("{}".to_owned()), (false, Some(UpholdingError::Signed(SignedError::Form))));
    }
}
