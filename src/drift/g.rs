//! The G-test: how far counts are from what was expected, and how far they may be.
//!
//! The likelihood ratio of multinomial counts against expected ones (Wilks 1938; Sokal and Rohlf, *Biometry*, 2012, chapter
//! 17), G = 2 Σ O ln (O / E). Divided by a dispersion factor φ and its degrees of freedom it has an F distribution with
//! these, and with those of what φ was measured on (McCullagh and Nelder, *Generalized Linear Models*, 1989, section 4.5);
//! where φ is known, G / φ has a chi-squared one.

use crate::drift::number::number_of;
use statrs::distribution::{ChiSquared, ContinuousCDF, FisherSnedecor};

/// The fewest that may be expected of a category: the distributions are those of many.
const EXPECTED_MIN: f64 = 5.0;

/// What was counted of a category, and what was expected.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Pair {
    pub(crate) observed: f64,
    pub(crate) expected: f64,
}

/// A G and its degrees of freedom.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Distance {
    pub(crate) g: f64,
    pub(crate) freedom: f64,
}

impl Pair {
    /// How surprising it is.
    pub(crate) fn excess(self) -> f64 {
        (self.observed - self.expected).powi(2) / self.expected.max(1.0)
    }
}

/// G and its degrees of freedom; `None` where nothing is expected often enough.
///
/// What is expected less than [`EXPECTED_MIN`] times is taken together. Where that is still less, as many are nothing, and
/// only what is beyond them counts: a class that never was shows, and one message of it does not.
pub(crate) fn distance(pairs: &[Pair]) -> Option<Distance> {
    let (rare, often): (Vec<Pair>, Vec<Pair>) = pairs.iter().partition(|pair| pair.expected < EXPECTED_MIN);
    let part = |pair: &Pair| {
        let ratio_ln = if pair.observed > 0.0 { (pair.observed / pair.expected).ln() } else { 0.0 };
        // The second term sums to 0 but for what is nothing.
        2.0 * (pair.observed * ratio_ln - (pair.observed - pair.expected))
    };
    let rest = rare.iter().fold(Pair::default(), |sum, pair| Pair {
        observed: sum.observed + pair.observed,
        expected: sum.expected + pair.expected,
    });
    let rest = Pair { expected: rest.expected.max(rest.observed.min(EXPECTED_MIN)), ..rest };
    let g = often.iter().chain((rest.expected > 0.0).then_some(&rest)).map(part).sum::<f64>();
    let categories = often.len() + usize::from(!rare.is_empty());
    (!often.is_empty()).then(|| Distance { g: g.max(0.0), freedom: number_of(categories.max(2) - 1) })
}

/// What G divided by the dispersion factor must reach, and the chance that it is as far as it is,
/// given the degrees of freedom of what the dispersion factor was measured on, if it was.
pub(crate) fn critical(now: Distance, dispersion: f64, freedom: Option<f64>, significance: f64) -> (f64, f64) {
    let distance = now.g / dispersion;
    if let Some(f) = freedom.and_then(|freedom| FisherSnedecor::new(now.freedom, freedom).ok()) {
        return (now.freedom * f.inverse_cdf(1.0 - significance), f.sf(distance / now.freedom));
    }
    match ChiSquared::new(now.freedom) {
        Ok(chi) => (chi.inverse_cdf(1.0 - significance), chi.sf(distance)),
        Err(_) => (f64::INFINITY, 1.0),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pairs(pairs: &[(f64, f64)]) -> Vec<Pair> {
        pairs.iter().map(|&(observed, expected)| Pair { observed, expected }).collect()
    }

    #[test]
    fn g_is_what_the_books_say() {
        // Sokal and Rohlf's box 17.1, rounded: 63, 31, 28, 12, 39, 16, 40, 12 in the ratio 18:6:6:2:12:4:12:4 of 241.
        let parts = [18.0, 6.0, 6.0, 2.0, 12.0, 4.0, 12.0, 4.0];
        let seen = [63.0, 31.0, 28.0, 12.0, 39.0, 16.0, 40.0, 12.0];
        let both: Vec<(f64, f64)> = seen.into_iter().zip(parts.map(|part| part / 64.0 * 241.0)).collect();
        let found = distance(&pairs(&both)).unwrap();
        assert!((found.g - 8.824).abs() < 0.01 && (found.freedom - 7.0).abs() < 1e-9, "{found:?}");
        let (critical, chance) = critical(found, 1.0, None, 0.05);
        assert!((critical - 14.067).abs() < 0.001, "the table's: {critical}");
        assert!((0.26..0.28).contains(&chance), "{chance}");
    }

    #[test]
    fn small_categories_are_taken_together() {
        let of = |both: &[(f64, f64)]| distance(&pairs(both)).map(|it| (it.g, it.freedom));
        let (small, together) = ([(1.0, 1.0), (90.0, 90.0), (2.0, 2.5), (7.0, 4.5)], [(90.0, 90.0), (10.0, 8.0)]);
        assert_eq!(of(&small), of(&together));
        assert_eq!(of(&[(4.0, 4.0), (2.0, 0.5)]), None);
        assert_eq!(of(&[]), None);
        assert_eq!(of(&[(90.0, 90.0)]), Some((0.0, 1.0)));
        // A class that never was: five messages are nothing, and forty are 2 (40 ln (40 / 5) - 35) and the others' lack.
        assert!(of(&[(1_000.0, 1_005.0), (5.0, 0.0)]).is_some_and(|(g, _)| g < 0.1));
        assert!(
            of(&[(1_000.0, 1_040.0), (40.0, 0.0)])
                .is_some_and(|(g, freedom)| (97.0..99.0).contains(&g) && freedom < 1.5)
        );
        assert!(of(&[(1_003.0, 1_000.0), (0.0, 3.0)]).is_some_and(|(g, _)| (6.0..6.1).contains(&g)));
    }

    #[test]
    fn few_past_days_make_it_careful() {
        let now = Distance { g: 30.0, freedom: 1.0 };
        let of = |days| critical(now, 2.0, Some(days), 1e-4);
        assert!(of(7.0).0 > of(28.0).0 && of(28.0).0 > of(1e3).0 && of(1e3).0 > 15.13, "{:?} {:?}", of(28.0), of(1e3));
        assert!(of(7.0).1 > of(28.0).1 && of(28.0).1 > of(1e3).1);
        assert!((of(1e7).0 - 15.137).abs() < 0.01, "the chi-squared's in the end: {:?}", of(1e7));
    }
}
