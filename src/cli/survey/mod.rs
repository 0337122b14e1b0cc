//! `decile survey`: the decision surface of a corpus, or of what was decided on and is still kept.

mod page;
mod text;

use super::args::{ConfigFile, Connect};
use super::lines;
use super::log::Opened;
use super::print::json;
use super::replace::replace;
use super::retained::RetainedArgs;
use super::{Exit, exit::UsageError, world};
use crate::classify::Scratch;
use crate::decode;
use crate::message::Delivery;
use crate::survey::{self, Bounds, Surface};
use crate::triage::{self, Reading, Snapshot};
use anyhow::Context as _;
use clap::{Args, ValueEnum};
use std::path::{Path, PathBuf};

/// Classes by how often they come, how differently they are worded and how far their actions reach; what is unmatched, in
/// clusters of similar messages; and which classes could be the first to go without a person, and which never.
#[derive(Debug, Args)]
#[command(
    mut_arg("messages_max", |it| it.requires("from_stream")),
    after_help = "Example: decile survey messages.jsonl\n         \
    decile survey --from-stream --format html --output surface.html\n\
    It decides nothing. Each message is classified under the rules as they are now. The page and the examples hold the texts of\n\
    messages.")]
pub(super) struct Survey {
    #[command(flatten)]
    file: ConfigFile,
    #[command(flatten)]
    connect: Connect,
    /// The messages, as JSON lines; `-` for standard input.
    corpus: Option<PathBuf>,
    /// The messages that were decided on, as far as their streams still have them.
    #[arg(long, conflicts_with = "corpus")]
    from_stream: bool,
    #[command(flatten)]
    retained: RetainedArgs,
    /// The fewest messages that make a cluster.
    #[arg(long, value_name = "N", default_value_t = 3, value_parser = clap::value_parser!(u16).range(2..))]
    cluster_messages_min: u16,
    /// The most examples of each class and cluster.
    #[arg(long, value_name = "N", default_value_t = 3, value_parser = clap::value_parser!(u16).range(..=100))]
    show: u16,
    /// How to print.
    #[arg(long, value_enum, default_value_t)]
    format: Format,
    /// Where to write it, instead of standard output.
    #[arg(long, short, value_name = "FILE")]
    output: Option<PathBuf>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
enum Format {
    /// For people, in a terminal.
    #[default]
    Text,
    /// For programs.
    Json,
    /// For people: one page with charts, which needs nothing beside it.
    Html,
}

/// Unmatched messages that are put into clusters.
const UNMATCHED_MAX: usize = 10_000;
/// Messages of a class whose wordings are compared.
const WORDED_MAX: usize = 200;
/// How much of a text is kept.
const TEXT_BYTES_MAX: usize = 4_096;

impl Survey {
    pub(super) fn run(self) -> anyhow::Result<Exit> {
        let surface = match (&self.corpus, self.from_stream) {
            (Some(corpus), _) => self.of_corpus(corpus)?,
            (None, true) => {
                let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
                runtime.block_on(self.of_stream())?
            }
            (None, false) => return Err(UsageError("name a corpus, or give `--from-stream`".to_owned()).into()),
        };
        anyhow::ensure!(surface.messages > 0, "no message was read: there is nothing to survey");
        let printed = match self.format {
            Format::Text => text::of(&surface),
            Format::Json => json(&serde_json::to_string_pretty(&surface)?) + "\n",
            Format::Html => page::of(&surface),
        };
        match &self.output {
            Some(file) => {
                replace(file, printed.as_bytes()).with_context(|| format!("cannot write `{}`", file.display()))?;
                println!("{} messages surveyed: `{}`", surface.messages, file.display());
            }
            None => print!("{printed}"),
        }
        Ok(Exit::Yes)
    }

    fn bounds(&self) -> Bounds {
        Bounds {
            unmatched_max: UNMATCHED_MAX,
            worded_max: WORDED_MAX,
            cluster_messages_min: usize::from(self.cluster_messages_min),
            examples_max: usize::from(self.show),
            text_bytes_max: TEXT_BYTES_MAX,
        }
    }

    fn of_corpus(&self, corpus: &Path) -> anyhow::Result<Surface> {
        let world = world::load(&self.file.config)?;
        let snapshot = Snapshot::new(world.config, world.pack)?;
        let (mut scratch, mut survey) =
            (Scratch::new(&snapshot.pack), survey::Survey::new(&snapshot.policy, self.bounds()));
        let cannot = || format!("cannot read the corpus `{}`", corpus.display());
        let input = lines::open(Some(corpus)).with_context(cannot)?;
        lines::each(input, |line| {
            let spec = lines::spec(&line.label, Some(&snapshot))?;
            let message = decode::decode(&spec.recipe, &spec.channel, &snapshot.limits.decode, &line.delivery);
            let reading = Reading { delivery: &line.delivery, spec: &spec, message };
            let now = line.delivery.stored_at();
            let (verdict, _) = triage::verdict(&snapshot, &reading, now, &mut scratch);
            survey.add(reading.message.as_ref().ok(), &verdict, line.label.sent_at);
            Ok(())
        })
        .with_context(cannot)?;
        Ok(survey.surface())
    }

    async fn of_stream(&self) -> anyhow::Result<Surface> {
        let Opened { world, connection, stream, root, .. } = Opened::open(&self.file, &self.connect).await?;
        let snapshot = Snapshot::new(world.config, world.pack)?;
        let (mut scratch, mut survey) =
            (Scratch::new(&snapshot.pack), survey::Survey::new(&snapshot.policy, self.bounds()));
        let take = |delivery: Option<&Delivery>| {
            let Some(delivery) = delivery else { return };
            let reading = triage::read(&snapshot, delivery);
            let now = delivery.stored_at();
            let (verdict, _) = triage::verdict(&snapshot, &reading, now, &mut scratch);
            let sent_at = reading.message.as_ref().ok().and_then(|message| message.sent_at);
            survey.add(reading.message.as_ref().ok(), &verdict, Some(sent_at.unwrap_or(now)));
        };
        self.retained.each(&connection, &stream, &root, take).await?;
        Ok(survey.surface())
    }
}
