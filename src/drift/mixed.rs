//! What the tests of a mix found, day after day.

use crate::drift::calendar::DAY_S;
use crate::drift::detector::{Alarm, Detector, Fired, Point, Silence};
use crate::drift::mix::Tested;

/// A detector of a mix.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Mix {
    pub(crate) what: Detector,
    pub(crate) tested: Option<Tested>,
    pub(crate) silent: Option<Silence>,
    /// One for each day that was tested, of the last 28 days.
    pub(crate) points: Vec<Point>,
    pub(crate) last: Option<Fired>,
}

impl Mix {
    pub(crate) fn new(what: Detector) -> Self {
        Self { what, tested: None, silent: Some(Silence::Young), points: Vec::new(), last: None }
    }

    /// Takes what the test of a day found.
    pub(crate) fn take(&mut self, day: i64, tested: Result<Option<Tested>, Silence>) -> Option<Alarm> {
        self.silent = tested.as_ref().err().copied();
        let tested = tested.ok()??;
        self.points.push(Point {
            at_s: day * DAY_S,
            now: Some(tested.distance / tested.critical),
            usual: Some(tested.freedom / tested.critical),
        });
        let alarm = (tested.height >= 1.0).then(|| self.alarm((day + 1) * DAY_S, &tested));
        if let Some(alarm) = &alarm {
            self.last = Some(Fired { at_s: alarm.at_s, why: alarm.why.clone() });
        }
        self.tested = Some(tested);
        alarm
    }

    fn alarm(&self, at_s: i64, tested: &Tested) -> Alarm {
        let (of, name) = match self.what {
            Detector::Reasons => ("escalations", format!("for reason {}", tested.name)),
            Detector::Lengths => ("messages", format!("{} long", tested.name)),
            Detector::UnknownWords => ("messages", format!("of words of which no rule knows {}", tested.name)),
            Detector::Classes | Detector::Rate { .. } => ("messages", format!("of class {}", tested.name)),
        };
        let why = format!(
            "{:.1} % of {:.0} {of} of the day were {name}; {:.1} % is usual; all in all {:.1} from the usual, of {:.1} allowed",
            tested.now * 100.0,
            tested.of,
            tested.usual * 100.0,
            tested.distance,
            tested.critical
        );
        Alarm { at_s, what: self.what.clone(), now: tested.now, usual: tested.usual, why }
    }

    /// Forgets what is older than this second.
    pub(crate) fn forget(&mut self, forgotten_s: i64) {
        self.points.retain(|point| point.at_s > forgotten_s);
        self.last = self.last.take().filter(|fired| fired.at_s > forgotten_s);
        if self.points.is_empty() {
            self.tested = None;
        }
    }
}
