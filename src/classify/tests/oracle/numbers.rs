//! Random numbers that a seed repeats.

use super::regexes::Known;

/// Xorshift (Marsaglia 2003), multiplied (Vigna 2016).
pub(super) struct Numbers {
    state: u64,
    /// Regexes of this run, if it has some.
    pub(super) regexes: &'static [Known],
}

impl Numbers {
    pub(super) fn new(seed: u64) -> Self {
        Self::with(seed, &[])
    }

    pub(super) fn with(seed: u64, regexes: &'static [Known]) -> Self {
        let mut numbers = Self { state: seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1, regexes };
        // Seeds that lie close together begin alike.
        (0..8).for_each(|_| _ = numbers.below(2));
        numbers
    }

    pub(super) fn below(&mut self, bound: usize) -> usize {
        self.state ^= self.state >> 12;
        self.state ^= self.state << 25;
        self.state ^= self.state >> 27;
        (self.state.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 33) as usize % bound
    }

    pub(super) fn one_in(&mut self, bound: usize) -> bool {
        self.below(bound) == 0
    }

    pub(super) fn pick<T: Copy>(&mut self, choices: &[T]) -> T {
        *self.choose(choices)
    }

    pub(super) fn choose<'t, T>(&mut self, choices: &'t [T]) -> &'t T {
        &choices[self.below(choices.len())]
    }
}
