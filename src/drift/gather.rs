//! From what instances put on the bus to one tally for each window: the sum over all of them, in the order of windows.
//!
//! A window is whole once somebody has told of one that begins two later: by then, whoever counts has told of it. No clock
//! is asked, so whoever reads the same records in their order arrives at the same sums; who is later than that is not
//! counted, by anybody.

use super::calendar::is_start;
use super::tally::bounded;
use super::{CLASSES_MAX, Counts, LENGTHS, REASONS_MAX, Tally, UNKNOWNS, WINDOW_S};
use std::collections::BTreeMap;

/// The version of the stored form.
pub const TALLY_VERSION: u32 = 1;

/// What one instance decided within one window, on `<root>.tally.<start>.<instance>`.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TallyRecord {
    /// [`TALLY_VERSION`].
    pub v: u32,
    /// The counts.
    pub tally: Tally,
}

/// Sums that are not whole yet.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Gathering {
    open: BTreeMap<i64, Tally>,
    /// The beginning of the last window that was whole, in seconds since the epoch.
    whole_s: Option<i64>,
}

impl TallyRecord {
    /// Of a tally.
    pub fn new(tally: Tally) -> Self {
        Self { v: TALLY_VERSION, tally }
    }

    /// The bytes to commit.
    ///
    /// # Errors
    /// Never: counts always encode.
    pub fn encode(&self) -> Result<Vec<u8>, serde_json::Error> {
        serde_json::to_vec(self)
    }

    /// Reads one back; `None` for what is none of this version.
    pub fn parse(bytes: &[u8]) -> Option<Self> {
        serde_json::from_slice(bytes).ok().filter(|record: &Self| record.v == TALLY_VERSION)
    }
}

impl Gathering {
    /// Takes what an instance told, stored at that second; the windows that are whole by that come back. Nobody tells of a
    /// window before it has begun: after a record from the future all others would be late.
    pub fn take(&mut self, record: TallyRecord, stored_at_s: i64) -> Vec<Tally> {
        let start_s = record.tally.start_s;
        let is_late = self.whole_s.is_some_and(|whole_s| start_s <= whole_s);
        if !is_start(start_s) || start_s > stored_at_s || is_late {
            return Vec::new();
        }
        add(self.open.entry(start_s).or_insert_with(|| Tally::at(start_s)), record.tally);
        let still_open = self.open.split_off(&(start_s - WINDOW_S));
        let whole = std::mem::replace(&mut self.open, still_open);
        self.whole_s = whole.keys().next_back().copied().or(self.whole_s);
        whole.into_values().collect()
    }
}

/// Bounded, whatever lies there: what is beyond the most names counts together.
fn add(sum: &mut Tally, more: Tally) {
    for (class, counts) in more.classes {
        bounded(&mut sum.classes, &class, CLASSES_MAX, |known: &mut Counts| *known = known.and(counts));
    }
    for (reason, many) in more.reasons {
        bounded(&mut sum.reasons, &reason, REASONS_MAX, |known: &mut u64| *known = known.saturating_add(many));
    }
    for (sums, buckets, more) in [(&mut sum.lengths, LENGTHS, more.lengths), (&mut sum.unknown, UNKNOWNS, more.unknown)]
    {
        for (bucket, many) in more {
            let known = sums.entry(bucket.min(buckets - 1)).or_default();
            *known = known.saturating_add(many);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record(window: i64, class: &str) -> TallyRecord {
        let mut tally = Tally::at(window * WINDOW_S);
        tally.add(Some(class), Some("level"), 10, Some(0.5));
        TallyRecord::new(tally)
    }

    fn take(gathering: &mut Gathering, window: i64, class: &str) -> Vec<(i64, u64)> {
        let whole = gathering.take(record(window, class), i64::MAX);
        whole.into_iter().map(|tally| (tally.start_s / WINDOW_S, tally.decisions())).collect()
    }

    #[test]
    fn windows_are_summed_over_instances_and_whole_two_later() {
        let mut gathering = Gathering::default();
        assert_eq!(take(&mut gathering, 10, "a"), []);
        assert_eq!(take(&mut gathering, 10, "b"), []);
        assert_eq!(take(&mut gathering, 11, "a"), []);
        assert_eq!(take(&mut gathering, 10, "a"), [], "another instance, a bit late");
        assert_eq!(take(&mut gathering, 12, "a"), [(10, 3)]);
        assert_eq!(take(&mut gathering, 10, "a"), [], "too late");
        assert_eq!(take(&mut gathering, 20, "a"), [(11, 1), (12, 1)], "one that was away");
        assert_eq!(take(&mut gathering, 12, "a"), []);
        assert_eq!(take(&mut gathering, 22, "a"), [(20, 1)]);
    }

    #[test]
    fn nobody_tells_of_the_future() {
        let mut gathering = Gathering::default();
        let whole = gathering.take(record(10, "a"), 10 * WINDOW_S - 1);
        assert_eq!((whole, gathering), (Vec::new(), Gathering::default()));
    }

    #[test]
    fn whatever_lies_there_is_bounded_and_blinds_nobody() {
        let mut gathering = Gathering::default();
        assert_eq!(take(&mut gathering, 10, "a"), []);
        for odd_s in [10 * WINDOW_S + 1, 11 * WINDOW_S + 1, i64::MIN, -WINDOW_S] {
            let odd = TallyRecord::new(Tally { start_s: odd_s, ..Tally::default() });
            assert_eq!(gathering.take(odd, i64::MAX), [], "{odd_s}");
        }
        let mut absurd = Tally::at(10 * WINDOW_S);
        for name in 0..3 * CLASSES_MAX {
            absurd.classes.insert(format!("c{name}"), Counts { decisions: u64::MAX, escalated: u64::MAX });
            absurd.reasons.insert(format!("r{name}"), u64::MAX);
        }
        absurd.lengths = (0..=u8::MAX).map(|length| (length, u64::MAX)).collect();
        absurd.unknown.clone_from(&absurd.lengths);
        assert_eq!(gathering.take(TallyRecord::new(absurd.clone()), i64::MAX), []);
        assert_eq!(gathering.take(TallyRecord::new(absurd), i64::MAX), []);
        let whole = gathering.take(record(12, "a"), i64::MAX);
        let sizes = |it: &Tally| (it.classes.len(), it.reasons.len(), it.lengths.len(), it.unknown.len());
        assert_eq!(
            whole.iter().map(sizes).collect::<Vec<_>>(),
            [(CLASSES_MAX + 1, REASONS_MAX + 1, usize::from(LENGTHS), usize::from(UNKNOWNS))]
        );
        assert_eq!(
            whole[0].classes["a"],
            Counts { decisions: 1, escalated: 1 },
            "who was there first is still told apart"
        );
    }

    #[test]
    fn a_record_has_a_version_and_no_keys_that_nobody_knows() {
        let golden = r#"{"v":1,"tally":{"start_s":3000,"classes":{"a":{"decisions":1,"escalated":1}},"reasons":{"level":1},"lengths":{"3":1},"unknown":{"5":1}}}"#;
        let text = String::from_utf8(record(10, "a").encode().unwrap()).unwrap();
        assert_eq!(text, golden);
        assert_eq!(TallyRecord::parse(golden.as_bytes()), Some(record(10, "a")));
        let earlier = golden.replace(r#","unknown":{"5":1}"#, "");
        assert!(TallyRecord::parse(earlier.as_bytes()).is_some_and(|it| it.tally.unknown.is_empty()), "told before");
        assert_eq!(TallyRecord::parse(golden.replacen("\"v\":1", "\"v\":2", 1).as_bytes()), None);
        assert_eq!(TallyRecord::parse(golden.replacen('{', "{\"more\":1,", 1).as_bytes()), None);
    }
}
