//! Caps as meant, and which lines are without one: an outward action that happens by itself has a cap, or the policy does
//! not load.

use super::{Entry, Resolver};
use crate::channel::Channel;
use crate::class::{ActionType, Class};
use crate::policy::Line;
use crate::policy::action::{Reach, Reversibility};
use crate::policy::cap::{Cap, CapScope};
use crate::policy::level::Level;
use crate::policy::written::cap::WrittenCap;
use std::collections::BTreeSet;

impl Resolver<'_> {
    /// Every cap, a window each.
    pub(super) fn caps(&self, written: &[WrittenCap]) -> Vec<Cap> {
        let mut seen = BTreeSet::new();
        let mut caps = Vec::new();
        for cap in written {
            let Some(scope) = self.scope(cap) else { continue };
            if cap.windows().next().is_none() {
                let help = "add `per_minute`, `per_hour` or `per_day`";
                self.report.error("missing-key", &cap.at, "the cap has no number", help);
            }
            if !seen.insert(scope.clone()) {
                self.report.error("duplicate", &cap.at, "there is another cap of the same actions", "keep one of them");
            }
            caps.extend(cap.windows().map(|(window, number)| Cap {
                scope: scope.clone(),
                window,
                actions_max: u32::try_from(number).unwrap_or(u32::MAX),
            }));
        }
        caps
    }

    fn scope(&self, cap: &WrittenCap) -> Option<CapScope> {
        let class = match &cap.class {
            None => None,
            Some(name) if self.is_class(name) => Some(Class::parse(&name.value).ok()?),
            Some(_) => return None,
        };
        let channel = match &cap.channel {
            None => None,
            Some(name) => Some(self.channel(Some(name))?),
        };
        let kind = match &cap.kind {
            None => None,
            Some(name) => Some(ActionType::parse(&name.value).ok()?),
        };
        Some(CapScope { class, channel, kind })
    }

    /// An outward action that may happen by itself is under a cap of its class, and under the total.
    pub(super) fn check_caps(&self, line: &Line, entry: &Entry, class: Option<&Class>, channel: Option<&Channel>) {
        let nature = line.action.nature;
        let waits = line.level <= Level::Draft || nature.reversibility == Reversibility::Irreversible;
        if waits || nature.reach == Reach::Internal {
            return;
        }
        let Some(class) = class else { return };
        // A cap of one channel does not cover a line that holds everywhere.
        let of_class = |scope: &CapScope| {
            scope.class.as_ref() == Some(class)
                && scope.channel.as_ref().is_none_or(|it| Some(it) == channel)
                && scope.kind.as_ref().is_none_or(|it| it == &line.action.kind)
        };
        let at = entry.level.as_ref().map_or(&entry.at, |level| &level.at);
        let (kind, level) = (&line.action.kind, line.level as u8);
        if !self.caps.iter().any(|cap| of_class(&cap.scope)) {
            let message = format!("`{kind}` at level {level} writes by itself, and `{class}` has no cap");
            let help = format!("add `[[cap]]` with `class = \"{class}\"` and `per_hour = …`");
            self.report.error("no-cap", at, message, help);
        }
        if !self.caps.iter().any(|cap| cap.scope.is_total()) {
            let message = format!("`{kind}` at level {level} writes by itself, and there is no cap in total");
            self.report.error("no-cap", at, message, "add `[[cap]]` with `per_hour = …` and nothing else");
        }
    }
}
