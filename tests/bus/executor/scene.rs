//! A server, an operator and what executors have done.

use crate::support::operator::grant_of;
use crate::support::{Broker, Ran, World, decile};
use decile::authority::{Deployment, Grant, Seed, Signed};
use decile::bus::private::PrivateServer;
use decile::channel::Channel;
use decile::class::ActionType;
use decile::decision::{Decision, DecisionId, Disposed, Outward, OutwardAction, Proof, Receipt, Record, Target};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::path::PathBuf;

const GOLDEN: &[u8] = include_bytes!("../../golden/decision-v1.json");
pub(super) const LIMITS: &str = "[limits]\ncommit_timeout_ms = 900\nack_wait_ms = 1000\n";
pub(super) const CHANNEL: &str = "test.main";

/// A server, a world with one operator, and a file that commands write to.
pub(super) struct Scene {
    pub(super) world: World,
    pub(super) broker: Broker,
    pub(super) seed: Seed,
    pub(super) server: PrivateServer,
}

impl Scene {
    pub(super) async fn new() -> Self {
        Self::with(LIMITS).await
    }

    pub(super) async fn with(limits: &str) -> Self {
        let server = PrivateServer::start().unwrap();
        let world = World::on(&server).more(limits);
        let seed = Seed::generate();
        world.write(
            "operators.toml",
            format!(
                "deployment = \"production\"\n[[operator]]\nname = \"ada\"\nkey = \"{}\"\nrulings = [\"human\"]\n\
                 resume = true\ngrants = [{{ channels = [\"*\"], types = [\"*\"] }}]\n",
                seed.public()
            ),
        );
        crate::support::run(&["setup", "--apply", "--config", &world.config()]).exits(0);
        Self { broker: Broker::on(&server).await, world, seed, server }
    }

    pub(super) fn effects_file(&self) -> PathBuf {
        self.world.path("effects")
    }

    /// What commands have written, a line each.
    pub(super) fn effects(&self) -> Vec<String> {
        let text = std::fs::read_to_string(self.effects_file()).unwrap_or_default();
        text.lines().map(str::to_owned).collect()
    }

    /// The command that writes the action to the end of the file.
    pub(super) fn append(&self) -> String {
        let script = concat!(env!("CARGO_MANIFEST_DIR"), "/examples/executor/append.sh");
        format!("{script} {}", self.effects_file().display())
    }

    pub(super) fn executor(&self, exec: &str, more: &[&str]) -> std::process::Command {
        let mut command = decile();
        command.args(["execute", "--config", &self.world.config(), "--channel", CHANNEL, "--exec", exec]).args(more);
        command
    }

    /// Runs an executor until nothing is left.
    pub(super) fn execute(&self, more: &[&str]) -> Ran {
        self.execute_by(&self.append(), more)
    }

    pub(super) fn execute_by(&self, exec: &str, more: &[&str]) -> Ran {
        Ran::from(self.executor(exec, &[&["--until-idle"], more].concat()).output().unwrap()).exits(0)
    }

    /// Grants `react` on the channel.
    pub(super) async fn grant(&self, change: impl FnOnce(&mut Grant)) -> Proof {
        let mut grant = grant();
        change(&mut grant);
        let signed = grant.sign(&Deployment::parse("production").unwrap(), &self.seed).unwrap();
        self.granted(&signed).await
    }

    pub(super) async fn granted(&self, signed: &Signed) -> Proof {
        let revision = self.broker.publish("decile.grant.react.test.main", signed.encode().unwrap()).await;
        Proof::Grant { signed: signed.clone(), revision, halt: 0 }
    }

    /// Commits an action; its sequence comes back.
    pub(super) async fn commit(&self, number: u64, proof: &Proof) -> u64 {
        self.publish(&outward(number, proof)).await
    }

    pub(super) async fn publish(&self, outward: &Outward) -> u64 {
        let word = if matches!(outward.proof, Proof::Grant { .. }) { "action" } else { "approved" };
        let (kind, id) = (&outward.action.kind, &outward.decision.id);
        let subject = format!("decile.{word}.{kind}.{}.{id}", outward.action.channel.subject());
        self.broker.publish(&subject, serde_json::to_vec(outward).unwrap()).await
    }

    /// The receipts of a decision, each as its phase.
    pub(super) async fn receipts(&self, number: u64) -> Vec<Value> {
        self.receipts_on(&format!("decile.receipt.{}", id(number))).await
    }

    pub(super) async fn receipts_on(&self, subject: &str) -> Vec<Value> {
        let all = self.broker.all("DECILE").await.into_iter().filter(|record| record.subject == subject);
        all.map(|record| serde_json::to_value(Receipt::parse(&record.bytes).unwrap().phase).unwrap()).collect()
    }

    pub(super) async fn alerts(&self, kind: &str) -> Vec<Value> {
        let subject = format!("decile.alert.{kind}");
        let all = self.broker.all("DECILE").await.into_iter().filter(|record| record.subject == subject);
        all.map(|record| record.record).collect()
    }

    /// Executes one action, which must not be carried out; its last receipt comes back.
    pub(super) async fn refused(&self, number: u64, proof: &Proof) -> Value {
        self.refused_record(&outward(number, proof)).await
    }

    pub(super) async fn refused_record(&self, outward: &Outward) -> Value {
        self.publish(outward).await;
        self.execute(&[]);
        assert!(self.effects().is_empty(), "the command was not run");
        let receipts = self.receipts_on(&format!("decile.receipt.{}", outward.decision.id)).await;
        receipts.last().expect("a receipt")["outcome"].clone()
    }
}

pub(super) fn id(number: u64) -> DecisionId {
    DecisionId::try_from(format!("{number:032x}")).unwrap()
}

pub(super) fn react() -> ActionType {
    ActionType::parse("react").unwrap()
}

pub(crate) fn grant() -> Grant {
    grant_of("react", CHANNEL)
}

pub(super) fn decision(number: u64) -> Decision {
    let Record::Handled(mut decision) = Record::parse(GOLDEN).unwrap() else { panic!("a handled decision") };
    decision.id = id(number);
    *decision
}

pub(crate) fn outward(number: u64, proof: &Proof) -> Outward {
    let mut decision = decision(number);
    if !matches!(proof, Proof::Grant { .. }) {
        decision.disposition = Disposed::Escalate;
        decision.desk = Some("human".to_owned().try_into().unwrap());
    }
    let target = Target { message: None, thread: Some("t".to_owned()), source: decision.source.clone() };
    let action = OutwardAction {
        kind: react(),
        channel: Channel::parse(CHANNEL).unwrap(),
        arguments: BTreeMap::from([("emoji".to_owned(), "eyes".to_owned())]),
        text: None,
        target,
    };
    Outward { decision, action, proof: proof.clone() }
}

pub(super) fn done() -> Vec<Value> {
    vec![json!("intent"), json!({ "outcome": "done" })]
}
