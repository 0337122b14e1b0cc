//! What survives: the end of a server, the loss of a disk, a power cut.

use super::super::{Examined, Finding, FoundStream, Kind, Severity, StreamFacts};
use super::{about, found, if_ours, is_ours};
use crate::config::{Storage, SyncInterval};
use async_nats::jetstream::stream::{PersistenceMode, StorageType};
use std::time::Duration;

/// Copies that survive the loss of one: a majority is left.
const REPLICAS_SAFE: usize = 3;

pub(super) fn judge(examined: &Examined) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (facts, found) in found(examined) {
        findings.push(storage(examined, facts, found));
        findings.push(persistence(is_ours(examined, facts), facts, found));
        findings.push(replicas(facts, found));
        findings.extend(behind(facts, found));
    }
    findings.extend(sync(examined));
    findings
}

fn storage(examined: &Examined, facts: &StreamFacts, found: &FoundStream) -> Finding {
    let name = &facts.wanted.name;
    if found.config.storage == StorageType::File {
        return Finding::fine(Kind::StorageMemory, &about(facts), format!("the stream `{name}` is kept in files"));
    }
    let is_ours = is_ours(examined, facts);
    let is_told = is_ours && examined.terms.storage == Storage::Memory;
    let severity = if is_told { Severity::Costs } else { if_ours(is_ours) };
    let finding = Finding::new(
        Kind::StorageMemory,
        severity,
        &about(facts),
        format!("the stream `{name}` is kept in memory{}", if is_told { ", as `[retention]` says" } else { "" }),
    );
    let finding = finding.costs(if is_ours {
        "every decision, halt and grant goes with the server, and what had been decided is decided again"
    } else {
        "messages that wait to be decided go with the server"
    });
    finding.advice(if is_ours {
        "make the stream anew: its storage cannot be changed; where it is meant, write `storage = \"memory\"` in \
         `[retention]`"
    } else {
        "let who owns it make it anew with `storage: file`"
    })
}

/// Asynchronous writing acknowledges what only the server's memory holds, and takes `sync_interval` out of force.
fn persistence(is_ours: bool, facts: &StreamFacts, found: &FoundStream) -> Finding {
    let name = &facts.wanted.name;
    if found.config.persist_mode.unwrap_or_default() == PersistenceMode::Default {
        let found = format!("the stream `{name}` is written before it acknowledges");
        return Finding::fine(Kind::PersistAsync, &about(facts), found);
    }
    let found = format!("the stream `{name}` has `persist_mode: async`");
    Finding::new(Kind::PersistAsync, if_ours(is_ours), &about(facts), found)
        .costs("a server that is killed takes records with it that it had acknowledged, whatever `sync_interval` says")
        .advice("make the stream anew without it: the mode cannot be changed")
}

fn replicas(facts: &StreamFacts, found: &FoundStream) -> Finding {
    let (name, count, wanted) = (&facts.wanted.name, found.config.num_replicas, facts.wanted.num_replicas);
    let found = format!("the stream `{name}` has {count} {}", if count == 1 { "copy" } else { "copies" });
    let advice = "on a cluster of three, set `replicas = 3` in `[retention]`, and `nats stream edit --replicas 3`";
    match count {
        0 | 1 => Finding::costing(Kind::Replicas, &about(facts), found)
            .costs("with its server or disk it is away or gone; nothing is decided meanwhile")
            .advice(advice),
        2 => Finding::costing(Kind::Replicas, &about(facts), found)
            .costs("with either server nothing moves: two copies have no majority without each other")
            .advice(advice),
        _ if count < wanted => {
            Finding::costing(Kind::Replicas, &about(facts), format!("{found}, and `[retention]` asks for {wanted}"))
                .costs("fewer servers can be lost than the configuration says")
                .advice(format!("`nats stream edit {name} --replicas {wanted}`"))
        }
        _ => Finding::fine(Kind::Replicas, &about(facts), found),
    }
}

fn behind(facts: &StreamFacts, found: &FoundStream) -> Option<Finding> {
    if found.peers.len() < 2 {
        return None;
    }
    let name = &facts.wanted.name;
    let away: Vec<&str> = found.peers.iter().filter(|it| !it.is_current).map(|it| it.name.as_str()).collect();
    if away.is_empty() {
        let found = format!("all copies of the stream `{name}` are complete");
        return Some(Finding::fine(Kind::ReplicasBehind, &about(facts), found));
    }
    let found = format!("copies of the stream `{name}` are away or behind: {}", away.join(", "));
    let finding = Finding::costing(Kind::ReplicasBehind, &about(facts), found);
    Some(
        finding
            .costs("the next server that is lost may stop everything")
            .advice("bring them up, and look at their logs"),
    )
}

/// JetStream acknowledges what the operating system has, and syncs to disk later, unless it is told otherwise.
fn sync(examined: &Examined) -> Vec<Finding> {
    let told = examined.terms.sync_told;
    let replicas = examined.decisions.found.as_ref().map_or(1, |found| found.config.num_replicas);
    let server = |server: &super::super::ServerFacts| {
        let about = format!("server {}", server.name);
        let (is, interval) = match (server.sync, told) {
            (Some(interval), _) => ("syncs", Some(interval)),
            (None, told) => ("is said to sync", told),
        };
        interval_of(&about, &format!("the server `{}` {is} to disk", server.name), interval, replicas)
    };
    examined.servers.iter().map(server).collect()
}

fn interval_of(about: &str, is: &str, interval: Option<SyncInterval>, replicas: usize) -> Finding {
    match interval {
        Some(SyncInterval::Always) => Finding::fine(Kind::SyncInterval, about, format!("{is} before it acknowledges")),
        Some(SyncInterval::Every(every)) => {
            Finding::costing(Kind::SyncInterval, about, format!("{is} every {every:?}, after it has acknowledged"))
                .costs(lost(every, replicas))
                .advice(
                    "set `sync_interval: always` in the server's `jetstream` block, and measure what that costs here",
                )
        }
        None => {
            let found =
                "it is not known how often the server syncs to disk: every 2 minutes, unless it is told otherwise";
            Finding::costing(Kind::SyncUnknown, about, found).costs(lost(Duration::from_secs(120), replicas)).advice(
                "name its monitoring endpoint (`monitor` in `[bus]`, `--monitor`), or say so yourself: \
                     `sync_interval = \"always\"` in `[bus]`",
            )
        }
    }
}

/// What a power cut takes.
fn lost(every: Duration, replicas: usize) -> String {
    let what = "messages without a decision, actions without their record, halts and revocations";
    if replicas < REPLICAS_SAFE {
        return format!(
            "a power cut or a crash of the kernel can take the last {every:?} of what was acknowledged: {what}"
        );
    }
    format!(
        "where most servers lose power together, the last {every:?} of what was acknowledged can be gone: {what}; one \
         that loses it alone is brought up by the others, mostly (jepsen.io/analyses/nats-2.12.1)"
    )
}
