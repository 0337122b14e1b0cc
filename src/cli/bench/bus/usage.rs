//! What a process has used, as Linux counts it in `/proc`.

use anyhow::Context as _;
use std::time::Duration;

/// Time and memory of a process until now.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Usage {
    /// Time on processors, of all its threads, in user and kernel.
    pub(super) cpu: Duration,
    /// Resident memory, in bytes.
    pub(super) rss_bytes: u64,
    /// The most resident memory that it ever had, in bytes.
    pub(super) rss_peak_bytes: u64,
}

/// `USER_HZ`: 100 wherever Linux runs on what we are built for.
const TICKS_PER_SECOND: f64 = 100.0;

impl Usage {
    /// Of a running process.
    pub(super) fn of(pid: u32) -> anyhow::Result<Self> {
        let read = |name: &str| {
            let file = format!("/proc/{pid}/{name}");
            std::fs::read_to_string(&file).with_context(|| format!("cannot read `{file}`: measuring needs Linux"))
        };
        let ticks = ticks(&read("stat")?).context("`/proc` says nothing of processor time")?;
        let status = read("status")?;
        Ok(Self {
            cpu: Duration::from_secs_f64(ticks as f64 / TICKS_PER_SECOND),
            rss_bytes: bytes(&status, "VmRSS:").unwrap_or(0),
            rss_peak_bytes: bytes(&status, "VmHWM:").unwrap_or(0),
        })
    }
}

/// Fields 14 and 15, user and kernel; the second, the name, is in parentheses and may have spaces.
fn ticks(stat: &str) -> Option<u64> {
    let (_, fields) = stat.rsplit_once(')')?;
    let mut fields = fields.split_ascii_whitespace().skip(11);
    let (user, kernel): (u64, u64) = (fields.next()?.parse().ok()?, fields.next()?.parse().ok()?);
    Some(user + kernel)
}

fn bytes(status: &str, key: &str) -> Option<u64> {
    let line = status.lines().find_map(|line| line.strip_prefix(key))?;
    let kibibytes: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some(kibibytes * 1_024)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_linux_says_is_read() {
        let stat = "7 (a (b) c) S 1 2 3 4 5 6 7 8 9 10 250 50 0 0 20 0";
        assert_eq!(ticks(stat), Some(300));
        assert_eq!(bytes("VmHWM:\t  1024 kB\nVmRSS:\t 512 kB\n", "VmRSS:"), Some(524_288));
    }

    #[test]
    #[cfg(target_os = "linux")]
    fn a_process_that_runs_has_memory() {
        let usage = Usage::of(std::process::id()).unwrap();
        assert!(usage.rss_bytes > 0 && usage.rss_peak_bytes >= usage.rss_bytes, "{usage:?}");
    }
}
