//! How much waits for people, and since when: a fold as the inbox's own, without what is asked.

use super::Published;
use super::place::Place;
use crate::decision::DecisionId;
use crate::policy::Desk;
use crate::rulings::{RulingReceipt, Word};
use crate::subject::Root;
use jiff::Timestamp;
use std::collections::{BTreeMap, HashMap};

/// The most escalations that are remembered; those that come while so many wait are left out.
const WAITING_MAX: usize = 100_000;

/// What of an escalation says who is asked: all else is passed over, and costs nothing.
#[derive(serde::Deserialize)]
struct Asking {
    decision: Asked,
}

#[derive(serde::Deserialize)]
struct Asked {
    id: DecisionId,
    #[serde(default)]
    desk: Option<Desk>,
}

/// The escalations that nobody has answered.
#[derive(Clone, Debug)]
pub struct Load {
    root: Root,
    desks: BTreeMap<Desk, HashMap<DecisionId, Timestamp>>,
}

/// What waits at a desk.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Queue {
    /// How many escalations.
    pub waiting: usize,
    /// When the oldest of them came there; none where there is none.
    pub since: Option<Timestamp>,
}

impl Load {
    /// Nothing waits.
    pub fn new(root: Root) -> Self {
        Self { root, desks: BTreeMap::new() }
    }

    /// Takes note of a message: an escalation, or what became of an answer. Anything else changes nothing.
    pub fn apply(&mut self, published: &Published<'_>) {
        match Place::of(&self.root, published.subject) {
            Some(Place::Escalated) => self.escalated(published),
            Some(Place::RulingReceipt(id)) => self.receipt(&id, published.payload),
            _ => {}
        }
    }

    /// An escalation. One that waits already has gone to another desk.
    fn escalated(&mut self, published: &Published<'_>) {
        let Ok(Asking { decision: Asked { id, desk: Some(desk) } }) = serde_json::from_slice(published.payload) else {
            return;
        };
        self.gone(&id);
        if self.waiting() < WAITING_MAX {
            self.desks.entry(desk).or_default().insert(id, published.stored_at);
        }
    }

    fn receipt(&mut self, id: &DecisionId, payload: &[u8]) {
        let receipt = serde_json::from_slice::<RulingReceipt>(payload);
        if receipt.is_ok_and(|it| it.outcome.is_effective() || it.outcome == Word::Expired) {
            self.gone(id);
        }
    }

    fn gone(&mut self, id: &DecisionId) {
        for waiting in self.desks.values_mut() {
            waiting.remove(id);
        }
    }

    /// Forgets what came before a time.
    pub fn forget(&mut self, before: Timestamp) {
        self.desks.values_mut().for_each(|waiting| waiting.retain(|_, since| *since >= before));
    }

    /// What waits at a desk.
    pub fn at(&self, desk: &Desk) -> Queue {
        self.desks.get(desk).map_or_else(Queue::default, |waiting| Queue {
            waiting: waiting.len(),
            since: waiting.values().min().copied(),
        })
    }

    fn waiting(&self) -> usize {
        self.desks.values().map(HashMap::len).sum()
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::{at, escalation, ruling_receipt};
    use super::*;
    use crate::decision::Record;

    const DRAFT: &str = include_str!("../../tests/golden/draft-v1.json");

    struct Town {
        load: Load,
        root: Root,
    }

    impl Town {
        fn escalated(&mut self, id: &str, desk: &str, second: i64) -> DecisionId {
            let escalation = escalation(DRAFT, id, desk, |_| {});
            let id = escalation.decision.id.clone();
            let record = Record::Escalated(Box::new(escalation));
            let (subject, payload) = (self.root.of_record(&record).unwrap(), record.encode().unwrap());
            self.load.apply(&Published {
                subject: &subject,
                sequence: 1,
                stored_at: at(second),
                payload: payload.as_ref(),
            });
            id
        }

        fn became(&mut self, id: &DecisionId, outcome: Word) {
            let payload = ruling_receipt(id, 7, outcome.as_str(), "");
            let subject = self.root.ruling_receipt(id);
            self.load.apply(&Published { subject: subject.as_str(), sequence: 2, stored_at: at(9), payload: &payload });
        }

        fn at(&self, desk: &str) -> (usize, Option<Timestamp>) {
            let Queue { waiting, since } = self.load.at(&Desk::parse(desk).unwrap());
            (waiting, since)
        }
    }

    #[test]
    fn what_nobody_has_answered_waits_at_its_desk() {
        let root = Root::new("decile").unwrap();
        let mut town = Town { load: Load::new(root.clone()), root };
        assert_eq!(town.at("human"), (0, None));
        let first = town.escalated("a1", "human", 3);
        let second = town.escalated("a2", "human", 5);
        town.escalated("a3", "legal", 4);
        assert_eq!((town.at("human"), town.at("legal")), ((2, Some(at(3))), (1, Some(at(4)))));
        for word in Word::ALL {
            let id = town.escalated("a4", "human", 4);
            town.became(&id, word);
            let is_over = word.is_effective() || word == Word::Expired;
            assert_eq!(town.at("human").0, if is_over { 2 } else { 3 }, "{word:?}");
            town.became(&id, Word::Rejected);
        }
        town.became(&first, Word::Approved);
        assert_eq!(town.at("human"), (1, Some(at(5))));
        let rerouted = town.escalated("a2", "legal", 8);
        assert_eq!(rerouted, second);
        assert_eq!((town.at("human"), town.at("legal")), ((0, None), (2, Some(at(4)))));
        town.load.forget(at(5));
        assert_eq!(town.at("legal"), (1, Some(at(8))));
    }
}
