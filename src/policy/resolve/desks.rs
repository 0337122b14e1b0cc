//! Desks, and when they must have answered.

use super::{Resolver, seconds};
use crate::diagnostic::table::Placed;
use crate::diagnostic::value::suggestion;
use crate::policy::written::WrittenDesk;
use crate::policy::{Deadline, Desk, Overdue};
use std::collections::BTreeMap;

const OVERDUE: [&str; 3] = ["remind", "reroute", "expire"];

impl Resolver<'_> {
    /// The deadline of each desk that has one.
    pub(super) fn deadlines(&self, written: &[WrittenDesk]) -> BTreeMap<Desk, Deadline> {
        written.iter().filter_map(|desk| self.deadline(desk)).collect()
    }

    fn deadline(&self, desk: &WrittenDesk) -> Option<(Desk, Deadline)> {
        let name = desk.name.as_ref().and_then(|name| Desk::parse(&name.value).ok());
        let overdue = self.overdue(desk);
        let Some(after) = &desk.deadline_s else {
            if let Some(overdue) = desk.overdue.as_ref().or(desk.reroute_to.as_ref()) {
                self.report.error(
                    "no-deadline",
                    &overdue.at,
                    "there is no deadline to be over",
                    "add `deadline_s = …`",
                );
            }
            return None;
        };
        Some((name?, Deadline { after: seconds(after), overdue: overdue? }))
    }

    fn overdue(&self, desk: &WrittenDesk) -> Option<Overdue> {
        let word = desk.overdue.as_ref().map_or("remind", |overdue| overdue.value.as_str());
        match (word, &desk.reroute_to) {
            ("reroute", Some(to)) => self.reroute(desk, to),
            ("reroute", None) => {
                let at = desk.overdue.as_ref().map(|overdue| &overdue.at)?;
                self.report.error("missing-key", at, "nobody is named to get it", "add `reroute_to = \"…\"`");
                None
            }
            (_, Some(to)) => {
                self.report.error(
                    "no-reroute",
                    &to.at,
                    "nothing is rerouted",
                    "write `overdue = \"reroute\"`, or remove it",
                );
                None
            }
            ("remind", None) => Some(Overdue::Remind),
            ("expire", None) => Some(Overdue::Expire),
            (other, None) => {
                let at = desk.overdue.as_ref().map(|overdue| &overdue.at)?;
                let message = format!("`{other}` is not an `overdue`");
                self.report.error("unknown-word", at, message, suggestion(other, &OVERDUE));
                None
            }
        }
    }

    fn reroute(&self, desk: &WrittenDesk, to: &Placed<String>) -> Option<Overdue> {
        if desk.name.as_ref().is_some_and(|name| name.value == to.value) {
            self.report.error("no-reroute", &to.at, "a desk is not rerouted to itself", "name another desk");
            return None;
        }
        self.desk(Some(to)).map(Overdue::Reroute)
    }
}
