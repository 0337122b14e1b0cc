//! An inbox as it lies on the bus now.

use crate::bus::Connection;
use crate::cli::args::{ConfigFile, Connect};
use crate::cli::exit::{No, UsageError};
use crate::cli::reach::Reach;
use crate::cli::world;
use crate::config::Config;
use crate::inbox::{Entry, Inbox, NotFound, Published};
use crate::policy::Desk;
use crate::store::{Kept, Watch};
use crate::subject::Root;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

/// How often it is looked whether there is something new.
pub(in crate::cli) const LOOK: Duration = Duration::from_millis(500);

/// Where answers go.
#[derive(Clone)]
pub(in crate::cli) struct Place {
    pub(in crate::cli) connection: Connection,
    pub(in crate::cli) root: Root,
    pub(in crate::cli) stream: String,
    /// How long an answer is kept: not less than its escalation, or that would look open again.
    pub(in crate::cli) ttl: Duration,
}

impl Place {
    /// Where a configuration says.
    pub(in crate::cli) fn of(reach: Reach, config: &Config) -> Self {
        let Reach { connection, stream, root } = reach;
        let ttl = config.retention.answers.max(config.policy.sampling.kept());
        Self { connection, root, stream, ttl }
    }
}

/// An inbox, and the way to it.
pub(super) struct Opened {
    pub(super) place: Place,
    pub(super) config: Config,
    pub(super) inbox: Inbox,
    /// Tells of whatever comes after.
    pub(super) watch: Watch,
}

impl Opened {
    /// Reads everything that is there now.
    pub(super) async fn open(file: &ConfigFile, connect: &Connect) -> anyhow::Result<Self> {
        Self::with(world::load_config(&file.config)?, connect).await
    }

    /// The same for a configuration that was read.
    pub(super) async fn with(config: Config, connect: &Connect) -> anyhow::Result<Self> {
        let place = Place::of(Reach::open(&config, connect).await?, &config);
        let mut inbox = Inbox::new(place.root.clone(), Arc::new(config.authority.clone()), deadlines(&config));
        let mut watch = Watch::open(&place.connection, &place.stream, place.root.inbox(), 0, LOOK).await?;
        while let Some(kept) = watch.next_stored().await? {
            inbox.apply(&published(&kept));
        }
        Ok(Self { place, config, inbox, watch })
    }

    /// The one escalation whose id begins so.
    pub(super) fn find(&self, id: &str) -> anyhow::Result<&Entry> {
        self.inbox.find(id).map_err(|wrong| match wrong {
            NotFound::None(..) => No(wrong.to_string()).into(),
            NotFound::Several(_) => UsageError(wrong.to_string()).into(),
        })
    }
}

/// A message of the stream, for the fold.
pub(in crate::cli) fn published(kept: &Kept) -> Published<'_> {
    Published { subject: &kept.subject, sequence: kept.sequence, stored_at: kept.stored_at, payload: &kept.payload }
}

/// How long each desk has for an answer.
pub(in crate::cli) fn deadlines(config: &Config) -> BTreeMap<Desk, Duration> {
    config.policy.deadlines.iter().map(|(desk, deadline)| (desk.clone(), deadline.after)).collect()
}
