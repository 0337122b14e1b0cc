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
    key: Option<[u8; 32]>,
    /// Of each class and channel, how many answers have come since it was promoted.
    answers: HashMap<Class, HashMap<Channel, u64>>,
    /// Until when more is drawn of a class, or of all, in seconds since the epoch: something drifts.
    drifted: HashMap<Option<Class>, i64>,
    /// Of each class, how much of the room that there ever was is used.
    used: HashMap<Class, i64>,
}

impl std::fmt::Debug for Sampler {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Sampler")
    }
}

impl Sampler {
    /// One that draws by a key; instances that share it draw alike. Without a key it draws nothing.
    pub fn new(key: Option<[u8; 32]>) -> Self {
        Self { key, answers: HashMap::new(), drifted: HashMap::new(), used: HashMap::new() }
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

    /// Room for one comes free at a moment of each part of an hour that only the key tells, and waits: so nobody who sends many
    /// messages at once can tell that none is looked at afterwards.
    fn has_room(&mut self, sampling: &Sampling, class: &Class, now: Timestamp) -> bool {
        let most = i64::from(sampling.per_hour_max.max(1));
        let ever = self.freed(most, class, now.as_second());
        let used = self.used.entry(class.clone()).or_insert(ever - most);
        // What waits is not more than an hour's; and another number of parts counts otherwise.
        *used = (*used).clamp(ever - most, ever);
        let has_room = *used < ever;
        *used += i64::from(has_room);
        has_room
    }

    /// How often room has come free, with so many parts to an hour.
    fn freed(&self, parts: i64, class: &Class, now_s: i64) -> i64 {
        let part = now_s.saturating_mul(parts).div_euclid(HOUR_S);
        let into_part = now_s.saturating_mul(parts).rem_euclid(HOUR_S);
        let moment = self.number(&format!("{part} {class}")).rem_euclid(HOUR_S.unsigned_abs());
        part + i64::from(into_part.unsigned_abs() >= moment)
    }

    fn draw(&self, id: &DecisionId) -> u64 {
        self.number(id.as_str())
    }

    /// A number that only the key tells; the largest without one.
    fn number(&self, of: &str) -> u64 {
        let hash = self.key.map(|key| blake3::keyed_hash(&key, of.as_bytes()));
        hash.and_then(|hash| hash.as_bytes().first_chunk().map(|first| u64::from_le_bytes(*first))).unwrap_or(u64::MAX)
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
                [[1; 32], [1; 32], [2; 32]].map(|key| drawn(&mut Sampler::new(Some(key)), &sampling)).into();
            let share = drawn[0].len() as u64 * 100;
            let expected = percent * 20_000;
            assert!(share.abs_diff(expected) < expected / 5 + 20_000 / 4, "{percent} %: {} of 20,000", drawn[0].len());
            assert_eq!(drawn[0], drawn[1], "the same key draws the same");
            assert_ne!(drawn[0], drawn[2], "another draws others");
        }
        assert_eq!(drawn(&mut Sampler::new(Some([1; 32])), &sampling(100, 0, 0, u32::MAX)).len(), 20_000);
        assert!(drawn(&mut Sampler::new(Some([1; 32])), &sampling(0, 100, 5, u32::MAX)).is_empty(), "nought is meant");
    }

    #[test]
    fn more_are_taken_while_little_was_said() {
        let sampling = sampling(1, 50, 30, u32::MAX);
        let mut sampler = Sampler::new(Some([7; 32]));
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
            let mut sampler = Sampler::new(Some([7; 32]));
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
    fn room_comes_free_at_moments_that_only_the_key_tells() {
        let sampling = sampling(100, 100, 0, 5);
        let (class, channel, id) = (class(), channel(), ids().next().unwrap());
        let moments = |key| {
            let mut sampler = Sampler::new(Some(key));
            let takes = |second: &i64| {
                sampler.takes(&sampling, &id, &class, &channel, Timestamp::from_second(*second).unwrap())
            };
            // As many messages as there are seconds in a day.
            (0..24 * HOUR_S).filter(takes).collect::<Vec<i64>>()
        };
        let (ours, others) = (moments([7; 32]), moments([8; 32]));
        assert_eq!(ours[..5], [0, 1, 2, 3, 4], "what waited");
        assert!((24 * 5..=24 * 5 + 5).contains(&ours.len()), "{}", ours.len());
        let apart = |from: usize, to: usize| ours[to] - ours[from];
        assert!((5..ours.len() - 1).all(|at| (1..=2 * HOUR_S / 5).contains(&apart(at, at + 1))), "{ours:?}");
        assert_ne!(ours[5..20], others[5..20]);
        // A class that has fewer has room for each of them.
        let mut sampler = Sampler::new(Some([7; 32]));
        let seldom = (0..24).filter(|hour| {
            let now = Timestamp::from_second(hour * HOUR_S).unwrap();
            sampler.takes(&sampling, &id, &class, &channel, now)
        });
        assert_eq!(seldom.count(), 24);
        assert!(drawn(&mut Sampler::new(None), &sampling).is_empty(), "without a key nothing is drawn");
    }
}
