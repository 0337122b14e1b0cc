//! Levels above 1: only what a person has signed, with evidence enough, for these rules and this action. Whatever else the
//! policy's file says of levels is a wish, and loads as level 1.
//!
//! Here is the only place where a level above 1 becomes one that counts; it is asked whenever a
//! [`Snapshot`](crate::triage::Snapshot) is made. What the bus says of demotions comes with the facts of each decision.

#[cfg(test)]
mod tests;

use super::bound::{Bound, SIGNIFICANCE, Tally, threshold};
use super::upheld::{NotUpheld, Today, Upheld};
use crate::authority::{Authority, Promoted, Promotion, PromotionError, Signed, UpheldClass, VerifiedPromotion};
use crate::channel::Channel;
use crate::class::Class;
use crate::decision::ActionRecord;
use crate::digest::Digest;
use crate::pack::Pack;
use crate::policy::level::Level;
use crate::policy::resolve::canonical;
use crate::policy::{Line, Policy, Tenure};
use jiff::Timestamp;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

/// A policy whose levels count, and those that do not.
#[derive(Clone, Debug)]
pub struct Admission {
    /// What may happen.
    pub policy: Policy,
    /// What the file wishes and does not get.
    pub refused: Vec<Refused>,
    /// Which rules are as good as those of today.
    pub upheld: Upheld,
}

/// A level that does not count.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Refused {
    /// The class.
    pub class: Class,
    /// The channel; `None` for every one on which it is not promoted.
    pub channel: Option<Channel>,
    /// The level that the file says.
    pub wished: Level,
    /// The level that it gets.
    pub gets: Level,
    /// Where the file says so.
    pub origin: String,
    /// Why.
    pub why: NotPromoted,
}

/// Why a level does not count.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, thiserror::Error)]
pub enum NotPromoted {
    /// Nothing was signed for it.
    #[error("no promotion is signed for it: a level in the file alone is none")]
    Unsigned,
    /// What was signed for it does not count.
    #[error("its promotion does not count: {0}")]
    Promotion(#[from] PromotionError),
    /// The action is another than the one that was promoted.
    #[error("it was promoted for another action")]
    OtherAction,
    /// The channel is another one by now.
    #[error("its channel takes other messages, or reads them in another way, than when it was promoted")]
    OtherChannel,
    /// The rules are others than those that it was promoted under.
    #[error(transparent)]
    OtherRules(#[from] NotUpheld),
    /// The evidence is too little.
    #[error("its promotion says less agreement than the level needs")]
    Short,
    /// It was promoted without evidence, and its time is over.
    #[error("it was promoted without evidence, for a time that is over")]
    Ended,
    /// Level 3 rests on level 2.
    #[error("level 3 needs the promotion to level 2 that it was earned at, and that one does not count")]
    NoStep,
}

/// The channels that there are, each with a digest of where its messages come from and how they are read.
pub type Places = BTreeMap<Channel, Digest>;

/// What the file offers, as far as it can be read: nothing that is refused here can be told to be of a class.
struct Offered {
    promotions: Vec<VerifiedPromotion>,
    /// Why others do not count, and which class they say to be of, as far as that can be read.
    wrong: Vec<(Option<Class>, PromotionError)>,
}

impl Offered {
    fn of(signed: &[String], authority: &Authority) -> Self {
        let (mut promotions, mut wrong) = (Vec::new(), Vec::new());
        for signed in signed {
            let signed = Signed::parse(signed.as_bytes());
            let claimed = signed.as_ref().ok().and_then(VerifiedPromotion::claimed);
            match signed.map_err(PromotionError::Signed).and_then(|it| VerifiedPromotion::new(&it, authority)) {
                Ok(promotion) => promotions.push(promotion),
                Err(error) => wrong.push((claimed, error)),
            }
        }
        Self { promotions, wrong }
    }

    /// The tenure of a level of a class on a channel.
    fn tenure(&self, asked: &Asked<'_>, line: &Line, level: Level) -> Result<Tenure, NotPromoted> {
        let step = match level {
            Level::Suggest | Level::Draft => return Ok(Tenure::default()),
            Level::Routine => None,
            Level::Bounded => Some(self.tenure(asked, line, Level::Routine).map_err(|_| NotPromoted::NoStep)?),
        };
        let of_it =
            self.promotions.iter().filter(|it| it.promotion().class == *asked.class && it.promotion().level == level);
        let mut why = None;
        // The last that is written counts first: those before it are history.
        for verified in of_it.rev() {
            let Some(promoted) = verified.on(asked.channel) else { continue };
            match counts(verified.promotion(), promoted, asked, line) {
                Ok(tenure) => return Ok(step.map_or(tenure, |step| step.and(tenure))),
                Err(not) => why = why.or(Some(not)),
            }
        }
        Err(why.unwrap_or_else(|| self.unsigned(asked.class)))
    }

    /// Why there is nothing for a class: something that says to be for it may not count at all.
    fn unsigned(&self, class: &Class) -> NotPromoted {
        let wrong = self.wrong.iter().find(|(claimed, _)| claimed.as_ref().is_none_or(|claimed| claimed == class));
        wrong.map_or(NotPromoted::Unsigned, |(_, error)| (*error).into())
    }
}

/// A class on a channel, and what is to be compared.
struct Asked<'a> {
    class: &'a Class,
    channel: &'a Channel,
    today: Today<'a>,
    places: &'a Places,
}

/// Whether a promotion is of this line, as everything is today.
fn counts(promotion: &Promotion, promoted: &Promoted, asked: &Asked<'_>, line: &Line) -> Result<Tenure, NotPromoted> {
    let waiver = promotion.without_evidence.as_ref();
    let tally = Tally { agreed: promoted.agreed, disagreed: promoted.disagreed };
    if promotion.action != ActionRecord::from(&line.action) {
        return Err(NotPromoted::OtherAction);
    }
    for rules in promotion.also.iter().chain([&promotion.rules]) {
        asked.today.upholds(asked.class, asked.channel, *rules, promotion.level)?;
    }
    if asked.places.get(asked.channel) != Some(&promoted.place) {
        return Err(NotPromoted::OtherChannel);
    }
    if waiver.is_none() && !is_enough(promotion.level, tally, promotion.tested) {
        return Err(NotPromoted::Short);
    }
    Ok(Tenure { after: promoted.after, expires_at: waiver.map(|waiver| waiver.expires_at) })
}

impl Tenure {
    /// What ends when either of them does.
    fn and(self, other: Self) -> Self {
        let ends = [self.expires_at, other.expires_at];
        Self { after: self.after.min(other.after), expires_at: ends.into_iter().flatten().min() }
    }
}

fn is_enough(level: Level, tally: Tally, tested: usize) -> bool {
    threshold(level).is_none_or(|threshold| Bound::new(threshold, SIGNIFICANCE, tested).is_reached(tally))
}

/// Admits what was promoted on some of the channels that there are, and nothing else.
pub fn admit(policy: Policy, authority: &Authority, pack: &Pack, places: &Places) -> Admission {
    admit_as_if(policy, authority, pack, places, &[])
}

/// The same as if more were upheld, signed or not: to show what that would do.
pub fn admit_as_if(
    mut policy: Policy,
    authority: &Authority,
    pack: &Pack,
    places: &Places,
    more: &[UpheldClass],
) -> Admission {
    let offered = Offered::of(&std::mem::take(&mut policy.promotions), authority);
    let mut upheld = Upheld::new(&std::mem::take(&mut policy.upholdings), authority, places);
    more.iter().for_each(|it| upheld.add(it, places));
    let today = Today { pack, upheld: &upheld };
    let mut refused = Vec::new();
    for (class, lines) in &mut policy.classes {
        let promoted = offered.promotions.iter().filter(|it| it.promotion().class == *class);
        let promoted: BTreeSet<&Channel> =
            promoted.flat_map(|it| it.promotion().on.iter().map(|on| &on.channel)).collect();
        for channel in promoted {
            // Where the file says nothing of a channel, it says of it what it says of all.
            lines.channels.entry(channel.clone()).or_insert_with(|| lines.everywhere.clone());
        }
        for (channel, line) in &mut lines.channels {
            let asked = Asked { class, channel, today, places };
            lower(line, |level, line| offered.tenure(&asked, line, level)).into_iter().for_each(|it| {
                refused.push(it.refused(class, Some(channel), line, line.level));
            });
        }
        let why = offered.unsigned(class);
        if let Some(it) = lower(&mut lines.everywhere, |_, _| Err(why)) {
            // What is written for all channels may have been promoted on each.
            let is_promoted = |channel| lines.channels.get(channel).is_some_and(|line| line.level > Level::Draft);
            if !places.keys().all(is_promoted) {
                refused.push(it.refused(class, None, &lines.everywhere, lines.everywhere.level));
            }
        }
    }
    policy.unlisted.level = policy.unlisted.level.min(Level::Draft);
    policy.digest = canonical::digest(&policy);
    refused.sort();
    Admission { policy, refused, upheld }
}

/// A wish that was not granted.
struct Lowered {
    wished: Level,
    why: NotPromoted,
}

impl Lowered {
    fn refused(self, class: &Class, channel: Option<&Channel>, line: &Line, gets: Level) -> Refused {
        let Self { wished, why } = self;
        let (class, channel, origin) = (class.clone(), channel.cloned(), line.origin.clone());
        Refused { class, channel, wished, gets, origin, why }
    }
}

/// Sets a line to the highest level up to the one that is wished for that was promoted.
fn lower(line: &mut Line, tenure: impl Fn(Level, &Line) -> Result<Tenure, NotPromoted>) -> Option<Lowered> {
    let wished = line.level;
    let mut why = None;
    for level in Level::ALL.into_iter().rev().filter(|level| *level <= wished) {
        if level <= Level::Draft {
            (line.level, line.tenure) = (level, Tenure::default());
            break;
        }
        match tenure(level, line) {
            Ok(tenure) => {
                (line.level, line.tenure) = (level, tenure);
                break;
            }
            Err(not) => why = why.or(Some(not)),
        }
    }
    why.map(|why| Lowered { wished, why })
}

/// The levels that were promoted without evidence for a time that is over.
pub fn ended(policy: &Policy, now: Timestamp) -> Vec<Refused> {
    let lines = policy.classes.iter().flat_map(|(class, lines)| lines.channels.iter().map(move |it| (class, it)));
    let ended = lines.filter_map(|(class, (channel, line))| {
        let gets = line.level_at(now, None);
        (gets < line.level)
            .then(|| Lowered { wished: line.level, why: NotPromoted::Ended }.refused(class, Some(channel), line, gets))
    });
    ended.collect()
}

impl Refused {
    /// Of several, the one that is about a class on a channel.
    pub fn about<'a>(refused: &'a [Self], class: &Class, channel: &Channel) -> Option<&'a Self> {
        let of_class = || refused.iter().filter(|it| it.class == *class);
        let of_channel = of_class().find(|it| it.channel.as_ref() == Some(channel));
        of_channel.or_else(|| of_class().find(|it| it.channel.is_none()))
    }

    /// What to do about it.
    pub fn advice(&self) -> String {
        let (class, channel) = (&self.class, self.channel.as_ref().map_or("CHANNEL", Channel::as_str));
        if let NotPromoted::OtherRules(_) = self.why {
            return format!(
                "`decile uphold {class} --before RULES`, with the rules as they were, shows whether anything new comes into it, and signs"
            );
        }
        let next = self.gets.max(Level::Draft) as u8 + 1;
        format!(
            "`decile evidence {class}` shows what is known; `decile promote {class} --to {next} --channel {channel}` signs"
        )
    }
}

/// `billing at level 2 (policy.toml:12) loads as level 1: …`.
impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { class, channel, wished, gets, origin, why } = self;
        write!(f, "`{class}`")?;
        if let Some(channel) = channel {
            write!(f, " on `{channel}`")?;
        }
        write!(f, " at level {} ({origin}) loads as level {}: {why}", *wished as u8, *gets as u8)
    }
}
