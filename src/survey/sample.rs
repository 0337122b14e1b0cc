//! A fair sample of what is too much to keep.

/// At most so many of all that came, each as likely as any other (Algorithm R, Vitter 1985). The same messages in the same
/// order give the same sample.
#[derive(Debug)]
pub(super) struct Sample<T> {
    kept: Vec<T>,
    seen: u64,
    kept_max: usize,
    choices: fastrand::Rng,
}

impl<T> Sample<T> {
    pub(super) fn new(kept_max: usize) -> Self {
        Self { kept: Vec::new(), seen: 0, kept_max, choices: fastrand::Rng::with_seed(0) }
    }

    /// Offers one; it is made only where it is kept.
    pub(super) fn offer(&mut self, make: impl FnOnce() -> T) {
        self.seen += 1;
        if self.kept.len() < self.kept_max {
            self.kept.push(make());
            return;
        }
        let place = usize::try_from(self.choices.u64(..self.seen)).unwrap_or(usize::MAX);
        if let Some(kept) = self.kept.get_mut(place) {
            *kept = make();
        }
    }

    pub(super) fn kept(&self) -> &[T] {
        &self.kept
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_is_as_likely_as_any_other() {
        let mut halves = [0, 0];
        let mut sample = Sample::new(1_000);
        (0..100_000_u32).for_each(|number| sample.offer(|| number));
        sample.kept().iter().for_each(|&number| halves[usize::from(number >= 50_000)] += 1);
        assert_eq!(sample.kept().len(), 1_000);
        // Six standard deviations.
        assert!(halves.iter().all(|half| (405..=595).contains(half)), "{halves:?}");
    }
}
