//! One world: everything that a message is decided under, swapped as a whole.

use crate::channel::{Channel, Mode};
use crate::class::Class;
use crate::classify::ClassifyLimits;
use crate::config::{ChannelSpec, Config, Limits, Retention, SourceStream};
use crate::decision::Digests;
use crate::decode::recipe::{Mapping, Preset, Recipe};
use crate::message::Delivery;
use crate::pack::{Effect, Pack};
use crate::policy::Policy;
use crate::subject::Root;
use crate::token::TokenError;
use crate::triage::privacy::SenderHasher;
use crate::verdict::Verdict;

/// Pack, policy, channels and limits, immutable.
#[derive(Debug)]
pub struct Snapshot {
    /// The rules, compiled.
    pub pack: Pack,
    /// What may happen.
    pub policy: Policy,
    /// Streams and their channels.
    pub sources: Vec<SourceStream>,
    /// Every bound.
    pub limits: Limits,
    /// How long records are kept.
    pub retention: Retention,
    /// What hides senders.
    pub hasher: SenderHasher,
    /// The root of our subjects.
    pub root: Root,
    /// Digests of all that a decision rests on.
    pub digests: Digests,
    unlisted: ChannelSpec,
}

/// What the evidence of a verdict names.
#[derive(Debug)]
pub struct Named<'a> {
    /// The restrictions whose rules fired, in the evidence's order, each once.
    pub restrictions: Vec<&'a str>,
    /// The class of the permitting rules that fired, if they name exactly one: what would have happened.
    pub permitted: Option<&'a Class>,
}

impl Snapshot {
    /// The world of a configuration and its pack.
    ///
    /// # Errors
    /// Where the configured root cannot be a subject's token.
    pub fn new(config: Config, pack: Pack) -> Result<Self, TokenError> {
        let digests = Digests { pack: pack.digest(), policy: config.policy.digest, channels: config.channels.digest };
        Ok(Self {
            pack,
            policy: config.policy,
            sources: config.channels.sources,
            limits: config.limits,
            retention: config.retention,
            hasher: SenderHasher::new(config.sender_key),
            root: Root::new(&config.bus.root)?,
            digests,
            unlisted: unlisted()?,
        })
    }

    /// The channel of a delivery: the first of its stream whose filter takes its subject. A subject that no
    /// channel names is monitored, as text, under a channel of its own.
    pub fn channel_of(&self, delivery: &Delivery) -> &ChannelSpec {
        self.sources
            .iter()
            .filter(|source| source.stream == *delivery.stream)
            .flat_map(|source| &source.channels)
            .find(|spec| takes(&spec.subject, &delivery.subject))
            .unwrap_or(&self.unlisted)
    }

    /// A channel by its name.
    pub fn channel_named(&self, name: &str) -> Option<&ChannelSpec> {
        self.sources.iter().flat_map(|source| &source.channels).find(|spec| spec.channel.as_str() == name)
    }

    /// The bounds of classifying.
    pub fn classify_limits(&self) -> ClassifyLimits {
        ClassifyLimits {
            evidence_spans_max: self.limits.evidence_spans_max,
            decision_steps_max: self.limits.decision_steps_max,
        }
    }

    /// What the evidence names: by what it is restricted, and which class it would have had.
    pub fn named_by(&self, verdict: &Verdict) -> Named<'_> {
        let (mut restrictions, mut classes): (Vec<&str>, Vec<&Class>) = (Vec::new(), Vec::new());
        for effect in verdict.evidence.iter().filter_map(|it| self.pack.rule(&it.rule).map(|rule| &rule.effect)) {
            match effect {
                Effect::Restrict(restriction) if restrictions.contains(&restriction.as_str()) => {}
                Effect::Restrict(restriction) => restrictions.push(restriction),
                Effect::Permit(class) if classes.contains(&class) => {}
                Effect::Permit(class) => classes.push(class),
            }
        }
        let permitted = if let [only] = classes.as_slice() { Some(*only) } else { None };
        Named { restrictions, permitted }
    }
}

/// Whether a NATS subject filter takes a subject: `*` is one token, `>` one or more at the end.
fn takes(filter: &str, subject: &str) -> bool {
    let mut tokens = subject.split('.');
    for wanted in filter.split('.') {
        match (wanted, tokens.next()) {
            (">", Some(_)) => return true,
            ("*", Some(_)) => {}
            (wanted, Some(token)) if wanted == token => {}
            _ => return false,
        }
    }
    tokens.next().is_none()
}

fn unlisted() -> Result<ChannelSpec, TokenError> {
    let channel = Channel::unlisted()?;
    let recipe = Recipe { preset: Preset::Raw, by_hand: Mapping::default(), own_senders: Vec::new() };
    Ok(ChannelSpec { channel, subject: ">".to_owned(), mode: Mode::Monitored, recipe })
}
