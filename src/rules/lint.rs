//! What works, but is probably not what was meant.

use super::lists::Lists;
use super::resolved::Resolved;
use super::written::Written;
use crate::diagnostic::Report;

/// Warns.
pub(super) fn lint(_written: &Written, _resolved: &Resolved, _lists: &Lists<'_>, _report: &Report) {}
