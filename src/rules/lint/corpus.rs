//! Rules that fire on no message of a corpus.

use super::{Findings, Lint};
use crate::class::RuleId;
use crate::diagnostic::Report;
use crate::pack::Pack;
use crate::rules::written::Written;
use jiff::Timestamp;
use std::collections::BTreeSet;

/// Reports each rule of a pack that is not among those that fired on some message. Rules that have expired
/// are left out.
pub fn never_fires(written: &Written, pack: &Pack, fired: &BTreeSet<RuleId>, now: Timestamp, report: &Report) {
    let findings = Findings::new(written, report);
    for rule in written.files.iter().flat_map(|file| &file.rules) {
        let Some(id) = &rule.id else { continue };
        let info = RuleId::parse(&id.value).ok().and_then(|id| pack.rule(&id));
        if let Some(info) = info.filter(|info| !fired.contains(&info.id) && info.exists(now)) {
            let wrong = format!("`{}` fires on no message of the corpus", info.id);
            findings.of_rule(Lint::NeverFires, info, &id.at, wrong);
        }
    }
}
