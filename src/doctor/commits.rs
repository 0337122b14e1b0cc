//! How long commits take, from the daemon's own metrics.

use std::time::Duration;

/// How long commits took, receipt to acknowledgement, as far as a histogram's buckets tell.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Commits {
    /// How many were counted.
    pub count: u64,
    /// 999 of 1,000 took no longer than this; none where the longest bucket does not hold them.
    pub p999: Option<Duration>,
}

/// Fewer commits have no 999th thousandth.
const COUNT_MIN: u64 = 1_000;
const BUCKET: &str = "decile_commit_seconds_bucket{le=\"";

/// Reads the text of `/metrics`.
///
/// # Errors
/// Where it says nothing of commits, or of too few.
pub fn commits(metrics: &str) -> Result<Commits, String> {
    let buckets: Vec<(&str, u64)> = metrics.lines().filter_map(bucket).collect();
    let Some((_, count)) = buckets.iter().find(|(bound, _)| *bound == "+Inf") else {
        return Err("its metrics have no `decile_commit_seconds`".to_owned());
    };
    if *count < COUNT_MIN {
        return Err(format!("it has committed {count} records since it started, and {COUNT_MIN} are needed"));
    }
    let wanted = count - count / 1_000;
    let p999 = buckets.iter().filter(|(_, within)| *within >= wanted).filter_map(|(bound, _)| seconds(bound)).min();
    Ok(Commits { count: *count, p999 })
}

fn bucket(line: &str) -> Option<(&str, u64)> {
    let (bound, count) = line.strip_prefix(BUCKET)?.split_once("\"}")?;
    Some((bound, count.trim().parse().ok()?))
}

fn seconds(bound: &str) -> Option<Duration> {
    Duration::try_from_secs_f64(bound.parse().ok()?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn metrics(buckets: &[(&str, u64)]) -> String {
        buckets.iter().map(|(bound, count)| format!("{BUCKET}{bound}\"}} {count}\n")).collect()
    }

    #[test]
    fn the_bucket_that_holds_999_of_1000() {
        let text = metrics(&[("0.001", 5_000), ("0.005", 9_989), ("0.01", 9_990), ("1", 9_999), ("+Inf", 10_000)]);
        assert_eq!(commits(&text), Ok(Commits { count: 10_000, p999: Some(Duration::from_millis(10)) }));
        let slow = metrics(&[("1", 500), ("+Inf", 1_000)]);
        assert_eq!(commits(&slow), Ok(Commits { count: 1_000, p999: None }), "beyond the longest bucket");
    }

    #[test]
    fn too_few_say_nothing() {
        assert!(commits(&metrics(&[("1", 999), ("+Inf", 999)])).unwrap_err().contains("999 records"));
        assert!(commits("decile_halted 0\n").unwrap_err().contains("decile_commit_seconds"));
    }
}
