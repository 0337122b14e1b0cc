//! What an instance has in hand of a source, and since when something can have been committed on what it gave back.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::time::Duration;

/// The messages of a source that an instance has in hand: between its look at a delivery and its last word to the source. A
/// copy that comes meanwhile is nobody's work: without this, an instance that falls behind its source's patience would do
/// everything again for each copy, and fall further behind.
///
/// Of what it had in hand it remembers since when something can have been committed on it, so that whoever looks for that need
/// not read all that was committed since the message was stored, perhaps hours ago.
#[derive(Clone, Debug)]
pub struct Hands {
    remembered_max: usize,
    on_way_max: Duration,
    emptied_at_ns: Option<i128>,
    known: BTreeMap<u64, Known>,
    /// How many of them are not in hand.
    let_go: usize,
}

#[derive(Clone, Copy, Debug)]
struct Known {
    is_in_hand: bool,
    untouched_until_ns: Option<i128>,
}

impl Hands {
    /// Nothing yet. `remembered_max`: messages of which something is remembered, those in hand not counted. `on_way_max`: how
    /// long a delivery may be on its way to us.
    pub fn new(remembered_max: usize, on_way_max: Duration) -> Self {
        Self { remembered_max, on_way_max, emptied_at_ns: None, known: BTreeMap::new(), let_go: 0 }
    }

    /// All that had come was looked at, after the broker's clock showed this.
    pub fn emptied(&mut self, at_ns: i128) {
        self.emptied_at_ns = Some(at_ns);
    }

    /// Takes a delivery in hand, unless its message is there already. `is_first`: it was never delivered to anybody before,
    /// and the consumer is believed.
    pub fn take(&mut self, sequence: u64, is_first: bool) -> bool {
        let known = match self.known.entry(sequence) {
            Entry::Vacant(vacant) => vacant.insert(Known { is_in_hand: true, untouched_until_ns: None }),
            Entry::Occupied(occupied) if occupied.get().is_in_hand => return false,
            Entry::Occupied(occupied) => {
                self.let_go -= 1;
                occupied.into_mut()
            }
        };
        known.is_in_hand = true;
        if is_first && let Some(emptied_at_ns) = self.emptied_at_ns {
            // It had not come then, and is not on its way for longer than this.
            let sent_at_ns = emptied_at_ns - i128::try_from(self.on_way_max.as_nanos()).unwrap_or(i128::MAX);
            known.untouched_until_ns = known.untouched_until_ns.max(Some(sent_at_ns));
        }
        true
    }

    /// Nothing had been committed on it when the broker's clock showed this.
    pub fn untouched(&mut self, sequence: u64, until_ns: i128) {
        if let Some(known) = self.known.get_mut(&sequence) {
            known.untouched_until_ns = known.untouched_until_ns.max(Some(until_ns));
        }
    }

    /// Until when, by the broker's clock, nothing can have been committed on it; `None` where it is not known.
    pub fn untouched_until_ns(&self, sequence: u64) -> Option<i128> {
        self.known.get(&sequence)?.untouched_until_ns
    }

    /// It is in hand no longer. It may come again, even where its source was told that it need not: a copy may be on its way.
    pub fn let_go(&mut self, sequence: u64) {
        if let Some(known) = self.known.get_mut(&sequence)
            && known.is_in_hand
        {
            known.is_in_hand = false;
            self.let_go += 1;
        }
        if self.let_go > self.remembered_max
            && let Some(oldest) = self.known.iter().find(|(_, known)| !known.is_in_hand).map(|(sequence, _)| *sequence)
        {
            self.known.remove(&oldest);
            self.let_go -= 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ON_WAY_MAX: Duration = Duration::from_nanos(10);

    #[test]
    fn a_copy_of_what_is_in_hand_is_not_taken() {
        let mut hands = Hands::new(2, ON_WAY_MAX);
        assert!(hands.take(1, true));
        assert!(!hands.take(1, false));
        hands.let_go(1);
        assert!(hands.take(1, false));
    }

    #[test]
    fn what_had_not_come_when_all_was_looked_at_was_not_delivered_long_before() {
        let mut hands = Hands::new(2, ON_WAY_MAX);
        hands.take(1, true);
        assert_eq!(hands.untouched_until_ns(1), None, "it may have lain here since nobody knows when");
        hands.emptied(100);
        hands.take(2, true);
        assert_eq!(hands.untouched_until_ns(2), Some(90));
        hands.take(3, false);
        assert_eq!(hands.untouched_until_ns(3), None, "others had it before");
        hands.untouched(3, 120);
        hands.untouched(3, 110);
        hands.emptied(200);
        hands.let_go(3);
        hands.take(3, false);
        assert_eq!(hands.untouched_until_ns(3), Some(120), "of what comes again, nothing is learnt by its coming");
    }

    #[test]
    fn the_oldest_that_are_not_in_hand_are_forgotten() {
        let mut hands = Hands::new(2, ON_WAY_MAX);
        hands.emptied(100);
        for sequence in 1..=5 {
            hands.take(sequence, true);
        }
        for sequence in [5, 4, 3, 2] {
            hands.let_go(sequence);
        }
        let known: Vec<u64> = (1..=5).filter(|sequence| hands.untouched_until_ns(*sequence).is_some()).collect();
        assert_eq!(known, [1, 4, 5], "the first is in hand");
        // Let go twice: nothing.
        hands.let_go(5);
        hands.let_go(1);
        assert!(hands.take(1, false) && hands.take(4, false) && hands.take(5, false));
    }
}
