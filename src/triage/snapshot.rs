//! One world: everything that a message is decided under, swapped as a whole.

use crate::authority::Authority;
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
use crate::trust::{self, Admission, Refused, Today, Upheld};
use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

/// Pack, policy, channels and limits, immutable.
#[derive(Debug)]
pub struct Snapshot {
    /// The rules, compiled.
    pub pack: Pack,
    /// What may happen: levels above 1 as far as they were promoted.
    pub policy: Policy,
    /// Levels that the policy's file says and that do not count.
    pub refused: Vec<Refused>,
    /// Which rules are as good as those of today.
    pub upheld: Upheld,
    /// Who may sign what.
    pub authority: Arc<Authority>,
    /// Streams and their channels.
    pub sources: Vec<SourceStream>,
    /// Every bound.
    pub limits: Limits,
    /// How long records are kept.
    pub retention: Retention,
    /// How often canaries are tried; `None` for never.
    pub canary: Option<std::time::Duration>,
    /// What hides senders.
    pub hasher: SenderHasher,
    /// The root of our subjects.
    pub root: Root,
    /// Digests of all that a decision rests on.
    pub digests: Digests,
    unlisted: ChannelSpec,
    /// Of each source, where its channels are found.
    places: Vec<Places>,
}

/// Where the channels of a source are found: those with one subject at once, whatever their number, the others one after
/// the other.
#[derive(Debug, Default)]
struct Places {
    plain: HashMap<String, usize>,
    patterns: Vec<usize>,
}

impl Places {
    fn of(source: &SourceStream) -> Self {
        let mut places = Self::default();
        for (at, spec) in source.channels.iter().enumerate() {
            if spec.subject.split('.').any(|token| token == "*" || token == ">") {
                places.patterns.push(at);
            } else {
                places.plain.entry(spec.subject.clone()).or_insert(at);
            }
        }
        places
    }

    /// The first that takes the subject.
    fn find<'a>(&self, channels: &'a [ChannelSpec], subject: &str) -> Option<&'a ChannelSpec> {
        let plain = self.plain.get(subject).copied();
        let before = self.patterns.iter().copied().take_while(|at| plain.is_none_or(|plain| *at < plain));
        let pattern = before.filter_map(|at| channels.get(at)).find(|spec| takes(&spec.subject, subject));
        pattern.or_else(|| channels.get(plain?))
    }
}

/// What the evidence of a verdict names.
#[derive(Debug, Default)]
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
        let places = config.channels.sources.iter().map(Places::of).collect();
        let Admission { policy, refused, upheld } =
            trust::admit(config.policy, &config.authority, &pack, &config.channels.places);
        let digests = Digests { pack: pack.digest(), policy: policy.digest, channels: config.channels.digest };
        Ok(Self {
            pack,
            policy,
            refused,
            upheld,
            authority: Arc::new(config.authority),
            sources: config.channels.sources,
            limits: config.limits,
            retention: config.retention,
            canary: config.canary,
            hasher: SenderHasher::new(config.sender_key),
            root: Root::new(&config.bus.root)?,
            digests,
            unlisted: unlisted()?,
            places,
        })
    }

    /// The channel of a delivery: the first of its stream whose filter takes its subject. A subject that no
    /// channel names is monitored, as text, under a channel of its own.
    pub fn channel_of(&self, delivery: &Delivery) -> &ChannelSpec {
        let source = self.sources.iter().zip(&self.places).find(|(source, _)| source.stream == *delivery.stream);
        source.and_then(|(source, places)| places.find(&source.channels, &delivery.subject)).unwrap_or(&self.unlisted)
    }

    /// A channel by its name.
    pub fn channel_named(&self, name: &str) -> Option<&ChannelSpec> {
        self.sources.iter().flat_map(|source| &source.channels).find(|spec| spec.channel.as_str() == name)
    }

    /// How long people's answers are kept, and what became of them: those on samples not shorter than the samples, or those
    /// would be asked about again.
    pub fn answers_kept(&self) -> std::time::Duration {
        self.retention.answers.max(self.policy.sampling.kept())
    }

    /// Every channel that messages may come from.
    pub fn channels(&self) -> BTreeSet<&Channel> {
        self.sources.iter().flat_map(|source| &source.channels).map(|spec| &spec.channel).collect()
    }

    /// The rules, and which others they are as good as.
    pub fn today(&self) -> Today<'_> {
        Today { pack: &self.pack, upheld: &self.upheld }
    }

    /// The bounds of classifying.
    pub fn classify_limits(&self) -> ClassifyLimits {
        ClassifyLimits {
            evidence_spans_max: self.limits.evidence_spans_max,
            decision_steps_max: self.limits.decision_steps_max,
        }
    }
}

impl<'a> Named<'a> {
    /// What the effects of the rules that fired name.
    pub(super) fn by(effects: impl Iterator<Item = &'a Effect>) -> Self {
        let (mut restrictions, mut classes): (Vec<&str>, Vec<&Class>) = (Vec::new(), Vec::new());
        for effect in effects {
            match effect {
                Effect::Restrict(restriction) if restrictions.contains(&restriction.as_str()) => {}
                Effect::Restrict(restriction) => restrictions.push(restriction),
                Effect::Permit(class) if classes.contains(&class) => {}
                Effect::Permit(class) => classes.push(class),
            }
        }
        let permitted = if let [only] = classes.as_slice() { Some(*only) } else { None };
        Self { restrictions, permitted }
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_channel_in_the_file_takes_a_message_whether_it_has_a_pattern_or_not() {
        let spec = |subject: &str| ChannelSpec { subject: subject.to_owned(), ..unlisted().unwrap() };
        let channels: Vec<ChannelSpec> = ["in.a", "in.*", "in.b", "in.c.>", "in.a"].map(spec).into();
        let source = SourceStream { stream: "IN".to_owned(), consumer: "decile".to_owned(), channels };
        let places = Places::of(&source);
        for subject in ["in.a", "in.b", "in.c", "in.c.d", "in", "in.c.d.e", "out.a"] {
            let one_by_one = source.channels.iter().position(|spec| takes(&spec.subject, subject));
            let found = places.find(&source.channels, subject).map(std::ptr::from_ref);
            assert_eq!(found, one_by_one.map(|at| std::ptr::from_ref(&source.channels[at])), "{subject}");
        }
    }
}
