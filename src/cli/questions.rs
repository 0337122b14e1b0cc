//! `decile questions`: what a person should decide about the policy this week.

use super::args::{ConfigFile, Connect, Format};
use super::print::{bold, dim, json, one_line};
use super::reach::Reach;
use super::{Exit, evidence, log, world};
use crate::store::{self, Filter};
use crate::survey::{Bounds, Ending, Question, Week};
use crate::trust::{Admission, Today, standings};
use clap::Args;
use jiff::{SignedDuration, Timestamp};

/// Asks what only people can decide: clusters of messages that nobody has a class for, caps that were hit, grants that end soon,
/// classes of which nobody has said whether they are right. Exit code 3 where there is nothing to ask.
#[derive(Debug, Args)]
#[command(after_help = "Example: decile questions\n         decile questions --since 24h --format json\n\
    The examples hold the texts of messages, as far as escalations still have them.")]
pub(super) struct Questions {
    #[command(flatten)]
    file: ConfigFile,
    #[command(flatten)]
    connect: Connect,
    /// What was decided since: a time, or a span such as `24h` before now.
    #[arg(long, value_name = "TIME", default_value = "168h", value_parser = log::since)]
    since: Timestamp,
    /// The fewest messages that make a cluster.
    #[arg(long, value_name = "N", default_value_t = 5, value_parser = clap::value_parser!(u16).range(2..))]
    cluster_messages_min: u16,
    /// How to print.
    #[arg(long, value_enum, default_value_t)]
    format: Format,
}

/// What ends within this is asked about.
const SOON: SignedDuration = SignedDuration::from_hours(7 * 24);
/// Unmatched messages that are put into clusters.
const UNMATCHED_MAX: usize = 10_000;
/// Examples of a cluster.
const EXAMPLES_MAX: usize = 2;
/// How much of a text is looked at.
const TEXT_BYTES_MAX: usize = 4_096;
/// Questions of each kind that are shown to people.
const SHOWN_MAX: usize = 10;
const EXAMPLE_CHARS_MAX: usize = 90;

impl Questions {
    pub(super) fn run(self) -> anyhow::Result<Exit> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        runtime.block_on(self.ask())
    }

    async fn ask(self) -> anyhow::Result<Exit> {
        let world = world::load(&self.file.config)?;
        let reach = Reach::open(&world.config, &self.connect).await?;
        let mut week = Week::new(self.bounds());
        let filter = Filter { since: Some(self.since), ..Filter::default() };
        store::read_all(&reach.connection, &reach.stream, &reach.root, &filter, |stored| week.add(&stored.record))
            .await?;
        let (governing, now) = reach.governing(&world.config).await?;
        let endings = governing.grants().map(|(grant, _)| grant.grant()).filter(|grant| {
            let left = grant.expires_at.duration_since(now);
            left.is_positive() && left < SOON
        });
        let ending = |grant: &crate::authority::Grant| Ending {
            ends_at: grant.expires_at,
            channel: grant.channel.clone(),
            kind: grant.kind.clone(),
        };
        let endings = endings.map(ending).collect();
        let heard = evidence::read(&reach, &world.config.authority).await?;
        let Admission { policy, upheld, .. } = world.admitted();
        let policy = policy.at(now, |class, channel| governing.level(class, channel));
        let standings = standings(&heard, Today { pack: &world.pack, upheld: &upheld }, &policy, now);
        let messages = week.messages();
        let questions = week.questions(&policy, endings, &standings);
        match self.format {
            Format::Json => println!("{}", json(&serde_json::to_string_pretty(&questions)?)),
            Format::Text => print(&questions, messages, self.since),
        }
        Ok(if questions.is_empty() { Exit::No } else { Exit::Yes })
    }

    fn bounds(&self) -> Bounds {
        Bounds {
            unmatched_max: UNMATCHED_MAX,
            worded_max: 0,
            cluster_messages_min: usize::from(self.cluster_messages_min),
            examples_max: EXAMPLES_MAX,
            text_bytes_max: TEXT_BYTES_MAX,
        }
    }
}

/// What is asked once for all questions of a kind.
const HEADS: [&str; 4] = [
    "Do these deserve a class? No rule knows them.",
    "Are these caps meant? They kept actions back.",
    "Do these grants go on? They end within a week.",
    "Are these right? Nobody has said so under the rules of today.",
];

fn print(questions: &[Question], messages: u64, since: Timestamp) {
    println!("{messages} messages since {}", since.strftime("%F %R UTC"));
    if questions.is_empty() {
        println!("nothing to decide about the policy");
    }
    for (kind, head) in HEADS.iter().enumerate() {
        let of_kind: Vec<&Question> = questions.iter().filter(|question| kind_of(question) == kind).collect();
        if of_kind.is_empty() {
            continue;
        }
        println!("\n{}", bold(head));
        of_kind.iter().take(SHOWN_MAX).for_each(|question| print_one(question));
        if let Some(more @ 1..) = of_kind.len().checked_sub(SHOWN_MAX) {
            println!("{}", dim(&format!("  and {more} more: --format json")));
        }
    }
}

fn kind_of(question: &Question) -> usize {
    match question {
        Question::Class { .. } => 0,
        Question::Cap { .. } => 1,
        Question::Grant { .. } => 2,
        Question::Evidence { .. } => 3,
    }
}

fn print_one(question: &Question) {
    let name = |channel: &crate::channel::Channel| one_line(channel.as_str(), 40);
    match question {
        Question::Class { cluster } => {
            println!("  {:>7}  {}", cluster.messages, one_line(&cluster.words.join(", "), 60));
            for example in &cluster.examples {
                println!("           {}", dim(&format!("“{}”", one_line(example, EXAMPLE_CHARS_MAX))));
            }
        }
        Question::Cap { class, channel, kind, messages } => {
            println!("  {messages:>7}  {kind} of {class} on {}", name(channel));
        }
        Question::Grant { channel, kind, ends_at } => {
            println!("           {kind} on {}, until {}", name(channel), ends_at.strftime("%F %R UTC"));
        }
        Question::Evidence { class, channel, level, messages } => {
            println!("  {messages:>7}  {class} on {}, level {}", name(channel), *level as u8);
        }
    }
}
