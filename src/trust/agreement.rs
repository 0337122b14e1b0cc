//! Whether people still agree as often as a class's level asks for: a test that runs for ever, and seldom cries wolf.
//!
//! An e-detector of the Shiryaev-Roberts kind: Shin, Ramdas and Rinaldo, *E-detectors: a nonparametric framework for
//! sequential change detection* (2024), sections 2 and 3. For a share q below the threshold p0, the likelihood ratio of one
//! answer is
//!
//! ```text
//! L(agreed) = q / p0        L(disagreed) = (1 - q) / (1 - p0)
//! ```
//!
//! Where people agree at least as often as p0, its mean is 1 at the most, so that M_n = (M_(n-1) + 1) L_n, which begins
//! anew at each answer, has a mean of n at the most; so has the mean of several such M, one for each q. An alarm at
//! M ≥ [`RUN_MEAN_MIN`] therefore comes after that many answers on average, or later, as long as nothing is wrong.

/// After how many answers, on average and at the least, there is an alarm although nothing is wrong.
pub const RUN_MEAN_MIN: f64 = 1e6;

/// The shares of agreement that are looked for, as parts of the threshold.
const PARTS: [f64; 8] = [0.0, 0.2, 0.4, 0.6, 0.75, 0.85, 0.92, 0.97];

/// Follows the answers on one class, in their order.
#[derive(Clone, Debug)]
pub struct Agreement {
    threshold: f64,
    /// For each part of the threshold, how much speaks for it.
    speak: [f64; PARTS.len()],
}

impl Agreement {
    /// Of a class whose level asks for this share of agreement (above 0 and below 1).
    pub fn new(threshold: f64) -> Self {
        Self { threshold, speak: [0.0; PARTS.len()] }
    }

    /// Takes an answer.
    pub fn hear(&mut self, agreed: bool) {
        for (speak, part) in self.speak.iter_mut().zip(PARTS) {
            let share = part * self.threshold;
            let ratio = if agreed { part } else { (1.0 - share) / (1.0 - self.threshold) };
            // Far above every alarm it says nothing more.
            *speak = ((*speak + 1.0) * ratio).min(f64::MAX / 1e9);
        }
    }

    /// How much speaks against the class: [`RUN_MEAN_MIN`] is an alarm.
    #[expect(clippy::cast_precision_loss, reason = "eight")]
    pub fn against(&self) -> f64 {
        self.speak.iter().sum::<f64>() / PARTS.len() as f64
    }

    /// Whether people no longer agree as often as they must.
    pub fn is_lost(&self) -> bool {
        self.against() >= RUN_MEAN_MIN
    }

    /// Why a class whose level asks for this share is taken back on these answers, if it is.
    pub fn why_lost(threshold: f64, answers: &[bool]) -> Option<String> {
        Self::lost_at(threshold, answers.iter().copied())?;
        let disagreed = answers.iter().filter(|agreed| !**agreed).count();
        let needs = threshold * 100.0;
        Some(format!(
            "people disagreed with {disagreed} of {} since it was promoted: too often for a level that needs {needs:.0} % agreement",
            answers.len()
        ))
    }

    /// The first of these answers by which it is lost, counted from 0.
    pub fn lost_at(threshold: f64, answers: impl IntoIterator<Item = bool>) -> Option<usize> {
        let mut agreement = Self::new(threshold);
        answers.into_iter().position(|agreed| {
            agreement.hear(agreed);
            agreement.is_lost()
        })
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::print_stderr, reason = "seeds and delays are printed")]

    use super::*;
    use crate::policy::level::Level;
    use crate::trust::threshold;

    fn rng(what: &str) -> fastrand::Rng {
        let seed = std::env::var("DECILE_SEED").ok().map_or_else(|| fastrand::u64(..), |it| it.parse().unwrap());
        eprintln!("{what}: DECILE_SEED={seed}");
        fastrand::Rng::with_seed(seed)
    }

    /// The answers until an alarm, when people agree with this share; at most so many.
    fn run(threshold: f64, share: f64, most: usize, rng: &mut fastrand::Rng) -> Option<usize> {
        Agreement::lost_at(threshold, (0..most).map(|_| rng.f64() < share)).map(|at| at + 1)
    }

    #[test]
    fn an_answer_at_the_threshold_says_nothing_on_average() {
        for level in [Level::Routine, Level::Bounded] {
            let threshold = threshold(level).unwrap();
            let after = |agreed: bool| {
                let mut agreement = Agreement::new(threshold);
                agreement.hear(agreed);
                agreement.against()
            };
            let mean = threshold * after(true) + (1.0 - threshold) * after(false);
            assert!((mean - 1.0).abs() < 1e-9, "{mean}");
            let better = (threshold + 0.01) * after(true) + (1.0 - threshold - 0.01) * after(false);
            assert!(better < 1.0, "{better}");
        }
    }

    /// At the threshold exactly, which is as bad as may be. By Markov's inequality one run in fifty has an alarm within
    /// 20,000 answers, at the most.
    #[test]
    fn it_seldom_cries_wolf() {
        let mut rng = rng("agreement");
        for level in [Level::Routine, Level::Bounded] {
            let threshold = threshold(level).unwrap();
            let alarms = (0..500).filter(|_| run(threshold, threshold, 20_000, &mut rng).is_some()).count();
            eprintln!("{level:?}: {alarms} alarms in 500 runs of 20,000 answers");
            assert!(alarms <= 10 + 4 * 4, "{level:?}: {alarms} of 500");
        }
    }

    #[test]
    fn it_notices_soon_when_people_stop_agreeing() {
        assert_eq!(Agreement::lost_at(0.9, std::iter::repeat_n(false, 100)), Some(7 - 1), "seven in a row");
        assert_eq!(Agreement::lost_at(0.98, std::iter::repeat_n(false, 100)), Some(4 - 1));
        assert_eq!(Agreement::lost_at(0.9, std::iter::repeat_n(true, 100_000)), None);
        assert_eq!(Agreement::why_lost(0.9, &[false; 6]), None);
        assert!(Agreement::why_lost(0.9, &[false; 7]).is_some_and(|why| why.contains("with 7 of 7")));
        // However good it was before.
        let late = std::iter::repeat_n(true, 10_000).chain(std::iter::repeat_n(false, 100));
        assert!(Agreement::lost_at(0.9, late).is_some_and(|at| at < 10_010));
        let mut rng = rng("delays");
        for (level, share, most) in [(Level::Routine, 0.5, 60), (Level::Routine, 0.7, 250), (Level::Bounded, 0.9, 300)]
        {
            let threshold = threshold(level).unwrap();
            let delays: Vec<usize> = (0..500).map(|_| run(threshold, share, 100_000, &mut rng).unwrap()).collect();
            let mean = delays.iter().sum::<usize>() / delays.len();
            eprintln!(
                "{level:?}, {share} instead of {threshold}: {mean} answers on average, {} at the worst",
                delays.iter().max().unwrap()
            );
            assert!(mean < most, "{level:?} at {share}: {mean}");
        }
    }
}
