//! Which rules are as good as those that something was known of: where a person has compared the two over retained messages,
//! found that nothing new comes into the class on a channel, and signed that.
//!
//! Nothing new among n messages says that new ones are rare, not that there are none: with a probability of 95 % their share
//! of the class is at most 1 - 0.05^(1/n), about 3/n ("the rule of three": Hanley and Lippman-Hand, *If nothing goes wrong, is
//! everything all right?*, 1983). A level stays where the class would deserve it even if all that is new were wrong: where that
//! share, added up over all changes since, is at most what the level lets be wrong. Level 2 needs 29 messages of the
//! class, level 3 needs 149.

use super::bound::{SIGNIFICANCE, threshold};
use crate::authority::{Authority, Signed, SignedError, UpheldClass, UpholdingError, VerifiedUpholding};
use crate::channel::Channel;
use crate::class::Class;
use crate::digest::Digest;
use crate::pack::Pack;
use crate::policy::level::Level;
use crate::verdict::Verdict;
use std::collections::{BTreeMap, HashMap};

/// What operators have signed of rules that were changed.
#[derive(Clone, Debug, Default)]
pub struct Upheld {
    changes: HashMap<(Class, Channel), Vec<Change>>,
    /// Entries that do not count, with the classes that they say to be of; none where that cannot be read.
    wrong: Vec<(Vec<Class>, UpholdingError)>,
}

/// Other rules of a class, and the share of it that may be new by them.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Change {
    before: Digest,
    after: Digest,
    share: f64,
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
    /// Too little was compared.
    #[error("the rules have changed since it was promoted, and too few messages were compared to uphold this level")]
    Thin,
}

/// The messages of a class on a channel, as two packs have them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Compared {
    /// Of the class either way.
    pub still: u64,
    /// Of the class by the new rules alone.
    pub newly: u64,
    /// Of the class by the old rules alone.
    pub no_longer: u64,
}

impl Upheld {
    /// What counts of the entries of a policy's file.
    pub fn new(entries: &[String], authority: &Authority) -> Self {
        let mut upheld = Self::default();
        for entry in entries {
            let signed = Signed::parse(entry.as_bytes());
            let claimed = signed.as_ref().map(VerifiedUpholding::claimed).unwrap_or_default();
            let verified = signed.map_err(SignedError::into).and_then(|it| VerifiedUpholding::new(&it, authority));
            match verified {
                Ok(verified) => verified.upholding().classes.iter().for_each(|it| upheld.add(it)),
                Err(error) => upheld.wrong.push((claimed, error)),
            }
        }
        upheld
    }

    fn add(&mut self, upheld: &UpheldClass) {
        let UpheldClass { class, channel, before, after, messages } = upheld;
        let change = Change { before: *before, after: *after, share: newly_max(*messages) };
        self.changes.entry((class.clone(), channel.clone())).or_default().push(change);
    }

    /// The share of a class on a channel that may be new by some rules, where everything was known under others: 0 for the same
    /// rules, none where no changes lead from those to these.
    fn share(&self, class: &Class, channel: &Channel, then: Digest, now: Digest) -> Option<f64> {
        if then == now {
            return Some(0.0);
        }
        let changes = self.changes.get(&(class.clone(), channel.clone()))?;
        let mut shares: HashMap<Digest, f64> = [(then, 0.0)].into();
        // The shortest way: no way that is of use has more changes than there are.
        for _ in changes {
            for change in changes {
                let Some(share) = shares.get(&change.before).map(|before| before + change.share) else { continue };
                let known = shares.entry(change.after).or_insert(share);
                *known = known.min(share);
            }
        }
        shares.get(&now).copied()
    }
}

impl Today<'_> {
    /// Whether what is known of a class on a channel under some rules holds under those of today, for a level.
    ///
    /// # Errors
    /// Why not.
    pub fn upholds(&self, class: &Class, channel: &Channel, rules: Digest, level: Level) -> Result<(), NotUpheld> {
        let Some(now) = self.pack.class_digest(class) else { return Err(NotUpheld::Unsigned) };
        match self.upheld.share(class, channel, rules, now) {
            Some(share) if is_enough(share, level) => Ok(()),
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
    /// Takes the two verdicts on a message of a channel.
    pub fn add(counts: &mut BTreeMap<(Class, Channel), Self>, channel: &Channel, before: &Verdict, after: &Verdict) {
        let mut of = |class: &Class, count: fn(&mut Self) -> &mut u64| {
            *count(counts.entry((class.clone(), channel.clone())).or_default()) += 1;
        };
        match (before.class(), after.class()) {
            (Some(before), Some(after)) if before == after => of(before, |it| &mut it.still),
            (before, after) => {
                before.into_iter().for_each(|class| of(class, |it| &mut it.no_longer));
                after.into_iter().for_each(|class| of(class, |it| &mut it.newly));
            }
        }
    }

    /// The highest level that may stay; none where something is new, or where too little was compared.
    pub fn upholds(self) -> Option<Level> {
        let share = if self.newly == 0 { newly_max(self.still) } else { 1.0 };
        [Level::Bounded, Level::Routine].into_iter().find(|level| is_enough(share, *level))
    }
}

/// The fewest messages of a class that must be compared, so that a level stays.
pub fn compared_min(level: Level) -> u64 {
    (1..).find(|messages| is_enough(newly_max(*messages), level)).unwrap_or(u64::MAX)
}

/// The share of a class that may be new where none of so many messages was.
#[expect(clippy::cast_precision_loss, reason = "counts of messages: far below 2^53")]
fn newly_max(messages: u64) -> f64 {
    if messages == 0 { 1.0 } else { 1.0 - SIGNIFICANCE.powf(1.0 / messages as f64) }
}

fn is_enough(share: f64, level: Level) -> bool {
    share <= 1.0 - threshold(level).unwrap_or(0.0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::authority::{Deployment, Operator, Scope, Seed, Upholding};
    use crate::reason::Reason;
    use crate::verdict::Outcome;
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

    fn change(before: &str, after: &str, messages: u64) -> UpheldClass {
        UpheldClass { class: class(), channel: channel(), before: digest(before), after: digest(after), messages }
    }

    fn upheld(changes: &[UpheldClass]) -> Upheld {
        let mut upheld = Upheld::default();
        changes.iter().for_each(|it| upheld.add(it));
        upheld
    }

    #[test]
    fn nothing_new_among_three_over_the_share_is_enough() {
        assert_eq!([Level::Routine, Level::Bounded].map(compared_min), [29, 149]);
        assert!((newly_max(300) - 0.01).abs() < 1e-4, "{}", newly_max(300));
        let of = |still, newly| Compared { still, newly, no_longer: 9 }.upholds();
        assert_eq!((of(0, 0), of(28, 0), of(29, 0)), (None, None, Some(Level::Routine)));
        assert_eq!((of(148, 0), of(149, 0)), (Some(Level::Routine), Some(Level::Bounded)));
        assert_eq!(of(1_000_000, 1), None, "one that is new is enough to begin again");
    }

    #[test]
    fn a_message_is_new_where_it_was_of_no_class_or_of_another() {
        let none = || Verdict::none(Reason::Unmatched, Vec::new());
        let of = |class: &str| Verdict { outcome: Outcome::Class(Class::parse(class).unwrap()), ..none() };
        let verdict = |class: Option<&str>| class.map_or_else(none, of);
        let mut counts = BTreeMap::new();
        for (before, after) in [
            (None, Some("meeting")),
            (Some("news"), Some("meeting")),
            (Some("meeting"), Some("meeting")),
            (Some("meeting"), None),
            (None, None),
        ] {
            Compared::add(&mut counts, &channel(), &verdict(before), &verdict(after));
        }
        let news = Class::parse("news").unwrap();
        let wanted = [
            ((class(), channel()), Compared { still: 1, newly: 2, no_longer: 1 }),
            ((news, channel()), Compared { still: 0, newly: 0, no_longer: 1 }),
        ];
        assert_eq!(counts, wanted.into());
    }

    #[test]
    fn changes_add_up_and_lead_one_way() {
        let upheld =
            upheld(&[change("a", "b", 60), change("b", "c", 60), change("c", "d", 60), change("a", "c", 1_000)]);
        let share = |then, now| upheld.share(&class(), &channel(), digest(then), digest(now));
        let one = newly_max(60);
        assert_eq!(share("a", "a"), Some(0.0));
        assert_eq!(share("a", "b"), Some(one));
        assert_eq!(share("a", "c"), Some(newly_max(1_000)), "the shorter way");
        assert_eq!(share("b", "d"), Some(one + one));
        assert_eq!((share("b", "a"), share("x", "a")), (None, None));
        let news = Class::parse("news").unwrap();
        assert_eq!(upheld.share(&news, &channel(), digest("a"), digest("b")), None, "another class");
        let elsewhere = Channel::parse("test.mail").unwrap();
        assert_eq!(upheld.share(&class(), &elsewhere, digest("a"), digest("b")), None, "another channel");
        assert!(is_enough(one + one, Level::Routine) && !is_enough(one + one + one, Level::Routine));
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
            let upheld = Upheld::new(&[entry], &authority);
            (
                upheld.share(&class(), &channel(), digest("a"), digest("b")).is_some(),
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
