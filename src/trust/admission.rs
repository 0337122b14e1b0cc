//! Levels above 1: only what a person has signed, with evidence enough, for these rules and this action. Whatever else the
//! policy's file says of levels is a wish, and loads as level 1.
//!
//! Here is the only place where a level above 1 becomes one that counts; it is asked whenever a
//! [`Snapshot`](crate::triage::Snapshot) is made. What the bus says of demotions comes with the facts of each decision.

#[cfg(test)]
mod tests;

use super::bound::{Bound, SIGNIFICANCE, Tally, threshold};
use crate::authority::{Authority, PromotionError, Signed, VerifiedPromotion};
use crate::channel::Channel;
use crate::class::Class;
use crate::decision::ActionRecord;
use crate::pack::Pack;
use crate::policy::level::Level;
use crate::policy::resolve::canonical;
use crate::policy::{Line, Policy, Tenure};
use std::collections::BTreeSet;
use std::fmt;

/// A policy whose levels count, and those that do not.
#[derive(Clone, Debug)]
pub struct Admission {
    /// What may happen.
    pub policy: Policy,
    /// What the file wishes and does not get.
    pub refused: Vec<Refused>,
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
    /// The rules are others than those that it was promoted under.
    #[error(
        "the rules of the class, or what restricts, have changed since it was promoted: its evidence is of other rules"
    )]
    OtherRules,
    /// The evidence is too little.
    #[error("its promotion says less agreement than the level needs")]
    Short,
    /// Level 3 rests on level 2.
    #[error("level 3 needs the promotion to level 2 that it was earned at, and that one does not count")]
    NoStep,
}

/// What the file offers, as far as it can be read: nothing that is refused here can be told to be of a class.
struct Offered {
    promotions: Vec<VerifiedPromotion>,
    /// Why others do not count: for what has no promotion that does.
    wrong: Vec<PromotionError>,
}

impl Offered {
    fn of(policy: &Policy, authority: &Authority) -> Self {
        let (mut promotions, mut wrong) = (Vec::new(), Vec::new());
        for offer in &policy.promotions {
            let verified = Signed::parse(offer.signed.as_bytes()).map_err(PromotionError::Signed);
            match verified.and_then(|signed| VerifiedPromotion::new(&signed, authority)) {
                Ok(promotion) => promotions.push(promotion),
                Err(error) => wrong.push(error),
            }
        }
        Self { promotions, wrong }
    }

    /// The tenure of a level of a class on a channel.
    fn tenure(
        &self,
        class: &Class,
        channel: &Channel,
        line: &Line,
        level: Level,
        pack: &Pack,
    ) -> Result<Tenure, NotPromoted> {
        let step = match level {
            Level::Suggest | Level::Draft => return Ok(Tenure::default()),
            Level::Routine => None,
            Level::Bounded => {
                Some(self.tenure(class, channel, line, Level::Routine, pack).map_err(|_| NotPromoted::NoStep)?)
            }
        };
        let mut why = self.wrong.first().map_or(NotPromoted::Unsigned, |error| (*error).into());
        let of_it = self.promotions.iter().filter(|it| it.promotion().class == *class && it.promotion().level == level);
        // The last that is written counts first: those before it are history.
        for verified in of_it.rev() {
            let Some(promoted) = verified.on(channel) else { continue };
            let promotion = verified.promotion();
            let tally = Tally { agreed: promoted.agreed, disagreed: promoted.disagreed };
            let waiver = promotion.without_evidence.as_ref();
            if promotion.action != ActionRecord::from(&line.action) {
                why = NotPromoted::OtherAction;
            } else if pack.class_digest(class) != Some(promotion.rules) {
                why = NotPromoted::OtherRules;
            } else if waiver.is_none() && !is_enough(level, tally, promotion.tested) {
                why = NotPromoted::Short;
            } else {
                let tenure = Tenure { after: promoted.after, expires_at: waiver.map(|waiver| waiver.expires_at) };
                return Ok(step.map_or(tenure, |step| step.and(tenure)));
            }
        }
        Err(why)
    }
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
pub fn admit<'c>(
    mut policy: Policy,
    authority: &Authority,
    pack: &Pack,
    channels: impl Iterator<Item = &'c Channel> + Clone,
) -> Admission {
    let offered = Offered::of(&policy, authority);
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
            lower(line, |level, line| offered.tenure(class, channel, line, level, pack)).into_iter().for_each(|it| {
                refused.push(it.refused(class, Some(channel), line));
            });
        }
        let why = offered.wrong.first().map_or(NotPromoted::Unsigned, |error| (*error).into());
        if let Some(it) = lower(&mut lines.everywhere, |_, _| Err(why)) {
            // What is written for all channels may have been promoted on each.
            let is_promoted = |channel| lines.channels.get(channel).is_some_and(|line| line.level > Level::Draft);
            if !channels.clone().all(is_promoted) {
                refused.push(it.refused(class, None, &lines.everywhere));
            }
        }
    }
    policy.unlisted.level = policy.unlisted.level.min(Level::Draft);
    policy.digest = canonical::digest(&policy);
    refused.sort();
    Admission { policy, refused }
}

/// A wish that was not granted.
struct Lowered {
    wished: Level,
    why: NotPromoted,
}

impl Lowered {
    fn refused(self, class: &Class, channel: Option<&Channel>, line: &Line) -> Refused {
        let Self { wished, why } = self;
        let (class, channel, origin) = (class.clone(), channel.cloned(), line.origin.clone());
        Refused { class, channel, wished, gets: line.level, origin, why }
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

impl Refused {
    /// Of several, the one that is about a class on a channel.
    pub fn about<'a>(refused: &'a [Self], class: &Class, channel: &Channel) -> Option<&'a Self> {
        let of_class = || refused.iter().filter(|it| it.class == *class);
        let of_channel = of_class().find(|it| it.channel.as_ref() == Some(channel));
        of_channel.or_else(|| of_class().find(|it| it.channel.is_none()))
    }

    /// What to do about it.
    pub fn advice(&self) -> String {
        let channel = self.channel.as_ref().map_or("CHANNEL", Channel::as_str);
        format!(
            "`decile evidence {0}` shows what is known; `decile promote {0} --to 2 --channel {channel}` signs",
            self.class
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
