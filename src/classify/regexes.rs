//! Regexes: run where their literals were seen, and only when some rule needs to know.

use super::hits::{Hits, Marks};
use super::scan::wake;
use super::scratch::{Fields, Scratch};
use super::steps::Steps;
use crate::message::Message;
use crate::pack::Pack;
use crate::pack::pattern::{Gate, Matcher, Pattern, ViewSet};
use crate::reason::Reason;
use jiff::Timestamp;
use regex_automata::Input;

/// Runs the regexes that rules wait for: those whose literals were seen, and those that have none.
pub(super) fn run(
    pack: &Pack,
    message: &Message,
    now: Timestamp,
    steps: &mut Steps,
    scratch: &mut Scratch,
) -> Result<(), Reason> {
    let Scratch { fields, hits, marks, .. } = scratch;
    for index in &pack.open {
        run_waited_for(pack, *index, message, now, fields, hits, marks, steps)?;
    }
    let mut at = 0;
    while let Some(index) = hits.gated(at) {
        run_waited_for(pack, index, message, now, fields, hits, marks, steps)?;
        at += 1;
    }
    Ok(())
}

fn run_waited_for(
    pack: &Pack,
    index: u32,
    message: &Message,
    now: Timestamp,
    fields: &Fields,
    hits: &mut Hits,
    marks: &mut Marks,
    steps: &mut Steps,
) -> Result<(), Reason> {
    let Some(pattern) = pack.patterns.get(index as usize) else { return Ok(()) };
    let exists = |rule: &u32| pack.rules.get(*rule as usize).is_some_and(|rule| rule.applies(&message.channel, now));
    if pattern.wakes == ViewSet::NONE || !pattern.rules.iter().any(exists) {
        return Ok(());
    }
    ensure(index, pattern, pattern.wakes, fields, hits, steps)?;
    let matched = hits.get(index).matched;
    if matched != ViewSet::NONE {
        wake(pack, index, matched, marks);
    }
    Ok(())
}

/// Makes sure that a regex was run in some views.
pub(super) fn ensure(
    index: u32,
    pattern: &Pattern,
    views: ViewSet,
    fields: &Fields,
    hits: &mut Hits,
    steps: &mut Steps,
) -> Result<(), Reason> {
    let Matcher::Regex { regex, gate } = &pattern.matcher else { return Ok(()) };
    // Where both views say the same, one run serves both.
    let views = if fields.is_shared(pattern.field) { ViewSet::EITHER } else { views };
    let missing = views.without(hits.get(index).ran);
    if missing == ViewSet::NONE {
        return Ok(());
    }
    let each = if missing == ViewSet::EITHER && fields.is_shared(pattern.field) {
        [ViewSet::EITHER, ViewSet::NONE]
    } else {
        [missing.both(ViewSet::RAW), missing.both(ViewSet::FOLDED)]
    };
    for view in each.into_iter().filter(|view| *view != ViewSet::NONE) {
        let Some(hit) = hits.get_mut(index) else { continue };
        hit.ran = hit.ran.with(view);
        let Some(start) = start(hit.gate(view), *gate) else { continue };
        let Some(text) = fields.view(pattern.field, view).map(|view| view.text()) else { continue };
        steps.take(text.len().saturating_sub(start))?;
        if regex.is_match(Input::new(text).range(start.min(text.len())..)) {
            hits.note(index, view);
        }
    }
    Ok(())
}

/// Where the search of a regex starts; `None` where it cannot match.
pub(super) fn start(seen: Option<usize>, gate: Gate) -> Option<usize> {
    match gate {
        Gate::Open => Some(0),
        Gate::Suffix => seen.map(|_| 0),
        Gate::Prefix => seen,
    }
}
