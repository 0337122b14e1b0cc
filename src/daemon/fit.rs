//! Whether the servers and streams let us keep our promises: asked at the start, as `decile doctor` asks.

use crate::bus::examine::examine;
use crate::bus::setup::Setup;
use crate::bus::{Connection, Trouble};
use crate::doctor::{Finding, Kind, Severity, judge};
use crate::metrics::Metrics;

/// What was found, where nothing voids a promise; every finding shows as a metric either way.
pub(super) async fn look(connection: &Connection, setup: &Setup, metrics: &Metrics) -> Result<Vec<Finding>, Trouble> {
    let findings = judge(&examine(connection, setup).await?);
    metrics.doctor(&findings);
    let refused: Vec<String> =
        findings.iter().filter(|it| it.severity == Severity::Refuses).map(Finding::line).collect();
    if refused.is_empty() { Ok(findings) } else { Err(Trouble::Unfit(refused.join("\n"))) }
}

/// Says what it costs to run here.
pub(super) fn warn(findings: &[Finding]) {
    for finding in findings.iter().filter(|it| it.severity == Severity::Costs) {
        let (costs, advice) = (&finding.costs, &finding.advice);
        tracing::warn!(finding = finding.kind.as_str(), costs, advice, "{}", finding.found);
    }
}

/// Whether this is among what costs something.
pub(super) fn costs(findings: &[Finding], kind: Kind) -> bool {
    findings.iter().any(|it| it.kind == kind && it.severity <= Severity::Costs)
}
