//! Where each class stands over all channels, in a few numbers: for whoever watches from afar.

use super::bound::{Bound, SIGNIFICANCE, threshold};
use super::standing::{Standing, tested};
use crate::channel::Channel;
use crate::class::Class;
use crate::policy::Policy;
use crate::policy::level::Level;
use std::collections::{BTreeMap, BTreeSet};

/// A class over all channels.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Overview {
    /// On how many channels it is at each level, the lowest first.
    pub at_level: [u64; Level::ALL.len()],
    /// The channel of which we are least sure, in view of what its level needs.
    pub least: Option<Sure>,
}

/// How sure people's answers make us of a class on a channel.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Sure {
    /// The share of agreement that is certain enough.
    pub bound: f64,
    /// The share that its next level needs; its own, where there is no next one.
    pub needed: f64,
    /// How many answers that rests on.
    pub answers: u64,
}

/// Each class of a policy, with the levels of this moment, on these channels.
pub fn overview(policy: &Policy, channels: &BTreeSet<&Channel>, standings: &[Standing]) -> BTreeMap<Class, Overview> {
    let tested = tested(standings);
    let of = |class: &Class| {
        let mut overview = Overview::default();
        for channel in channels {
            let level = policy.line(class, channel).level;
            let at = Level::ALL.iter().zip(&mut overview.at_level).find(|(it, _)| **it == level);
            at.into_iter().for_each(|(_, count)| *count += 1);
        }
        let here = standings.iter().filter(|it| it.class == *class && channels.contains(&it.channel));
        let sure = here.filter_map(|it| Sure::of(it, tested));
        overview.least = sure.min_by(|one, other| one.margin().total_cmp(&other.margin()));
        overview
    };
    policy.classes.keys().map(|class| (class.clone(), of(class))).collect()
}

impl Sure {
    fn of(standing: &Standing, tested: usize) -> Option<Self> {
        let needed = threshold(standing.next.map_or(standing.level, |next| next.level))?;
        let bound = Bound::new(needed, SIGNIFICANCE, tested).lower(standing.answers);
        Some(Self { bound, needed, answers: standing.answers.decisions() })
    }

    fn margin(&self) -> f64 {
        self.bound - self.needed
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::class::ActionType;
    use crate::diagnostic::{Report, SourceFile};
    use crate::policy::resolve::{Known, resolve};
    use crate::policy::written::WrittenPolicy;
    use crate::trust::{Next, Tally};

    const POLICY: &str = "[[class]]\nname = \"news\"\naction = { type = \"note\" }\n\
        channel = [{ name = \"a.b\", level = 2 }, { name = \"c.d\", level = 0 }]\n\
        [[class]]\nname = \"reply\"\naction = { type = \"note\" }\n";

    fn standing(class: &str, channel: &str, level: Level, agreed: u64, next: Option<Level>) -> Standing {
        let next = next.map(|level| Next { level, threshold: 0.0, bound: 0.0, missing: None, days: None });
        Standing {
            class: Class::parse(class).unwrap(),
            channel: Channel::parse(channel).unwrap(),
            kind: ActionType::note(),
            level,
            answers: Tally { agreed, disagreed: 0 },
            also: BTreeSet::new(),
            outdated: 0,
            next,
        }
    }

    #[test]
    fn a_class_is_seen_where_we_are_least_sure_of_it() {
        let report = Report::new();
        let written = WrittenPolicy::read(&SourceFile::new("policy.toml", POLICY), &report);
        let names: BTreeSet<Channel> = ["a.b", "c.d", "e.f", "g.h"].map(|name| Channel::parse(name).unwrap()).into();
        let channels: BTreeSet<&Channel> = names.iter().collect();
        let known = Known { rules: None, channels: Some(&names), draft_bytes_max: 100 };
        let policy = resolve(&written, &known, &report);
        assert!(!report.has_errors(), "{:?}", report.into_sorted());
        let standings = [
            standing("news", "a.b", Level::Routine, 60, None),
            standing("news", "e.f", Level::Draft, 100, Some(Level::Routine)),
            standing("news", "g.h", Level::Routine, 100, Some(Level::Bounded)),
            standing("news", "x.y", Level::Draft, 1, Some(Level::Routine)),
        ];
        let of = |standings: &[Standing]| {
            let overviews = overview(&policy, &channels, standings);
            let [news, reply] = ["news", "reply"].map(|name| overviews[&Class::parse(name).unwrap()]);
            assert_eq!(reply, Overview { at_level: [0, 4, 0, 0], least: None });
            assert_eq!(news.at_level, [1, 2, 1, 0]);
            news.least.unwrap()
        };
        let sure = |level, answers, tested| Sure {
            needed: threshold(level).unwrap(),
            bound: Bound::new(threshold(level).unwrap(), SIGNIFICANCE, tested)
                .lower(Tally { agreed: answers, disagreed: 0 }),
            answers,
        };
        assert_eq!(
            of(&standings),
            sure(Level::Bounded, 100, 3),
            "it is furthest from what it needs; `x.y` is no channel"
        );
        assert_eq!(of(&standings[..1]), sure(Level::Routine, 60, 0), "its own level, where there is no next one");
        assert_eq!(of(&standings[..2]), sure(Level::Routine, 60, 1));
    }
}
