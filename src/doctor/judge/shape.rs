//! Whether streams and consumers are there, and as they must be.

use super::super::{ConsumerFacts, Examined, Finding, FoundStream, Kind, StreamFacts};
use super::about;
use crate::bus::setup::{Difference, differences};
use crate::bus::{Deviation, deviations};

const SETUP: &str = "`decile setup --apply` corrects it";

pub(super) fn judge(examined: &Examined) -> Vec<Finding> {
    let mut findings = Vec::new();
    for stream in std::iter::once(&examined.decisions).chain(&examined.sources) {
        findings.push(is_there(stream));
    }
    if let Some(found) = &examined.decisions.found {
        findings.extend(ours(&examined.decisions, found));
        findings.push(window(examined, found));
        findings.extend(records_stay(&examined.decisions, found));
    }
    for source in &examined.sources {
        findings.extend(source.found.as_ref().map(|found| forgets(source, found)));
    }
    findings.push(advisories(examined));
    examined.consumers.iter().for_each(|it| findings.extend(consumer(it)));
    findings
}

fn is_there(stream: &StreamFacts) -> Finding {
    let name = &stream.wanted.name;
    if stream.found.is_some() {
        return Finding::fine(Kind::StreamMissing, &about(stream), format!("the stream `{name}` is there"));
    }
    Finding::refuses(Kind::StreamMissing, &about(stream), format!("the stream `{name}` does not exist"))
        .costs("nothing can be decided")
        .advice("`decile setup --apply` makes ours, a source stream is made by who fills it")
}

/// What makes a promise void if it is not so: nothing is thrown away silently, records expire by themselves, our
/// subjects end up here.
fn ours(stream: &StreamFacts, found: &FoundStream) -> Vec<Finding> {
    let differing = differences(&stream.wanted, &found.config);
    let name = &stream.wanted.name;
    let refused = differing.iter().filter(|it| **it != Difference::DuplicateWindow).map(|difference| {
        let kind = if *difference == Difference::Discard { Kind::DiscardOld } else { Kind::StreamDiffers };
        let found = format!("the stream `{name}` is not as it must be: {}", difference.must());
        Finding::refuses(kind, &about(stream), found).costs(difference.costs()).advice(SETUP)
    });
    let mut findings: Vec<Finding> = refused.collect();
    for (kind, says) in
        [(Kind::DiscardOld, "refuses what is new when it is full"), (Kind::StreamDiffers, "is as it must be")]
    {
        if findings.iter().all(|finding| finding.kind != kind) {
            findings.push(Finding::fine(kind, &about(stream), format!("the stream `{name}` {says}")));
        }
    }
    findings
}

/// An id must outlive whatever may be published under it. A message that comes again later than half the window is
/// looked up; what was decided before that is published within `plan_age_max`, or not at all.
fn window(examined: &Examined, found: &FoundStream) -> Finding {
    let (stream, terms) = (&examined.decisions, &examined.terms);
    let window = found.config.duplicate_window;
    let is = format!("the stream `{}` remembers ids for {window:?}", stream.wanted.name);
    let needed = stream.wanted.duplicate_window.max(terms.limits.plan_age_max * 2);
    if window < needed {
        return Finding::refuses(
            Kind::DuplicateWindow,
            &about(stream),
            format!(
                "the stream `{}` is not as it must be: `duplicate_window` must be `duplicate_window_s` of `[retention]`, or longer: {needed:?}, and it is {window:?}",
                stream.wanted.name
            ),
        )
        .costs("a message that comes again after that is decided twice")
        .advice(SETUP);
    }
    if terms.limits.ack_wait >= window / 2 {
        let found = format!("{is}, and what is not acknowledged comes again after {:?}", terms.limits.ack_wait);
        return Finding::costing(Kind::DuplicateWindow, &about(stream), found)
            .costs("each message that comes again is looked up before it is decided: correct, and slower")
            .advice("make `ack_wait_ms` shorter than half the stream's `duplicate_window`, or the window longer");
    }
    Finding::fine(Kind::DuplicateWindow, &about(stream), is)
}

/// Nobody should be able to take records away, by mistake or with a stolen login.
fn records_stay(stream: &StreamFacts, found: &FoundStream) -> [Finding; 2] {
    let (name, config) = (&stream.wanted.name, &found.config);
    let rollup = if config.allow_rollup {
        Finding::costing(Kind::RollupAllowed, &about(stream), format!("the stream `{name}` allows rollups"))
            .costs("who may publish one record can replace all others by it: halts, grants, and what was decided")
            .advice(SETUP)
    } else {
        Finding::fine(Kind::RollupAllowed, &about(stream), format!("the stream `{name}` allows no rollups"))
    };
    let delete = if config.deny_delete && config.deny_purge {
        Finding::fine(Kind::DeleteAllowed, &about(stream), format!("the stream `{name}` denies deleting and purging"))
    } else {
        let what = match (config.deny_delete, config.deny_purge) {
            (true, _) => "purging",
            (false, true) => "deleting",
            (false, false) => "deleting and purging",
        };
        Finding::costing(Kind::DeleteAllowed, &about(stream), format!("the stream `{name}` allows {what}"))
            .costs("records can be taken away: a halt, a slot, a decision, and nobody sees it")
            .advice(SETUP)
    };
    [rollup, delete]
}

/// What a source throws away by itself may not have been decided.
fn forgets(stream: &StreamFacts, found: &FoundStream) -> Finding {
    let (name, config) = (&stream.wanted.name, &found.config);
    let is_old = config.discard == async_nats::jetstream::stream::DiscardPolicy::Old;
    let limits = [
        (!config.max_age.is_zero(), "max_age"),
        (is_old && config.max_bytes > 0, "max_bytes"),
        (is_old && config.max_messages > 0, "max_msgs"),
        (config.max_messages_per_subject > 0 && !config.discard_new_per_subject, "max_msgs_per_subject"),
    ];
    let limits: Vec<&str> = limits.into_iter().filter_map(|(is_so, key)| is_so.then_some(key)).collect();
    if limits.is_empty() {
        let found = format!("the stream `{name}` throws nothing away by itself");
        return Finding::fine(Kind::SourceForgets, &about(stream), found);
    }
    let found = format!("the stream `{name}` throws its oldest messages away: {}", limits.join(", "));
    Finding::costing(Kind::SourceForgets, &about(stream), found)
        .costs("where Decile is away or slow for that long, messages vanish before they are decided")
        .advice("make the limits wide enough for the longest outage, and alert on `decile_lag_messages`")
}

fn advisories(examined: &Examined) -> Finding {
    if examined.has_advisories {
        return Finding::fine(Kind::AdvisoriesMissing, "advisories", "what the broker gives up is kept, and followed");
    }
    let found = "nothing keeps what the broker says of messages that it gives up, or not of all sources";
    Finding::costing(Kind::AdvisoriesMissing, "advisories", found)
        .costs("a message that somebody else ends, or that the broker gives up, is decided by nobody, and nobody hears of it")
        .advice("`decile setup --apply` makes the stream")
}

/// The server echoes what it understood; old ones leave out what they do not know.
fn consumer(consumer: &ConsumerFacts) -> Vec<Finding> {
    let name = consumer.wanted.durable_name.as_deref().unwrap_or_default();
    let about = format!("consumer {name} on {}", consumer.stream);
    let the = format!("the consumer `{name}` on `{}`", consumer.stream);
    let Some(found) = &consumer.found else {
        return vec![
            Finding::refuses(Kind::ConsumerMissing, &about, format!("{the} does not exist"))
                .costs("nothing arrives")
                .advice("`decile setup --apply` makes it"),
        ];
    };
    let deviations = deviations(&consumer.wanted, found);
    let (delivering, others): (Vec<&Deviation>, Vec<&Deviation>) =
        deviations.iter().partition(|it| it.what == Deviation::DELIVERIES);
    let mut findings = vec![Finding::fine(Kind::ConsumerMissing, &about, format!("{the} is there"))];
    findings.push(differs(Kind::MaxDeliver, &about, &the, &delivering, MAX_DELIVER));
    findings.push(differs(Kind::ConsumerDiffers, &about, &the, &others, OTHERWISE));
    findings
}

const MAX_DELIVER: &str = "the server drops a message after so many attempts, and leaves no record of it";
const OTHERWISE: &str = "messages arrive that should not, or do not arrive, or come again while they are being decided";

fn differs(kind: Kind, about: &str, the: &str, deviations: &[&Deviation], costs: &str) -> Finding {
    if deviations.is_empty() {
        return Finding::fine(kind, about, format!("{the} is as it must be"));
    }
    let says: Vec<String> = deviations.iter().map(ToString::to_string).collect();
    let found = format!("{the} is not as it must be: {}", says.join("; "));
    Finding::refuses(kind, about, found).costs(costs).advice(SETUP)
}
