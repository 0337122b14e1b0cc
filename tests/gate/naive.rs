//! A second gate, from the design's prose and not from the first: slow, simple, over plain values. It looks through the
//! whole history for each decision and remembers nothing.

use crate::case::{Act, Answer, Cap, Case, GRANT_MAX, Line, Ns, Paper, S, Says, Signer, Step, What};

/// Decides on a case after these steps.
pub(crate) fn decide(case: &Case, steps: &[Step]) -> Answer {
    let escalate = |reason, desk| Answer::Escalate { reason, desk };
    let class = match case.says {
        Says::Broken => return escalate("malformed", "human"),
        _ if case.direct => return Answer::Pass,
        Says::Lawyer => return escalate("restricted", "law"),
        Says::Nothing => return escalate("unmatched", "human"),
        Says::Two => return escalate("conflict", "human"),
        Says::Class(class) => class,
    };
    let line = line(case, class);
    let desk = line.desk;
    let (is_halted, halt) = halt(steps);
    if is_halted {
        return escalate("halted", desk);
    }
    let sent_at = case.sent_at.map_or(case.stored_at, |sent_at| sent_at.min(case.stored_at));
    if case.now - sent_at > line.max_age {
        return escalate("too_old", desk);
    }
    if line.outward && case.automated {
        return escalate("automated", desk);
    }
    let leveled = leveled(steps, class, case.channel);
    let may = match (level(line, leveled, case.now), line.outward, line.reversibility) {
        (0 | 1, _, _) => return escalate("level", desk),
        (_, _, 2) => return escalate("irreversible", desk),
        (_, false, _) => return Answer::Handle,
        (2, true, semi) => semi == 0,
        (_, true, _) => true,
    };
    if !may {
        return escalate("level", desk);
    }
    if !is_fresh(steps, case.now) {
        return escalate("grants_stale", desk);
    }
    match act(case, class, line, steps, (halt, leveled.0)) {
        Ok(act) => Answer::Act(act),
        Err(reason) => escalate(reason, desk),
    }
}

/// The class's line for the channel, else its own, else that of classes without one.
fn line<'c>(case: &'c Case, class: &str) -> &'c Line {
    let of = |channel| case.lines.iter().find(|(it, on, _)| *it == class && *on == channel).map(|(_, _, line)| line);
    let is_listed = case.lines.iter().any(|(it, _, _)| *it == class);
    if is_listed { of(Some(case.channel)).or_else(|| of(None)).unwrap() } else { &case.unlisted }
}

/// Whether all is halted, and the revision of what says so. Whatever lies there halts, but a resume of somebody who may,
/// of this very halt, stored within a minute.
pub(crate) fn halt(steps: &[Step]) -> (bool, u64) {
    on(steps, "decile.control.halt").fold((false, 0), |halt, (sequence, at, what)| match what {
        What::Resume(Signer::Ada, of, issued) => (halt != (true, *of) || (at - issued).abs() > 60 * S, sequence),
        _ => (true, sequence),
    })
}

/// The level that counts: a draft at the most where its promotion has been taken back or has ended, or is of a stream that
/// had more.
fn level(line: &Line, (revision, demoted): (u64, u64), now: Ns) -> u8 {
    let is_over = demoted > line.after || revision < line.after || line.ends_at.is_some_and(|end| now >= end);
    if is_over { line.level.min(1) } else { line.level }
}

/// The last record on the level of a class on a channel, and the last that demotes: whatever is no promotion of this class
/// on this channel by somebody who may, stored within a minute, and signed with all in sight that lay there.
fn leveled(steps: &[Step], class: &str, channel: &str) -> (u64, u64) {
    on(steps, &level_subject(class, channel)).fold((0, 0), |(before, demoted), (sequence, at, what)| match what {
        What::Promotion(Signer::Ada, of, on, after, issued)
            if *of == class
                && *on == channel
                && (at - issued).abs() <= 60 * S
                && (before..sequence).contains(after) =>
        {
            (sequence, demoted)
        }
        _ => (sequence, sequence),
    })
}

pub(crate) fn level_subject(class: &str, channel: &str) -> String {
    format!("decile.level.{class}.{}", tokens(channel))
}

/// The records on a subject, in order.
fn on<'s>(steps: &'s [Step], wanted: &'s str) -> impl Iterator<Item = (u64, Ns, &'s What)> {
    steps.iter().filter_map(move |step| match step {
        Step::Stored { subject, sequence, at, what } if subject == wanted => Some((*sequence, *at, what)),
        _ => None,
    })
}

/// 15 s after the last word nothing counts, nor with clocks 5 s apart, nor after something was missed.
fn is_fresh(steps: &[Step], now: Ns) -> bool {
    let last = steps.iter().rev().find(|step| !matches!(step, Step::Stored { .. }));
    let Some(Step::Heard { ours, brokers }) = last else { return false };
    (ours - brokers).abs() <= 5 * S && (now - ours).abs() <= 15 * S
}

/// What is written, and what must hold for it.
fn act(
    case: &Case,
    class: &str,
    line: &Line,
    steps: &[Step],
    (halt, leveled): (u64, u64),
) -> Result<Act, &'static str> {
    let place = format!("{}.{}", line.kind, tokens(case.channel));
    let subject = format!("decile.grant.{place}");
    // What was stored last is what counts, whatever it is; a grant lies upon its revocation, and that upon what it names.
    let stored: Vec<_> = [(0, 0, &What::Noise); 2].into_iter().chain(on(steps, &subject)).collect();
    let [.., (before, ..), (beneath, ..), (revision, at, What::Grant(grant))] = stored[..] else {
        return Err("no_grant");
    };
    if !(before..beneath).contains(&grant.after) || !counts(grant, at) || !covers(grant, case, class, line) {
        return Err("no_grant");
    }
    let mut rows = Vec::new();
    if let Some(uses) = grant.uses {
        let row = format!("decile.slot.use.{}", grant.id);
        rows.push((row.clone(), free(steps, &row, uses).ok_or("no_grant")?, grant.expires_at));
    }
    let is = |named: Option<&str>, it| named.is_none_or(|named| named == it);
    for cap in &case.caps {
        if is(cap.class, class) && is(cap.channel, case.channel) && is(cap.kind, line.kind) {
            let (row, end) = window(cap, case.now);
            rows.push((row.clone(), free(steps, &row, cap.most).ok_or("cap_reached")?, end));
        }
    }
    let level = (level_subject(class, case.channel), leveled);
    Ok(Act { place, grant: (subject, revision), halt, level, rows })
}

/// Signed by somebody who may, for this deployment, not for too long, and stored within a minute.
fn counts(grant: &Paper, at: Ns) -> bool {
    let may = match grant.signer {
        Signer::Ada => true,
        Signer::Bob => grant.kind == "react" && grant.channel == "chat.one",
        Signer::Stranger | Signer::Elsewhere | Signer::Renamed | Signer::Changed => false,
    };
    let is_short = grant.expires_at - grant.issued_at <= GRANT_MAX && grant.expires_at > grant.not_before;
    may && is_short && (at - grant.issued_at).abs() <= 60 * S
}

fn covers(grant: &Paper, case: &Case, class: &str, line: &Line) -> bool {
    (grant.not_before..grant.expires_at).contains(&case.now)
        && grant.channel == case.channel
        && grant.kind == line.kind
        && (grant.thread.is_none() || grant.thread == case.thread)
        && (grant.classes.is_empty() || grant.classes.contains(&class))
        && (grant.emoji.is_none() || grant.emoji == line.emoji)
}

/// The numbers of a row that nobody has taken.
fn free(steps: &[Step], row: &str, most: u32) -> Option<Vec<u32>> {
    let free: Vec<u32> = (0..most).filter(|number| on(steps, &format!("{row}.{number}")).next().is_none()).collect();
    (!free.is_empty()).then_some(free)
}

/// The row of a cap in the calendar window of a moment, and when that window ends.
pub(crate) fn window(cap: &Cap, now: Ns) -> (String, Ns) {
    let text = jiff::Timestamp::from_nanosecond(now.into()).unwrap().to_string().replace(['-', ':'], "");
    let (digits, length) = match cap.window {
        'm' => (13, 60 * S),
        'h' => (11, 3_600 * S),
        _ => (8, 86_400 * S),
    };
    let (class, kind) = (cap.class.unwrap_or("=all"), cap.kind.unwrap_or("=all"));
    let channel = cap.channel.map_or("=all.=all".to_owned(), tokens);
    (format!("decile.slot.cap.{class}.{kind}.{channel}.{}{}", cap.window, &text[..digits]), (now / length + 1) * length)
}

/// A channel is two tokens; what NATS would interpret in them is written as `=HH`.
pub(crate) fn tokens(channel: &str) -> String {
    let (source, name) = channel.split_once('.').unwrap();
    format!("{source}.{}", name.replace('.', "=2E").replace('*', "=2A").replace('>', "=3E").replace(' ', "=20"))
}
