//! Sizes and times that must fit together.

use super::super::{Commits, Examined, Finding, FoundStream, Kind, Severity};
use super::about;
use crate::config::Limits;
use crate::governing::CLOCK_OFF_MAX;
use jiff::SignedDuration;

/// How much of the room that is left is worth a look, in percent of the stream.
const NEAR_PERCENT: u64 = 15;
/// What a server's limit on a payload covers beside the record: headers and subject.
const HEADERS_BYTES_MAX: usize = 1_024;
/// A clock that is off by more is worth a look.
const OFFSET_MAX: SignedDuration = SignedDuration::from_secs(1);

pub(super) fn judge(examined: &Examined) -> Vec<Finding> {
    let mut findings = vec![payload(examined), ack_wait(examined)];
    findings.extend(examined.decisions.found.as_ref().map(|found| fill(examined, found)));
    findings.extend(examined.clock_offset.map(clock));
    findings
}

fn fill(examined: &Examined, found: &FoundStream) -> Finding {
    let about = about(&examined.decisions);
    let name = &examined.decisions.wanted.name;
    let Some(max) = u64::try_from(found.config.max_bytes).ok().filter(|max| *max > 0) else {
        let found = format!("nothing bounds the stream `{name}` but the disk");
        return Finding::costing(Kind::StreamUnbounded, &about, found)
            .costs("when the disk is full, revocations and halts are refused like everything else")
            .advice("`nats stream edit --max-bytes`: Decile stops before it is full, so that control always fits");
    };
    let percent = found.bytes.saturating_mul(100) / max;
    let stops = examined.terms.limits.stream_fill_percent_max;
    let found = format!("the stream `{name}` is {percent} % full, and at {stops} % no more messages are taken");
    if percent.saturating_add(NEAR_PERCENT) < stops {
        return Finding::fine(Kind::StreamFull, &about, found);
    }
    Finding::costing(Kind::StreamFull, &about, found).costs("nothing is lost then, and nothing is decided").advice(
        "make it larger (`stream_bytes_max` and `nats stream edit --max-bytes`), or keep records for fewer days",
    )
}

/// The longest escalation that our bounds allow, roughly: its texts, twice as long once they are JSON.
fn longest_record(limits: &Limits) -> usize {
    let own = limits.attach_bytes_max.max(limits.decode.message_bytes_max);
    let thread = limits.thread_messages_max.saturating_mul(limits.thread_text_bytes_max);
    own.saturating_add(thread).saturating_add(limits.draft_bytes_max).saturating_mul(2)
}

fn payload(examined: &Examined) -> Finding {
    let (max, longest) = (examined.max_payload, longest_record(&examined.terms.limits));
    let found = format!("the server takes messages of up to {max} bytes, and our longest record may have {longest}");
    if longest.saturating_add(HEADERS_BYTES_MAX) <= max {
        return Finding::fine(Kind::MaxPayload, "server", found);
    }
    Finding::costing(Kind::MaxPayload, "server", found)
        .costs("a longer one names where the message lies instead of holding it, and a person must look there")
        .advice("raise the server's `max_payload`, or lower `attach_bytes_max` or `thread_messages_max`")
}

/// A message that comes again while its decision is still on its way is decided twice, for nothing.
fn ack_wait(examined: &Examined) -> Finding {
    let about = "commits";
    let wait = examined.terms.limits.ack_wait;
    let comes_again = format!("what is not acknowledged comes again after {wait:?}");
    let p999 = match &examined.commits {
        Err(why) => {
            return Finding::new(
                Kind::AckWait,
                Severity::Unknown,
                about,
                format!("how long commits take is not known: {why}"),
            )
            .advice("ask again once a daemon has committed 1,000 records, or name its address: `--metrics URL`");
        }
        Ok(Commits { p999, .. }) => *p999,
    };
    let took = p999.map_or_else(|| "longer than its metrics tell".to_owned(), |p999| format!("up to {p999:?}"));
    let found = format!("of 1,000 commits 999 take {took}, and {comes_again}");
    if p999.is_some_and(|p999| p999 * 2 <= wait) {
        return Finding::fine(Kind::AckWait, about, found);
    }
    Finding::costing(Kind::AckWait, about, found)
        .costs("messages come again while they are being committed: none is decided twice, and each is worked on twice")
        .advice("raise `ack_wait_ms`, or find what makes commits slow")
}

fn clock(offset: SignedDuration) -> Finding {
    let found = format!("our clock shows {offset:#} beyond the broker's");
    let is_off = |max: SignedDuration| offset.abs() > max;
    if !is_off(OFFSET_MAX) {
        return Finding::fine(Kind::ClockOffset, "clock", "our clock and the broker's agree within a second");
    }
    let costs = if is_off(CLOCK_OFF_MAX) {
        "what is known of grants does not count: nothing goes out, and all that would escalates"
    } else {
        "grants and deadlines end that much too early or too late; beyond 5 s nothing goes out"
    };
    Finding::costing(Kind::ClockOffset, "clock", found)
        .costs(costs)
        .advice("let both hosts follow the same time servers")
}
