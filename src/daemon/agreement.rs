//! Whether a class still deserves its level: people agree as often as that asks for, nobody calls it a severe error, and it
//! does not drift where its policy says that this is enough. Where it does not, it is taken back.

use super::tighten;
use crate::bus::Trouble;
use crate::bus::follow::Known;
use crate::bus::outbound::Outlet;
use crate::channel::Channel;
use crate::class::Class;
use crate::facts::Leveled;
use crate::metrics::Metrics;
use crate::policy::level::Level;
use crate::rulings::{Basis, RulingReceipt};
use crate::store;
use crate::triage::Snapshot;
use crate::trust::{self, Agreement, Cause};
use jiff::Timestamp;
use std::sync::{Arc, PoisonError};

/// What watching over levels takes.
#[derive(Clone)]
pub(super) struct Watchful {
    pub(super) outlet: Outlet,
    pub(super) known: Known,
    pub(super) metrics: Arc<Metrics>,
}

impl Watchful {
    /// Whether it is known what governs.
    pub(super) fn is_fresh(&self, now: Timestamp) -> bool {
        self.known.read().unwrap_or_else(PoisonError::into_inner).is_fresh(now)
    }

    /// A severe error takes its class back at once. First of all: where this is not stored, the answer comes again.
    pub(super) async fn severe(&self, receipt: &RulingReceipt, snapshot: &Snapshot) -> Result<(), Trouble> {
        let Some(basis) = receipt.demotes() else { return Ok(()) };
        let by = receipt.operator.as_deref().unwrap_or_default();
        let why = format!("a severe error: answer {} by {by} on decision {}", receipt.ruling, receipt.decision);
        self.demote(&basis.class, &basis.channel, &why, Cause::SevereError, snapshot).await
    }

    /// Takes a class back where people no longer agree with it as often as its level asks for. All of it is read from the
    /// stream each time: people are slow, and every instance, and one that starts anew, finds the same.
    pub(super) async fn look(&self, basis: &Basis, snapshot: &Snapshot) -> Result<(), Trouble> {
        let Basis { class, channel, action, .. } = basis;
        let line = snapshot.policy.line(class, channel);
        let leveled = self.leveled(class, channel);
        let level = line.level_at(Timestamp::now(), Some(leveled));
        let Some(threshold) = trust::threshold(level) else { return Ok(()) };
        let Outlet { connection, stream, root, .. } = &self.outlet;
        // What was said before somebody promoted it has been weighed.
        let after = line.tenure.after.max(leveled.revision);
        let heard = store::read_evidence(connection, stream, root, &snapshot.authority, after).await?;
        let today = snapshot.today();
        let answers = heard.answers(after, |it| {
            let is_of_it = it.rules == basis.rules || today.holds(class, channel, it.rules, level);
            is_of_it && (&it.class, &it.channel, &it.action) == (class, channel, action)
        });
        match Agreement::why_lost(threshold, &answers) {
            Some(why) => self.demote(class, channel, &why, Cause::Disagreement, snapshot).await,
            None => Ok(()),
        }
    }

    /// Takes a class back wherever it is above level 1 now, because its policy says that drift is enough.
    pub(super) async fn drifts(&self, class: &Class, why: &str, snapshot: &Snapshot) -> Result<(), Trouble> {
        let Some(lines) = snapshot.policy.classes.get(class) else { return Ok(()) };
        for (channel, line) in &lines.channels {
            if line.level_at(Timestamp::now(), Some(self.leveled(class, channel))) > Level::Draft {
                self.demote(class, channel, &format!("drift: {why}"), Cause::Drift, snapshot).await?;
            }
        }
        Ok(())
    }

    fn leveled(&self, class: &Class, channel: &Channel) -> Leveled {
        self.known.read().unwrap_or_else(PoisonError::into_inner).level(class, channel)
    }

    async fn demote(
        &self,
        class: &Class,
        channel: &Channel,
        why: &str,
        cause: Cause,
        snapshot: &Snapshot,
    ) -> Result<(), Trouble> {
        tighten::demote(&self.outlet, class, channel, why, snapshot.retention.escalated).await?;
        self.metrics.demoted(cause, 1);
        Ok(())
    }
}
