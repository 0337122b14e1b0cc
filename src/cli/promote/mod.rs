//! `decile promote`: a person raises a class by one level on some channels, and signs it.

mod back;
mod file;
mod would;

use super::args::{self, ConfigFile, Connect};
use super::exit::{No, UsageError};
use super::inbox::answering::confirmed;
use super::reach::Reach;
use super::signing::{KeyArgs, Signatory};
use super::world::World;
use super::{Exit, evidence, world};
use crate::authority::{Promoted, Promotion, WAIVER_MAX, Waiver};
use crate::bus::batch::{self, BatchEntry, Batched};
use crate::bus::follow::broker_now;
use crate::channel::Channel;
use crate::class::Class;
use crate::decision::ActionRecord;
use crate::governing::Governing;
use crate::policy::Policy;
use crate::policy::action::Reversibility;
use crate::policy::level::Level;
use crate::trust::{self, Admission, Bound, Refused, SIGNIFICANCE, Standing, Tally, Today, Upheld, threshold};
use anyhow::bail;
use bytes::Bytes;
use clap::Args;
use jiff::{SignedDuration, Timestamp};
use std::collections::BTreeSet;

/// Raises a class by one level on some channels: shows what people's answers say of it and what would newly be handled, and
/// asks for a signature. The promotion is written into the policy's file, and is what makes the level valid.
#[derive(Debug, Args)]
#[command(
    after_help = "Example: decile promote scheduling_confirm --to 2 --channel slack.support --key ada.key\n         \
    decile promote scheduling_confirm --to 2 --channel slack.support --preview\n         \
    decile promote newsletter --to 2 --channel mail.inbox --without-evidence \"pilot\" --for 14d"
)]
pub(super) struct Promote {
    /// Which class.
    #[arg(value_name = "CLASS", value_parser = args::class)]
    class: Class,
    /// To which level: 2 or 3, and one above the level that it has.
    #[arg(long, value_name = "LEVEL", value_parser = clap::value_parser!(u64).range(2..=3))]
    to: u64,
    /// On which channel; may be given several times.
    #[arg(long = "channel", value_name = "CHANNEL", required = true, value_parser = args::channel)]
    channels: Vec<Channel>,
    /// Promote although too little is known, and say why. It is loud in every listing, and ends.
    #[arg(long, value_name = "REASON", requires = "span")]
    without_evidence: Option<String>,
    /// For how long, without evidence: `14d`; 30 days at the most.
    #[arg(long = "for", value_name = "SPAN", requires = "without_evidence", value_parser = args::span)]
    span: Option<SignedDuration>,
    /// A word about it, for whoever reads it later.
    #[arg(long, default_value = "")]
    note: String,
    /// Only show the evidence, and what would newly be handled.
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

/// What is known when somebody wants to promote.
struct Known {
    world: World,
    /// The policy with the levels of now.
    policy: Policy,
    upheld: Upheld,
    governing: Governing,
    now: Timestamp,
    standings: Vec<Standing>,
}

impl Promote {
    pub(super) fn run(self) -> anyhow::Result<Exit> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        runtime.block_on(self.promote())
    }

    async fn promote(self) -> anyhow::Result<Exit> {
        let world = world::load(&self.file.config)?;
        let signatory = if self.preview { None } else { Some(self.key.signatory(&world.config)?) };
        if let Some(Signatory { operator, .. }) = signatory.as_ref().filter(|it| !it.operator.promotions) {
            return Err(No(format!("`{}` may not promote: see `promotions` in operators.toml", operator.name)).into());
        }
        let reach = Reach::open(&world.config, &self.connect).await?;
        let known = Known::read(world, &reach).await?;
        let promotion = self.promotion(&known)?;
        let is_enough = show(&promotion, &known);
        would::print(&reach, &promotion, known.today()).await?;
        back::print(&promotion, &known.policy);
        if !is_enough && promotion.without_evidence.is_none() {
            let wrong = "too little is known for this level: see above, or say `--without-evidence REASON --for SPAN`";
            return Err(No(wrong.to_owned()).into());
        }
        let Some(signatory) = signatory else { return Ok(Exit::Yes) };
        let level = promotion.level as u8;
        if !self.yes && !confirmed(&format!("Sign, so that `{}` is at level {level} there? [y/N] ", promotion.class))? {
            return Err(No("nothing was signed".to_owned()).into());
        }
        self.sign(&reach, &known, promotion, &signatory).await?;
        Ok(Exit::Yes)
    }

    /// Writes it into the policy's file, where it counts, and publishes it, for whoever reads later what became of the class.
    /// The file first: what does not load is taken back before anything is stored.
    async fn sign(
        &self,
        reach: &Reach,
        known: &Known,
        promotion: Promotion,
        signatory: &Signatory,
    ) -> anyhow::Result<()> {
        let file = &known.world.config.policy_file;
        // As of now: the person has read for a while.
        let promotion = promotion.issued_again(broker_now(&reach.connection, &reach.stream).await?)?;
        let bytes = Bytes::from(promotion.sign(&signatory.deployment, &signatory.seed)?.encode()?);
        let written = file::write(file, &promotion, &signatory.operator.name, &String::from_utf8(bytes.to_vec())?)?;
        if let Err(error) = self.check(&promotion) {
            written.take_back()?;
            return Err(error);
        }
        let entry = |on: &Promoted| BatchEntry {
            subject: reach.root.level(&promotion.class, &on.channel),
            bytes: bytes.clone(),
            kept: None,
            expected: Some(on.after),
        };
        let entries: Vec<BatchEntry> = promotion.on.iter().map(entry).collect();
        match batch::publish(&reach.connection, &reach.stream, &entries).await {
            Batched::Stored(_) => {}
            Batched::Refused => {
                written.take_back()?;
                return Err(No("somebody promoted or demoted the same just now; look again".to_owned()).into());
            }
            Batched::Unknown(why) => {
                written.take_back()?;
                bail!("the broker did not take the promotion: {why}");
            }
        }
        let (governing, now) = reach.governing(&known.world.config).await?;
        let policy = self.check(&promotion)?.at(now, |class, channel| governing.level(class, channel));
        let (class, level) = (&promotion.class, promotion.level as u8);
        for Promoted { channel, .. } in &promotion.on {
            if policy.line(class, channel).level < promotion.level {
                bail!("`{class}` on `{channel}` was signed and does not count: see `decile policy log`");
            }
            println!("promoted: `{class}` on `{channel}` to level {level}");
        }
        println!(
            "written into `{}`; it counts where that file is, once the daemon has read it again (SIGHUP)",
            file.display()
        );
        Ok(())
    }

    /// Whether the file loads as it is now, with the promotion; what is wrong is printed.
    fn check(&self, promotion: &Promotion) -> anyhow::Result<Policy> {
        let Admission { policy, refused, .. } = world::load(&self.file.config)?.admitted();
        for on in &promotion.on {
            if policy.line(&promotion.class, &on.channel).level < promotion.level {
                let why = Refused::about(&refused, &promotion.class, &on.channel);
                let why = why.map_or_else(|| "the file says less".to_owned(), ToString::to_string);
                return Err(No(format!("it would not count: {why}")).into());
            }
        }
        Ok(policy)
    }

    /// What there is to sign.
    fn promotion(&self, known: &Known) -> anyhow::Result<Promotion> {
        let Known { world: World { config, pack, .. }, policy, governing, now, standings, .. } = known;
        let class = self.class.clone();
        let level = Level::from_number(self.to).ok_or_else(|| UsageError("a level is 2 or 3".to_owned()))?;
        let Some(rules) = pack.class_digest(&class) else {
            return Err(No(format!("no rule names the class `{class}`")).into());
        };
        let (mut on, mut action, mut also) = (Vec::new(), None, BTreeSet::new());
        for channel in BTreeSet::from_iter(&self.channels) {
            let Some(place) = config.channels.places.get(channel).copied() else {
                return Err(No(format!("no monitored channel is named `{channel}`")).into());
            };
            let line = policy.line(&class, channel);
            check_step(&class, channel, line, level)?;
            let of_line = ActionRecord::from(&line.action);
            if *action.get_or_insert_with(|| of_line.clone()) != of_line {
                let wrong = "the policy does something else on one of these channels: promote them one by one";
                return Err(No(wrong.to_owned()).into());
            }
            let standing = standings.iter().find(|it| it.class == class && it.channel == *channel);
            also.extend(standing.iter().flat_map(|it| &it.also).copied());
            let Tally { agreed, disagreed } = standing.map(|it| it.answers).unwrap_or_default();
            let after = governing.level(&class, channel).revision;
            on.push(Promoted { channel: channel.clone(), place, after, agreed, disagreed });
        }
        let Some(action) = action else { return Err(UsageError("name a channel".to_owned()).into()) };
        // Somebody who was never asked about anything is tested here for the first time.
        let tested = trust::tested(standings).max(1);
        Ok(Promotion {
            action,
            rules,
            also: also.into_iter().collect(),
            on,
            tested,
            without_evidence: self.waiver(*now)?,
            issued_at: *now,
            note: self.note.clone(),
            level,
            class,
        })
    }

    fn waiver(&self, now: Timestamp) -> anyhow::Result<Option<Waiver>> {
        let (Some(reason), Some(span)) = (&self.without_evidence, self.span) else { return Ok(None) };
        if !span.is_positive() || span > WAIVER_MAX {
            return Err(UsageError("without evidence it is for at most 30 days".to_owned()).into());
        }
        Ok(Some(Waiver { reason: reason.clone(), expires_at: now.checked_add(span)? }))
    }
}

impl Known {
    fn today(&self) -> Today<'_> {
        Today { pack: &self.world.pack, upheld: &self.upheld }
    }

    async fn read(world: World, reach: &Reach) -> anyhow::Result<Self> {
        let (governing, now) = reach.governing(&world.config).await?;
        let Admission { policy, upheld, .. } = world.admitted();
        let policy = policy.at(now, |class, channel| governing.level(class, channel));
        let heard = evidence::read(reach, &world.config.authority).await?;
        let standings = trust::standings(&heard, Today { pack: &world.pack, upheld: &upheld }, &policy, now);
        Ok(Self { world, policy, upheld, governing, now, standings })
    }
}

impl Promotion {
    /// The same, signed at another time; without evidence, for as long as before.
    fn issued_again(self, now: Timestamp) -> anyhow::Result<Self> {
        let later = now.duration_since(self.issued_at);
        let without_evidence = match self.without_evidence {
            Some(Waiver { reason, expires_at }) => Some(Waiver { reason, expires_at: expires_at.checked_add(later)? }),
            None => None,
        };
        Ok(Self { issued_at: now, without_evidence, ..self })
    }
}

/// One level at a time, and nothing that cannot be undone.
fn check_step(class: &Class, channel: &Channel, line: &crate::policy::Line, to: Level) -> Result<(), No> {
    let kind = &line.action.kind;
    if line.action.nature.reversibility == Reversibility::Irreversible {
        return Err(No(format!("`{kind}` is irreversible: it always waits for a person, at every level")));
    }
    if line.level >= to {
        return Err(No(format!("`{class}` on `{channel}` is at level {} already", line.level as u8)));
    }
    if to == Level::Bounded && line.level < Level::Routine {
        let level = line.level as u8;
        return Err(No(format!("`{class}` on `{channel}` is at level {level}: level 3 is reached from level 2 only")));
    }
    if trust::next_level(line) != Some(to) {
        return Err(No(format!("level {} changes nothing for `{class}` on `{channel}`: `{kind}`", to as u8)));
    }
    Ok(())
}

/// Prints what is known of each channel; whether it is enough on all of them.
fn show(promotion: &Promotion, known: &Known) -> bool {
    let Promotion { class, level, action, tested, .. } = promotion;
    let threshold = threshold(*level).unwrap_or(1.0);
    let bound = Bound::new(threshold, SIGNIFICANCE, *tested);
    println!("`{class}` to level {} (`{}`), {tested} tested at the same time", *level as u8, action.kind);
    let mut is_enough = true;
    for Promoted { channel, agreed, disagreed, .. } in &promotion.on {
        let tally = Tally { agreed: *agreed, disagreed: *disagreed };
        let missing = match bound.missing(tally) {
            Some(0) => "enough".to_owned(),
            Some(missing) => format!("{missing} more are missing, if nobody disagrees with any"),
            None => "too many are missing".to_owned(),
        };
        println!(
            "  {channel}: {agreed} of {} agreed; surely {:.1} %, needed {:.1} %: {missing}",
            tally.decisions(),
            bound.lower(tally) * 100.0,
            threshold * 100.0
        );
        is_enough &= bound.is_reached(tally);
        let standing = known.standings.iter().find(|it| it.class == *class && it.channel == *channel);
        if let Some(outdated) = standing.map(|it| it.outdated).filter(|outdated| *outdated > 0) {
            println!("    {outdated} more were given under other rules, or on another action: they do not count");
        }
    }
    if let Some(Waiver { reason, expires_at }) = &promotion.without_evidence {
        println!("  WITHOUT EVIDENCE, until {}: {reason}", expires_at.strftime("%F %T UTC"));
    }
    is_enough
}
