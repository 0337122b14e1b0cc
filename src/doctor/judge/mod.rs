//! What was looked at, judged: a file a group of questions.

mod bounds;
mod durable;
mod server;
mod shape;

use super::{Examined, Finding, FoundStream, Severity, StreamFacts};

/// Asks every question. The worst first; in the order of the questions among equals.
pub fn judge(examined: &Examined) -> Vec<Finding> {
    let mut findings = server::judge(examined);
    findings.extend(shape::judge(examined));
    findings.extend(durable::judge(examined));
    findings.extend(bounds::judge(examined));
    findings.sort_by_key(|finding| (finding.severity, finding.kind));
    findings
}

/// A stream's name, as findings are about it.
fn about(stream: &StreamFacts) -> String {
    format!("stream {}", stream.wanted.name)
}

/// All streams that are there.
fn found(examined: &Examined) -> impl Iterator<Item = (&StreamFacts, &FoundStream)> {
    let all = std::iter::once(&examined.decisions).chain(&examined.sources);
    all.filter_map(|facts| Some((facts, facts.found.as_ref()?)))
}

/// Whether a stream is ours: what it forgets is forgotten for good.
fn is_ours(examined: &Examined, facts: &StreamFacts) -> bool {
    facts.wanted.name == examined.decisions.wanted.name
}

/// What voids a promise of ours has a price on a stream of others.
fn if_ours(is_ours: bool) -> Severity {
    if is_ours { Severity::Refuses } else { Severity::Costs }
}
