//! Traffic that is made up: a weekly cycle, bursts, and whatever change a test asks for.

use crate::drift::calendar::{DAY_S, WINDOW_S};
use crate::drift::tally::{Counts, NO_CLASS, Tally};

/// Seeded by DECILE_SEED, or by chance; printed either way.
pub(crate) fn rng(what: &str) -> fastrand::Rng {
    let seed = std::env::var("DECILE_SEED").ok().map_or_else(|| fastrand::u64(..), |it| it.parse().unwrap());
    eprintln!("{what}: DECILE_SEED={seed}");
    fastrand::Rng::with_seed(seed)
}

pub(crate) fn binomial(rng: &mut fastrand::Rng, of: u64, share: f64) -> u64 {
    (0..of).map(|_| u64::from(rng.f64() < share)).sum()
}

pub(crate) fn poisson(rng: &mut fastrand::Rng, mean: f64) -> u64 {
    // In parts, so that e^-mean stays far from 0.
    if mean > 30.0 {
        return poisson(rng, 30.0) + poisson(rng, mean - 30.0);
    }
    let (limit, mut many, mut product) = ((-mean).exp(), 0, rng.f64());
    while product > limit {
        many += 1;
        product *= rng.f64();
    }
    many
}

pub(crate) fn normal(rng: &mut fastrand::Rng) -> f64 {
    (-2.0 * (1.0 - rng.f64()).ln()).sqrt() * (rng.f64() * std::f64::consts::TAU).cos()
}

/// The place in a list of weights, by chance.
pub(crate) fn pick(rng: &mut fastrand::Rng, weights: &[f64]) -> usize {
    let mut at = rng.f64() * weights.iter().sum::<f64>();
    weights
        .iter()
        .position(|weight| {
            at -= weight;
            at < 0.0
        })
        .unwrap_or(weights.len() - 1)
}

/// How the traffic is.
#[derive(Clone, Debug)]
pub(crate) struct Traffic {
    /// Messages an hour on average.
    pub(crate) an_hour: f64,
    /// The share escalated on average, of each class, and the weight of each class; the last has no class.
    pub(crate) classes: Vec<(f64, f64)>,
    /// The weight of each reason.
    pub(crate) reasons: Vec<f64>,
    /// The middle of the lengths, as a power of two.
    pub(crate) length: f64,
    /// The middle of the shares of unknown words.
    pub(crate) unknown: f64,
    /// 0 for none; 1: nights have a tenth of the messages, three times the odds of an escalation, and another mix.
    pub(crate) cycle: f64,
    /// By how much days differ in their log odds and in their volume, and hours in theirs (standard deviations).
    pub(crate) days_differ: f64,
    pub(crate) hours_differ: f64,
    /// Messages come in threads of one to so many that share class, fate, reason and length.
    pub(crate) thread: u64,
}

impl Traffic {
    /// Flat, each message by itself: one class and all else alike.
    pub(crate) fn plain(an_hour: f64, share: f64) -> Self {
        Self {
            an_hour,
            classes: vec![(share, 1.0)],
            reasons: vec![3.0, 2.0, 1.0],
            length: 8.0,
            unknown: 0.5,
            cycle: 0.0,
            days_differ: 0.0,
            hours_differ: 0.0,
            thread: 1,
        }
    }

    /// Like a working team's.
    pub(crate) fn busy(an_hour: f64) -> Self {
        Self {
            an_hour,
            classes: vec![(0.02, 30.0), (0.05, 30.0), (0.1, 20.0), (0.3, 10.0), (1.0, 4.0)],
            reasons: vec![30.0, 20.0, 10.0, 5.0, 1.0],
            length: 8.0,
            unknown: 0.5,
            cycle: 1.0,
            days_differ: 0.08,
            hours_differ: 0.1,
            thread: 3,
        }
    }
}

/// Traffic in the order of time.
#[derive(Clone)]
pub(crate) struct Source {
    pub(crate) traffic: Traffic,
    pub(crate) next_s: i64,
    pub(crate) rng: fastrand::Rng,
    day: (f64, f64),
    hour: f64,
}

impl Source {
    pub(crate) fn new(traffic: Traffic, rng: &mut fastrand::Rng) -> Self {
        // A Thursday at midnight, at a chance place in the periods.
        let next_s = (19_000 / 7 + rng.i64(0..8)) * 7 * DAY_S;
        Self { traffic, next_s, rng: rng.fork(), day: (0.0, 0.0), hour: 0.0 }
    }

    /// The tally of the next window.
    pub(crate) fn next(&mut self) -> Tally {
        let mut tally = Tally::at(self.next_s);
        let (traffic, rng) = (&self.traffic, &mut self.rng);
        if self.next_s % DAY_S == 0 {
            self.day = (traffic.days_differ * normal(rng), 2.0 * traffic.days_differ * normal(rng));
        }
        if self.next_s % 3_600 == 0 {
            self.hour = traffic.hours_differ * normal(rng);
        }
        // 1 at three in the afternoon of a working day, 0 at three in the morning and on the weekend.
        let hour = (self.next_s % DAY_S) as f64 / 3_600.0;
        let is_weekend = matches!(self.next_s / DAY_S % 7, 2 | 3);
        let day =
            (0.5 - 0.5 * ((hour - 3.0) / 24.0 * std::f64::consts::TAU).cos()) * if is_weekend { 0.3 } else { 1.0 };
        let night = traffic.cycle * (1.0 - day);
        let volume = traffic.an_hour / 12.0 * (1.0 - 0.9 * night) / (1.0 - 0.55 * traffic.cycle) * self.day.1.exp();
        let threads = poisson(rng, volume / ((1 + traffic.thread) as f64 / 2.0));
        let weights: Vec<f64> = traffic
            .classes
            .iter()
            .enumerate()
            .map(|(at, (_, weight))| weight * (night * at as f64 * 0.3).exp())
            .collect();
        let shift = self.day.0 + self.hour + night * 3_f64.ln();
        let count = traffic.classes.len();
        for _ in 0..threads {
            let size = 1 + rng.u64(0..traffic.thread);
            let class = pick(rng, &weights);
            let odds = traffic.classes[class].0 / (1.0 - traffic.classes[class].0) * shift.exp();
            let is_escalated = odds.is_infinite() || rng.f64() < odds / (1.0 + odds);
            let name = if count > 1 && class == count - 1 { NO_CLASS.to_owned() } else { format!("class_{class}") };
            let counts = tally.classes.entry(name).or_default();
            *counts = counts.and(Counts { decisions: size, escalated: if is_escalated { size } else { 0 } });
            if is_escalated {
                let mut weights = traffic.reasons.clone();
                weights[0] *= 1.0 + night;
                *tally.reasons.entry(format!("reason_{}", pick(rng, &weights))).or_default() += size;
            }
            let length = (traffic.length - night + 1.3 * normal(rng)).clamp(0.0, 15.0) as u8;
            *tally.lengths.entry(length).or_default() += size;
            let unknown = (10.0 * (traffic.unknown + 0.1 * night + 0.15 * normal(rng))).clamp(0.0, 10.0) as u8;
            *tally.unknown.entry(unknown).or_default() += size;
        }
        self.next_s += WINDOW_S;
        tally
    }
}
