//! Rules that do not exist any more, or soon will not.

use super::{Findings, Lint, Subject};
use jiff::SignedDuration;

/// How long before its expiry a rule is mentioned.
const SOON: SignedDuration = SignedDuration::from_hours(14 * 24);

pub(super) fn lint(subject: &Subject<'_>, findings: &Findings<'_>) {
    for rule in &subject.resolved.rules {
        let Some(expires) = rule.info.expires else { continue };
        let left = expires.duration_since(subject.now);
        if left <= SignedDuration::ZERO {
            let wrong = format!("`{}` expired at {expires}", rule.info.id);
            findings.of_rule(Lint::Expired, &rule.info, &rule.at, wrong);
        } else if left <= SOON {
            let wrong =
                format!("`{}` expires at {expires}, in less than {} day(s)", rule.info.id, left.as_hours() / 24 + 1);
            findings.of_rule(Lint::ExpiresSoon, &rule.info, &rule.at, wrong);
        }
    }
}
