//! The proof that a permitting rule fires only where something that it looks for stands in the raw view.
//!
//! Suppose that nothing of `any` and `all` matches. Then each of their patterns is false, or whatever a pattern
//! on an absent field is; `none` and `where` may be true. If the greatest truth that the rule can have under
//! these premises is less than true, it does not fire: whoever sees it fire has seen a match.

use crate::diagnostic::Report;
use crate::pack::pattern::ViewSet;
use crate::pack::{Effect, Truth};
use crate::rules::resolved::{Resolved, ResolvedMatcher, ResolvedPattern, ResolvedRule};

/// That a rule needs a positive match; made by [`prove`] only.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Witness(());

/// Why there is no proof.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum NoWitness {
    /// There is nothing to match.
    #[error("it has neither `any` nor `all`")]
    NoPattern,
    /// A pattern that is found everywhere.
    #[error("`{0}` matches the empty text")]
    MatchesEmpty(String),
    /// An absent field would be as good as a match.
    #[error("`{0}` holds where its field is absent")]
    HoldsWhenAbsent(String),
    /// A match in the folded view would do, where a text can say what nobody sees.
    #[error("it may match in another than the raw view")]
    NotRaw,
}

/// What the proof takes from the engine.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Premises {
    /// Where positive patterns may match.
    pub(crate) positive: ViewSet,
    /// What a pattern on an absent field is.
    pub(crate) absent: Truth,
}

/// Reports each permitting rule without a proof.
pub(in crate::rules) fn check(resolved: &Resolved, report: &Report) {
    for rule in &resolved.rules {
        let premises = Premises { positive: rule.info.effect.positive_views(), absent: Truth::ABSENT };
        let Effect::Permit(_) = rule.info.effect else { continue };
        if let Err(reason) = prove(rule, premises) {
            let lint = super::Lint::NoWitnessProof;
            let wrong = format!("`{}` might fire although nothing matches: {reason}", rule.info.id);
            report.error(lint.code(), &rule.at, wrong, lint.advice());
        }
    }
}

/// Proves that a permitting rule needs a positive match in the raw view.
///
/// # Errors
/// The first reason why there is no proof.
pub(crate) fn prove(rule: &ResolvedRule, premises: Premises) -> Result<Witness, NoWitness> {
    if premises.positive != ViewSet::RAW {
        return Err(NoWitness::NotRaw);
    }
    if rule.any.is_empty() && rule.all.is_empty() {
        return Err(NoWitness::NoPattern);
    }
    let greatest = |pattern| greatest(pattern, premises);
    let any = rule.any.iter().map(greatest).reduce(Truth::or).unwrap_or(Truth::True);
    let all = rule.all.iter().map(greatest).fold(Truth::True, Truth::and);
    if any.and(all) < Truth::True {
        return Ok(Witness(()));
    }
    let positive = || rule.any.iter().chain(&rule.all);
    let empty = positive().find(|pattern| may_be_empty(pattern)).map(|it| NoWitness::MatchesEmpty(it.written.clone()));
    let absent = || positive().next().map(|it| NoWitness::HoldsWhenAbsent(it.written.clone()));
    Err(empty.or_else(absent).unwrap_or(NoWitness::NoPattern))
}

/// The greatest truth of a pattern of which nothing is there to be seen.
fn greatest(pattern: &ResolvedPattern, premises: Premises) -> Truth {
    if may_be_empty(pattern) { Truth::True } else { Truth::False.or(premises.absent) }
}

/// Whether it may match without a character. A regex is read again here: the proof does not rest on whoever
/// compiled it.
fn may_be_empty(pattern: &ResolvedPattern) -> bool {
    match &pattern.matcher {
        ResolvedMatcher::Phrase(literals) => literals.raw.iter().any(String::is_empty),
        ResolvedMatcher::Regex(source, _) => regex_syntax::ParserBuilder::new()
            .case_insensitive(true)
            .build()
            .parse(source)
            .map_or(true, |hir| hir.properties().minimum_len() == Some(0)),
    }
}
