//! Each finding: a world that has it, and the usual one, which does not.

use super::*;
use crate::bus::setup::Setup;
use crate::config::{Config, Storage, SyncInterval, load_files};
use crate::diagnostic::Report;
use crate::subject::Root;
use async_nats::jetstream::stream::{DiscardPolicy, PersistenceMode, StorageType};
use jiff::SignedDuration;
use std::path::Path;
use std::time::Duration;

fn config() -> Config {
    let report = Report::new();
    let path = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/config/decile.toml"));
    load_files(path, &report).resolve(None, &report).unwrap()
}

/// A world in which nothing is wrong: three servers, three copies, all synced before they acknowledge.
fn sound() -> Examined {
    let config = config();
    let setup = Setup::of(&config, &Root::new("decile").unwrap());
    let names = ["a", "b", "c"];
    let there = |wanted: &async_nats::jetstream::stream::Config| {
        let mut config = wanted.clone();
        config.num_replicas = 3;
        let peers = names.map(|name| Peer { name: name.to_owned(), is_current: true }).to_vec();
        StreamFacts { wanted: wanted.clone(), found: Some(FoundStream { config, bytes: 1_000, peers }) }
    };
    let consumers = setup.sources.iter().chain([&setup.rulings]).map(|source| ConsumerFacts {
        stream: source.stream.name.clone(),
        wanted: source.consumer.clone(),
        found: Some(source.consumer.clone()),
    });
    Examined {
        servers: names.map(|name| server(name, "2.15.1")).to_vec(),
        silent: Vec::new(),
        decisions: there(&setup.decisions),
        sources: setup.sources.iter().map(|source| there(&source.stream)).collect(),
        has_advisories: true,
        consumers: consumers.collect(),
        max_payload: 1_048_576,
        clock_offset: Some(SignedDuration::from_millis(3)),
        commits: Ok(Commits { count: 5_000, p999: Some(Duration::from_millis(10)) }),
        terms: setup.beside.terms,
    }
}

fn server(name: &str, version: &str) -> ServerFacts {
    ServerFacts { name: name.to_owned(), version: version.to_owned(), sync: Some(SyncInterval::Always) }
}

fn ours(examined: &mut Examined) -> &mut FoundStream {
    examined.decisions.found.as_mut().unwrap()
}

fn source(examined: &mut Examined) -> &mut FoundStream {
    examined.sources[0].found.as_mut().unwrap()
}

fn consumer(examined: &mut Examined) -> &mut async_nats::jetstream::consumer::pull::Config {
    examined.consumers[0].found.as_mut().unwrap()
}

type Change = fn(&mut Examined);

/// Question, how bad it is, how to get there from the sound world, and what must be said.
const CASES: &[(Kind, Severity, Change, &str)] = {
    use Kind as K;
    use Severity::{Costs, Refuses, Unknown};
    &[
        (K::ServerTooOld, Refuses, |it| it.servers[1].version = "2.9.10".to_owned(), "`b` is nats-server 2.9.10"),
        (K::ServerFaulty, Costs, |it| it.servers[0].version = "2.14.2".to_owned(), "pull request 8265"),
        (K::ServerFaulty, Costs, |it| it.servers[0].version = "2.14.3".to_owned(), "issue 8376"),
        (K::ServerDated, Costs, |it| it.servers[0].version = "2.14.5".to_owned(), "2.15.1 was measured"),
        (K::ServerUnknown, Costs, |it| drop(it.servers.pop()), "the server `c` was not asked"),
        (
            K::ServerUnknown,
            Costs,
            |it| it.silent.push(Silent { url: "http://d:8222".to_owned(), why: "refused".to_owned() }),
            "`http://d:8222` does not answer: refused",
        ),
        (K::StreamMissing, Refuses, |it| it.decisions.found = None, "`DECILE` does not exist"),
        (K::StreamMissing, Refuses, |it| it.sources[0].found = None, "does not exist"),
        (K::StreamDiffers, Refuses, |it| ours(it).config.no_ack = true, "`no_ack` must be off"),
        (K::StreamDiffers, Refuses, |it| ours(it).config.max_age = Duration::from_secs(60), "`max_age` must be 0"),
        (K::DiscardOld, Refuses, |it| ours(it).config.discard = DiscardPolicy::Old, "`discard` must be `new`"),
        (
            K::DuplicateWindow,
            Refuses,
            |it| ours(it).config.duplicate_window = Duration::from_secs(119),
            "or longer: 120s, and it is 119s",
        ),
        (K::DuplicateWindow, Refuses, |it| it.terms.limits.plan_age_max = Duration::from_secs(61), "decided twice"),
        (K::DuplicateWindow, Costs, |it| it.terms.limits.ack_wait = Duration::from_secs(60), "looked up"),
        (K::ConsumerMissing, Refuses, |it| it.consumers[0].found = None, "does not exist"),
        (
            K::ConsumerDiffers,
            Refuses,
            |it| consumer(it).filter_subjects = vec!["other".to_owned()],
            "filter subjects is `other`",
        ),
        (K::MaxDeliver, Refuses, |it| consumer(it).max_deliver = 5, "deliveries is `5`, must be `-1`"),
        (K::StorageMemory, Refuses, |it| ours(it).config.storage = StorageType::Memory, "write `storage = \"memory\"`"),
        (
            K::StorageMemory,
            Costs,
            |it| {
                ours(it).config.storage = StorageType::Memory;
                it.terms.storage = Storage::Memory;
            },
            "as `[retention]` says",
        ),
        (K::StorageMemory, Costs, |it| source(it).config.storage = StorageType::Memory, "let who owns it"),
        (
            K::PersistAsync,
            Refuses,
            |it| ours(it).config.persist_mode = Some(PersistenceMode::Async),
            "`persist_mode: async`",
        ),
        (K::PersistAsync, Costs, |it| source(it).config.persist_mode = Some(PersistenceMode::Async), "is killed"),
        (K::Replicas, Costs, |it| ours(it).config.num_replicas = 1, "has 1 copy"),
        (K::Replicas, Costs, |it| ours(it).config.num_replicas = 2, "no majority"),
        (K::Replicas, Costs, |it| it.decisions.wanted.num_replicas = 5, "has 3 copies, and `[retention]` asks for 5"),
        (K::ReplicasBehind, Costs, |it| ours(it).peers[2].is_current = false, "away or behind: c"),
        (
            K::SyncInterval,
            Costs,
            |it| it.servers[0].sync = Some(SyncInterval::Every(Duration::from_secs(120))),
            "syncs to disk every 120s",
        ),
        (
            K::SyncInterval,
            Costs,
            |it| {
                it.servers[0].sync = None;
                it.terms.sync_told = Some(SyncInterval::Every(Duration::from_secs(10)));
            },
            "is said to sync to disk every 10s",
        ),
        (K::SyncUnknown, Costs, |it| it.servers[0].sync = None, "every 2 minutes, unless"),
        (K::RollupAllowed, Costs, |it| ours(it).config.allow_rollup = true, "replace all others"),
        (K::DeleteAllowed, Costs, |it| ours(it).config.deny_delete = false, "allows deleting;"),
        (K::DeleteAllowed, Costs, |it| ours(it).config.deny_purge = false, "allows purging;"),
        (K::AdvisoriesMissing, Costs, |it| it.has_advisories = false, "gives up"),
        (K::SourceForgets, Costs, |it| source(it).config.max_age = Duration::from_secs(60), "away: max_age"),
        (K::SourceForgets, Costs, |it| source(it).config.max_bytes = 1_000, "away: max_bytes"),
        (K::StreamFull, Costs, |it| ours(it).bytes = 8 << 30, "80 % full"),
        (K::StreamUnbounded, Costs, |it| ours(it).config.max_bytes = -1, "but the disk"),
        (K::MaxPayload, Costs, |it| it.max_payload = 65_536, "up to 65536 bytes"),
        (
            K::AckWait,
            Costs,
            |it| it.commits = Ok(Commits { count: 5_000, p999: Some(Duration::from_secs(20)) }),
            "999 take up to 20s",
        ),
        (K::AckWait, Costs, |it| it.commits = Ok(Commits { count: 5_000, p999: None }), "longer than its metrics tell"),
        (K::AckWait, Unknown, |it| it.commits = Err("nobody".to_owned()), "is not known: nobody"),
        (K::ClockOffset, Costs, |it| it.clock_offset = Some(SignedDuration::from_secs(-2)), "too early or too late"),
        (K::ClockOffset, Costs, |it| it.clock_offset = Some(SignedDuration::from_secs(6)), "nothing goes out"),
    ]
};

fn found(examined: &Examined) -> Vec<Finding> {
    judge(examined).into_iter().filter(|finding| finding.severity != Severity::Fine).collect()
}

#[test]
fn a_sound_world_has_no_findings() {
    assert_eq!(found(&sound()), []);
    let said: Vec<Kind> = judge(&sound()).iter().map(|finding| finding.kind).collect();
    for kind in Kind::ALL {
        // These have a name of their own for what is wrong; being right, they are another's.
        use Kind as K;
        let is_told_by_another =
            matches!(kind, K::ServerTooOld | K::ServerFaulty | K::SyncUnknown | K::StreamUnbounded);
        assert_eq!(said.contains(&kind), !is_told_by_another, "{}", kind.as_str());
    }
}

#[test]
fn each_finding_is_found_and_says_what_it_costs() {
    for (kind, severity, change, says) in CASES {
        let mut examined = sound();
        change(&mut examined);
        let found = found(&examined);
        let [finding] = found.as_slice() else { panic!("{kind:?}, one finding: {found:#?}") };
        assert_eq!((finding.kind, finding.severity), (*kind, *severity), "{finding:?}");
        assert!(finding.line().contains(says), "{kind:?} says `{says}`: {}", finding.line());
        assert!(!finding.advice.is_empty(), "{finding:?} says what to do");
        assert!(*severity == Severity::Unknown || !finding.costs.is_empty(), "{finding:?} says what it costs");
    }
    let asked: std::collections::BTreeSet<Kind> = CASES.iter().map(|(kind, ..)| *kind).collect();
    assert_eq!(asked, Kind::ALL.into(), "there is a case of each");
}

#[test]
fn an_operators_word_stands_where_no_server_says_otherwise() {
    let mut examined = sound();
    examined.terms.sync_told = Some(SyncInterval::Always);
    examined.servers[0].sync = None;
    assert_eq!(found(&examined), []);
    examined.servers[0].sync = Some(SyncInterval::Every(Duration::from_secs(120)));
    assert_eq!(found(&examined)[0].kind, Kind::SyncInterval, "the server knows better");
}

#[test]
fn copies_change_what_a_power_cut_takes() {
    let mut examined = sound();
    examined.servers[0].sync = None;
    assert!(found(&examined)[0].costs.contains("most servers lose power together"));
    ours(&mut examined).config.num_replicas = 1;
    let sync = found(&examined).into_iter().find(|finding| finding.kind == Kind::SyncUnknown).unwrap();
    assert!(sync.costs.starts_with("a power cut or a crash of the kernel can take the last 120s"), "{}", sync.costs);
}

#[test]
fn the_worst_comes_first() {
    let mut examined = sound();
    ours(&mut examined).config.allow_rollup = true;
    examined.consumers[0].found = None;
    examined.commits = Err("nobody".to_owned());
    let kinds: Vec<Kind> = found(&examined).iter().map(|finding| finding.kind).collect();
    assert_eq!(kinds, [Kind::ConsumerMissing, Kind::RollupAllowed, Kind::AckWait]);
}
