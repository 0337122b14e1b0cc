//! Regexes: run where their literals were seen, and only when some rule needs to know.

use super::hits::{Hits, Marks};
use super::scan::wake;
use super::scratch::{Fields, Scratch};
use super::steps::Steps;
use crate::automaton::Memory;
use crate::message::Message;
use crate::pack::Pack;
use crate::pack::pattern::{Gate, Matcher, Pattern, ViewSet};
use crate::reason::Reason;
use jiff::Timestamp;

/// Runs the regexes that rules wait for: those whose literals were seen, and those that have none.
pub(super) fn run(
    pack: &Pack,
    message: &Message,
    now: Timestamp,
    steps: &mut Steps,
    scratch: &mut Scratch,
) -> Result<(), Reason> {
    let Scratch { fields, hits, marks, memory, .. } = scratch;
    let mut runner = Runner { pack, fields, hits, memory, steps };
    let exists = |rule: &u32| pack.rules.get(*rule as usize).is_some_and(|rule| rule.applies(&message.channel, now));
    for index in &pack.open {
        runner.run_awaited(*index, exists, marks)?;
    }
    let mut at = 0;
    while let Some(index) = runner.hits.gated(at) {
        runner.run_awaited(index, exists, marks)?;
        at += 1;
    }
    Ok(())
}

/// What regexes are run with.
pub(super) struct Runner<'s> {
    pub(super) pack: &'s Pack,
    pub(super) fields: &'s Fields,
    pub(super) hits: &'s mut Hits,
    pub(super) memory: &'s mut Memory,
    pub(super) steps: &'s mut Steps,
}

impl Runner<'_> {
    /// Runs a regex if a rule that exists here waits for it.
    fn run_awaited(&mut self, index: u32, exists: impl Fn(&u32) -> bool, marks: &mut Marks) -> Result<(), Reason> {
        let Some(pattern) = self.pack.patterns.get(index as usize) else { return Ok(()) };
        if pattern.wakes == ViewSet::NONE || !pattern.rules.iter().any(exists) {
            return Ok(());
        }
        self.ensure(index, pattern, pattern.wakes)?;
        let matched = self.hits.get(index).matched;
        if matched != ViewSet::NONE {
            self.steps.take(wake(self.pack, index, matched, marks))?;
        }
        Ok(())
    }

    /// Makes sure that a regex was run in some views.
    pub(super) fn ensure(&mut self, index: u32, pattern: &Pattern, views: ViewSet) -> Result<(), Reason> {
        let Matcher::Regex { program, gate } = &pattern.matcher else { return Ok(()) };
        // Where both views say the same, one run serves both.
        let shared = self.fields.is_shared(pattern.field);
        let missing = if shared { ViewSet::EITHER } else { views }.without(self.hits.get(index).ran);
        let each = if shared { [missing, ViewSet::NONE] } else { missing.each() };
        for view in each.into_iter().filter(|view| *view != ViewSet::NONE) {
            let Some(hit) = self.hits.get_mut(index) else { continue };
            hit.ran = hit.ran.with(view);
            let Some(start) = start(hit.gate(view), *gate) else { continue };
            let Some(text) = self.fields.view(pattern.field, view).map(|view| view.text()) else { continue };
            let alphabets = &self.pack.alphabets;
            let begins = self.steps.lend(self.memory, |memory| program.start(alphabets, text, start, memory))?;
            if let Some(begins) = begins {
                self.hits.note_start(index, view, begins as u32);
            }
        }
        Ok(())
    }
}

/// Where the search of a regex starts; `None` where it cannot match.
fn start(seen: Option<usize>, gate: Gate) -> Option<usize> {
    match gate {
        Gate::Open => Some(0),
        Gate::Suffix => seen.map(|_| 0),
        Gate::Prefix => seen,
    }
}
