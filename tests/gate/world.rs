//! Cases as the production code takes them: real payloads, real records, really signed.

use crate::case::{Cap, Case, GRANT_MAX, Line, Ns, Paper, Says, Signer, Step, What};
use crate::naive::tokens;
use bytes::Bytes;
use decile::authority::{
    Authority, Conditions, Deployment, Grant, GrantId, GrantRight, Kind, Operator, Promoted, Promotion, Resume, Scope,
    Seed, Signed, Uses,
};
use decile::channel::Channel;
use decile::class::{ActionType, Class};
use decile::config;
use decile::decision::ActionRecord;
use decile::diagnostic::Report;
use decile::digest::Digest;
use decile::governing::{Governing, Record};
use decile::message::Delivery;
use decile::policy::action::{Action, Nature, Reach, Reversibility};
use decile::policy::cap::{CapScope, Window};
use decile::policy::level::Level;
use decile::policy::resolve::RuleNames;
use decile::policy::{ClassPolicy, Desk, Policy, Sampling, Tenure};
use decile::rules;
use decile::triage::Snapshot;
use jiff::Timestamp;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;
use std::time::Duration;

/// Channels: two that nothing but a byte tells apart, one that NATS would interpret, one in direct mode.
pub(crate) const CHANNELS: [&str; 5] = ["chat.one", "chat.one.x", "chat.*", "mail.box", "chat.direct"];
/// Types of actions.
pub(crate) const KINDS: [&str; 4] = ["react", "reply", "archive", "wipe"];
/// Classes; no policy lists the last one.
pub(crate) const CLASSES: [&str; 3] = ["alpha", "beta", "gamma"];
/// Threads.
pub(crate) const THREADS: [&str; 2] = ["t1", "t2"];

/// The operators, everybody's keys, and what was signed: each paper once.
pub(crate) struct World {
    pub(crate) snapshot: Snapshot,
    pub(crate) authority: Arc<Authority>,
    digest: Digest,
    ada: Seed,
    bob: Seed,
    stranger: Seed,
    signed: HashMap<String, Vec<u8>>,
}

impl World {
    pub(crate) fn new() -> Self {
        let [ada, bob, stranger] = [(); 3].map(|()| Seed::generate());
        let right = |channels, types| vec![GrantRight { channels, types }];
        let one = Scope::These(vec![channel("chat.one")]);
        let operators = [
            (ada.public(), operator("ada", right(Scope::All, Scope::All), true)),
            (bob.public(), operator("bob", right(one, Scope::These(vec![kind("react")])), false)),
        ];
        let authority = Authority {
            deployment: Deployment::parse("production").unwrap(),
            operators: BTreeMap::from(operators),
            grant_max: Duration::from_nanos(GRANT_MAX.unsigned_abs()),
        };
        let (authority, signed) = (Arc::new(authority), HashMap::new());
        Self { snapshot: snapshot(), authority, digest: Digest::of("test", []), ada, bob, stranger, signed }
    }

    /// Puts a case's policy in force.
    pub(crate) fn enact(&mut self, case: &Case) {
        let mut classes: BTreeMap<Class, ClassPolicy> = BTreeMap::new();
        for (name, _, line) in case.lines.iter().filter(|(_, on, _)| on.is_none()) {
            classes.insert(class(name), ClassPolicy { everywhere: of_line(line), channels: BTreeMap::new() });
        }
        for (name, on, line) in &case.lines {
            if let (Some(on), Some(lines)) = (on, classes.get_mut(&class(name))) {
                lines.channels.insert(channel(on), of_line(line));
            }
        }
        self.snapshot.policy = Policy {
            digest: self.digest,
            default_desk: desk("human"),
            restriction_desks: BTreeMap::from([("legal".to_owned(), desk("law"))]),
            classes,
            caps: case.caps.iter().map(of_cap).collect(),
            natures: BTreeMap::new(),
            inverses: BTreeMap::new(),
            deadlines: BTreeMap::new(),
            unlisted: of_line(&case.unlisted),
            sampling: Sampling::default(),
            drift_demotes: BTreeSet::new(),
            promotions: Vec::new(),
            upholdings: Vec::new(),
        };
    }

    /// Lets what governs know of a step.
    pub(crate) fn tell(&mut self, governing: &mut Governing, step: &Step) {
        match step {
            Step::Heard { ours, brokers } => governing.heard(time(*ours), time(*brokers)),
            Step::Missed => governing.missed(),
            Step::Stored { subject, sequence, at, what } => {
                let payload = self.bytes(what);
                governing.apply(&Record { subject, sequence: *sequence, stored_at: time(*at), kept: None, payload });
            }
        }
    }

    /// What lies on the bus; signed once, because that takes long.
    fn bytes(&mut self, what: &What) -> &[u8] {
        let key = format!("{what:?}");
        if !self.signed.contains_key(&key) {
            let bytes = match what {
                What::Grant(paper) => self.sign(paper.signer, Kind::Grant, &grant(paper)),
                What::Resume(signer, halt, issued) => {
                    let resume = Resume { halt: *halt, issued_at: time(*issued), reason: "over".to_owned() };
                    self.sign(*signer, Kind::Resume, &resume)
                }
                What::Promotion(signer, of, on, after, issued) => {
                    self.sign(*signer, Kind::Promotion, &promotion(of, on, *after, *issued))
                }
                What::Noise => b"{\"v\":1,\"tighten\":\"revoke\"}".to_vec(),
            };
            self.signed.insert(key.clone(), bytes);
        }
        &self.signed[&key]
    }

    fn sign<T: serde::Serialize>(&self, signer: Signer, kind: Kind, payload: &T) -> Vec<u8> {
        let (here, elsewhere) = (&self.authority.deployment, Deployment::parse("staging").unwrap());
        let (deployment, seed, signed_as) = match signer {
            Signer::Ada | Signer::Changed => (here, &self.ada, kind),
            Signer::Bob => (here, &self.bob, kind),
            Signer::Stranger => (here, &self.stranger, kind),
            Signer::Elsewhere => (&elsewhere, &self.ada, kind),
            Signer::Renamed if kind == Kind::Promotion => (here, &self.ada, Kind::Grant),
            Signer::Renamed => (here, &self.ada, Kind::Promotion),
        };
        let signed = Signed::new(signed_as, deployment, payload, seed).unwrap().encode().unwrap();
        let text = String::from_utf8(signed).unwrap();
        let right = match kind {
            Kind::Grant => "grant",
            Kind::Promotion => "promotion",
            _ => "resume",
        };
        let wrong = if kind == Kind::Promotion { "grant" } else { "promotion" };
        match signer {
            Signer::Renamed => text.replacen(wrong, right, 1).into_bytes(),
            Signer::Changed => text.replacen("2027-", "2028-", 1).into_bytes(),
            _ => text.into_bytes(),
        }
    }
}

/// The message of a case, as the broker delivers it.
pub(crate) fn delivery(case: &Case, sequence: u64) -> Delivery {
    let text = match case.says {
        Says::Broken | Says::Nothing => "nobody knows".to_owned(),
        Says::Class(class) => format!("the {class} word"),
        Says::Two => "the alpha word and the beta word".to_owned(),
        Says::Lawyer => "the alpha word of my lawyer".to_owned(),
    };
    let sent_at = case.sent_at.map(|at| time(at).to_string());
    let automated = case.automated.then_some(true);
    let message = serde_json::json!({
        "text": text, "thread": case.thread, "sent_at": sent_at, "attributes": { "bot": automated },
    });
    let payload = if case.says == Says::Broken { "{".to_owned() } else { message.to_string() };
    Delivery {
        stream: Arc::from("IN"),
        sequence,
        stored_at_ns: case.stored_at.into(),
        subject: format!("in.{}", tokens(case.channel)),
        headers: Vec::new(),
        payload: Bytes::from(payload),
    }
}

/// The grant of a paper.
fn grant(paper: &Paper) -> Grant {
    Grant {
        id: GrantId::try_from(paper.id.clone()).unwrap(),
        channel: channel(paper.channel),
        thread: paper.thread.map(str::to_owned),
        kind: kind(paper.kind),
        after: paper.after,
        issued_at: time(paper.issued_at),
        not_before: time(paper.not_before),
        expires_at: time(paper.expires_at),
        uses: paper.uses.map_or(Uses::Standing, Uses::Times),
        conditions: Conditions {
            classes: paper.classes.iter().map(|it| class(it)).collect(),
            arguments: arguments(paper.emoji),
        },
        who: "ada".to_owned(),
        reason: "2027-: a test".to_owned(),
    }
}

/// What is promoted, and by what evidence, is nothing to whoever follows levels.
fn promotion(of: &str, on: &str, after: u64, issued: Ns) -> Promotion {
    let place = Digest::of("test", []);
    Promotion {
        class: class(of),
        level: Level::Routine,
        action: ActionRecord {
            kind: kind("react"),
            reach: Reach::Outward,
            reversibility: Reversibility::Reversible,
            arguments: BTreeMap::new(),
            template: None,
        },
        rules: place,
        also: Vec::new(),
        on: vec![Promoted { channel: channel(on), place, after, agreed: 0, disagreed: 0 }],
        tested: 1,
        without_evidence: None,
        issued_at: time(issued),
        note: "2027-: a test".to_owned(),
    }
}

fn operator(name: &str, grants: Vec<GrantRight>, resume: bool) -> Operator {
    let rulings = Scope::All;
    Operator { name: name.to_owned(), grants, rulings, irreversible: true, promotions: resume, resume }
}

fn of_line(line: &Line) -> decile::policy::Line {
    let reversibility = [Reversibility::Reversible, Reversibility::SemiReversible, Reversibility::Irreversible]
        [line.reversibility as usize];
    let reach = if line.outward { Reach::Outward } else { Reach::Internal };
    decile::policy::Line {
        level: Level::from_number(line.level.into()).unwrap(),
        action: Action {
            kind: kind(line.kind),
            nature: Nature { reach, reversibility },
            arguments: arguments(line.emoji),
            template: None,
        },
        max_age: Duration::from_nanos(line.max_age.unsigned_abs()),
        desk: desk(line.desk),
        origin: "policy.toml:1".to_owned(),
        tenure: Tenure { after: line.after, expires_at: line.ends_at.map(time) },
    }
}

fn of_cap(cap: &Cap) -> decile::policy::cap::Cap {
    let window = match cap.window {
        'm' => Window::Minute,
        'h' => Window::Hour,
        _ => Window::Day,
    };
    let scope = CapScope { class: cap.class.map(class), channel: cap.channel.map(channel), kind: cap.kind.map(kind) };
    decile::policy::cap::Cap { scope, window, actions_max: cap.most }
}

fn arguments(emoji: Option<&str>) -> BTreeMap<String, String> {
    emoji.map(|it| ("emoji".to_owned(), it.to_owned())).into_iter().collect()
}

/// A moment.
pub(crate) fn time(at: Ns) -> Timestamp {
    Timestamp::from_nanosecond(at.into()).unwrap()
}

fn channel(name: &str) -> Channel {
    Channel::parse(name).unwrap()
}

fn kind(name: &str) -> ActionType {
    ActionType::parse(name).unwrap()
}

fn class(name: &str) -> Class {
    Class::parse(name).unwrap()
}

fn desk(name: &str) -> Desk {
    Desk::parse(name).unwrap()
}

/// The rules and channels, loaded as they always are; each case brings its policy.
fn snapshot() -> Snapshot {
    let folder = tempfile::tempdir().unwrap();
    std::fs::create_dir(folder.path().join("rules")).unwrap();
    let mut channels = "[[source]]\nstream = \"IN\"\n".to_owned();
    for name in CHANNELS {
        let mode = if name == "chat.direct" { "direct" } else { "monitored" };
        let subject = format!("in.{}", tokens(name));
        channels += &format!("[[source.channel]]\nname = \"{name}\"\nsubject = \"{subject}\"\nmode = \"{mode}\"\n");
    }
    let mut rules = "[[rule]]\nid = \"law\"\nrestrict = \"legal\"\nany = [\"lawyer\"]\n".to_owned();
    for name in CLASSES {
        rules += &format!("[[rule]]\nid = \"{name}\"\nclass = \"{name}\"\nany = [\"{name} word\"]\n");
    }
    let files = [
        ("decile.toml", "[files]\nrules = \"rules\"\n"),
        ("channels.toml", &channels),
        ("policy.toml", ""),
        ("rules/rules.toml", &rules),
    ];
    for (name, text) in files {
        std::fs::write(folder.path().join(name), text).unwrap();
    }
    let report = Report::new();
    let loaded = config::load_files(&folder.path().join("decile.toml"), &report);
    let (pack, _) = rules::compile(&rules::load(&loaded.rules(), &report), &report).unwrap();
    let (classes, restrictions) = (pack.classes().cloned().collect(), pack.restrictions().map(str::to_owned).collect());
    let names = RuleNames { classes: &classes, restrictions: &restrictions };
    let config = loaded.resolve(Some(names), &report);
    assert!(!report.has_errors(), "{:?}", report.into_sorted());
    Snapshot::new(config.unwrap(), pack).unwrap()
}
