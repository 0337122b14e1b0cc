//! Versions, and whether all servers are known.

use super::super::{Examined, Finding, Kind, ServerFacts, faults_of};
use super::found;
use crate::bus::{SERVER_RECOMMENDED, SERVER_REQUIRED, is_at_least};
use std::collections::BTreeSet;

pub(super) fn judge(examined: &Examined) -> Vec<Finding> {
    let mut findings: Vec<Finding> = examined.servers.iter().map(version).collect();
    findings.extend(unknown(examined));
    findings
}

/// The worst that can be said of a server's version.
fn version(server: &ServerFacts) -> Finding {
    let ServerFacts { name, version, .. } = server;
    let about = format!("server {name}");
    let is = format!("the server `{name}` is nats-server {version}");
    let advice = format!("update it to {SERVER_RECOMMENDED} or newer");
    if !is_at_least(version, SERVER_REQUIRED) {
        return Finding::refuses(Kind::ServerTooOld, &about, format!("{is}, and {SERVER_REQUIRED} is needed"))
            .costs("older ones ignore filters and times to live, and have no batches")
            .advice(advice);
    }
    let faults = faults_of(version);
    if !faults.is_empty() {
        let says: Vec<&str> = faults.iter().map(|fault| fault.says).collect();
        return Finding::costing(Kind::ServerFaulty, &about, format!("{is}, with faults that are known"))
            .costs(says.join("; "))
            .advice(advice);
    }
    if !is_at_least(version, SERVER_RECOMMENDED) {
        return Finding::costing(Kind::ServerDated, &about, format!("{is}, and {SERVER_RECOMMENDED} was measured"))
            .costs("what is promised was tested on the newer one only")
            .advice(advice);
    }
    Finding::fine(Kind::ServerDated, &about, is)
}

/// Servers that hold our streams and were not asked, or did not answer.
fn unknown(examined: &Examined) -> Vec<Finding> {
    let known: BTreeSet<&str> = examined.servers.iter().map(|server| server.name.as_str()).collect();
    let holding: BTreeSet<&str> =
        found(examined).flat_map(|(_, found)| &found.peers).map(|peer| peer.name.as_str()).collect();
    let cost = "whether it is new enough, and how it syncs to disk, is not known";
    let strangers = holding.difference(&known).map(|name| {
        Finding::costing(Kind::ServerUnknown, &format!("server {name}"), format!("the server `{name}` was not asked"))
            .costs(cost)
            .advice("name the monitoring endpoint of each server in `monitor` of `[bus]`, or by `--monitor`")
    });
    let silent = examined.silent.iter().map(|silent| {
        let found = format!("the monitoring endpoint `{}` does not answer: {}", silent.url, silent.why);
        Finding::costing(Kind::ServerUnknown, &format!("server {}", silent.url), found)
            .costs(cost)
            .advice("start the server with `-m PORT` (`http_port`), or correct the address")
    });
    let mut findings: Vec<Finding> = strangers.chain(silent).collect();
    if findings.is_empty() {
        let all = known.into_iter().collect::<Vec<_>>().join(", ");
        findings.push(Finding::fine(Kind::ServerUnknown, "servers", format!("known are {all}")));
    }
    findings
}
