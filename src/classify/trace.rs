//! Why a message got its verdict, for people: the same evaluation, told.

use super::evidence::sent;
use super::judge::{Judged, judge, state};
use super::novelty::Novelty;
use super::scratch::Scratch;
use super::steps::Steps;
use super::{ClassifyLimits, evaluate};
use crate::class::{Class, RuleId};
use crate::message::{Field, Message};
use crate::pack::pattern::ViewSet;
use crate::pack::{Effect, Pack, Rule, Truth};
use crate::reason::Reason;
use crate::verdict::{Evidence, Verdict};
use crate::views::{Uninspectable, inspect};

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

/// Classifies a message and tells how.
pub fn trace(pack: &Pack, message: &Message, limits: &ClassifyLimits) -> Trace {
    let mut scratch = Scratch::new(pack);
    let mut steps = Steps::new(limits.decision_steps_max);
    let evaluated = evaluate(pack, message, &mut steps, &mut scratch);
    let taken = steps.taken();
    match evaluated {
        Err(reason) => {
            Trace { uninspectable: uninspectable(message), ..Trace::of(Verdict::none(reason, Vec::new()), taken) }
        }
        Ok(evaluation) => {
            let fired: Vec<usize> = evaluation.fired.iter().map(|fired| fired.rule).collect();
            let verdict = evaluation.verdict(pack, limits, &scratch);
            let rules = rules(pack, message, &fired, &mut scratch);
            let classes = classes(pack, &fired, &scratch);
            Trace { rules, classes, ..Trace::of(verdict, taken) }
        }
    }
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

fn rules(pack: &Pack, message: &Message, fired: &[usize], scratch: &mut Scratch) -> Vec<RuleTrace> {
    let candidates = scratch.candidates().to_vec();
    let mut traces = Vec::new();
    for index in candidates {
        let Some(rule) = pack.rules.get(index).filter(|rule| rule.applies(&message.channel)) else { continue };
        let conditions = conditions(pack, rule, scratch);
        let fired = fired.contains(&index);
        let short = conditions.iter().filter(|condition| condition.state != Truth::True).count();
        if fired || short == 1 {
            let info = &rule.info;
            let (rule, origin, effect) = (info.id.clone(), info.origin.clone(), info.effect.clone());
            traces.push(RuleTrace { rule, origin, effect, fired, conditions });
        }
    }
    traces
}

fn conditions(pack: &Pack, rule: &Rule, scratch: &Scratch) -> Vec<ConditionTrace> {
    let mut conditions = Vec::new();
    // What the evaluation could afford, the account of it can.
    let mut steps = Steps::new(u64::MAX);
    let judged =
        judge(pack, rule, scratch, &mut steps, &mut |judged| conditions.push(condition(pack, rule, &judged, scratch)));
    debug_assert!(judged.is_ok(), "there are steps enough");
    conditions
}

fn condition(pack: &Pack, rule: &Rule, judged: &Judged<'_>, scratch: &Scratch) -> ConditionTrace {
    let (kind, patterns, views) = match judged {
        Judged::Any(patterns, _) => (ConditionKind::Any, patterns.to_vec(), rule.positive_views()),
        Judged::All(pattern, _) => (ConditionKind::All, vec![*pattern], rule.positive_views()),
        Judged::None(pattern, _) => (ConditionKind::None, vec![*pattern], rule.negative_views()),
        Judged::Where(..) => (ConditionKind::Where, Vec::new(), rule.positive_views()),
    };
    let written = match judged {
        Judged::Where(comparison, _) => vec![comparison.written.clone()],
        _ => patterns.iter().filter_map(|index| Some(pack.patterns.get(*index)?.written.clone())).collect(),
    };
    let spans = patterns.iter().flat_map(|index| spans(pack, *index, views, scratch)).collect();
    let mut absent: Vec<Field> = patterns.iter().filter_map(|index| absent(pack, *index, scratch)).collect();
    absent.sort();
    absent.dedup();
    ConditionTrace { kind, state: judged.truth(), written, spans, absent }
}

fn absent(pack: &Pack, index: usize, scratch: &Scratch) -> Option<Field> {
    let unknown = state(pack, index, ViewSet::EITHER, scratch) == Truth::Unknown;
    let field = pack.patterns.get(index)?.field;
    pack.fields.get(field).filter(|_| unknown).cloned()
}

/// The leftmost match in each view that counts; the folded view's only where it differs.
fn spans(pack: &Pack, index: usize, views: ViewSet, scratch: &Scratch) -> Vec<SpanTrace> {
    let Some(pattern) = pack.patterns.get(index) else { return Vec::new() };
    let Some(field) = pack.fields.get(pattern.field) else { return Vec::new() };
    let mut spans: Vec<SpanTrace> = Vec::new();
    for (view, name) in [(ViewSet::RAW, ViewName::Raw), (ViewSet::FOLDED, ViewName::Folded)] {
        let Some(span) = sent(pack, index, view.both(views), scratch) else { continue };
        if !spans.iter().any(|known| known.start == span.start && known.end == span.end) {
            let (pattern, field) = (pattern.written.clone(), field.clone());
            spans.push(SpanTrace { pattern, field, view: name, start: span.start, end: span.end });
        }
    }
    spans
}

fn classes(pack: &Pack, fired: &[usize], scratch: &Scratch) -> Vec<ClassTrace> {
    let mut witnesses = std::collections::BTreeMap::<usize, usize>::new();
    for class in fired.iter().filter_map(|rule| pack.rules.get(*rule)?.class) {
        *witnesses.entry(class).or_default() += 1;
    }
    witnesses.into_iter().filter_map(|(class, count)| class_trace(pack, class, count, scratch)).collect()
}

fn class_trace(pack: &Pack, class: usize, witnesses: usize, scratch: &Scratch) -> Option<ClassTrace> {
    let spec = pack.classes.get(class)?;
    let novelty = Novelty::of(spec, scratch.text(), &mut Steps::new(u64::MAX)).ok()?;
    let asks = spec.words_max.is_some() || spec.vocabulary.is_some();
    Some(ClassTrace {
        class: spec.class.clone(),
        witnesses,
        witnesses_min: spec.witnesses,
        words: asks.then_some(novelty.words),
        words_max: spec.words_max,
        unknown_words: novelty.unknown.into_iter().map(str::to_owned).collect(),
        unknown_max: spec.vocabulary.as_ref().map(|vocabulary| vocabulary.unknown_max),
    })
}
