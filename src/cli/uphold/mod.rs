//! `decile uphold`: rules were changed. What newly comes into which class, and a signature that nothing does, so that what is
//! known of it stays.

mod compare;
mod versions;

use super::args::{self, ConfigFile, Connect};
use super::exit::No;
use super::inbox::answering::confirmed;
use super::reach::Reach;
use super::retained::RetainedArgs;
use super::signing::{KeyArgs, Signatory};
use super::world::{self, World};
use super::{Exit, evidence, policy_file};
use crate::authority::{Promoted, Signed, UpheldClass, Upholding, VerifiedPromotion};
use crate::bus::follow::broker_now;
use crate::channel::Channel;
use crate::class::Class;
use crate::digest::Digest;
use crate::governing::Governing;
use crate::pack::Pack;
use crate::policy::Policy;
use crate::policy::level::Level;
use crate::policy::written::WrittenSigned;
use crate::triage::Snapshot;
use crate::trust::{self, Admission, Compared, Evidence, Refused, Standing, Today, compared_min};
use clap::Args;
use comfy_table::Table;
use comfy_table::presets::UTF8_FULL_CONDENSED;
use compare::{Comparison, Versions};
use jiff::Timestamp;
use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use versions::{Differing, Rules};

/// Keeps what is known of classes whose rules have changed: decides on the messages that are still kept under the rules as
/// they were and as they are, shows of each class what newly comes into it on each channel, and asks for a signature that nothing
/// does. Where something does, it starts again at level 1.
#[derive(Debug, Args)]
#[command(
    mut_arg("messages_max", |it| it.value_parser(clap::value_parser!(u32).range(20_000..=1_000_000))),
    after_help = "Example: git worktree add /tmp/old HEAD && decile uphold --before /tmp/old/rules --preview\n         \
    decile uphold scheduling_confirm --before /tmp/old/rules --key ada.key\n\
    Exit code 3 where a class starts again."
)]
pub(super) struct Uphold {
    /// Only these classes; else all whose rules have changed and of which something is known.
    #[arg(value_name = "CLASS", value_parser = args::class)]
    classes: Vec<Class>,
    /// The folder of the rules as they were.
    #[arg(long, value_name = "RULES")]
    before: PathBuf,
    #[command(flatten)]
    retained: RetainedArgs,
    /// The most messages of each class and channel that are listed.
    #[arg(long, value_name = "N", default_value_t = 10, value_parser = clap::value_parser!(u16).range(..=1_000))]
    show: u16,
    /// A word about it, for whoever reads it later.
    #[arg(long, default_value = "")]
    note: String,
    /// Only show what changes.
    #[arg(long)]
    preview: bool,
    /// Sign without being asked.
    #[arg(long)]
    yes: bool,
    #[command(flatten)]
    file: ConfigFile,
    #[command(flatten)]
    connect: Connect,
    #[command(flatten)]
    key: KeyArgs,
}

/// What stands or falls by itself.
type Place = (Class, Channel);

/// A class on a channel whose rules have changed, and of which something is known there.
struct Changed {
    before: Digest,
    after: Digest,
    /// How it stood under the rules as they were.
    was: Stands,
    /// How it stands if what can be upheld is.
    is: Stands,
    compared: Compared,
    /// The first of what newly comes into it.
    newly: Vec<String>,
    /// Whether that is anything to sign.
    is_signed: bool,
}

/// The level of a class, and how many answers count for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Stands {
    level: Level,
    answers: u64,
}

/// What is known, of everything.
struct Known {
    world: World,
    heard: Evidence,
    governing: Governing,
    now: Timestamp,
}

impl Uphold {
    pub(super) fn run(self) -> anyhow::Result<Exit> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        runtime.block_on(self.uphold())
    }

    async fn uphold(self) -> anyhow::Result<Exit> {
        let world = world::load(&self.file.config)?;
        let (before, after) = (Rules::read(&self.before)?, Rules::read(&world.config.rules)?);
        let signatory = if self.preview { None } else { Some(self.key.signatory(&world.config)?) };
        if let Some(Signatory { operator, .. }) = signatory.as_ref().filter(|it| !it.operator.promotions) {
            return Err(No(format!("`{}` may not uphold: see `promotions` in operators.toml", operator.name)).into());
        }
        let reach = Reach::open(&world.config, &self.connect).await?;
        let heard = evidence::read(&reach, &world.config.authority).await?;
        let (governing, now) = reach.governing(&world.config).await?;
        let known = Known { world, heard, governing, now };
        let mut changed = self.changed(&known, &before.pack, &after.pack)?;
        let classes: BTreeSet<Class> = changed.keys().map(|(class, _)| class.clone()).collect();
        let differing = before.changed(&after, &classes.iter().collect());
        let versions: anyhow::Result<Vec<_>> =
            classes.iter().map(|class| Versions::new(class, &before, &after)).collect();
        let comparison = self.compare(&reach, now, versions?).await?;
        for (place, changed) in &mut changed {
            changed.compared = comparison.counts.get(place).cloned().unwrap_or_default();
            changed.newly = comparison.newly.get(place).cloned().unwrap_or_default();
        }
        let is_loosened = differing.iter().any(Differing::loosens);
        let upheld = known.settle(&mut changed, &before.pack, is_loosened);
        show(&comparison, &changed, &differing);
        let exit = if changed.values().all(|it| it.was == it.is) { Exit::Yes } else { Exit::No };
        let Some(signatory) = signatory else { return Ok(exit) };
        if upheld.is_empty() {
            return Err(No("there is nothing to sign: see above".to_owned()).into());
        }
        let names: Vec<String> = upheld.iter().map(|it| format!("`{}` on `{}`", it.class, it.channel)).collect();
        let question = format!("Sign, so that what is known of {} stays? [y/N] ", names.join(", "));
        if !self.yes && !confirmed(&question)? {
            return Err(No("nothing was signed".to_owned()).into());
        }
        let upholding = Upholding {
            classes: upheld,
            messages: comparison.messages,
            since: comparison.since.unwrap_or_default(),
            issued_at: broker_now(&reach.connection, &reach.stream).await?,
            note: self.note.clone(),
        };
        self.sign(&upholding, &signatory)?;
        Ok(exit)
    }

    /// What rests on the rules as they were, where these have changed.
    fn changed(&self, known: &Known, before: &Pack, after: &Pack) -> anyhow::Result<BTreeMap<Place, Changed>> {
        let upheld = known.world.admitted().upheld;
        let mut changed = BTreeMap::new();
        for (place, rules) in known.known() {
            let (class, channel) = &place;
            let (Some(was), Some(is)) = (before.class_digest(class), after.class_digest(class)) else { continue };
            let is_asked = self.classes.is_empty() || self.classes.contains(class);
            let rests_on_it = Today { pack: before, upheld: &upheld }.holds(class, channel, rules, Level::Routine);
            if is_asked && rests_on_it && was != is {
                changed.insert(place, Changed::new(was, is));
            }
        }
        let missed = self.classes.iter().find(|asked| !changed.keys().any(|(class, _)| class == *asked));
        let folder = self.before.display();
        match missed {
            Some(class) => Err(No(format!(
                "`{class}` has the same rules in `{folder}` as now, or nothing is known of it under those"
            ))
            .into()),
            None if changed.is_empty() => {
                Err(No(format!("no class has changed of which anything is known under the rules in `{folder}`")).into())
            }
            None => Ok(changed),
        }
    }

    /// Compares what is kept, as far back as everything is: where records of one kind, or messages, are gone, the rest would not
    /// be fair.
    async fn compare(
        &self,
        reach: &Reach,
        now: Timestamp,
        mut versions: Vec<Versions<'_>>,
    ) -> anyhow::Result<Comparison> {
        let World { config, pack, .. } = world::load(&self.file.config)?;
        let complete = config.retention.handled.min(config.retention.escalated);
        let oldest = now.saturating_sub(jiff::SignedDuration::try_from(complete)?)?;
        let snapshot = Snapshot::new(config, pack)?;
        let mut comparison = Comparison::default();
        let Reach { connection, stream, root } = reach;
        let take = |delivery: Option<&crate::message::Delivery>| match delivery {
            Some(delivery) if delivery.stored_at() >= oldest => {
                comparison.take(&mut versions, &snapshot, delivery, usize::from(self.show));
            }
            Some(_) => {}
            None => comparison = Comparison::default(),
        };
        self.retained.each(connection, stream, root, take).await?;
        if comparison.messages == 0 {
            return Err(No("no message is kept any more: there is nothing to compare".to_owned()).into());
        }
        Ok(comparison)
    }

    /// Writes it into the policy's file, where it counts. What does not count there is taken back.
    fn sign(&self, upholding: &Upholding, signatory: &Signatory) -> anyhow::Result<()> {
        let file = world::load(&self.file.config)?.config.policy_file;
        let signed = upholding.sign(&signatory.deployment, &signatory.seed)?.encode()?;
        let entry = WrittenSigned::upholding(&String::from_utf8(signed)?);
        let written = policy_file::write(&file, &signatory.operator.name, &comment(upholding), &entry, |_| Ok(()))?;
        let checked = self.check(upholding);
        if checked.is_err() {
            written.take_back()?;
        }
        let refused = checked?;
        for UpheldClass { class, channel, .. } in &upholding.classes {
            println!("upheld: `{class}` on `{channel}`");
            Refused::about(&refused, class, channel).into_iter().for_each(|it| println!("  but {it}"));
        }
        println!(
            "written into `{}`; it counts where that file is, once the daemon has read it again (SIGHUP)",
            file.display()
        );
        Ok(())
    }

    /// Whether the file loads as it is now, and upholds what was signed; the levels that still do not count.
    fn check(&self, upholding: &Upholding) -> anyhow::Result<Vec<Refused>> {
        let world = world::load(&self.file.config)?;
        let Admission { upheld, refused, .. } = world.admitted();
        let today = Today { pack: &world.pack, upheld: &upheld };
        for UpheldClass { class, channel, before, .. } in &upholding.classes {
            if let Err(why) = today.upholds(class, channel, *before, Level::Routine) {
                return Err(No(format!("it would not count for `{class}` on `{channel}`: {why}")).into());
            }
        }
        Ok(refused)
    }
}

impl Known {
    /// Everything that something is known of, each with the rules that it is known under.
    fn known(&self) -> BTreeSet<(Place, Digest)> {
        let config = &self.world.config;
        let verified = config.policy.promotions.iter().filter_map(|it| {
            let signed = Signed::parse(it.as_bytes()).ok()?;
            VerifiedPromotion::new(&signed, &config.authority).ok()
        });
        let promoted = verified.flat_map(|verified| {
            let promotion = verified.promotion().clone();
            let place = move |on: Promoted| ((promotion.class.clone(), on.channel), promotion.rules);
            verified.promotion().on.clone().into_iter().map(place)
        });
        let of = |said: &trust::Said| ((said.basis.class.clone(), said.basis.channel.clone()), said.basis.rules);
        promoted.chain(self.heard.said().map(of)).collect()
    }

    /// Settles what stays if what can be upheld is, and says what that is.
    fn settle(&self, changed: &mut BTreeMap<Place, Changed>, before: &Pack, is_loosened: bool) -> Vec<UpheldClass> {
        let can_be = |it: &Changed| !is_loosened && it.compared.upholds().is_some();
        let candidates: Vec<UpheldClass> =
            changed.iter().filter(|(_, it)| can_be(it)).filter_map(|(place, it)| self.upheld(place, it)).collect();
        let (was, without, with) =
            (self.stand(before, &[]), self.stand(&self.world.pack, &[]), self.stand(&self.world.pack, &candidates));
        for (place, changed) in changed.iter_mut() {
            (changed.was, changed.is) = (Stands::of(place, &was), Stands::of(place, &with));
            changed.is_signed = can_be(changed) && changed.is != Stands::of(place, &without);
        }
        let is_signed =
            |it: &UpheldClass| changed.get(&(it.class.clone(), it.channel.clone())).is_some_and(|it| it.is_signed);
        candidates.into_iter().filter(is_signed).collect()
    }

    /// What there is to sign of a class; none where its channel is gone.
    fn upheld(&self, (class, channel): &Place, changed: &Changed) -> Option<UpheldClass> {
        let Changed { before, after, compared, .. } = changed;
        Some(UpheldClass {
            class: class.clone(),
            channel: channel.clone(),
            place: self.world.config.channels.places.get(channel).copied()?,
            before: *before,
            after: *after,
            still: compared.still(),
            no_longer: compared.no_longer(),
        })
    }

    /// Where everything stands under some rules, as if more were upheld.
    fn stand(&self, pack: &Pack, more: &[UpheldClass]) -> (Policy, Vec<Standing>) {
        let config = &self.world.config;
        let admission =
            trust::admit_as_if(config.policy.clone(), &config.authority, pack, &config.channels.places, more);
        let Admission { policy, upheld, .. } = admission;
        let policy = policy.at(self.now, |class, channel| self.governing.level(class, channel));
        let standings = trust::standings(&self.heard, Today { pack, upheld: &upheld }, &policy, self.now);
        (policy, standings)
    }
}

impl Stands {
    const NOWHERE: Self = Self { level: Level::Draft, answers: 0 };

    fn of((class, channel): &Place, (policy, standings): &(Policy, Vec<Standing>)) -> Self {
        let standing = standings.iter().find(|it| (&it.class, &it.channel) == (class, channel));
        let answers = standing.map_or(0, |it| it.answers.decisions());
        Self { level: policy.line(class, channel).level, answers }
    }
}

impl Changed {
    fn new(before: Digest, after: Digest) -> Self {
        let (was, is) = (Stands::NOWHERE, Stands::NOWHERE);
        Self { before, after, was, is, compared: Compared::default(), newly: Vec::new(), is_signed: false }
    }

    /// What becomes of what is known of it.
    fn outcome(&self, is_loosened: bool) -> String {
        if self.was == self.is {
            return "stays".to_owned();
        }
        let why = match self.compared.upholds() {
            _ if is_loosened => "what restricts has changed".to_owned(),
            _ if self.compared.newly() > 0 => "something new comes in".to_owned(),
            Some(Level::Bounded) => "the changes before it add up".to_owned(),
            _ => format!(
                "{} different ones of it keep level 2, {} level 3, if no more than a fifth leaves",
                compared_min(Level::Routine),
                compared_min(Level::Bounded)
            ),
        };
        if self.is_signed { format!("stays in part: {why}") } else { format!("starts again: {why}") }
    }
}

fn show(comparison: &Comparison, changed: &BTreeMap<Place, Changed>, differing: &[Differing]) {
    let since = comparison.since.unwrap_or_default().strftime("%F %T UTC");
    println!("{} messages since {since}, under the rules as they were and as they are", comparison.messages);
    let names: Vec<String> = differing.iter().map(ToString::to_string).collect();
    if !names.is_empty() {
        println!("rules: {}", names.join(", "));
    }
    let is_loosened = differing.iter().any(Differing::loosens);
    let mut table = Table::new();
    table.load_preset(UTF8_FULL_CONDENSED);
    table.set_header(["class", "channel", "still of it", "newly", "no longer", "level", "answers", "what is known"]);
    for ((class, channel), changed) in changed {
        let Changed { compared, was, is, .. } = changed;
        table.add_row([
            class.to_string(),
            channel.to_string(),
            compared.still().to_string(),
            compared.newly().to_string(),
            compared.no_longer().to_string(),
            then(&(was.level as u8), &(is.level as u8)),
            then(&was.answers, &is.answers),
            changed.outcome(is_loosened),
        ]);
    }
    println!("{table}");
    if is_loosened {
        println!(
            "a rule that restricts is there for what is rare: that none of it came lately says nothing. Promote anew, or keep the rule"
        );
    }
    for ((class, channel), Changed { compared, newly, .. }) in changed {
        if newly.is_empty() {
            continue;
        }
        println!("newly `{class}` on `{channel}`:");
        newly.iter().for_each(|line| println!("{line}"));
        let more = compared.newly().saturating_sub(newly.len() as u64);
        if more > 0 {
            println!("  … and {more} more");
        }
    }
}

fn then<T: PartialEq + std::fmt::Display>(was: &T, is: &T) -> String {
    if was == is { was.to_string() } else { format!("{was} → {is}") }
}

/// An upholding in a line: a word of a class or channel cannot end it.
fn comment(upholding: &Upholding) -> String {
    let Upholding { classes, messages, since, issued_at, .. } = upholding;
    let of = |it: &UpheldClass| format!("`{}` on {} ({} of it)", it.class, it.channel.subject(), it.still);
    let classes: Vec<String> = classes.iter().map(of).collect();
    format!(
        "rules have changed, nothing new in {}, over {messages} messages since {}, {}",
        classes.join(", "),
        since.strftime("%F"),
        issued_at.strftime("%F %T UTC")
    )
}
