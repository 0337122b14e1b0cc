//! `decile classify`: JSON lines in, a verdict or a decision a line out. No NATS.

use super::args::{Chosen, RulesOrConfig};
use super::lines::{self, Line};
use super::print::json;
use super::{Exit, world};
use crate::classify::{self, ClassifyLimits, Scratch};
use crate::decision::Timings;
use crate::decode::{self, DecodeLimits};
use crate::governing::Given;
use crate::pack::Pack;
use crate::triage::{self, Reading, Snapshot};
use crate::verdict::Verdict;
use anyhow::Context as _;
use clap::Args;
use jiff::Timestamp;
use std::io::Write as _;
use std::path::PathBuf;

/// Reads messages as JSON lines and prints one answer a line: with `--rules` the verdict, with `--config`
/// the whole decision (nothing granted, not halted).
#[derive(Debug, Args)]
#[command(after_help = "Example: echo '{\"text\": \"Thursday at 3 works for me\"}' | decile classify --rules rules/\n\
    A line that cannot be read gets an answer too: an escalation.")]
pub(super) struct Classify {
    #[command(flatten)]
    what: RulesOrConfig,
    /// The time to decide at; else each message's own `sent_at`, and with `--rules` now where it has none.
    #[arg(long, value_name = "TIME")]
    now: Option<Timestamp>,
    /// JSON lines; standard input where it is absent or `-`.
    file: Option<PathBuf>,
}

/// Bounds where no configuration says otherwise.
pub(super) const DECODE_LIMITS: DecodeLimits = DecodeLimits { message_bytes_max: 16 * 1024, json_depth_max: 32 };
/// Bounds where no configuration says otherwise.
pub(super) const CLASSIFY_LIMITS: ClassifyLimits =
    ClassifyLimits { evidence_spans_max: 64, decision_steps_max: 25_000_000 };

#[derive(serde::Serialize)]
struct Answer<'a> {
    id: Option<String>,
    class: Option<&'a str>,
    reason: Option<crate::reason::Reason>,
    evidence: &'a [crate::verdict::Evidence],
}

impl Classify {
    pub(super) fn run(self) -> anyhow::Result<Exit> {
        let input = self.open()?;
        let mut output = std::io::BufWriter::new(std::io::stdout().lock());
        match self.what.chosen() {
            Chosen::Rules(rules) => {
                let pack = world::open_pack(&rules)?;
                let mut scratch = Scratch::new(&pack);
                let started = Timestamp::now();
                lines::each(input, |line| {
                    let now = self.now.or(line.label.sent_at).unwrap_or(started);
                    let verdict = verdict(&pack, &line, now, &mut scratch)?;
                    Ok(writeln!(output, "{}", json(&serde_json::to_string(&answer(line, &verdict))?))?)
                })?;
            }
            Chosen::Config(file) => {
                let world = world::load(&file)?;
                let snapshot = Snapshot::new(world.config, world.pack)?;
                let mut scratch = Scratch::new(&snapshot.pack);
                lines::each(input, |line| {
                    let decision = self.decision(&snapshot, &line, &mut scratch)?;
                    Ok(writeln!(output, "{}", json(&String::from_utf8_lossy(&decision)))?)
                })?;
            }
        }
        output.flush()?;
        Ok(Exit::Yes)
    }

    fn open(&self) -> anyhow::Result<Box<dyn std::io::BufRead>> {
        let file = self.file.as_deref();
        let name = file.map_or_else(|| "standard input".to_owned(), |file| format!("`{}`", file.display()));
        lines::open(file).with_context(|| format!("cannot read the messages in {name}"))
    }

    fn decision(&self, snapshot: &Snapshot, line: &Line, scratch: &mut Scratch) -> anyhow::Result<Vec<u8>> {
        let spec = lines::spec(&line.label, Some(snapshot))?;
        let message = decode::decode(&spec.recipe, &spec.channel, &snapshot.limits.decode, &line.delivery);
        let reading = Reading { delivery: &line.delivery, spec: &spec, message };
        let now = self.now.unwrap_or_else(|| line.delivery.stored_at());
        let plan = triage::decide(snapshot, &reading, &Given::quiet(now), scratch);
        Ok(plan.record.with_timings(Timings::default()).encode()?)
    }
}

fn verdict(pack: &Pack, line: &Line, now: Timestamp, scratch: &mut Scratch) -> anyhow::Result<Verdict> {
    let spec = lines::spec(&line.label, None)?;
    Ok(match decode::decode(&spec.recipe, &spec.channel, &DECODE_LIMITS, &line.delivery) {
        Err(malformed) => Verdict::none(malformed.reason(), Vec::new()),
        Ok(message) => classify::classify(pack, &message, now, &CLASSIFY_LIMITS, scratch),
    })
}

fn answer(line: Line, verdict: &Verdict) -> Answer<'_> {
    Answer {
        id: line.label.id,
        class: verdict.class().map(crate::class::Class::as_str),
        reason: verdict.reason(),
        evidence: &verdict.evidence,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diagnostic::Report;

    #[test]
    fn the_bounds_without_a_configuration_are_the_shipped_ones() {
        let file = PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/config/decile.toml"));
        let limits = world::read(&file, &Report::new()).unwrap().config.limits;
        assert_eq!(limits.decode, DECODE_LIMITS);
        assert_eq!(limits.evidence_spans_max, CLASSIFY_LIMITS.evidence_spans_max);
        assert_eq!(limits.decision_steps_max, CLASSIFY_LIMITS.decision_steps_max);
    }
}
