//! What works, but is probably not what was meant; and the proof that a permitting rule rests on something
//! that a message says.
//!
//! [`Lint::ALL`] is the closed list. Each lint is found in a file of its own here, and can be allowed where it
//! is found: `allow = ["no-no-match-test"]`, on a rule or on a class for all its rules.

mod absent;
mod classes;
mod conflict;
mod corpus;
mod expiry;
mod findings;
mod implies;
mod kinds;
mod patterns;
mod sample;
mod shadowed;
mod unreachable;
mod untested;
mod vocabulary;
pub(super) mod witness;

#[cfg(test)]
mod tests;

pub(super) use conflict::Samples;
pub use corpus::never_fires;
pub(super) use kinds::allowed;
pub use kinds::{Level, Lint};

use super::lists::Lists;
use super::resolved::{Resolved, ResolvedPattern, ResolvedRule};
use super::written::Written;
use crate::diagnostic::Report;
use crate::pack::Pack;
use findings::Findings;
use jiff::Timestamp;

/// Everything that lints look at beside the pack.
pub(super) struct Subject<'a> {
    pub(super) written: &'a Written,
    pub(super) resolved: &'a Resolved,
    pub(super) lists: &'a Lists<'a>,
    /// The time as of which rules expire.
    pub(super) now: Timestamp,
}

/// What was found before the pack was compiled, and what is to be asked of the pack.
pub(super) struct Begun<'a> {
    findings: Findings<'a>,
    samples: Samples,
    now: Timestamp,
}

/// Reports everything that the rules alone show.
pub(super) fn begin<'a>(subject: &Subject<'_>, report: &'a Report) -> Begun<'a> {
    let findings = Findings::new(subject.written, report);
    untested::lint(subject, &findings);
    patterns::lint(subject.resolved, &findings);
    absent::lint(subject.resolved, &findings);
    unreachable::lint(subject.resolved, &findings);
    shadowed::lint(subject.resolved, &findings);
    expiry::lint(subject, &findings);
    classes::lint(subject, &findings);
    vocabulary::lint(subject, &findings);
    Begun { findings, samples: Samples::of(subject.resolved), now: subject.now }
}

impl Begun<'_> {
    /// Reports what messages show that are made for the rules, and what was allowed in vain.
    pub(super) fn finish(self, pack: &Pack) {
        self.samples.lint(pack, self.now, &self.findings);
        self.findings.finish();
    }
}

fn patterns_of(rule: &ResolvedRule) -> impl Iterator<Item = &ResolvedPattern> {
    rule.any.iter().chain(&rule.all).chain(&rule.none)
}
