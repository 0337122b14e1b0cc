//! `decile explain`: why, rule by rule, span by span, step by step. It reads the same evaluation that
//! decides, and so cannot disagree with it.

use super::args::{Chosen, Format, RulesOrConfig};
use super::classify::{CLASSIFY_LIMITS, DECODE_LIMITS};
use super::lines::{self, Line};
use super::print::{bold, dim, json, one_line};
use super::{Exit, world};
use crate::channel::Channel;
use crate::class::Class;
use crate::classify::{
    ClassifyLimits, ConditionKind, ConditionTrace, RuleTrace, Scratch, SpanTrace, Trace, ViewName, trace,
};
use crate::decode::{self, DecodeLimits, Malformed};
use crate::facts::Facts;
use crate::gate::{Answer, Disposition, Held, Step, gate_with_steps};
use crate::message::Message;
use crate::pack::{Effect, Pack, Truth};
use crate::policy::Line as PolicyLine;
use crate::policy::level::Level;
use crate::triage::{self, Reading, Snapshot};
use crate::trust::{self, Refused};
use clap::Args;
use jiff::Timestamp;
use std::fmt::Write as _;

/// Explains what would be decided on a text, and why.
#[derive(Debug, Args)]
#[command(after_help = "Example: decile explain \"Thursday at 3 works for me\"\n         \
    decile explain --channel mail.inbox --subject 'Re: contract' 'Please have your lawyer call me'")]
pub(super) struct Explain {
    #[command(flatten)]
    what: RulesOrConfig,
    /// The channel that it comes on.
    #[arg(long, value_name = "NAME")]
    channel: Option<String>,
    /// Who sends it.
    #[arg(long)]
    sender: Option<String>,
    /// Its subject line.
    #[arg(long)]
    subject: Option<String>,
    /// The time to decide at; else now.
    #[arg(long, value_name = "TIME")]
    now: Option<Timestamp>,
    /// How to print.
    #[arg(long, value_enum, default_value_t)]
    format: Format,
    /// What it says.
    text: String,
}

/// The gate's part, where there is a policy to ask.
#[derive(serde::Serialize)]
struct Gated {
    steps: Vec<(crate::reason::Reason, Answer)>,
    disposition: &'static str,
    line: Option<String>,
    /// Why the level is not the one that the file says.
    lowered: Option<String>,
    detail: String,
}

impl Explain {
    pub(super) fn run(self) -> anyhow::Result<Exit> {
        match self.what.chosen() {
            Chosen::Rules(rules) => {
                let pack = world::open_pack(&rules)?;
                self.explain(&pack, None)
            }
            Chosen::Config(file) => {
                let world = world::load(&file)?;
                let snapshot = Snapshot::new(world.config, world.pack)?;
                self.explain(&snapshot.pack, Some(&snapshot))
            }
        }
    }

    fn explain(&self, pack: &Pack, snapshot: Option<&Snapshot>) -> anyhow::Result<Exit> {
        let now = self.now.unwrap_or_else(Timestamp::now);
        let line = self.line(now)?;
        let spec = lines::spec(&line.label, snapshot)?;
        let (decode_limits, limits) = bounds(snapshot);
        let message = decode::decode(&spec.recipe, &spec.channel, &decode_limits, &line.delivery);
        let traced = message.as_ref().map(|message| trace(pack, message, now, &limits));
        let reading = Reading { delivery: &line.delivery, spec: &spec, message: message.clone() };
        let gated = snapshot.map(|snapshot| gate(snapshot, &reading, now));
        match self.format {
            Format::Json => {
                let traced = traced.map_err(|wrong| wrong.to_string());
                let data = serde_json::json!({ "trace": traced, "gate": gated });
                println!("{}", json(&serde_json::to_string_pretty(&data)?));
            }
            Format::Text => print!("{}", text(pack, &message, traced, gated.as_ref())?),
        }
        Ok(Exit::Yes)
    }

    /// The text as the message that it would be.
    fn line(&self, now: Timestamp) -> anyhow::Result<Line> {
        let channel = self.channel.as_deref().unwrap_or("test.test");
        let mut message = serde_json::json!({ "channel": channel, "text": self.text, "sent_at": now });
        if let Some(fields) = message.as_object_mut() {
            let optional = [("sender", &self.sender), ("subject", &self.subject)];
            for (name, value) in optional.into_iter().filter_map(|(name, value)| Some((name, value.as_ref()?))) {
                fields.insert(name.to_owned(), value.as_str().into());
            }
        }
        Ok(lines::line(1, &serde_json::to_vec(&message)?))
    }
}

fn gate(snapshot: &Snapshot, reading: &Reading<'_>, now: Timestamp) -> Gated {
    let (verdict, named) = triage::verdict(snapshot, reading, now, &mut Scratch::new(&snapshot.pack));
    let case = triage::case(reading, &verdict, &named);
    let facts = Facts::quiet(now);
    let (disposition, steps) = gate_with_steps(&case, &snapshot.policy, &facts);
    let line = verdict.class().map(|class| snapshot.policy.line(class, &reading.spec.channel));
    Gated {
        steps: steps.iter().map(|Step { reason, answer }| (*reason, *answer)).collect(),
        disposition: word(&disposition),
        line: line.map(|line| describe_line(line, line.level_at(now, None))),
        lowered: verdict.class().and_then(|class| lowered(snapshot, class, &reading.spec.channel, now)),
        detail: detail(&disposition),
    }
}

fn bounds(snapshot: Option<&Snapshot>) -> (DecodeLimits, ClassifyLimits) {
    snapshot.map_or((DECODE_LIMITS, CLASSIFY_LIMITS), |it| (it.limits.decode, it.classify_limits()))
}

fn word(disposition: &Disposition<'_>) -> &'static str {
    match disposition {
        Disposition::Handle { .. } => "handle",
        Disposition::Escalate { .. } => "escalate",
        Disposition::Pass => "pass",
    }
}

fn detail(disposition: &Disposition<'_>) -> String {
    match disposition {
        Disposition::Handle { line } => line.action.kind.to_string(),
        Disposition::Pass => "to the assistant".to_owned(),
        Disposition::Escalate { reason, desk, held } => {
            let held = match held {
                Held::Nothing => String::new(),
                Held::Suggestion(action) => format!(", suggesting `{}`", action.kind),
                Held::Draft(action) => format!(", with a draft of `{}`", action.kind),
            };
            format!("to `{}`, because `{reason}`: {}{held}", desk.as_str(), reason.meaning())
        }
    }
}

/// What the file says of a level and does not get.
fn lowered(snapshot: &Snapshot, class: &Class, channel: &Channel, now: Timestamp) -> Option<String> {
    let ended = trust::ended(&snapshot.policy, now);
    let is_raised = snapshot.policy.line(class, channel).level > Level::Draft;
    let ended = ended.iter().find(|it| it.class == *class && it.channel.as_ref() == Some(channel));
    // What is said of all channels is not said of one on which it is promoted.
    let refused = Refused::about(&snapshot.refused, class, channel).filter(|it| it.channel.is_some() || !is_raised);
    ended.or(refused).map(ToString::to_string)
}

fn describe_line(line: &PolicyLine, level: Level) -> String {
    format!("{}: level {}, action `{}`, desk `{}`", line.origin, level as u8, line.action.kind, line.desk.as_str())
}

fn text(
    pack: &Pack,
    message: &Result<Message, Malformed>,
    traced: Result<Trace, &Malformed>,
    gated: Option<&Gated>,
) -> anyhow::Result<String> {
    let mut out = String::new();
    match (traced, message) {
        (Ok(traced), Ok(message)) => rules(&mut out, pack, message, &traced)?,
        (Err(wrong), _) | (_, Err(wrong)) => writeln!(out, "not a message: {wrong}")?,
    }
    if let Some(gated) = gated {
        gate_steps(&mut out, gated)?;
    }
    Ok(out)
}

fn rules(out: &mut String, pack: &Pack, message: &Message, traced: &Trace) -> std::fmt::Result {
    writeln!(
        out,
        "{}",
        dim(&format!("as a message on `{}`; `--channel` chooses another", one_line(message.channel.as_str(), 60)))
    )?;
    writeln!(out, "{}", bold("Rules that fired"))?;
    list(out, message, traced.rules.iter().filter(|rule| rule.fired))?;
    writeln!(out, "\n{}", bold("Rules that nearly fired: one condition short"))?;
    list(out, message, traced.rules.iter().filter(|rule| !rule.fired))?;
    for class in &traced.classes {
        writeln!(out, "\n{}", bold(&format!("Class {}", class.class)))?;
        if let Some(description) = pack.class(&class.class).and_then(|spec| spec.description.as_ref()) {
            writeln!(out, "  {}", dim(description))?;
        }
        writeln!(out, "  rules that agree: {} of {} needed", class.witnesses, class.witnesses_min)?;
        if let (Some(words), Some(words_max)) = (class.words, class.words_max) {
            writeln!(out, "  words: {words}, at most {words_max}")?;
        }
        if let Some(unknown_max) = class.unknown_max {
            let unknown: Vec<String> = class.unknown_words.iter().map(|word| one_line(word, 30)).collect();
            writeln!(
                out,
                "  words outside its vocabulary: {} of at most {unknown_max} {}",
                unknown.len(),
                unknown.join(" ")
            )?;
        }
    }
    if let Some(crate::classify::UninspectableField { field, found: why }) = &traced.uninspectable {
        writeln!(out, "\n`{field}` cannot be inspected: {why}")?;
    }
    writeln!(out, "\n{}", bold("Verdict"))?;
    match (&traced.class, traced.reason) {
        (Some(class), _) => writeln!(out, "  {class}"),
        (None, Some(reason)) => writeln!(out, "  no class, because `{reason}`: {}", reason.meaning()),
        (None, None) => writeln!(out, "  no class"),
    }
}

fn list<'a>(out: &mut String, message: &Message, rules: impl Iterator<Item = &'a RuleTrace>) -> std::fmt::Result {
    let mut is_empty = true;
    for rule in rules {
        is_empty = false;
        let effect = match &rule.effect {
            Effect::Permit(class) => format!("permits {class}"),
            Effect::Restrict(restriction) => format!("restricts: {restriction}"),
        };
        writeln!(out, "  {} {effect} {}", rule.rule, dim(&rule.origin))?;
        for condition in &rule.conditions {
            writeln!(out, "    {}", describe(condition))?;
            for span in &condition.spans {
                writeln!(out, "      {}", quote(message, span))?;
            }
        }
    }
    if is_empty { writeln!(out, "  none") } else { Ok(()) }
}

fn describe(condition: &ConditionTrace) -> String {
    let kind = match condition.kind {
        ConditionKind::Any => "any of",
        ConditionKind::All => "needs",
        ConditionKind::None => "must not have",
        ConditionKind::Where => "where",
    };
    let mark = match condition.state {
        Truth::True => "✓",
        Truth::False => "✗",
        Truth::Unknown => "?",
    };
    let shown = 4;
    let mut written = condition.written.iter().take(shown).map(|it| one_line(it, 50)).collect::<Vec<_>>().join(", ");
    if condition.written.len() > shown {
        let _ = write!(written, ", … {} more", condition.written.len() - shown);
    }
    let absent: Vec<String> = condition.absent.iter().map(ToString::to_string).collect();
    let absent = if absent.is_empty() { String::new() } else { format!(" ({} unknown: absent)", absent.join(", ")) };
    format!("{mark} {kind} {written}{absent}")
}

fn quote(message: &Message, span: &SpanTrace) -> String {
    let view = match span.view {
        ViewName::Raw => "raw",
        ViewName::Folded => "folded",
    };
    let sent = message.field(&span.field).and_then(|text| text.get(span.start..span.end)).unwrap_or_default();
    format!(
        "{} {}..{} “{}” by {} ({} view)",
        span.field,
        span.start,
        span.end,
        one_line(sent, 60),
        one_line(&span.pattern, 50),
        view
    )
}

fn gate_steps(out: &mut String, gated: &Gated) -> std::fmt::Result {
    writeln!(out, "\n{}", bold("Gate"))?;
    writeln!(out, "  policy   {}", gated.line.as_deref().unwrap_or("no class, so no line to ask"))?;
    if let Some(lowered) = &gated.lowered {
        writeln!(out, "  level    {lowered}")?;
    }
    for (reason, answer) in &gated.steps {
        let answer = match answer {
            Answer::Holds => "holds",
            Answer::Clear => "clear",
            Answer::NotAsked => "not asked",
        };
        writeln!(out, "  {:<18} {answer}", reason.as_str())?;
        if answer == "holds" {
            break;
        }
    }
    writeln!(out, "\n{}", bold(&format!("{}: {}", gated.disposition, gated.detail)))
}
