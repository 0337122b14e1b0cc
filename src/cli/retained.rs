//! The messages that were decided on, as far as their streams still have them.

use crate::bus::{Connection, Trouble};
use crate::decision::SourceRef;
use crate::message::Delivery;
use crate::store::{self, Filter};
use crate::subject::Root;
use clap::Args;
use futures::{StreamExt as _, TryStreamExt as _};
use std::collections::{HashSet, VecDeque};

/// Requests for messages that are on their way at a time.
const FETCHES_MAX: usize = 64;

/// How many of them.
#[derive(Debug, Args)]
pub(super) struct RetainedArgs {
    /// At most so many of the messages that were decided on, the newest.
    #[arg(long, value_name = "N", default_value_t = 20_000, value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    messages_max: u32,
}

impl RetainedArgs {
    /// Calls `take` with each, in the order in which they were decided on, with nothing for one that is no longer there, and says
    /// on standard error how many these are.
    pub(super) async fn each(
        &self,
        connection: &Connection,
        stream: &str,
        root: &Root,
        mut take: impl FnMut(Option<&Delivery>),
    ) -> Result<(), Trouble> {
        let sources = self.sources(connection, stream, root).await?;
        let fetching = futures::stream::iter(&sources).map(|source| store::fetch_delivery(connection, source));
        let mut fetched = fetching.buffered(FETCHES_MAX);
        let mut gone = 0_u64;
        while let Some(delivery) = fetched.try_next().await? {
            gone += u64::from(delivery.is_none());
            take(delivery.as_ref());
        }
        if gone > 0 {
            eprintln!("{gone} of {} messages are no longer in their streams", sources.len());
        }
        Ok(())
    }

    async fn sources(
        &self,
        connection: &Connection,
        stream: &str,
        root: &Root,
    ) -> Result<VecDeque<SourceRef>, Trouble> {
        let messages_max = usize::try_from(self.messages_max).unwrap_or(usize::MAX);
        let mut sources: VecDeque<SourceRef> = VecDeque::new();
        // What another desk got has two records.
        let mut seen: HashSet<SourceRef> = HashSet::new();
        let unread = store::read_all(connection, stream, root, &Filter::default(), |stored| {
            let source = &stored.record.decision().source;
            if !seen.insert(source.clone()) {
                return;
            }
            if sources.len() >= messages_max
                && let Some(oldest) = sources.pop_front()
            {
                seen.remove(&oldest);
            }
            sources.push_back(source.clone());
        })
        .await?;
        if unread > 0 {
            eprintln!("{unread} records are no decisions of this version: they were passed over");
        }
        Ok(sources)
    }
}
