//! From a message's fields to the patterns that match in them.

use super::scratch::Scratch;
use super::steps::Steps;
use crate::message::Message;
use crate::pack::Pack;
use crate::pack::pattern::{Gate, Matcher, Pattern, ViewSet};
use crate::pack::scanner::{Check, Ends, Use};
use crate::reason::Reason;
use crate::views::words::is_edge;
use crate::views::{self, View};
use regex_automata::Input;
use regex_automata::meta::Regex;
use std::ops::Range;

/// Whether the text, the subject and the sender say what they seem to say.
pub(super) fn inspect(message: &Message) -> Result<(), Reason> {
    let fields = [Some(message.text.as_str()), message.subject.as_deref(), message.sender.as_deref()];
    fields.into_iter().flatten().try_for_each(|text| views::inspect(text).map_err(|_| Reason::Uninspectable))
}

/// Finds every pattern of the pack, and marks the rules that could fire.
pub(super) fn scan(pack: &Pack, message: &Message, steps: &mut Steps, scratch: &mut Scratch) -> Result<(), Reason> {
    read_fields(pack, message, scratch);
    let fields = std::mem::take(&mut scratch.fields);
    let scanned = fields.iter().enumerate().filter(|(_, field)| field.present).try_for_each(|(index, field)| {
        if field.views.is_shared() {
            return scan_view(pack, index, field.views.raw(), ViewSet::EITHER, steps, scratch);
        }
        scan_view(pack, index, field.views.raw(), ViewSet::RAW, steps, scratch)?;
        scan_view(pack, index, field.views.folded(), ViewSet::FOLDED, steps, scratch)
    });
    scratch.fields = fields;
    scanned?;
    run_regexes(pack, message, steps, scratch)?;
    mark_rules(pack, scratch);
    Ok(())
}

fn read_fields(pack: &Pack, message: &Message, scratch: &mut Scratch) {
    for (field, read) in pack.fields.iter().zip(&mut scratch.fields) {
        let text = message.field(field);
        read.present = text.is_some();
        if let Some(text) = text {
            read.views.refill(text);
        }
    }
}

fn scan_view(
    pack: &Pack,
    field: usize,
    view: &View,
    views: ViewSet,
    steps: &mut Steps,
    scratch: &mut Scratch,
) -> Result<(), Reason> {
    steps.take(view.text().len())?;
    for (found, uses) in pack.scanner.found(view.text()) {
        for usage in uses.iter().filter(|usage| usage.field == field && usage.views.overlaps(views)) {
            steps.take(found.len())?;
            note(usage, usage.views.both(views), view.text(), &found, scratch);
        }
    }
    Ok(())
}

fn note(usage: &Use, views: ViewSet, text: &str, found: &Range<usize>, scratch: &mut Scratch) {
    match usage.check {
        Check::Phrase(ends) if !fits(text, found, ends) => {}
        Check::Phrase(_) => {
            if let Some(hit) = scratch.hit_mut(usage.pattern) {
                hit.note(views, found);
            }
        }
        Check::Gate => {
            if let Some(hit) = scratch.hit_mut(usage.pattern) {
                hit.note_gate(views, found.start);
            }
        }
    }
}

/// Whether the ends of a phrase are as they must be.
fn fits(text: &str, found: &Range<usize>, ends: Ends) -> bool {
    (!ends.at_start || found.start == 0)
        && (!ends.at_end || found.end == text.len())
        && (!ends.word_before || is_edge(text, found.start))
        && (!ends.word_after || is_edge(text, found.end))
}

/// Runs the regexes whose literals were seen, and those that have none.
fn run_regexes(pack: &Pack, message: &Message, steps: &mut Steps, scratch: &mut Scratch) -> Result<(), Reason> {
    let seen = scratch.seen();
    let open = pack.ungated.iter().copied().filter(|index| is_wanted(pack, *index, message));
    for index in seen.into_iter().chain(open) {
        if let Some(pattern) = pack.patterns.get(index)
            && let Matcher::Regex { regex, gate } = &pattern.matcher
        {
            run_regex(index, pattern, regex, *gate, steps, scratch)?;
        }
    }
    Ok(())
}

/// Whether some rule of a pattern exists on the message's channel.
fn is_wanted(pack: &Pack, pattern: usize, message: &Message) -> bool {
    let rules = pack.patterns.get(pattern).map_or(&[][..], |pattern| &pattern.rules);
    rules.iter().filter_map(|rule| pack.rules.get(*rule)).any(|rule| rule.applies(&message.channel))
}

fn run_regex(
    index: usize,
    pattern: &Pattern,
    regex: &Regex,
    gate: Gate,
    steps: &mut Steps,
    scratch: &mut Scratch,
) -> Result<(), Reason> {
    let Some(field) = scratch.fields.get(pattern.field).filter(|field| field.present) else { return Ok(()) };
    let shared = field.views.is_shared();
    for views in if shared { &[ViewSet::EITHER][..] } else { &[ViewSet::RAW, ViewSet::FOLDED][..] } {
        let wanted = pattern.views.both(*views);
        let Some(start) = scratch.hit(index).and_then(|hit| start(hit, gate, wanted)) else { continue };
        let Some(view) = scratch.view(pattern.field, *views) else { continue };
        let text = view.text();
        steps.take(text.len().saturating_sub(start))?;
        let found = regex.find(Input::new(text).range(start.min(text.len())..));
        if let (Some(found), Some(hit)) = (found, scratch.hit_mut(index)) {
            hit.note(wanted, &found.range());
        }
    }
    Ok(())
}

/// Where the search of a regex starts in a view; `None` where it cannot match.
fn start(hit: &super::scratch::Hit, gate: Gate, views: ViewSet) -> Option<usize> {
    if views == ViewSet::NONE {
        return None;
    }
    let seen = if views.overlaps(ViewSet::RAW) { hit.raw_gate } else { hit.folded_gate };
    match gate {
        Gate::Open => Some(0),
        Gate::Suffix => seen.map(|_| 0),
        Gate::Prefix => seen,
    }
}

/// Marks the rules with a pattern that matched, and those that may fire without one.
fn mark_rules(pack: &Pack, scratch: &mut Scratch) {
    for index in scratch.seen() {
        let matched = scratch.hit(index).is_some_and(|hit| hit.is_in(ViewSet::EITHER));
        if let Some(pattern) = pack.patterns.get(index).filter(|_| matched) {
            pattern.rules.iter().for_each(|rule| scratch.mark(*rule));
        }
    }
    pack.fail_closed.iter().for_each(|rule| scratch.mark(*rule));
}
