//! Exit codes: they tell "no" from "broken", so that scripts need not read texts.

use crate::bus::Trouble;
use crate::daemon::Ended;
use std::process::ExitCode;

/// How a command ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exit {
    /// 0: yes.
    Yes,
    /// 1: something broke.
    Broke,
    /// 2: the command line makes no sense.
    Usage,
    /// 3: the answer is no: findings, failed tests, a difference, nothing found.
    No,
    /// 78: the configuration cannot be used; trying again does not help (`EX_CONFIG` of sysexits.h).
    Config,
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(match exit {
            Exit::Yes => 0,
            Exit::Broke => 1,
            Exit::Usage => 2,
            Exit::No => 3,
            Exit::Config => 78,
        })
    }
}

/// The files cannot be used; what is wrong with them has been printed.
#[derive(Debug, thiserror::Error)]
#[error("the configuration cannot be used; correct what is named above")]
pub(super) struct Unusable;

/// The command line makes no sense.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub(super) struct UsageError(pub(super) String);

/// The answer is no: refused, not open, not allowed.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub(super) struct No(pub(super) String);

/// Prints what went wrong and finds its code.
pub(super) fn report(error: &anyhow::Error) -> Exit {
    if is_closed_pipe(error) {
        return Exit::Yes;
    }
    eprintln!("decile: {error:#}");
    code(error)
}

/// Whoever reads our output has seen enough: `decile log | head`.
fn is_closed_pipe(error: &anyhow::Error) -> bool {
    let kinds = error.chain().filter_map(|cause| cause.downcast_ref::<std::io::Error>()).map(std::io::Error::kind);
    kinds.into_iter().any(|kind| kind == std::io::ErrorKind::BrokenPipe)
}

fn code(error: &anyhow::Error) -> Exit {
    if error.is::<UsageError>() {
        return Exit::Usage;
    }
    if error.is::<super::run::SeedFound>() {
        return Exit::Config;
    }
    if error.is::<No>() {
        return Exit::No;
    }
    let trouble = error.downcast_ref::<Trouble>().or_else(|| match error.downcast_ref::<Ended>() {
        Some(Ended::Bus(trouble)) => Some(trouble),
        _ => None,
    });
    let is_config = error.is::<Unusable>()
        || matches!(error.downcast_ref::<Ended>(), Some(Ended::Http { .. }))
        || trouble.is_some_and(|trouble| !trouble.is_passing());
    if is_config { Exit::Config } else { Exit::Broke }
}
