//! `decile uphold`: rules have changed; where nothing new comes into a class by that, what is known of it stays.

use super::args::{self, ConfigFile, Connect};
use super::exit::No;
use super::inbox::answering::confirmed;
use super::print::one_line;
use super::reach::Reach;
use super::retained::RetainedArgs;
use super::signing::{KeyArgs, Signatory};
use super::world::{self, World};
use super::{Exit, evidence, policy_file};
use crate::authority::{Promoted, Signed, UpheldClass, Upholding, VerifiedPromotion};
use crate::bus::follow::broker_now;
use crate::channel::Channel;
use crate::class::Class;
use crate::classify::{self, Scratch};
use crate::digest::Digest;
use crate::pack::Pack;
use crate::policy::level::Level;
use crate::policy::written::WrittenSigned;
use crate::triage::{self, Snapshot};
use crate::trust::{Admission, Compared, Evidence, Refused, Today, compared_min};
use clap::Args;
use comfy_table::Table;
use comfy_table::presets::UTF8_FULL_CONDENSED;
use jiff::Timestamp;
use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

/// Keeps what is known of classes whose rules have changed: decides on the messages that are still kept under the rules as
/// they were and as they are, shows of each class what newly comes into it on each channel, and asks for a signature that nothing
/// does. Where something does, it starts again at level 1.
#[derive(Debug, Args)]
#[command(
    after_help = "Example: git worktree add /tmp/old HEAD && decile uphold --before /tmp/old/rules --preview\n         \
    decile uphold scheduling_confirm --before /tmp/old/rules --key ada.key\n\
    Exit code 3 where a class starts again."
)]
pub(super) struct Uphold {
    /// Only these classes; else all whose rules have changed and of which something is known.
    #[arg(value_name = "CLASS", value_parser = args::class)]
    classes: Vec<Class>,
    /// The rules as they were: a folder, or a pack.
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

/// A class on a channel whose rules have changed, and of which something is known there.
struct Changed {
    before: Digest,
    after: Digest,
    compared: Compared,
    /// What newly comes into it, and the first of that.
    newly: Vec<String>,
}

/// What stands or falls by itself.
type Place = (Class, Channel);

/// What two packs make of the messages that are kept.
#[derive(Default)]
struct Comparison {
    messages: u64,
    since: Option<Timestamp>,
    counts: BTreeMap<Place, Compared>,
    newly: BTreeMap<Place, Vec<String>>,
}

impl Uphold {
    pub(super) fn run(self) -> anyhow::Result<Exit> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        runtime.block_on(self.uphold())
    }

    async fn uphold(self) -> anyhow::Result<Exit> {
        let world = world::load(&self.file.config)?;
        let before = world::open_pack(&self.before)?;
        let signatory = if self.preview { None } else { Some(self.key.signatory(&world.config)?) };
        if let Some(Signatory { operator, .. }) = signatory.as_ref().filter(|it| !it.operator.promotions) {
            return Err(No(format!("`{}` may not uphold: see `promotions` in operators.toml", operator.name)).into());
        }
        let reach = Reach::open(&world.config, &self.connect).await?;
        let heard = evidence::read(&reach, &world.config.authority).await?;
        let mut changed = self.changed(&world, &before, &heard)?;
        let comparison = self.compare(&reach, world, &before).await?;
        for (place, changed) in &mut changed {
            changed.compared = comparison.counts.get(place).copied().unwrap_or_default();
            changed.newly = comparison.newly.get(place).cloned().unwrap_or_default();
        }
        show(&comparison, &changed);
        let upheld: BTreeMap<&Place, &Changed> =
            changed.iter().filter(|(_, it)| it.compared.upholds().is_some()).collect();
        let exit = if upheld.len() == changed.len() { Exit::Yes } else { Exit::No };
        let Some(signatory) = signatory else { return Ok(exit) };
        if upheld.is_empty() {
            return Err(No("there is nothing to sign: each of these starts again at level 1".to_owned()).into());
        }
        let names: Vec<String> = upheld.keys().map(|(class, channel)| format!("`{class}` on `{channel}`")).collect();
        let question = format!("Sign, so that what is known of {} stays? [y/N] ", names.join(", "));
        if !self.yes && !confirmed(&question)? {
            return Err(No("nothing was signed".to_owned()).into());
        }
        let upholding = Upholding {
            classes: upheld.into_iter().map(|(place, changed)| changed.signed(place)).collect(),
            messages: comparison.messages,
            since: comparison.since.unwrap_or_default(),
            issued_at: broker_now(&reach.connection, &reach.stream).await?,
            note: self.note.clone(),
        };
        self.sign(&upholding, &signatory)?;
        Ok(exit)
    }

    /// What rests on the rules as they were, where these have changed.
    fn changed(&self, world: &World, before: &Pack, heard: &Evidence) -> anyhow::Result<BTreeMap<Place, Changed>> {
        let World { config, pack, .. } = world;
        let upheld = world.admitted().upheld;
        let promotions = config.policy.promotions.iter().flat_map(|it| {
            let signed = Signed::parse(it.as_bytes()).ok();
            let verified = signed.and_then(|it| VerifiedPromotion::new(&it, &config.authority).ok());
            let promotion = verified.map(|it| it.promotion().clone());
            promotion.into_iter().flat_map(|it| {
                let place = move |on: Promoted| ((it.class.clone(), on.channel), it.rules);
                it.on.into_iter().map(place)
            })
        });
        let said = heard.said().map(|said| ((said.basis.class.clone(), said.basis.channel.clone()), said.basis.rules));
        let known: BTreeSet<(Place, Digest)> = promotions.chain(said).collect();
        let mut changed = BTreeMap::new();
        for (place, rules) in known {
            let (class, channel) = &place;
            let (Some(was), Some(is)) = (before.class_digest(class), pack.class_digest(class)) else { continue };
            let is_asked = self.classes.is_empty() || self.classes.contains(class);
            let rests_on_it = Today { pack: before, upheld: &upheld }.holds(class, channel, rules, Level::Routine);
            let is_upheld = Today { pack, upheld: &upheld }.holds(class, channel, was, Level::Routine);
            if is_asked && rests_on_it && !is_upheld {
                let (compared, newly) = (Compared::default(), Vec::new());
                changed.insert(place, Changed { before: was, after: is, compared, newly });
            }
        }
        let missed = self.classes.iter().find(|asked| !changed.keys().any(|(class, _)| class == *asked));
        match missed {
            Some(class) => Err(No(format!(
                "`{class}` has the same rules in `{}` as now, is upheld already, or nothing is known of it under those",
                self.before.display()
            ))
            .into()),
            None if changed.is_empty() => {
                let wrong =
                    "no class has changed, and is not upheld already, of which anything is known under the rules in";
                Err(No(format!("{wrong} `{}`", self.before.display())).into())
            }
            None => Ok(changed),
        }
    }

    /// Decides on what is kept under both packs, as of when it came.
    async fn compare(&self, reach: &Reach, world: World, before: &Pack) -> anyhow::Result<Comparison> {
        let snapshot = Snapshot::new(world.config, world.pack)?;
        let limits = snapshot.classify_limits();
        let (mut scratch, mut scratch_before) = (Scratch::new(&snapshot.pack), Scratch::new(before));
        let mut comparison = Comparison::default();
        let Reach { connection, stream, root } = reach;
        let take = |delivery: &crate::message::Delivery| {
            let Ok(message) = triage::read(&snapshot, delivery).message else { return };
            let now = delivery.stored_at();
            let was = classify::classify(before, &message, now, &limits, &mut scratch_before);
            let is = classify::classify(&snapshot.pack, &message, now, &limits, &mut scratch);
            comparison.messages += 1;
            comparison.since = Some(comparison.since.map_or(now, |since| since.min(now)));
            Compared::add(&mut comparison.counts, &message.channel, &was, &is);
            if let Some(class) = is.class().filter(|class| was.class() != Some(class)) {
                let newly = comparison.newly.entry((class.clone(), message.channel.clone())).or_default();
                if newly.len() < usize::from(self.show) {
                    newly.push(format!("  {} {}", now.strftime("%F %T"), one_line(&message.text, 100)));
                }
            }
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
        for upheld in &upholding.classes {
            let UpheldClass { class, channel, .. } = upheld;
            println!("upheld: what is known of `{class}` on `{channel}` stays");
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

impl Changed {
    fn signed(&self, (class, channel): &Place) -> UpheldClass {
        let (class, channel) = (class.clone(), channel.clone());
        UpheldClass { class, channel, before: self.before, after: self.after, messages: self.compared.still }
    }

    /// What becomes of what is known of it.
    fn outcome(&self) -> String {
        match self.compared.upholds() {
            Some(Level::Bounded) => "stays".to_owned(),
            Some(level) => {
                format!("stays, up to level {}: level 3 needs {}", level as u8, compared_min(Level::Bounded))
            }
            None if self.compared.newly > 0 => "starts again at level 1".to_owned(),
            None => {
                format!("starts again at level 1: it takes {} of it to tell", compared_min(Level::Routine))
            }
        }
    }
}

fn show(comparison: &Comparison, changed: &BTreeMap<Place, Changed>) {
    let since = comparison.since.unwrap_or_default().strftime("%F %T UTC");
    println!("{} messages since {since}, under the rules as they were and as they are", comparison.messages);
    let mut table = Table::new();
    table.load_preset(UTF8_FULL_CONDENSED);
    table.set_header(["class", "channel", "still of it", "newly", "no longer", "what is known of it"]);
    for ((class, channel), changed) in changed {
        let Compared { still, newly, no_longer } = changed.compared;
        table.add_row([
            class.to_string(),
            channel.to_string(),
            still.to_string(),
            newly.to_string(),
            no_longer.to_string(),
            changed.outcome(),
        ]);
    }
    println!("{table}");
    for ((class, channel), Changed { compared, newly, .. }) in changed {
        if newly.is_empty() {
            continue;
        }
        println!("newly `{class}` on `{channel}`:");
        newly.iter().for_each(|line| println!("{line}"));
        let more = compared.newly.saturating_sub(newly.len() as u64);
        if more > 0 {
            println!("  … and {more} more");
        }
    }
}

/// An upholding in a line: a class's word cannot end it.
fn comment(upholding: &Upholding) -> String {
    let Upholding { classes, messages, since, issued_at, .. } = upholding;
    let of = |it: &UpheldClass| format!("`{}` on {} ({} of it)", it.class, it.channel.subject(), it.messages);
    let classes: Vec<String> = classes.iter().map(of).collect();
    format!(
        "rules have changed, nothing new in {}, over {messages} messages since {}, {}",
        classes.join(", "),
        since.strftime("%F"),
        issued_at.strftime("%F %T UTC")
    )
}
