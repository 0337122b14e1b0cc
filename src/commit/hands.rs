//! What an instance has in hand of a source, and since when something can have been committed on what it gave back.

use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

/// Which message of a source: a stream that was made anew counts from 1 again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct MessageKey {
    /// Its sequence in its stream.
    pub sequence: u64,
    /// When the broker stored it.
    pub stored_at_ns: i128,
}

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
    known: BTreeMap<MessageKey, Known>,
    /// How many of them were given back.
    given_back: usize,
    /// What is done with, as it first came to that; some of it is in hand again.
    done: VecDeque<MessageKey>,
}

#[derive(Clone, Copy, Debug)]
struct Known {
    stage: Stage,
    untouched_until_ns: Option<i128>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stage {
    InHand,
    /// It comes again.
    GivenBack,
    /// It comes again only where a copy is on its way, or an ack was lost.
    Done,
}

impl Hands {
    /// Nothing yet. `remembered_max`: messages that were given back, and as many that are done with, of which something is
    /// remembered. `on_way_max`: how long a delivery may be on its way to us.
    pub fn new(remembered_max: usize, on_way_max: Duration) -> Self {
        let (known, done) = (BTreeMap::new(), VecDeque::new());
        Self { remembered_max, on_way_max, emptied_at_ns: None, known, given_back: 0, done }
    }

    /// All that had come was looked at, after the broker's clock showed this.
    pub fn emptied(&mut self, at_ns: i128) {
        self.emptied_at_ns = Some(at_ns);
    }

    /// Takes a delivery in hand, unless its message is there already. `is_first`: it was never delivered to anybody before,
    /// and the consumer is believed.
    pub fn take(&mut self, key: MessageKey, is_first: bool) -> bool {
        let known = match self.known.entry(key) {
            Entry::Vacant(vacant) => vacant.insert(Known { stage: Stage::InHand, untouched_until_ns: None }),
            Entry::Occupied(occupied) if occupied.get().stage == Stage::InHand => return false,
            Entry::Occupied(occupied) => occupied.into_mut(),
        };
        self.given_back -= usize::from(known.stage == Stage::GivenBack);
        known.stage = Stage::InHand;
        if is_first && let Some(emptied_at_ns) = self.emptied_at_ns {
            // It had not come then, and is not on its way for longer than this.
            let sent_at_ns = emptied_at_ns - i128::try_from(self.on_way_max.as_nanos()).unwrap_or(i128::MAX);
            known.untouched_until_ns = known.untouched_until_ns.max(Some(sent_at_ns));
        }
        true
    }

    /// Nothing had been committed on it when the broker's clock showed this.
    pub fn untouched(&mut self, key: MessageKey, until_ns: i128) {
        if let Some(known) = self.known.get_mut(&key) {
            known.untouched_until_ns = known.untouched_until_ns.max(Some(until_ns));
        }
    }

    /// Until when, by the broker's clock, nothing can have been committed on it; `None` where it is not known.
    pub fn untouched_until_ns(&self, key: MessageKey) -> Option<i128> {
        self.known.get(&key)?.untouched_until_ns
    }

    /// It is in hand no longer. `is_done`: its source was told that it need not come again.
    pub fn let_go(&mut self, key: MessageKey, is_done: bool) {
        let Some(known) = self.known.get_mut(&key).filter(|known| known.stage == Stage::InHand) else { return };
        if is_done {
            known.stage = Stage::Done;
            self.done.push_back(key);
            self.forget_done();
        } else {
            known.stage = Stage::GivenBack;
            self.given_back += 1;
            self.forget_given_back();
        }
    }

    fn forget_done(&mut self) {
        while self.done.len() > self.remembered_max
            && let Some(key) = self.done.pop_front()
        {
            if self.known.get(&key).is_some_and(|known| known.stage == Stage::Done) {
                self.known.remove(&key);
            }
        }
    }

    /// More than may be in flight at the source: others have done with some, and the oldest are the likeliest.
    fn forget_given_back(&mut self) {
        let oldest = || self.known.iter().find(|(_, known)| known.stage == Stage::GivenBack);
        if self.given_back > self.remembered_max
            && let Some(key) = oldest().map(|(key, _)| *key)
        {
            self.known.remove(&key);
            self.given_back -= 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ON_WAY_MAX: Duration = Duration::from_nanos(10);

    fn key(sequence: u64) -> MessageKey {
        MessageKey { sequence, stored_at_ns: 7 }
    }

    #[test]
    fn a_copy_of_what_is_in_hand_is_not_taken() {
        let mut hands = Hands::new(2, ON_WAY_MAX);
        assert!(hands.take(key(1), true));
        assert!(!hands.take(key(1), false));
        let of_a_stream_made_anew = MessageKey { stored_at_ns: 8, ..key(1) };
        assert!(hands.take(of_a_stream_made_anew, true), "another message");
        for is_done in [false, true] {
            hands.let_go(key(1), is_done);
            assert!(hands.take(key(1), false));
        }
    }

    #[test]
    fn what_had_not_come_when_all_was_looked_at_was_not_delivered_long_before() {
        let mut hands = Hands::new(2, ON_WAY_MAX);
        hands.take(key(1), true);
        assert_eq!(hands.untouched_until_ns(key(1)), None, "it may have lain here since nobody knows when");
        hands.emptied(100);
        hands.take(key(2), true);
        assert_eq!(hands.untouched_until_ns(key(2)), Some(90));
        hands.take(key(3), false);
        assert_eq!(hands.untouched_until_ns(key(3)), None, "others had it before");
        hands.untouched(key(3), 120);
        hands.untouched(key(3), 110);
        hands.emptied(200);
        hands.let_go(key(3), false);
        hands.take(key(3), false);
        assert_eq!(hands.untouched_until_ns(key(3)), Some(120), "of what comes again, nothing is learnt by its coming");
    }

    #[test]
    fn what_is_done_with_takes_no_place_from_what_comes_again() {
        let mut hands = Hands::new(2, ON_WAY_MAX);
        hands.emptied(100);
        let known = |hands: &Hands| -> Vec<u64> {
            (1..=9).filter(|sequence| hands.untouched_until_ns(key(*sequence)).is_some()).collect()
        };
        for sequence in 1..=9 {
            hands.take(key(sequence), true);
        }
        for sequence in [5, 4, 3] {
            hands.let_go(key(sequence), false);
        }
        assert_eq!(known(&hands), [1, 2, 4, 5, 6, 7, 8, 9], "the oldest that was given back is forgotten");
        for sequence in [9, 8, 7, 6] {
            hands.let_go(key(sequence), true);
        }
        assert_eq!(known(&hands), [1, 2, 4, 5, 6, 7], "the first that were done with are forgotten");
        // A late copy of what is done with, and again.
        assert!(hands.take(key(7), false) && !hands.take(key(7), false));
        hands.let_go(key(7), true);
        hands.let_go(key(7), true);
        assert_eq!(known(&hands), [1, 2, 4, 5, 6], "it is as old as when it was first done with");
        assert!(hands.take(key(4), false) && hands.take(key(5), false) && !hands.take(key(1), false));
    }
}
