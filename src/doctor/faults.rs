//! Faults of nats-server that touch what Decile promises, and the versions that mended them.
//!
//! From the server's own history: the pull requests that are named, and the first releases that hold them.

use crate::bus::is_at_least;

/// A fault of the server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fault {
    /// The first 2.12 without it.
    mended_in_2_12: &'static str,
    /// The first later version without it.
    mended_in: &'static str,
    /// What it does, and where to read of it.
    pub says: &'static str,
}

/// The newest first.
const FAULTS: [Fault; 5] = [
    Fault {
        mended_in_2_12: "2.12.14",
        mended_in: "2.14.4",
        says: "an outward action whose conditions hold can be refused, and escalates (nats-server issue 8376)",
    },
    Fault {
        mended_in_2_12: "2.12.12",
        mended_in: "2.14.3",
        says: "a server that has reached its limit on storage does not catch up, and counts as up to date: after a change \
               of leader acknowledged records can be missing (nats-server pull request 8265)",
    },
    Fault {
        mended_in_2_12: "2.12.12",
        mended_in: "2.14.3",
        says: "a server whose disk fails still votes, and after a restart may vote twice: two leaders (nats-server pull \
               request 8290)",
    },
    Fault {
        mended_in_2_12: "2.12.12",
        mended_in: "2.14.3",
        says: "compacting a stream that is compressed or encrypted damages its blocks (nats-server pull request 8312)",
    },
    Fault {
        mended_in_2_12: "2.12.9",
        mended_in: "2.14.1",
        says: "after a change of leader the ids of records that were on their way can be refused for as long as the window \
               (nats-server pull request 8106)",
    },
];

/// The known faults of a version.
pub fn faults_of(version: &str) -> Vec<&'static Fault> {
    let is_2_12 = version.trim_start_matches('v').starts_with("2.12.");
    let mended = |fault: &Fault| if is_2_12 { fault.mended_in_2_12 } else { fault.mended_in };
    FAULTS.iter().filter(|fault| !is_at_least(version, mended(fault))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_line_of_versions_was_mended_by_itself() {
        for (version, count) in [
            ("2.12.1", 5),
            ("2.12.9", 4),
            ("2.12.12", 1),
            ("2.12.14", 0),
            ("2.14.0", 5),
            ("2.14.2", 4),
            ("v2.14.3", 1),
            ("2.14.4", 0),
            ("2.15.1", 0),
        ] {
            assert_eq!(faults_of(version).len(), count, "{version}");
        }
    }
}
