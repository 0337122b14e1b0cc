//! Why a message got its verdict, for people: the same evaluation, told.

use super::evidence::Finder;
use super::finding::Finding;
use super::hits::Hits;
use super::judge::{Bench, Judged, Witness};
use super::novelty::Novelty;
use super::regexes::Runner;
use super::scratch::{Fields, Scratch};
use super::steps::Steps;
use super::{ClassifyLimits, evaluate};
use crate::class::{Class, RuleId};
use crate::message::{Field, Message};
use crate::pack::pattern::ViewSet;
use crate::pack::{Effect, Pack, Rule, Truth};
use crate::reason::Reason;
use crate::verdict::{Evidence, Verdict};
use crate::views::{Uninspectable, inspect};
use jiff::Timestamp;

/// What was looked at, and what it said.
#[derive(Clone, Debug, PartialEq, serde::Serialize)]
pub struct Trace {
    /// The class; none where the message escalates.
    pub class: Option<Class>,
    /// Why there is no class.
    pub reason: Option<Reason>,
    /// The verdict's evidence.
    pub evidence: Vec<Evidence>,
    /// Where a field cannot be inspected.
    pub uninspectable: Option<UninspectableField>,
    /// The rules that fired, and those that were one condition short; by id.
    pub rules: Vec<RuleTrace>,
    /// What the classes of permitting rules that fired ask for, and what the message has.
    pub classes: Vec<ClassTrace>,
    /// Work done, in steps.
    pub steps: u64,
}

/// A field that cannot be inspected.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct UninspectableField {
    /// The field.
    pub field: Field,
    /// Where, and why.
    pub found: Uninspectable,
}

/// A rule that fired, or nearly.
#[derive(Clone, Debug, PartialEq, serde::Serialize)]
pub struct RuleTrace {
    /// The rule.
    pub rule: RuleId,
    /// Where it is written: `support.toml:12`.
    pub origin: String,
    /// What it does when it fires.
    pub effect: Effect,
    /// Whether it fired; otherwise exactly one of its conditions is short.
    pub fired: bool,
    /// Its conditions, in the order `any`, `all`, `none`, `where`.
    pub conditions: Vec<ConditionTrace>,
}

/// A condition of a rule.
#[derive(Clone, Debug, PartialEq, serde::Serialize)]
pub struct ConditionTrace {
    /// Which.
    pub kind: ConditionKind,
    /// Whether it holds: for `none`, true means that the pattern did not match.
    pub state: Truth,
    /// Its patterns, or its comparison, as the rule writes them.
    pub written: Vec<String>,
    /// Where its patterns matched, in the views in which they count here.
    pub spans: Vec<SpanTrace>,
    /// The fields that are absent.
    pub absent: Vec<Field>,
}

/// The kind of a condition.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum ConditionKind {
    /// At least one of several patterns.
    Any,
    /// One pattern that must match.
    All,
    /// One pattern that must not.
    None,
    /// A comparison.
    Where,
}

/// Where a pattern matched.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct SpanTrace {
    /// The pattern, as a rule writes it.
    pub pattern: String,
    /// The field.
    pub field: Field,
    /// The view.
    pub view: ViewName,
    /// First byte, in the field as sent.
    pub start: usize,
    /// One past the last byte.
    pub end: usize,
}

/// The name of a view.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum ViewName {
    /// The raw view; where it says the same as the folded one, this too.
    Raw,
    /// The folded view.
    Folded,
}

/// What a class asks for, and what the message has.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct ClassTrace {
    /// The class.
    pub class: Class,
    /// Its rules that fired.
    pub witnesses: usize,
    /// How many it needs.
    pub witnesses_min: usize,
    /// Words of the text; none where the class does not ask.
    pub words: Option<usize>,
    /// The most that it allows.
    pub words_max: Option<usize>,
    /// Words outside its vocabulary.
    pub unknown_words: Vec<String>,
    /// The most that it allows.
    pub unknown_max: Option<usize>,
}

/// Classifies a message as of `now`, and tells how.
pub fn trace(pack: &Pack, message: &Message, now: Timestamp, limits: &ClassifyLimits) -> Trace {
    let mut scratch = Scratch::new(pack);
    let mut steps = Steps::new(limits.decision_steps_max);
    let outcome = evaluate(pack, message, now, limits, &mut steps, &mut scratch);
    let taken = steps.taken();
    if let Err(reason) = outcome {
        return Trace { uninspectable: uninspectable(message), ..Trace::of(Verdict::none(reason, Vec::new()), taken) };
    }
    let verdict = Finding::new(pack, outcome, &scratch.evidence, steps.taken()).to_verdict();
    let fired: Vec<u32> = scratch.fired.iter().map(|fired| fired.rule).collect();
    let rules = rules(pack, message, now, &fired, &mut scratch);
    let classes = classes(pack, &fired, &scratch);
    Trace { rules, classes, ..Trace::of(verdict, taken) }
}

impl Trace {
    fn of(verdict: Verdict, steps: u64) -> Self {
        Self {
            class: verdict.class().cloned(),
            reason: verdict.reason(),
            evidence: verdict.evidence,
            uninspectable: None,
            rules: Vec::new(),
            classes: Vec::new(),
            steps,
        }
    }
}

fn uninspectable(message: &Message) -> Option<UninspectableField> {
    [Field::Text, Field::Subject, Field::Sender].into_iter().find_map(|field| {
        let found = inspect(message.field(&field)?).err()?;
        Some(UninspectableField { field, found })
    })
}

/// Every rule is asked again, with steps enough: what the evaluation did not need to know, a reader wants to.
fn rules(pack: &Pack, message: &Message, now: Timestamp, fired: &[u32], scratch: &mut Scratch) -> Vec<RuleTrace> {
    let mut steps = Steps::new(u64::MAX);
    let Scratch { fields, hits, memory, slots, .. } = scratch;
    let mut traces = Vec::new();
    for ((index, rule), info) in (0..).zip(&pack.rules).zip(&pack.infos) {
        if !rule.applies(&message.channel, now) {
            continue;
        }
        let mut heard = Heard(Vec::new());
        let judged = {
            let runner = Runner { pack, fields, hits, memory, steps: &mut steps };
            Bench { now, runner, slots }.rule(rule, &mut heard)
        };
        debug_assert!(judged.is_ok(), "there are steps enough");
        let fired = fired.contains(&index);
        let short = heard.0.iter().filter(|judged| judged.truth() != Truth::True).count();
        if fired || (short == 1 && is_near(&heard, hits)) {
            let mut teller = Teller { rule, finder: Finder { pack, fields, hits, memory, steps: &mut steps } };
            let conditions = heard.0.iter().map(|judged| teller.condition(judged)).collect();
            let (rule, origin, effect) = (info.id.clone(), info.origin.clone(), info.effect.clone());
            traces.push(RuleTrace { rule, origin, effect, fired, conditions });
        }
    }
    traces
}

/// All conditions of a rule.
struct Heard<'r>(Vec<Judged<'r>>);

impl<'r> Witness<'r> for Heard<'r> {
    const WANTS_ALL: bool = true;
    fn hear(&mut self, judged: Judged<'r>) {
        self.0.push(judged);
    }
}

/// Whether some pattern of a rule matched: one whose only condition is short is not near for that.
fn is_near(heard: &Heard<'_>, hits: &Hits) -> bool {
    let matched = |index: &u32| hits.get(*index).matched != ViewSet::NONE;
    heard.0.iter().any(|judged| match judged {
        Judged::Any(patterns, _) => patterns.iter().any(matched),
        Judged::All(pattern, _) | Judged::None(pattern, _) => matched(pattern),
        Judged::Where(..) => false,
    })
}

/// Tells of one rule's conditions.
struct Teller<'s> {
    rule: &'s Rule,
    finder: Finder<'s>,
}

impl Teller<'_> {
    fn condition(&mut self, judged: &Judged<'_>) -> ConditionTrace {
        let (kind, patterns, views) = match judged {
            Judged::Any(patterns, _) => (ConditionKind::Any, patterns.to_vec(), self.rule.positive_views()),
            Judged::All(pattern, _) => (ConditionKind::All, vec![*pattern], self.rule.positive_views()),
            Judged::None(pattern, _) => (ConditionKind::None, vec![*pattern], self.rule.negative_views()),
            Judged::Where(..) => (ConditionKind::Where, Vec::new(), self.rule.positive_views()),
        };
        let pack = self.finder.pack;
        let written = match judged {
            Judged::Where(comparison, _) => vec![comparison.written.clone()],
            _ => patterns.iter().filter_map(|at| Some(pack.patterns.get(*at as usize)?.written.clone())).collect(),
        };
        let spans = patterns.iter().flat_map(|index| self.spans(*index, views)).collect();
        let mut absent: Vec<Field> =
            patterns.iter().filter_map(|index| absent(pack, *index, self.finder.fields)).collect();
        absent.sort();
        absent.dedup();
        ConditionTrace { kind, state: judged.truth(), written, spans, absent }
    }

    /// The leftmost match in each view that counts; the folded view's only where it differs.
    fn spans(&mut self, index: u32, views: ViewSet) -> Vec<SpanTrace> {
        let pack = self.finder.pack;
        let Some(pattern) = pack.patterns.get(index as usize) else { return Vec::new() };
        let Some(field) = pack.fields.get(pattern.field as usize) else { return Vec::new() };
        let mut spans: Vec<SpanTrace> = Vec::new();
        for (view, name) in [(ViewSet::RAW, ViewName::Raw), (ViewSet::FOLDED, ViewName::Folded)] {
            let Ok(Some(span)) = self.finder.sent(index, view.both(views)) else { continue };
            if !spans.iter().any(|known| known.start == span.start && known.end == span.end) {
                let (pattern, field) = (pattern.written.clone(), field.clone());
                spans.push(SpanTrace { pattern, field, view: name, start: span.start, end: span.end });
            }
        }
        spans
    }
}

fn absent(pack: &Pack, index: u32, fields: &Fields) -> Option<Field> {
    let field = pack.patterns.get(index as usize)?.field;
    pack.fields.get(field as usize).filter(|_| !fields.has(field)).cloned()
}

fn classes(pack: &Pack, fired: &[u32], scratch: &Scratch) -> Vec<ClassTrace> {
    let mut witnesses = std::collections::BTreeMap::<u32, usize>::new();
    for class in fired.iter().filter_map(|rule| pack.rules.get(*rule as usize)?.class) {
        *witnesses.entry(class).or_default() += 1;
    }
    witnesses.into_iter().filter_map(|(class, count)| class_trace(pack, class, count, scratch)).collect()
}

fn class_trace(pack: &Pack, class: u32, witnesses: usize, scratch: &Scratch) -> Option<ClassTrace> {
    let spec = pack.classes.get(class as usize)?;
    let text = scratch.fields.text();
    let novelty = Novelty::of(spec, text);
    Some(ClassTrace {
        class: spec.class.clone(),
        witnesses,
        witnesses_min: spec.witnesses,
        words: spec.is_guarded().then_some(novelty.words),
        words_max: spec.words_max,
        unknown_words: novelty.unknown.into_iter().filter_map(|at| text.get(at)).map(str::to_owned).collect(),
        unknown_max: spec.vocabulary.as_ref().map(|vocabulary| vocabulary.unknown_max),
    })
}
