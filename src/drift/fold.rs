//! The fold: tallies in, alarms out.

use crate::drift::calendar::{DAY_S, DAY_WINDOWS, DAYS_KEPT, PERIOD_DAYS, day, first_hour, is_start, period};
use crate::drift::detector::{Alarm, Detector, Reading};
use crate::drift::grid::Hours;
use crate::drift::mix;
use crate::drift::mixed::Mix;
use crate::drift::number::number_of;
use crate::drift::reading;
use crate::drift::tally::{Counts, LENGTHS, NAME_BYTES_MAX, NO_CLASS, OTHER, Tally, UNKNOWNS, bounded};
use crate::drift::watch::Watch;
use std::collections::BTreeMap;

/// After how many windows, on average and at the least, there is an alarm of any detector although nothing has changed: a
/// year of them.
pub const RUN_MEAN_MIN: f64 = 105_120.0;
/// How many classes are told apart, at most; further ones count together.
pub const CLASSES_MAX: usize = 1_000;
/// How many reasons are told apart, at most; further ones count together.
pub const REASONS_MAX: usize = 64;

/// What part of all false alarms each kind of detector may give. They sum to 1.
const TOTAL_PART: f64 = 0.25;
const CLASSES_PART: f64 = 0.50;
const MIXES_PART: f64 = 0.25;
const MIXES: usize = 4;
/// A share is followed both ways.
const WAYS: f64 = 2.0;

/// All that is known of how messages used to be, and what speaks against their still being so.
///
/// The same tallies give the same drift, wherever they are folded: it is compared whole.
#[derive(Clone, Debug, PartialEq)]
pub struct Drift {
    /// The beginning of the last window, in seconds since the epoch.
    last_s: Option<i64>,
    total: Watch,
    classes: BTreeMap<String, Watch>,
    reasons: BTreeMap<String, Hours>,
    lengths: BTreeMap<String, Hours>,
    unknown: BTreeMap<String, Hours>,
    /// All escalations by hour that have a reason.
    reasons_all: Hours,
    /// All messages by hour that have a length.
    lengths_all: Hours,
    /// All messages by hour that have words.
    unknown_all: Hours,
    mixes: [Mix; MIXES],
    /// Among how many classes the false alarms are shared out: the most that had a baseline in this period.
    sharers: usize,
}

impl Default for Drift {
    fn default() -> Self {
        Self {
            last_s: None,
            total: Watch::new(),
            classes: BTreeMap::new(),
            reasons: BTreeMap::new(),
            lengths: BTreeMap::new(),
            unknown: BTreeMap::new(),
            reasons_all: Hours::new(),
            lengths_all: Hours::new(),
            unknown_all: Hours::new(),
            mixes: [Detector::Classes, Detector::Reasons, Detector::Lengths, Detector::UnknownWords].map(Mix::new),
            sharers: 0,
        }
    }
}

impl Drift {
    /// Takes a tally and gives the alarms that it raises, in a fixed order. One that is not after the last is ignored,
    /// and so is one that begins at no multiple of [`crate::drift::WINDOW_S`] or beyond the year 9999. Missing ones are no
    /// evidence. Whoever calls refuses tallies from the future: after one, those before it are ignored.
    pub fn apply(&mut self, tally: &Tally) -> Vec<Alarm> {
        let start_s = tally.start_s;
        if !is_start(start_s) || self.last_s.is_some_and(|last_s| start_s <= last_s) {
            return Vec::new();
        }
        let before = self.last_s.replace(start_s).map(day);
        let mut alarms = Vec::new();
        if before != Some(day(start_s)) {
            alarms.extend(before.into_iter().flat_map(|before| self.end_day(before)));
            self.begin_day(before, day(start_s));
        }
        alarms.extend(self.hear(tally));
        alarms
    }

    /// What every detector sees at present: both ways in total, the mixes, and both ways of each class.
    pub fn readings(&self) -> Vec<Reading> {
        let now_s = self.last_s.unwrap_or(0);
        let classes = self.classes.iter().filter(|(name, _)| is_followed(name));
        let classes = classes.flat_map(|(name, watch)| reading::of_watch(watch, Some(name), now_s));
        reading::of_watch(&self.total, None, now_s)
            .into_iter()
            .chain(self.mixes.iter().map(reading::of_mix))
            .chain(classes)
            .collect()
    }

    /// Keeps the counts and lets the detectors of shares hear them.
    fn hear(&mut self, tally: &Tally) -> Vec<Alarm> {
        let start_s = tally.start_s;
        let total = sane(tally.all());
        self.total.keep(start_s, total);
        let mut alarms = self.total.hear(start_s, total, None, RUN_MEAN_MIN * WAYS / TOTAL_PART);
        let threshold = RUN_MEAN_MIN * WAYS * number_of(self.sharers) / CLASSES_PART;
        // Those beyond the most count together, once.
        let mut counts: BTreeMap<String, Counts> = BTreeMap::new();
        for (name, more) in &tally.classes {
            let is_known = self.classes.contains_key(name);
            let is_told = is_known || self.classes.len() < CLASSES_MAX && name.len() <= NAME_BYTES_MAX;
            let name = if is_told { name } else { OTHER };
            self.classes.entry(name.to_owned()).or_insert_with(Watch::new);
            let sum = counts.entry(name.to_owned()).or_default();
            *sum = sum.and(*more);
        }
        for (name, counts) in counts {
            let Some(watch) = self.classes.get_mut(&name) else { continue };
            watch.keep(start_s, sane(counts));
            if is_followed(&name) {
                alarms.extend(watch.hear(start_s, sane(counts), Some(&name), threshold));
            }
        }
        let reasons = tally.reasons.iter().map(|(name, many)| (name.clone(), *many));
        keep(&mut self.reasons, &mut self.reasons_all, reasons, REASONS_MAX, start_s);
        let lengths = tally.lengths.iter().map(|(bucket, many)| (length_name((*bucket).min(LENGTHS - 1)), *many));
        keep(&mut self.lengths, &mut self.lengths_all, lengths, usize::from(LENGTHS), start_s);
        let unknown = tally.unknown.iter().map(|(bucket, many)| (unknown_name((*bucket).min(UNKNOWNS - 1)), *many));
        keep(&mut self.unknown, &mut self.unknown_all, unknown, usize::from(UNKNOWNS), start_s);
        alarms
    }

    /// Tests the mixes of a day that is over.
    fn end_day(&mut self, day: i64) -> Vec<Alarm> {
        let significance = MIXES_PART / number_of(MIXES) * DAY_WINDOWS / RUN_MEAN_MIN;
        let hours = |map| BTreeMap::iter(map).map(|(name, hours): (&String, &Hours)| (name.as_str(), hours)).collect();
        let classes: Vec<_> = self.classes.iter().map(|(name, watch)| (name.as_str(), &watch.decisions)).collect();
        let reasons: Vec<_> = hours(&self.reasons);
        let lengths: Vec<_> = hours(&self.lengths);
        let unknown: Vec<_> = hours(&self.unknown);
        let of = [
            (&self.total.decisions, classes),
            (&self.reasons_all, reasons),
            (&self.lengths_all, lengths),
            (&self.unknown_all, unknown),
        ];
        let mut alarms = Vec::new();
        for (mix, (of, categories)) in self.mixes.iter_mut().zip(of) {
            let tested = mix::test(of, &categories, day, significance);
            alarms.extend(mix.take(day, tested));
        }
        alarms
    }

    /// Forgets what is too old, and learns what is usual.
    fn begin_day(&mut self, before: Option<i64>, today: i64) {
        let kept_from = today - DAYS_KEPT;
        let forgotten_s = (today - PERIOD_DAYS) * DAY_S;
        let is_anew = before.is_some_and(|before| period(before) != period(today));
        for watch in std::iter::once(&mut self.total).chain(self.classes.values_mut()) {
            watch.begin_day(today, kept_from, forgotten_s, is_anew);
        }
        self.classes.retain(|_, watch| !watch.decisions.is_empty());
        for hours in [&mut self.reasons_all, &mut self.lengths_all, &mut self.unknown_all] {
            *hours = hours.split_off(&first_hour(kept_from));
        }
        for mix in [&mut self.reasons, &mut self.lengths, &mut self.unknown] {
            mix.values_mut().for_each(|hours| *hours = hours.split_off(&first_hour(kept_from)));
            mix.retain(|_, hours| !hours.is_empty());
        }
        for mix in &mut self.mixes {
            mix.forget(forgotten_s);
        }
        // Never fewer within a period: what has gathered against a threshold must not meet a lower one.
        let learned = self.classes.iter().filter(|(name, watch)| is_followed(name) && watch.baseline.is_ok()).count();
        self.sharers = if is_anew { learned } else { self.sharers.max(learned) };
    }
}

/// Whether the share escalated of this class is followed. What has no class is always escalated.
fn is_followed(name: &str) -> bool {
    name != NO_CLASS && name != OTHER
}

/// What a window can have held. A tally comes over the bus, and may say anything.
fn sane(counts: Counts) -> Counts {
    let decisions = counts.decisions.min(u64::from(u32::MAX));
    Counts { decisions, escalated: counts.escalated.min(decisions) }
}

/// Adds to the counts by hour.
fn keep(
    map: &mut BTreeMap<String, Hours>,
    all: &mut Hours,
    counts: impl Iterator<Item = (String, u64)>,
    most: usize,
    start_s: i64,
) {
    for (name, many) in counts.filter(|(_, many)| *many > 0) {
        let many = many.min(u64::from(u32::MAX));
        let add = |hours: &mut Hours| {
            let sum = hours.entry(crate::drift::calendar::hour(start_s)).or_default();
            *sum = sum.saturating_add(many);
        };
        bounded(map, &name, most, add);
        add(all);
    }
}

/// What people call a length bucket.
fn length_name(bucket: u8) -> String {
    let from = 1_u32 << bucket.min(LENGTHS - 1);
    if bucket + 1 >= LENGTHS { format!("{from} bytes or more") } else { format!("{from} to {} bytes", from * 2 - 1) }
}

/// What people call a bucket of shares of unknown words.
fn unknown_name(bucket: u8) -> String {
    if bucket + 1 >= UNKNOWNS { "all".to_owned() } else { format!("{} to {} %", bucket * 10, bucket * 10 + 10) }
}
