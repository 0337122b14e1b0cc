//! Which handled decisions a person looks at afterwards: a share of them, drawn by a keyed hash of the decision's id, so
//! that nobody who sends messages can tell which.

use crate::channel::Channel;
use crate::class::Class;
use crate::decision::DecisionId;
use crate::policy::Sampling;
use jiff::Timestamp;
use std::collections::HashMap;

/// An hour, in seconds.
const HOUR_S: i64 = 3_600;

/// Draws samples.
#[derive(Clone)]
pub struct Sampler {
    key: [u8; 32],
    /// Of each class and channel, how many answers have come since it was promoted.
    answers: HashMap<Class, HashMap<Channel, u64>>,
    /// Until when more is drawn of a class, or of all, in seconds since the epoch: something drifts.
    drifted: HashMap<Option<Class>, i64>,
    /// Of each class, the hour and how many were taken in it.
    taken: HashMap<Class, (i64, u32)>,
}

impl std::fmt::Debug for Sampler {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Sampler")
    }
}

impl Sampler {
    /// One that draws by a key; instances that share it draw alike.
    pub fn new(key: [u8; 32]) -> Self {
        Self { key, answers: HashMap::new(), drifted: HashMap::new(), taken: HashMap::new() }
    }

    /// How many answers have come of each class and channel since its promotion. Of those that are left out, none have.
    pub fn answered(&mut self, answers: HashMap<Class, HashMap<Channel, u64>>) {
        self.answers = answers;
    }

    /// Something drifts, of a class or of all messages: more is drawn until then.
    pub fn drifted(&mut self, class: Option<&Class>, until_s: i64) {
        let until = self.drifted.entry(class.cloned()).or_insert(until_s);
        *until = until_s.max(*until);
    }

    /// Whether this decision is sampled.
    pub fn takes(
        &mut self,
        sampling: &Sampling,
        id: &DecisionId,
        class: &Class,
        channel: &Channel,
        now: Timestamp,
    ) -> bool {
        self.draw(id) < share(self.percent(sampling, class, channel, now)) && self.has_room(sampling, class, now)
    }

    /// More, where little was said yet, or something drifts.
    fn percent(&self, sampling: &Sampling, class: &Class, channel: &Channel, now: Timestamp) -> u64 {
        let usual = sampling.percent_of(class);
        let answers = self.answers.get(class).and_then(|channels| channels.get(channel)).copied().unwrap_or_default();
        let drifts = |of: &Option<Class>| self.drifted.get(of).is_some_and(|until| now.as_second() < *until);
        let is_wanted = answers < sampling.thin_answers || drifts(&None) || drifts(&Some(class.clone()));
        // Nought is meant.
        if is_wanted && usual > 0 { usual.max(sampling.thin_percent) } else { usual }
    }

    fn has_room(&mut self, sampling: &Sampling, class: &Class, now: Timestamp) -> bool {
        let hour = now.as_second().div_euclid(HOUR_S);
        let (known, taken) = self.taken.entry(class.clone()).or_insert((hour, 0));
        if *known != hour {
            (*known, *taken) = (hour, 0);
        }
        let has_room = *taken < sampling.per_hour_max;
        *taken += u32::from(has_room);
        has_room
    }

    fn draw(&self, id: &DecisionId) -> u64 {
        let hash = blake3::keyed_hash(&self.key, id.as_str().as_bytes());
        hash.as_bytes().first_chunk().map_or(u64::MAX, |first| u64::from_le_bytes(*first))
    }
}

/// Draws below this are that many percent of all.
fn share(percent: u64) -> u64 {
    if percent >= 100 { u64::MAX } else { u64::MAX / 100 * percent }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    fn sampling(percent: u64, thin_percent: u64, thin_answers: u64, per_hour_max: u32) -> Sampling {
        let deadline = Duration::from_secs(60);
        Sampling {
            percent,
            thin_percent,
            thin_answers,
            per_hour_max,
            deadline,
            classes: HashMap::new().into_iter().collect(),
        }
    }

    fn ids() -> impl Iterator<Item = DecisionId> {
        (0_u32..20_000).map(|n| DecisionId::try_from(format!("{n:032x}")).unwrap())
    }

    fn class() -> Class {
        Class::parse("greeting").unwrap()
    }

    fn channel() -> Channel {
        Channel::parse("chat.help").unwrap()
    }

    fn drawn(sampler: &mut Sampler, sampling: &Sampling) -> Vec<DecisionId> {
        ids().filter(|id| sampler.takes(sampling, id, &class(), &channel(), Timestamp::UNIX_EPOCH)).collect()
    }

    fn answered(answers: u64) -> HashMap<Class, HashMap<Channel, u64>> {
        HashMap::from([(class(), HashMap::from([(channel(), answers)]))])
    }

    #[test]
    fn the_share_is_the_one_that_was_asked_for_and_hangs_on_the_key() {
        for percent in [1, 2, 20, 50] {
            let sampling = sampling(percent, percent, 0, u32::MAX);
            let drawn: Vec<Vec<DecisionId>> =
                [[1; 32], [1; 32], [2; 32]].map(|key| drawn(&mut Sampler::new(key), &sampling)).into();
            let share = drawn[0].len() as u64 * 100;
            let expected = percent * 20_000;
            assert!(share.abs_diff(expected) < expected / 5 + 20_000 / 4, "{percent} %: {} of 20,000", drawn[0].len());
            assert_eq!(drawn[0], drawn[1], "the same key draws the same");
            assert_ne!(drawn[0], drawn[2], "another draws others");
        }
        assert_eq!(drawn(&mut Sampler::new([1; 32]), &sampling(100, 0, 0, u32::MAX)).len(), 20_000);
        assert!(drawn(&mut Sampler::new([1; 32]), &sampling(0, 100, 5, u32::MAX)).is_empty(), "nought is meant");
    }

    #[test]
    fn more_are_taken_while_little_was_said() {
        let sampling = sampling(1, 50, 30, u32::MAX);
        let mut sampler = Sampler::new([7; 32]);
        let thin = drawn(&mut sampler, &sampling).len();
        sampler.answered(answered(29));
        assert_eq!(drawn(&mut sampler, &sampling).len(), thin);
        sampler.answered(answered(30));
        let enough = drawn(&mut sampler, &sampling).len();
        assert!(thin > 9_000 && enough < 400, "{thin}, then {enough}");
    }

    #[test]
    fn more_are_taken_for_a_while_after_a_drift() {
        let sampling = sampling(1, 50, 0, u32::MAX);
        let drawn_after = |of: Option<&Class>, until_s| {
            let mut sampler = Sampler::new([7; 32]);
            sampler.drifted(of, until_s);
            drawn(&mut sampler, &sampling).len()
        };
        let other = Class::parse("farewell").unwrap();
        for (of, until_s, is_more) in
            [(None, 1, true), (Some(&class()), 1, true), (Some(&other), 1, false), (None, 0, false)]
        {
            assert_eq!(drawn_after(of, until_s) > 9_000, is_more, "{of:?} until {until_s}");
        }
    }

    #[test]
    fn an_hour_has_an_end() {
        let sampling = sampling(100, 100, 0, 5);
        let mut sampler = Sampler::new([7; 32]);
        assert_eq!(drawn(&mut sampler, &sampling).len(), 5);
        let id = ids().next().unwrap();
        let (class, channel) = (class(), channel());
        let mut takes = |second| {
            let now = Timestamp::from_second(second).unwrap();
            sampler.takes(&sampling, &id, &class, &channel, now)
        };
        assert!(!takes(HOUR_S - 1));
        assert!(takes(HOUR_S), "the next one begins anew");
        let other = Class::parse("farewell").unwrap();
        assert!(sampler.takes(&sampling, &id, &other, &channel, Timestamp::UNIX_EPOCH), "each class has its own");
    }
}
