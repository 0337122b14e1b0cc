//! What classifying found, borrowed from the pack and the scratch.

use super::Outcome;
use super::scratch::Spot;
use crate::class::{Class, RuleId};
use crate::message::Field;
use crate::pack::{Effect, Pack};
use crate::reason::Reason;
use crate::verdict::{self, Evidence, Verdict};

/// A verdict with its evidence, borrowed: nothing is copied until somebody wants to keep it.
#[derive(Clone, Copy)]
pub struct Finding<'p, 's> {
    pack: &'p Pack,
    outcome: Outcome,
    evidence: &'s [Spot],
    steps: u64,
}

/// A place where a rule fired.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place<'p> {
    /// The rule.
    pub rule: &'p RuleId,
    /// What it does.
    pub effect: &'p Effect,
    /// The field that it looked at.
    pub field: &'p Field,
    /// First byte, in the field as sent; `start == end` where the rule fired because the field is absent.
    pub start: usize,
    /// One past the last byte.
    pub end: usize,
}

impl<'p, 's> Finding<'p, 's> {
    pub(super) fn new(pack: &'p Pack, outcome: Result<Outcome, Reason>, evidence: &'s [Spot], steps: u64) -> Self {
        Self { pack, outcome: outcome.unwrap_or_else(Outcome::None), evidence, steps }
    }

    /// The class, if there is one.
    pub fn class(&self) -> Option<&'p Class> {
        match self.outcome {
            Outcome::Class(class) => self.pack.classes.get(class as usize).map(|spec| &spec.class),
            Outcome::None(_) => None,
        }
    }

    /// Why there is no class, if there is none.
    pub fn reason(&self) -> Option<Reason> {
        match self.outcome {
            // A class that the pack does not have is none.
            Outcome::Class(class) => self.pack.classes.get(class as usize).is_none().then_some(Reason::Unmatched),
            Outcome::None(reason) => Some(reason),
        }
    }

    /// The steps that it took: the work that the bound of the pack is about.
    pub fn steps(&self) -> u64 {
        self.steps
    }

    /// What fired, and where; ordered by rule, then by place.
    pub fn evidence(&self) -> impl Iterator<Item = Place<'p>> + use<'p, 's> {
        let Self { pack, evidence, .. } = *self;
        const TEXT: &Field = &Field::Text;
        evidence.iter().filter_map(move |spot| {
            let info = pack.infos.get(spot.rule as usize)?;
            let field = pack.fields.get(spot.field as usize).unwrap_or(TEXT);
            let (start, end) = (spot.start as usize, spot.end as usize);
            Some(Place { rule: &info.id, effect: &info.effect, field, start, end })
        })
    }

    /// What the rules do that fired; in the evidence's order, once for each place.
    pub fn effects(&self) -> impl Iterator<Item = &'p Effect> + use<'p, 's> {
        let Self { pack, evidence, .. } = *self;
        evidence.iter().filter_map(move |spot| pack.infos.get(spot.rule as usize).map(|info| &info.effect))
    }

    /// A verdict to keep.
    pub fn to_verdict(&self) -> Verdict {
        let evidence = self.evidence().map(|place| Evidence {
            rule: place.rule.clone(),
            field: place.field.clone(),
            start: place.start,
            end: place.end,
        });
        let outcome = match (self.class(), self.reason()) {
            (Some(class), _) => verdict::Outcome::Class(class.clone()),
            (None, reason) => verdict::Outcome::None(reason.unwrap_or(Reason::Unmatched)),
        };
        Verdict { outcome, evidence: evidence.collect() }
    }
}
