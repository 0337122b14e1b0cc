//! `decile diff`: which messages of a corpus change their verdict between two packs.

use super::args::Format;
use super::classify::{CLASSIFY_LIMITS, DECODE_LIMITS};
use super::lines::{self, Line};
use super::print::{bold, dim, json, one_line};
use super::{Exit, world};
use crate::class::RuleId;
use crate::classify::{self, Scratch};
use crate::decode;
use crate::message::Message;
use crate::pack::Pack;
use crate::verdict::Verdict;
use crate::verdict::diff::{Change, Differences, Direction, Group};
use anyhow::Context as _;
use clap::Args;
use jiff::Timestamp;
use std::path::PathBuf;

const EXAMPLE_CHARS_MAX: usize = 100;
const RULES_SHOWN_MAX: usize = 3;

/// Decides on each message of a corpus under two packs, and shows what changes: what is newly handled first,
/// then what gets another class, then what is no longer handled.
#[derive(Debug, Args)]
#[command(
    after_help = "Example: git worktree add /tmp/old HEAD && decile diff /tmp/old/rules rules --corpus messages.jsonl\n\
    Handled means here: the verdict is a class. What may happen to it is the policy's.\n\
    Exit code 0 where no verdict changes, 3 where one does."
)]
pub(super) struct Diff {
    /// The rules in force: a folder, or a pack.
    old: PathBuf,
    /// The rules to be: a folder, or a pack.
    new: PathBuf,
    /// The messages, as JSON lines; `-` for standard input.
    #[arg(long, value_name = "FILE")]
    corpus: PathBuf,
    /// The time to decide at; else each message's own `sent_at`, and now where it has none.
    #[arg(long, value_name = "TIME")]
    now: Option<Timestamp>,
    /// The most examples of each group.
    #[arg(long, value_name = "N", default_value_t = 3, value_parser = clap::value_parser!(u16).range(..=1_000))]
    show: u16,
    /// Show also what escalates either way, for another reason.
    #[arg(long)]
    all: bool,
    /// How to print.
    #[arg(long, value_enum, default_value_t)]
    format: Format,
}

/// What is printed with `--format json`.
#[derive(serde::Serialize)]
struct Report<'a> {
    /// The digest of the old pack.
    old: String,
    /// The digest of the new pack.
    new: String,
    /// How many messages were read, the unreadable ones among them.
    messages: u64,
    /// How many of them are malformed or oversized: the same under each pack.
    unreadable: u64,
    /// How many verdicts change.
    changed: u64,
    /// What changes, in the order to read in: by direction, then by class.
    groups: Vec<GroupReport<'a>>,
}

/// The messages whose verdicts change in the same way. Of `class_…` and `reason_…` one is null, before and
/// after.
#[derive(serde::Serialize)]
struct GroupReport<'a> {
    direction: Direction,
    class_before: Option<&'a str>,
    reason_before: Option<&'a str>,
    class_after: Option<&'a str>,
    reason_after: Option<&'a str>,
    /// How many there are.
    messages: u64,
    /// The first of them, at most as many as `--show` says. Those with another reason only with `--all`.
    examples: &'a [Example],
}

/// A message whose verdict changes.
#[derive(serde::Serialize)]
struct Example {
    /// Its number in the corpus, from 1; empty lines do not count.
    number: u64,
    /// Its id, if it has one.
    id: Option<String>,
    channel: String,
    text: String,
    /// The rules that fired under the old pack.
    rules_before: Vec<RuleId>,
    /// The rules that fired under the new one.
    rules_after: Vec<RuleId>,
}

/// Two packs, the memory to use them with, and what was found so far.
struct Comparison<'a> {
    /// The time to decide at, whatever a message says.
    now: Option<Timestamp>,
    /// For messages that do not say when they were sent.
    started: Timestamp,
    packs: [&'a Pack; 2],
    scratches: [Scratch; 2],
    unreadable: u64,
    differences: Differences<Example>,
}

impl Diff {
    pub(super) fn run(self) -> anyhow::Result<Exit> {
        let [old, new] = [world::open_pack(&self.old)?, world::open_pack(&self.new)?];
        let cannot = || format!("cannot read the corpus `{}`", self.corpus.display());
        let input = lines::open(Some(&self.corpus)).with_context(cannot)?;
        let mut comparison = Comparison::new([&old, &new], self.now, usize::from(self.show));
        let messages = lines::each(input, |line| comparison.add(&line)).with_context(cannot)?;
        anyhow::ensure!(messages > 0, "no message in `{}`: nothing was compared", self.corpus.display());
        match self.format {
            Format::Json => {
                let report = serde_json::to_string_pretty(&comparison.report(messages, self.all))?;
                println!("{}", json(&report));
            }
            Format::Text => print!("{}", comparison.text(messages, self.all)),
        }
        Ok(if comparison.differences.changed() == 0 { Exit::Yes } else { Exit::No })
    }
}

impl<'a> Comparison<'a> {
    fn new(packs: [&'a Pack; 2], now: Option<Timestamp>, examples_max: usize) -> Self {
        let (scratches, differences) = (packs.map(Scratch::new), Differences::new(examples_max));
        Self { now, started: Timestamp::now(), packs, scratches, unreadable: 0, differences }
    }

    fn add(&mut self, line: &Line) -> anyhow::Result<()> {
        let spec = lines::spec(&line.label, None)?;
        let Ok(message) = decode::decode(&spec.recipe, &spec.channel, &DECODE_LIMITS, &line.delivery) else {
            self.unreadable += 1;
            return Ok(());
        };
        let now = self.now.or(line.label.sent_at).unwrap_or(self.started);
        let [old, new] = self.packs;
        let [old_scratch, new_scratch] = &mut self.scratches;
        let before = classify::classify(old, &message, now, &CLASSIFY_LIMITS, old_scratch);
        let after = classify::classify(new, &message, now, &CLASSIFY_LIMITS, new_scratch);
        self.differences.add(&before, &after, || Example::new(line.delivery.sequence, &message, &before, &after));
        Ok(())
    }

    fn report(&self, messages: u64, all: bool) -> Report<'_> {
        let [old, new] = self.packs.map(|pack| pack.digest().to_string());
        let groups = self.differences.groups().map(|(change, group)| GroupReport::new(change, group, all)).collect();
        Report { old, new, messages, unreadable: self.unreadable, changed: self.differences.changed(), groups }
    }

    fn text(&self, messages: u64, all: bool) -> String {
        let [old, new] = self.packs.map(|pack| pack.digest().short());
        let mut text = format!("{}\n", dim(&format!("pack {old} → pack {new}")));
        for direction in Direction::ALL {
            let count = self.differences.changed_in(direction);
            if count == 0 {
                continue;
            }
            let heading = bold(heading(direction));
            if direction == Direction::OtherReason && !all {
                text.push_str(&format!("\n{heading}: {count}; `--all` shows them\n"));
                continue;
            }
            text.push_str(&format!("\n{heading}: {count}\n"));
            let groups = self.differences.groups().filter(|(change, _)| change.direction() == direction);
            groups.for_each(|(change, group)| text.push_str(&block(change, group)));
        }
        let (unreadable, changed) = (self.unreadable, self.differences.changed());
        text + &format!("\n{messages} messages read, {unreadable} unreadable, {changed} changed\n")
    }
}

impl Example {
    fn new(number: u64, message: &Message, before: &Verdict, after: &Verdict) -> Self {
        Self {
            number,
            id: message.id.clone(),
            channel: message.channel.as_str().to_owned(),
            text: message.text.clone(),
            rules_before: fired(before),
            rules_after: fired(after),
        }
    }

    /// The rules that explain a change: of the new pack, or where none fires there, of the old one.
    fn explained_by(&self) -> String {
        let (word, rules) =
            if self.rules_after.is_empty() { ("was by", &self.rules_before) } else { ("by", &self.rules_after) };
        let mut names: Vec<&str> = rules.iter().take(RULES_SHOWN_MAX).map(RuleId::as_str).collect();
        names.extend((rules.len() > RULES_SHOWN_MAX).then_some("…"));
        if names.is_empty() { String::new() } else { format!("{word} {}", names.join(", ")) }
    }
}

impl<'a> GroupReport<'a> {
    fn new(change: &'a Change, group: &'a Group<Example>, all: bool) -> Self {
        let (before, after) = sides(change);
        let direction = change.direction();
        let is_shown = all || direction != Direction::OtherReason;
        Self {
            direction,
            class_before: before.ok(),
            reason_before: before.err(),
            class_after: after.ok(),
            reason_after: after.err(),
            messages: group.messages,
            examples: if is_shown { &group.examples } else { &[] },
        }
    }
}

/// The rules of which there is evidence, each once.
fn fired(verdict: &Verdict) -> Vec<RuleId> {
    let mut rules: Vec<RuleId> = verdict.evidence.iter().map(|it| it.rule.clone()).collect();
    rules.dedup();
    rules
}

/// Before and after: a class, or the reason why there is none.
fn sides(change: &Change) -> (Result<&str, &str>, Result<&str, &str>) {
    match change {
        Change::NewlyHandled { class, before } => (Err(before.as_str()), Ok(class.as_str())),
        Change::Reclassified { before, after } => (Ok(before.as_str()), Ok(after.as_str())),
        Change::NoLongerHandled { class, after } => (Ok(class.as_str()), Err(after.as_str())),
        Change::OtherReason { before, after } => (Err(before.as_str()), Err(after.as_str())),
    }
}

fn heading(direction: Direction) -> &'static str {
    match direction {
        Direction::NewlyHandled => "newly handled",
        Direction::Reclassified => "another class",
        Direction::NoLongerHandled => "no longer handled",
        Direction::OtherReason => "escalate either way, for another reason",
    }
}

fn block(change: &Change, group: &Group<Example>) -> String {
    let title = match change {
        Change::NewlyHandled { class, before } => format!("{class} (was {before})"),
        Change::Reclassified { before, after } => format!("{before} → {after}"),
        Change::NoLongerHandled { class, after } => format!("{class} (now {after})"),
        Change::OtherReason { before, after } => format!("{before} → {after}"),
    };
    let mut text = format!("  {title}: {}\n", group.messages);
    for example in &group.examples {
        let name = example.id.as_ref().map_or_else(|| format!("#{}", example.number), |id| one_line(id, 24));
        let said = one_line(&example.text, EXAMPLE_CHARS_MAX);
        text.push_str(format!("    {name}  “{said}”  {}", dim(&example.explained_by())).trim_end());
        text.push('\n');
    }
    let left = group.messages.saturating_sub(group.examples.len() as u64);
    if left > 0 && !group.examples.is_empty() {
        text.push_str(&format!("    … and {left} more\n"));
    }
    text
}
