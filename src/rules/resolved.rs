//! Rules as meant: every name resolved, every list written out, every regex compiled.

use super::regex::Compiled;
use crate::diagnostic::Location;
use crate::message::Field;
use crate::pack::comparison::Comparison;
use crate::pack::literals::Ends;
use crate::pack::{ChannelFilter, ClassSpec, Restriction, RuleInfo};
use std::collections::BTreeSet;

/// All rules of a folder, as meant.
pub(crate) struct Resolved {
    /// Ordered by id; disabled ones left out.
    pub(crate) rules: Vec<ResolvedRule>,
    /// Ordered by name: those with a `[[class]]`, and those that a rule names.
    pub(crate) classes: Vec<ClassSpec>,
    /// Ordered by name.
    pub(crate) restrictions: Vec<Restriction>,
}

/// A rule, as meant.
pub(crate) struct ResolvedRule {
    pub(crate) info: RuleInfo,
    pub(crate) at: Location,
    pub(crate) channels: Vec<ChannelFilter>,
    pub(crate) any: Vec<ResolvedPattern>,
    pub(crate) all: Vec<ResolvedPattern>,
    pub(crate) none: Vec<ResolvedPattern>,
    pub(crate) comparisons: Vec<Comparison>,
}

/// A pattern, as meant.
pub(crate) struct ResolvedPattern {
    pub(crate) field: Field,
    pub(crate) written: String,
    pub(crate) at: Location,
    pub(crate) matcher: ResolvedMatcher,
}

/// How a pattern is matched.
pub(crate) enum ResolvedMatcher {
    /// Any of these literals.
    Phrase(Literals),
    /// A regex, and its source.
    Regex(String, Box<Compiled>),
}

/// The literals of a phrase, one set for each view.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Literals {
    pub(crate) at_start: bool,
    pub(crate) at_end: bool,
    pub(crate) raw: BTreeSet<String>,
    pub(crate) folded: BTreeSet<String>,
}

impl Literals {
    /// What must hold at the ends of one of them.
    pub(crate) fn ends(&self, literal: &str) -> Ends {
        Ends {
            at_start: self.at_start,
            at_end: self.at_end,
            word_before: crate::views::words::begins_with_word(literal),
            word_after: crate::views::words::ends_with_word(literal),
        }
    }
}

/// What makes two patterns the same: the field, and what is looked for.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct PatternKey {
    field: Field,
    literals: Option<Literals>,
    regex: Option<String>,
}

impl ResolvedPattern {
    /// What makes it the same as another.
    pub(crate) fn key(&self) -> PatternKey {
        let (literals, regex) = match &self.matcher {
            ResolvedMatcher::Phrase(literals) => (Some(literals.clone()), None),
            ResolvedMatcher::Regex(source, _) => (None, Some(source.clone())),
        };
        PatternKey { field: self.field.clone(), literals, regex }
    }

    /// The named groups of a regex.
    pub(crate) fn groups(&self) -> &[String] {
        match &self.matcher {
            ResolvedMatcher::Phrase(_) => &[],
            ResolvedMatcher::Regex(_, compiled) => &compiled.groups,
        }
    }
}
