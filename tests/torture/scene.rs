//! Instances, a person who changes what governs, and all that the stream ever had.

use crate::oracle::{Law, Seen, judge};
use crate::replicas::caught_up;
use crate::support::operator::Person;
use crate::support::{Broker, DEADLINE, Daemon, LOOK, World, until};
use crate::tail::{Records, Tail};
use async_nats::jetstream::message::PublishMessage;
use bytes::Bytes;
use decile::authority::{Conditions, Deployment, Grant, GrantId, Resume, Uses};
use decile::bus::batch::{self, BatchEntry, Batched};
use decile::bus::{self, Access, AckBounds, Connection, Purpose};
use decile::channel::Channel;
use decile::class::ActionType;
use decile::subject::{Root, Subject};
use jiff::{SignedDuration, Timestamp};
use std::collections::BTreeSet;
use std::time::{Duration, Instant};

/// Channels with a grant each.
pub(crate) const CHANNELS: [&str; 3] = ["torture.one", "torture.two", "torture.capped"];
/// What `torture.capped` may do in a minute.
pub(crate) const CAPPED: usize = 15;

/// A world, its instances and its stream.
pub(crate) struct Scene {
    _world: World,
    pub(crate) ada: Person,
    pub(crate) daemons: Vec<Daemon>,
    pub(crate) connection: Connection,
    pub(crate) broker: Broker,
    pub(crate) tail: Tail,
    root: Root,
    ids: u128,
    law: Law,
}

/// Where a test's world differs from the usual one.
pub(crate) fn world(url: &str, more: &str) -> World {
    let channel = |name: &str| format!("[[source.channel]]\nname = \"torture.{name}\"\nsubject = \"in.{name}\"\n");
    let channels = format!("[[source]]\nstream = \"IN\"\n{}{}{}", channel("one"), channel("two"), channel("capped"));
    let policy = format!(
        "[review]\npercent = 50\nper_hour_max = 100000\n\
         [[class]]\nname = \"newsletter\"\nlevel = 2\naction = {{ type = \"archive\" }}\n\
         [[class]]\nname = \"scheduling_confirm\"\nlevel = 2\naction = {{ type = \"label\", label = \"x\" }}\n\
         [[cap]]\nper_day = 100000\n[[cap]]\nclass = \"newsletter\"\nper_day = 100000\n\
         [[cap]]\nchannel = \"torture.capped\"\nper_minute = {CAPPED}\n"
    );
    // What an instance that sleeps has in hand goes to another soon.
    let limits = "[limits]\ncommit_timeout_ms = 1500\nack_wait_ms = 2500\n";
    World::at(url).channels(&channels).policy(&policy).more(&format!("{limits}{more}"))
}

impl Scene {
    /// So many instances on a server.
    pub(crate) async fn of(world: World, servers: Vec<String>, instances: usize) -> Self {
        let (world, ada) = Person::of(world);
        let mut daemons = Vec::new();
        for _ in 0..instances {
            daemons.push(Daemon::ready(&world).await);
        }
        let access = Access { servers, ..Access::local(String::new()) };
        let acks = AckBounds { inflight_max: 65_536, timeout: Duration::from_secs(2) };
        let connection = bus::connect(&access, Purpose::Command, acks, None).await.unwrap();
        let tail = Tail::of(&connection.jetstream).await;
        let key = ada.seed.public().to_string();
        let caps = vec![(Some("torture.capped"), "minute", CAPPED), (None, "day", 100_000)];
        let broker = Broker { jetstream: connection.jetstream.clone() };
        let root = Root::new("decile").unwrap();
        let ids = fastrand::u128(..);
        Self { _world: world, ada, daemons, connection, broker, tail, root, ids, law: Law { key, caps } }
    }

    /// The subject of a channel's grant.
    pub(crate) fn subject(&self, channel: &str) -> Subject {
        self.root.grant(&ActionType::parse("archive").unwrap(), &Channel::parse(channel).unwrap())
    }

    /// Grants on a channel, whatever stands there: a revocation, which stays, and the grant upon it.
    pub(crate) async fn grant(&mut self, channel: &str, uses: Uses) -> Option<u64> {
        let now = Timestamp::now();
        self.ids += 1;
        // Upon whatever lies there: nothing on its subject can be later.
        let after = self.broker.last_sequence("DECILE").await;
        let grant = Grant {
            id: GrantId::of(self.ids.to_be_bytes()),
            channel: Channel::parse(channel).unwrap(),
            thread: None,
            kind: ActionType::parse("archive").unwrap(),
            after,
            issued_at: now,
            not_before: now,
            expires_at: now + SignedDuration::from_hours(1),
            uses,
            conditions: Conditions::default(),
            who: "ada".to_owned(),
            reason: "a test".to_owned(),
        };
        let signed = grant.sign(&Deployment::parse("test").unwrap(), &self.ada.seed).unwrap().encode().unwrap();
        let subject = self.subject(channel);
        let entry = |bytes, kept| BatchEntry { subject: subject.clone(), bytes, kept, expected: None };
        let beneath = Bytes::from_static(b"{\"v\":1,\"tighten\":\"revoke\"}");
        let entries = [entry(beneath, None), entry(Bytes::from(signed), Some(Duration::from_secs(3_600)))];
        match batch::publish(&self.connection, "DECILE", &entries).await {
            Batched::Stored(revision) => Some(revision),
            Batched::Refused | Batched::Unknown(_) => None,
        }
    }

    /// Grants on a channel, until the broker has taken it.
    pub(crate) async fn granted(&mut self, channel: &str) -> u64 {
        for _ in 0..100 {
            if let Some(revision) = self.grant(channel, Uses::Standing).await {
                return revision;
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        panic!("no grant was taken")
    }

    /// Ends whatever halt stands.
    pub(crate) async fn open(&self) {
        until("an end of the halt", || async {
            let revision = self.halt().await;
            self.resume(revision).await;
            contains(&self.last_on("decile.control.halt").await?, "resume").then_some(())
        })
        .await;
    }

    /// Publishes what tightens, until the broker has acknowledged it: the last time counts.
    pub(crate) async fn tighten(&self, subject: &str, bytes: &'static str) -> u64 {
        until("an acknowledgement of what tightens", || async {
            let message = PublishMessage::build().expected_stream("DECILE").payload(bytes.into());
            let sent = self.connection.jetstream.send_publish(subject.to_owned(), message).await.ok()?;
            Some(sent.await.ok()?.sequence)
        })
        .await
    }

    /// Takes a channel's grant back.
    pub(crate) async fn revoke(&self, channel: &str) -> u64 {
        self.tighten(self.subject(channel).as_str(), "{\"v\":1,\"tighten\":\"revoke\"}").await
    }

    /// Halts everything.
    pub(crate) async fn halt(&self) -> u64 {
        self.tighten("decile.control.halt", "{\"v\":1,\"tighten\":\"halt\"}").await
    }

    /// Ends a halt; whatever comes of it, the stream tells.
    pub(crate) async fn resume(&self, halt: u64) {
        let resume = Resume { halt, issued_at: Timestamp::now(), reason: "over".to_owned() };
        let signed = resume.sign(&Deployment::parse("test").unwrap(), &self.ada.seed).unwrap().encode().unwrap();
        let entry = BatchEntry { subject: self.root.halt(), bytes: signed.into(), kept: None, expected: Some(halt) };
        let _ = batch::publish(&self.connection, "DECILE", &[entry]).await;
    }

    /// Whether an action rests on this grant, before long. Asked of the broker: a reader may have lost its server.
    pub(crate) async fn acts_under(&self, channel: &str, revision: u64, within: Duration) -> bool {
        let rests = format!("\"revision\":{revision},\"halt\"");
        let deadline = std::time::Instant::now() + within;
        while std::time::Instant::now() < deadline {
            if self.last_on(&format!("decile.action.*.{channel}.>")).await.is_some_and(|it| contains(&it, &rests)) {
                return true;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        false
    }

    /// The last record on a subject, where the broker answers.
    async fn last_on(&self, subject: &str) -> Option<Bytes> {
        let stream = self.connection.jetstream.get_stream_no_info("DECILE").await.ok()?;
        Some(stream.get_last_raw_message_by_subject(subject).await.ok()?.payload)
    }

    /// What happened last, for whoever looks into a failure.
    pub(crate) async fn lately(&self) -> String {
        let last = self.tail.look(|seen| {
            let last = seen.values().rev().filter(|it| !it.subject.contains(".slot."));
            last.take(8).map(|it| format!("{} {} {}", it.sequence, it.at, it.subject)).collect::<Vec<_>>().join("\n")
        });
        let waits = self.broker.consumer("IN").await;
        let (pending, unacked, pulls) = (waits.num_pending, waits.num_ack_pending, waits.num_waiting);
        format!("{pending} pending, {unacked} in hand, {pulls} pulls, {}\n{last}", jiff::Timestamp::now())
    }

    /// Waits for so many actions, as long as there are more from time to time.
    pub(crate) async fn acted(&self, wanted: usize) {
        let actions =
            || self.tail.look(|seen| seen.values().filter(|it| it.subject.starts_with("decile.action.")).count());
        let mut so_far = actions();
        while so_far < wanted {
            let more = || async { Some(actions()).filter(|now| *now > so_far) };
            so_far = until(&format!("more than {so_far} actions"), more).await;
        }
    }

    /// Waits for an escalation on each channel that has this in its record.
    pub(crate) async fn escalated(&self, says: &str) {
        for channel in CHANNELS {
            let subject = format!("decile.escalated.human.{channel}");
            until(&subject, || async { contains(&self.last_on(&subject).await?, says).then_some(()) }).await;
        }
    }

    /// Judges what there is so far.
    pub(crate) fn judge(&self) -> Seen {
        judge(&self.tail.look(Records::clone), &self.law)
    }

    /// Ends everything, and judges it. All messages must have been decided, each once.
    pub(crate) async fn judged(self) -> Seen {
        self.judged_with_records().await.0
    }

    /// The same, with all that was judged.
    pub(crate) async fn judged_with_records(self) -> (Seen, Records) {
        self.broker.all_acknowledged("IN").await;
        let stream = caught_up(&self.connection.jetstream, "IN").await;
        let wanted: BTreeSet<u64> = (1..=stream.cached_info().state.last_sequence).collect();
        // What is acknowledged is decided; but a consumer that has just changed its leader may say so too early.
        let deadline = Instant::now() + DEADLINE;
        let left = loop {
            let decided = self.judge().messages;
            let left: Vec<u64> = wanted.difference(&decided).copied().collect();
            if left.is_empty() || Instant::now() >= deadline {
                break left;
            }
            tokio::time::sleep(LOOK).await;
        };
        let logs = || self.daemons.iter().map(Daemon::log).collect::<Vec<_>>().join("\n\n");
        assert!(left.is_empty(), "{left:?} are not decided; {}\n{}", self.lately().await, logs());
        drop(self.daemons);
        let records = self.tail.all(&self.connection.jetstream).await;
        let seen = judge(&records, &self.law);
        assert_eq!(seen.messages, wanted, "each message is decided, and nothing else");
        (seen, records)
    }
}

fn contains(bytes: &[u8], text: &str) -> bool {
    bytes.windows(text.len()).any(|it| it == text.as_bytes())
}
