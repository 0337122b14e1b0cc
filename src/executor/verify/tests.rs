use super::*;
use crate::authority::{
    Answer, Conditions, Deployment, Grant, GrantId, GrantRight, Operator, Resume, Ruling, Scope, Seed, Undo, Uses,
};
use crate::channel::Channel;
use crate::class::{ActionType, Class};
use crate::decision::{Decision, Disposed, Outcome, OutwardAction, Record, Target};
use crate::diagnostic::{Report, SourceFile};
use crate::executor::{CANARY, Delivered};
use crate::policy::Desk;
use crate::policy::resolve::{Known, resolve};
use crate::policy::written::WrittenPolicy;
use crate::subject::Root;
use std::collections::BTreeMap;

const GOLDEN: &[u8] = include_bytes!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/golden/decision-v1.json"));
/// The sequences of the grant or ruling, and of the halt's end.
const REVISION: u64 = 20;
const HALT: u64 = 12;

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(1_800_000_000 + second).unwrap()
}

fn channel() -> Channel {
    Channel::parse("slack.support").unwrap()
}

fn kind(name: &str) -> ActionType {
    ActionType::parse(name).unwrap()
}

fn policy(text: &str) -> Policy {
    let report = Report::new();
    let written = WrittenPolicy::read(&SourceFile::new("policy.toml", text), &report);
    let policy = resolve(&written, &Known { rules: None, channels: None, draft_bytes_max: 256 }, &report);
    assert!(!report.has_errors());
    policy
}

fn operator() -> Operator {
    Operator {
        name: "ada".to_owned(),
        grants: vec![GrantRight { channels: Scope::These(vec![channel()]), types: Scope::All }],
        rulings: Scope::These(vec![Desk::parse("human").unwrap()]),
        irreversible: true,
        promotions: false,
        resume: true,
    }
}

/// An operator, what they may, and everything that lies at the broker.
struct World {
    seed: Seed,
    terms: Terms,
    root: Root,
    now: Timestamp,
    stored_at: Timestamp,
    halt: Option<Found>,
    /// What lies where the proof must lie, where it is not the proof itself, stored at once.
    proof: Option<Option<Found>>,
    /// The last record on its class's level.
    level: u64,
}

impl World {
    fn new() -> Self {
        let seed = Seed::generate();
        let authority = Authority {
            deployment: Deployment::parse("production").unwrap(),
            operators: BTreeMap::from([(seed.public(), operator())]),
            grant_max: Duration::from_secs(86_400),
        };
        let terms = Terms { authority, policy: policy(""), action_age_max: Duration::from_secs(60) };
        let root = Root::new("decile").unwrap();
        let mut world = Self { seed, terms, root, now: at(130), stored_at: at(100), halt: None, proof: None, level: 0 };
        world.halt = Some(world.resumed(|_| {}));
        world
    }

    fn operator(mut self, change: impl FnOnce(&mut Operator)) -> Self {
        self.terms.authority.operators.values_mut().for_each(change_once(change));
        self
    }

    /// The end of a halt, which lies at the broker behind the halt itself.
    fn resumed(&self, change: impl FnOnce(&mut Found)) -> Found {
        let resume = Resume { halt: HALT - 1, issued_at: at(0), reason: "over".to_owned() };
        let signed = resume.sign(&self.terms.authority.deployment, &self.seed).unwrap();
        let mut found = found(HALT, at(1), &signed);
        found.after = Some(HALT - 1);
        change(&mut found);
        found
    }

    fn grant(&self, change: impl FnOnce(&mut Grant)) -> Proof {
        let mut grant = grant();
        change(&mut grant);
        let signed = grant.sign(&self.terms.authority.deployment, &self.seed).unwrap();
        Proof::Grant { signed, revision: REVISION, halt: HALT }
    }

    fn ruling(&self, answer: Answer) -> Proof {
        let ruling = Ruling {
            decision: decision(Disposed::Escalate).id,
            escalation: 3,
            issued_at: at(90),
            answer,
            severe: false,
            note: String::new(),
        };
        let signed = ruling.sign(&self.terms.authority.deployment, &self.seed).unwrap();
        Proof::Ruling { signed, revision: REVISION, halt: HALT }
    }

    fn approve(&self, action: &OutwardAction, irreversible: bool) -> Proof {
        let digest = action.digest(&decision(Disposed::Escalate).id);
        self.ruling(Answer::Approve { action: digest, irreversible })
    }

    /// What becomes of an action under a proof.
    fn judge(&self, action: OutwardAction, proof: Proof) -> Result<(), Outcome> {
        let disposed = if matches!(proof, Proof::Grant { .. }) { Disposed::Handle } else { Disposed::Escalate };
        self.judge_record(&Outward { decision: decision(disposed), action, proof })
    }

    fn judge_record(&self, outward: &Outward) -> Result<(), Outcome> {
        let (kind, channel, id) = (&outward.action.kind, &outward.action.channel, &outward.decision.id);
        let word = if matches!(outward.proof, Proof::Grant { .. }) { "action" } else { "approved" };
        let subject = format!("decile.{word}.{kind}.{}.{id}", channel.subject());
        self.judge_bytes(&subject, &serde_json::to_vec(outward).unwrap(), outward)
    }

    fn judge_bytes(&self, subject: &str, bytes: &[u8], outward: &Outward) -> Result<(), Outcome> {
        let delivered = Delivered { subject, sequence: 30, stored_at: self.stored_at, bytes };
        let claim = Claim::read(&self.root, &channel(), delivered).map_err(|refusal| refusal.outcome)?;
        let (Proof::Grant { signed, .. } | Proof::Ruling { signed, .. } | Proof::Undo { signed, .. }) = &outward.proof;
        let proof = self.proof.clone().unwrap_or_else(|| Some(found(REVISION, at(91), signed)));
        let looked = Looked { now: self.now, halt: self.halt.clone(), proof, level: self.level };
        verify(claim, &looked, &self.terms).map(|_| ()).map_err(|refusal| refusal.outcome)
    }
}

fn change_once<T>(change: impl FnOnce(&mut T)) -> impl FnMut(&mut T) {
    let mut change = Some(change);
    move |it| change.take().unwrap()(it)
}

fn found(sequence: u64, stored_at: Timestamp, signed: &Signed) -> Found {
    Found { sequence, stored_at, bytes: signed.encode().unwrap(), after: None }
}

fn grant() -> Grant {
    Grant {
        id: GrantId::of([7; 16]),
        channel: channel(),
        thread: None,
        kind: kind("react"),
        after: 0,
        issued_at: at(90),
        not_before: at(90),
        expires_at: at(3_600),
        uses: Uses::Standing,
        conditions: Conditions::default(),
        who: "ada".to_owned(),
        reason: "a test".to_owned(),
    }
}

fn decision(disposed: Disposed) -> Decision {
    let Record::Handled(mut decision) = Record::parse(GOLDEN).unwrap() else { panic!("a handled decision") };
    decision.channel = channel();
    decision.disposition = disposed;
    decision.desk = (disposed == Disposed::Escalate).then(|| Desk::parse("human").unwrap());
    *decision
}

fn action(name: &str) -> OutwardAction {
    let source = decision(Disposed::Handle).source;
    OutwardAction {
        kind: kind(name),
        channel: channel(),
        arguments: BTreeMap::from([("emoji".to_owned(), "eyes".to_owned())]),
        text: Some("Dear Ada".to_owned()),
        target: Target { message: Some("m-1".to_owned()), thread: None, source },
    }
}

fn refused(why: RefusedWhy) -> Result<(), Outcome> {
    Err(Outcome::Refused(why))
}

fn stale(why: StaleWhy) -> Result<(), Outcome> {
    Err(Outcome::Stale(why))
}

#[test]
fn what_a_standing_grant_covers_may_be_carried_out() {
    let world = World::new();
    assert_eq!(world.judge(action("react"), world.grant(|_| {})), Ok(()));
}

#[test]
fn a_grant_must_be_of_this_deployment_and_of_an_operator_who_may() {
    let world = World::new();
    let elsewhere = grant().sign(&Deployment::parse("staging").unwrap(), &world.seed).unwrap();
    let proof = |signed| Proof::Grant { signed, revision: REVISION, halt: HALT };
    assert_eq!(world.judge(action("react"), proof(elsewhere)), refused(RefusedWhy::Signature));
    let stranger = grant().sign(&world.terms.authority.deployment, &Seed::generate()).unwrap();
    assert_eq!(world.judge(action("react"), proof(stranger)), refused(RefusedWhy::Signature));
    let world = world.operator(|operator| operator.grants.clear());
    assert_eq!(world.judge(action("react"), world.grant(|_| {})), refused(RefusedWhy::Right));
}

#[test]
fn a_grant_covers_its_type_thread_class_arguments_and_time() {
    let world = World::new();
    let judge = |change: fn(&mut Grant)| world.judge(action("react"), world.grant(change));
    assert_eq!(judge(|grant| grant.kind = kind("archive")), refused(RefusedWhy::NotCovered));
    assert_eq!(judge(|grant| grant.thread = Some("t".to_owned())), refused(RefusedWhy::NotCovered));
    assert_eq!(
        judge(|grant| grant.conditions.classes = vec![Class::parse("other").unwrap()]),
        refused(RefusedWhy::NotCovered)
    );
    assert_eq!(
        judge(|grant| grant.conditions.arguments = BTreeMap::from([("emoji".to_owned(), "wave".to_owned())])),
        refused(RefusedWhy::NotCovered)
    );
    assert_eq!(judge(|grant| grant.not_before = at(131)), refused(RefusedWhy::Early));
    assert_eq!(judge(|grant| grant.expires_at = at(130)), stale(StaleWhy::Expired));
    assert_eq!(judge(|grant| grant.expires_at = at(86_491)), refused(RefusedWhy::Copy), "longer than a grant may");
}

#[test]
fn a_message_without_a_class_has_no_action_under_a_grant() {
    let world = World::new();
    let mut decision = decision(Disposed::Handle);
    decision.verdict.class = None;
    let outward = Outward { decision, action: action("react"), proof: world.grant(|_| {}) };
    assert_eq!(world.judge_record(&outward), refused(RefusedWhy::NotCovered));
}

#[test]
fn a_grant_must_stand_at_the_broker_as_it_was_carried() {
    let mut world = World::new();
    let proof = world.grant(|_| {});
    let mut judge = |lies: Option<Found>| {
        world.proof = Some(lies);
        world.judge(action("react"), proof.clone())
    };
    let Proof::Grant { signed, .. } = &proof else { panic!("a grant") };
    assert_eq!(judge(Some(found(REVISION, at(91), signed))), Ok(()));
    assert_eq!(judge(None), stale(StaleWhy::Revoked));
    let revocation = Found { sequence: 21, stored_at: at(110), bytes: b"{}".to_vec(), after: None };
    assert_eq!(judge(Some(revocation.clone())), stale(StaleWhy::Revoked));
    assert_eq!(judge(Some(found(21, at(110), signed))), stale(StaleWhy::Replaced), "the same, granted again");
    assert_eq!(judge(Some(found(21, at(151), signed))), stale(StaleWhy::Revoked), "a copy replaces nothing");
    let at_revision = Found { sequence: REVISION, ..revocation };
    assert_eq!(judge(Some(at_revision)), refused(RefusedWhy::Signature), "no grant was ever there");
    assert_eq!(judge(Some(found(REVISION, at(151), signed))), refused(RefusedWhy::Copy));
    let mut other = grant();
    other.reason = "another".to_owned();
    let other = other.sign(&world.terms.authority.deployment, &world.seed).unwrap();
    world.proof = Some(Some(found(REVISION, at(91), &other)));
    assert_eq!(world.judge(action("react"), proof.clone()), refused(RefusedWhy::Proof));
}

#[test]
fn what_was_demoted_since_is_stale() {
    let mut world = World::new();
    assert_eq!(world.judge(action("react"), world.grant(|_| {})), Ok(()));
    world.level = 31;
    assert_eq!(world.judge(action("react"), world.grant(|_| {})), stale(StaleWhy::Demoted));
    // What it was decided on is still the last word.
    let mut outward =
        Outward { decision: decision(Disposed::Handle), action: action("react"), proof: world.grant(|_| {}) };
    outward.decision.facts.level = Some(crate::facts::Leveled { revision: 31, demoted: 0 });
    assert_eq!(world.judge_record(&outward), Ok(()));
    world.level = 0;
    assert_eq!(world.judge_record(&outward), stale(StaleWhy::Demoted), "another stream");
}

#[test]
fn an_action_has_an_age() {
    let mut world = World::new();
    world.now = at(160);
    assert_eq!(world.judge(action("react"), world.grant(|_| {})), Ok(()));
    world.now = at(161);
    assert_eq!(world.judge(action("react"), world.grant(|_| {})), stale(StaleWhy::TooOld));
}

#[test]
fn a_halt_ends_by_a_signed_resumption_of_that_very_halt_only() {
    let mut world = World::new();
    let proof = world.grant(|_| {});
    let mut judge = |halt: Option<Found>| {
        world.halt = halt;
        world.judge(action("react"), proof.clone())
    };
    assert_eq!(judge(None), stale(StaleWhy::Halted), "the action was committed under another word");
    let halt = Found { sequence: HALT, stored_at: at(1), bytes: b"halt".to_vec(), after: None };
    assert_eq!(judge(Some(halt)), stale(StaleWhy::Halted));
    let good = world.resumed(|_| {});
    let mut judge = |change: fn(&mut Found)| {
        let mut found = good.clone();
        change(&mut found);
        world.halt = Some(found);
        world.judge(action("react"), proof.clone())
    };
    assert_eq!(judge(|_| {}), Ok(()));
    assert_eq!(judge(|found| found.sequence += 2), stale(StaleWhy::Halted), "halted and resumed since");
    assert_eq!(judge(|found| found.after = None), stale(StaleWhy::Halted), "nobody saw to what it ends");
    assert_eq!(judge(|found| found.after = Some(HALT - 2)), stale(StaleWhy::Halted), "it ends another halt");
    assert_eq!(judge(|found| found.stored_at = at(61)), stale(StaleWhy::Halted), "a copy");
    world.halt = Some(good);
    assert_eq!(world.judge(action("react"), proof.clone()), Ok(()));
    let world = world.operator(|operator| operator.resume = false);
    assert_eq!(world.judge(action("react"), proof.clone()), stale(StaleWhy::Halted), "by somebody who may not");
}

#[test]
fn where_nothing_was_ever_halted_an_action_says_so() {
    let mut world = World::new();
    world.halt = None;
    let Proof::Grant { signed, revision, .. } = world.grant(|_| {}) else { panic!("a grant") };
    assert_eq!(world.judge(action("react"), Proof::Grant { signed, revision, halt: 0 }), Ok(()));
}

#[test]
fn a_record_must_belong_where_it_lies() {
    let world = World::new();
    let good = Outward { decision: decision(Disposed::Handle), action: action("react"), proof: world.grant(|_| {}) };
    let bytes = serde_json::to_vec(&good).unwrap();
    let id = &good.decision.id;
    let judge = |subject: &str| world.judge_bytes(subject, &bytes, &good);
    assert_eq!(judge(&format!("decile.action.react.slack.support.{id}")), Ok(()));
    for subject in [
        format!("decile.approved.react.slack.support.{id}"),
        format!("decile.action.reply.slack.support.{id}"),
        format!("decile.action.react.slack.team.{id}"),
        format!("other.action.react.slack.support.{id}"),
        format!("decile.action.react.slack.support.{}", "0".repeat(32)),
    ] {
        assert_eq!(judge(&subject), refused(RefusedWhy::Contradiction), "{subject}");
    }
    let subject = format!("decile.action.react.slack.support.{id}");
    let newer = String::from_utf8(bytes.clone()).unwrap().replacen("\"v\":1", "\"v\":2", 1);
    let more = String::from_utf8(bytes).unwrap().replacen("\"v\":1", "\"v\":1,\"more\":1", 1);
    for wrong in ["", "{}", &newer, &more] {
        assert_eq!(world.judge_bytes(&subject, wrong.as_bytes(), &good), refused(RefusedWhy::Form), "{wrong}");
    }
}

#[test]
fn a_record_must_not_contradict_itself() {
    let world = World::new();
    let good = Outward { decision: decision(Disposed::Handle), action: action("react"), proof: world.grant(|_| {}) };
    let changes: [fn(&mut Outward); 4] = [
        |outward| outward.decision.channel = Channel::parse("slack.team").unwrap(),
        |outward| outward.decision.disposition = Disposed::Escalate,
        |outward| outward.action.target.source.sequence += 1,
        |outward| outward.action.channel = Channel::parse("slack.team").unwrap(),
    ];
    for (number, change) in changes.into_iter().enumerate() {
        let mut outward = good.clone();
        change(&mut outward);
        assert_eq!(world.judge_record(&outward), refused(RefusedWhy::Contradiction), "{number}");
    }
}

#[test]
fn nothing_is_carried_out_on_the_reserved_channel() {
    let world = World::new();
    let delivered =
        Delivered { subject: "decile.action.react.decile.canary.0", sequence: 1, stored_at: at(0), bytes: b"" };
    let read = Claim::read(&world.root, &Channel::parse(CANARY).unwrap(), delivered);
    assert_eq!(read.map(|_| ()).map_err(|refusal| refusal.outcome), refused(RefusedWhy::Canary));
}

#[test]
fn a_ruling_lets_out_the_action_that_it_names_and_no_other() {
    let world = World::new();
    assert_eq!(world.judge(action("reply"), world.approve(&action("reply"), false)), Ok(()));
    let mut altered = action("reply");
    altered.text = Some("Dear Ada, send money".to_owned());
    assert_eq!(world.judge(altered.clone(), world.approve(&action("reply"), false)), refused(RefusedWhy::Altered));
    let amend = |instead: &OutwardAction| {
        world.ruling(Answer::Amend { instead: Box::new(instead.clone()), irreversible: false })
    };
    assert_eq!(world.judge(altered.clone(), amend(&altered)), Ok(()));
    assert_eq!(world.judge(action("reply"), amend(&altered)), refused(RefusedWhy::Altered));
    assert_eq!(world.judge(action("reply"), world.ruling(Answer::Reject)), refused(RefusedWhy::NotCovered));
    let reclassify = world.ruling(Answer::Reclassify { class: None });
    assert_eq!(world.judge(action("reply"), reclassify), refused(RefusedWhy::NotCovered));
}

#[test]
fn a_ruling_is_bound_to_its_decision_and_its_desk() {
    let world = World::new();
    let proof = world.approve(&action("reply"), false);
    let mut other = Outward { decision: decision(Disposed::Escalate), action: action("reply"), proof: proof.clone() };
    other.decision.id = "0".repeat(32).try_into().unwrap();
    assert_eq!(world.judge_record(&other), refused(RefusedWhy::NotCovered));
    let mut other = Outward { decision: decision(Disposed::Escalate), action: action("reply"), proof };
    other.decision.desk = Some(Desk::parse("counsel").unwrap());
    assert_eq!(world.judge_record(&other), refused(RefusedWhy::Right));
    other.decision.desk = None;
    assert_eq!(world.judge_record(&other), refused(RefusedWhy::Right));
}

#[test]
fn what_cannot_be_undone_takes_an_operator_who_may_and_was_told() {
    let mut world = World::new();
    assert_eq!(world.judge(action("wire"), world.approve(&action("wire"), true)), Ok(()));
    assert_eq!(world.judge(action("wire"), world.approve(&action("wire"), false)), refused(RefusedWhy::Irreversible));
    let grant = world.grant(|grant| grant.kind = kind("wire"));
    assert_eq!(world.judge(action("wire"), grant), refused(RefusedWhy::Irreversible), "no grant is enough");
    world = world.operator(|operator| operator.irreversible = false);
    assert_eq!(world.judge(action("wire"), world.approve(&action("wire"), true)), refused(RefusedWhy::Irreversible));
    assert_eq!(world.judge(action("reply"), world.approve(&action("reply"), false)), Ok(()));
    world.terms.policy = policy(
        "[[action]]\ntype = \"reply\"\nreversibility = \"irreversible\"\n\
         [[class]]\nname = \"c\"\naction = { type = \"reply\", template = \"Dear {sender} .\" }\n",
    );
    let strict = world.judge(action("reply"), world.approve(&action("reply"), true));
    assert_eq!(strict, refused(RefusedWhy::Irreversible), "the policy makes the type stricter");
}

#[test]
fn a_ruling_must_be_the_last_word_at_the_broker_and_fresh() {
    let mut world = World::new();
    let proof = world.approve(&action("reply"), false);
    let Proof::Ruling { signed, .. } = &proof else { panic!("a ruling") };
    let mut judge = |lies: Option<Found>| {
        world.proof = Some(lies);
        world.judge(action("reply"), proof.clone())
    };
    assert_eq!(judge(None), stale(StaleWhy::Overruled));
    assert_eq!(judge(Some(found(21, at(91), signed))), stale(StaleWhy::Overruled));
    assert_eq!(judge(Some(found(REVISION, at(151), signed))), refused(RefusedWhy::Copy));
    let other = Found { sequence: REVISION, stored_at: at(91), bytes: b"{}".to_vec(), after: None };
    assert_eq!(judge(Some(other)), refused(RefusedWhy::Proof));
    world.proof = None;
    world.halt = Some(Found { sequence: HALT + 1, stored_at: at(95), bytes: b"halt".to_vec(), after: None });
    assert_eq!(world.judge(action("reply"), proof.clone()), stale(StaleWhy::Halted), "a ruling is halted, too");
}

#[test]
fn an_undo_is_the_inverse_and_signed_by_somebody_who_may_let_the_action_out() {
    let world = World::new();
    let id = decision(Disposed::Handle).id;
    let undo = |decision| {
        let undo = Undo { decision, action: 30, issued_at: at(90), reason: "wrong".to_owned(), severe: false };
        let signed = undo.sign(&world.terms.authority.deployment, &world.seed).unwrap();
        Proof::Undo { signed, revision: REVISION, halt: HALT }
    };
    assert_eq!(world.judge(action("unreact"), undo(id.clone())), Ok(()));
    let other = undo("0".repeat(32).try_into().unwrap());
    assert_eq!(world.judge(action("unreact"), other), refused(RefusedWhy::NotCovered));
    assert_eq!(world.judge(action("react"), undo(id.clone())), refused(RefusedWhy::NotCovered), "it undoes nothing");
    let proof = undo(id);
    // The right to let the action out, not its inverse; or to rule on its desk.
    let granting = |kinds: &[&str]| {
        let types = Scope::These(kinds.iter().map(|name| kind(name)).collect());
        vec![GrantRight { channels: Scope::All, types }]
    };
    let nothing = Scope::These(Vec::new());
    let world = world.operator(|operator| (operator.grants, operator.rulings) = (granting(&["react"]), nothing));
    assert_eq!(world.judge(action("unreact"), proof.clone()), Ok(()));
    let world = world.operator(|operator| operator.grants = granting(&["unreact"]));
    assert_eq!(world.judge(action("unreact"), proof.clone()), refused(RefusedWhy::Right));
    let world = world.operator(|operator| operator.rulings = Scope::All);
    assert_eq!(world.judge(action("unreact"), proof), Ok(()));
}
