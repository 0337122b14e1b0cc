//! One series of decisions, of a class or of all, with what it used to be and its two detectors.

use crate::drift::baseline::Baseline;
use crate::drift::calendar::{WINDOW_S, first_hour, hour};
use crate::drift::detector::{Alarm, Detector, Direction, Fired, Silence};
use crate::drift::grid::Hours;
use crate::drift::number::{log_odds, number};
use crate::drift::rate::{Rate, Run, Usual};
use crate::drift::tally::Counts;

/// One series.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Watch {
    pub(crate) decisions: Hours,
    pub(crate) escalated: Hours,
    pub(crate) baseline: Result<Baseline, Silence>,
    pub(crate) ways: [Way; 2],
}

/// One detector of it.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Way {
    pub(crate) rate: Rate,
    pub(crate) last: Option<Fired>,
    /// What it must reach, as it was when last asked.
    pub(crate) threshold: f64,
}

impl Watch {
    pub(crate) fn new() -> Self {
        let way = |direction| Way { rate: Rate::new(direction), last: None, threshold: f64::INFINITY };
        Self {
            decisions: Hours::new(),
            escalated: Hours::new(),
            baseline: Err(Silence::Young),
            ways: [way(Direction::Up), way(Direction::Down)],
        }
    }

    /// Keeps the counts of a window.
    pub(crate) fn keep(&mut self, start_s: i64, counts: Counts) {
        let add = |hours: &mut Hours, many: u64| {
            if many > 0 {
                let sum = hours.entry(hour(start_s)).or_default();
                *sum = sum.saturating_add(many);
            }
        };
        add(&mut self.decisions, counts.decisions);
        add(&mut self.escalated, counts.escalated);
    }

    /// Lets both detectors hear a window.
    pub(crate) fn hear(&mut self, start_s: i64, counts: Counts, class: Option<&str>, threshold: f64) -> Vec<Alarm> {
        let Ok(baseline) = &self.baseline else { return Vec::new() };
        // An hour of the week of which nothing is known gives no evidence.
        let Some(share) = baseline.share(hour(start_s)) else { return Vec::new() };
        let usual = Usual { log_odds: log_odds(share), band: baseline.band, dispersion: baseline.dispersion };
        let hear = |way: &mut Way| {
            way.threshold = threshold;
            let run = way.rate.hear(start_s, counts, usual, threshold)?;
            let alarm = alarm(start_s + WINDOW_S, way.rate.direction(), class, run);
            way.last = Some(Fired { at_s: alarm.at_s, why: alarm.why.clone() });
            Some(alarm)
        };
        self.ways.iter_mut().filter_map(hear).collect()
    }

    /// What is needed at the beginning of a day: forgets what is too old, and learns what is usual. `is_anew`: both
    /// detectors begin anew.
    pub(crate) fn begin_day(&mut self, today: i64, kept_from: i64, forgotten_s: i64, is_anew: bool) {
        for hours in [&mut self.decisions, &mut self.escalated] {
            *hours = hours.split_off(&first_hour(kept_from));
        }
        self.baseline = Baseline::learn(&self.decisions, &self.escalated, today);
        for way in &mut self.ways {
            way.last = way.last.take().filter(|fired| fired.at_s > forgotten_s);
            if is_anew {
                way.rate = Rate::new(way.rate.direction());
            }
        }
    }

    /// The counts of an hour.
    pub(crate) fn counts(&self, hour: i64) -> Counts {
        let many = |hours: &Hours| hours.get(&hour).copied().unwrap_or(0);
        Counts { decisions: many(&self.decisions), escalated: many(&self.escalated) }
    }
}

fn alarm(at_s: i64, direction: Direction, class: Option<&str>, run: Run) -> Alarm {
    let decisions = number(run.counts.decisions).max(1.0);
    let (now, usual) = (number(run.counts.escalated) / decisions, run.expected / decisions);
    let of = class.map_or_else(String::new, |class| format!(" of class {class}"));
    let hours = number(u64::try_from((at_s - run.start_s).max(0)).unwrap_or(0)) / 3_600.0;
    let why = format!(
        "{:.1} % of {} decisions{of} in the last {hours:.1} hours were escalations; {:.1} % is usual at these hours",
        now * 100.0,
        run.counts.decisions,
        usual * 100.0
    );
    Alarm { at_s, what: Detector::Rate { class: class.map(str::to_owned), direction }, now, usual, why }
}
