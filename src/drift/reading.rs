//! What detectors see at present, for people.

use crate::drift::calendar::{HOUR_S, WEEK_HOURS, hour};
use crate::drift::detector::{Detector, Point, Reading, Silence};
use crate::drift::mixed::Mix;
use crate::drift::number::number;
use crate::drift::tally::Counts;
use crate::drift::watch::Watch;

/// Over how many hours the present share is counted.
const NOW_HOURS: i64 = 24;

/// Of both detectors of a series, now being the last window.
pub(crate) fn of_watch(watch: &Watch, class: Option<&str>, now_s: i64) -> [Reading; 2] {
    let latest = hour(now_s);
    let hours = latest + 1 - i64::try_from(WEEK_HOURS).unwrap_or(0)..=latest;
    let points: Vec<Point> = hours.map(|hour| point(watch, hour)).collect();
    let (mut sum, mut expected) = (Counts::default(), 0.0);
    for hour in latest + 1 - NOW_HOURS..=latest {
        let share = watch.baseline.as_ref().ok().and_then(|baseline| baseline.share(hour));
        let counts = watch.counts(hour);
        sum = sum.and(counts);
        // Where nothing is known, as it is now.
        expected += share.map_or(number(counts.escalated), |share| share * number(counts.decisions));
    }
    let part = |many: f64| (sum.decisions > 0).then(|| many / number(sum.decisions));
    watch.ways.each_ref().map(|way| Reading {
        what: Detector::Rate { class: class.map(str::to_owned), direction: way.rate.direction() },
        height: (way.rate.speaks().ln_1p() / way.threshold.ln_1p()).clamp(0.0, 1.0),
        now: part(number(sum.escalated)),
        usual: part(expected).filter(|_| watch.baseline.is_ok()),
        silent: watch.baseline.as_ref().err().copied().or(way.rate.is_resting(now_s).then_some(Silence::Resting)),
        points: points.clone(),
        last: way.last.clone(),
    })
}

/// Of a mix.
pub(crate) fn of_mix(mix: &Mix) -> Reading {
    Reading {
        what: mix.what.clone(),
        height: mix.tested.as_ref().map_or(0.0, |tested| tested.height.clamp(0.0, 1.0)),
        now: mix.tested.as_ref().map(|tested| tested.now),
        usual: mix.tested.as_ref().map(|tested| tested.usual),
        silent: mix.silent,
        points: mix.points.clone(),
        last: mix.last.clone(),
    }
}

fn point(watch: &Watch, hour: i64) -> Point {
    let counts = watch.counts(hour);
    Point {
        at_s: hour * HOUR_S,
        now: (counts.decisions > 0).then(|| number(counts.escalated) / number(counts.decisions)),
        usual: watch.baseline.as_ref().ok().and_then(|baseline| baseline.share(hour)),
    }
}
