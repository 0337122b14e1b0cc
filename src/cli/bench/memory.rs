//! What the process holds.

use std::fs;

/// What work makes, and by how much the process grew while it worked: anonymous memory, as Linux counts it in
/// `/proc/self/status` (`RssAnon`). What was allocated and freed meanwhile and not given back counts too.
pub(super) fn growth<T, E>(work: impl FnOnce() -> Result<T, E>) -> Result<(T, Option<u64>), E> {
    let before = anonymous_bytes();
    let made = work()?;
    let grown = before.zip(anonymous_bytes()).map(|(before, after)| after.saturating_sub(before));
    Ok((made, grown))
}

fn anonymous_bytes() -> Option<u64> {
    let status = fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("RssAnon:"))?;
    let kibibytes: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some(kibibytes * 1_024)
}

#[cfg(test)]
#[cfg(target_os = "linux")]
mod tests {
    use super::*;

    #[test]
    fn what_is_kept_shows() {
        let (kept, grown) = growth(|| Ok::<_, ()>(vec![1_u8; 32 << 20])).unwrap();
        // Other tests give memory back meanwhile.
        assert!(grown.unwrap() >= kept.len() as u64 / 2, "{grown:?}");
    }
}
