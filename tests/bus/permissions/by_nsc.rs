//! The commands of `nsc`, on a stand-in for the tool that does with them what its documentation says, and a server
//! whose accounts are the JWTs that come of it. The tool itself is not needed to test.

use super::refused::reaches_what_it_should;
use super::{CHANNELS, Fenced, USERS};
use crate::support::{Daemon, World, run, until};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as BASE64;
use decile::bus::private::{PrivateServer, find};
use decile::config::filter::covers;
use nkeys::KeyPair;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::os::unix::fs::PermissionsExt as _;
use std::process::Command;

/// Writes down each call, and the activation that it is given.
const STAND_IN: &str = r#"#!/bin/sh
call=$(printf '%s\037' "$@")
while [ $# -gt 0 ]; do
  case "$1" in
    --output-file) printf '%s' "$call" > "$2"; shift;;
    --token) call="$call--activation$(printf '\037')$(tr '\037' '\036' < "$2")$(printf '\037')"; shift;;
  esac
  shift
done
printf '%s\n' "$call" >> "$NSC_CALLS"
"#;

/// A call of the tool: its words, and its options, each as often as it is given.
#[derive(Debug)]
struct Call {
    words: Vec<String>,
    options: Vec<(String, String)>,
}

/// An account as the calls make it.
struct Account {
    key: KeyPair,
    has_jetstream: bool,
    exports: Vec<Value>,
    imports: Vec<Value>,
    users: Vec<(String, Value)>,
}

const FLAGS: [&str; 2] = ["--service", "--private"];

impl Call {
    fn read(text: &str, separator: char) -> Self {
        let (mut words, mut options) = (Vec::new(), Vec::new());
        let mut parts = text.split_terminator(separator).map(str::to_owned);
        while let Some(part) = parts.next() {
            if !part.starts_with("--") {
                words.push(part);
            } else if FLAGS.contains(&part.as_str()) {
                options.push((part, String::new()));
            } else {
                let value = parts.next().unwrap_or_else(|| panic!("`{part}` has a value in {text:?}"));
                options.push((part, value));
            }
        }
        Self { words, options }
    }

    fn all(&self, name: &str) -> Vec<&str> {
        self.options.iter().filter(|(option, _)| option == name).map(|(_, value)| value.as_str()).collect()
    }

    fn one(&self, name: &str) -> &str {
        let values = self.all(name);
        assert_eq!(values.len(), 1, "{name} once in {self:?}");
        values[0]
    }
}

/// A JWT of NATS: its header, its claims, signed by an nkey.
fn jwt(signer: &KeyPair, subject: &str, name: &str, nats: Value) -> String {
    let header = json!({ "typ": "JWT", "alg": "ed25519-nkey" });
    let claims = json!({ "jti": name, "iat": 1_700_000_000, "iss": signer.public_key(), "name": name,
        "sub": subject, "nats": nats });
    let signed = format!("{}.{}", BASE64.encode(header.to_string()), BASE64.encode(claims.to_string()));
    format!("{signed}.{}", BASE64.encode(signer.sign(signed.as_bytes()).unwrap()))
}

/// What the tool was called with, by the script that the command prints.
fn calls(world: &World) -> Vec<Call> {
    let script = run(&["permissions", "--format", "nsc", "--config", &world.config()]).exits(0).out;
    world.write("permissions.sh", script);
    world.write("nsc", STAND_IN);
    std::fs::set_permissions(world.path("nsc"), std::fs::Permissions::from_mode(0o755)).unwrap();
    let path = format!("{}:{}", world.path("").display(), std::env::var("PATH").unwrap());
    let mut shell = Command::new("sh");
    shell.arg(world.path("permissions.sh")).env("PATH", path).env("NSC_CALLS", world.path("calls"));
    assert!(shell.status().unwrap().success(), "the script runs");
    let calls = std::fs::read_to_string(world.path("calls")).unwrap();
    calls.lines().map(|call| Call::read(call, '\u{1f}')).collect()
}

/// Does what the tool would.
fn made(calls: &[Call]) -> BTreeMap<String, Account> {
    let mut accounts: BTreeMap<String, Account> = BTreeMap::new();
    for call in calls {
        let words: Vec<&str> = call.words.iter().map(String::as_str).collect();
        match words.as_slice() {
            ["add", "account"] => {
                let account = Account {
                    key: KeyPair::new_account(),
                    has_jetstream: false,
                    exports: Vec::new(),
                    imports: Vec::new(),
                    users: Vec::new(),
                };
                assert!(accounts.insert(call.one("--name").to_owned(), account).is_none(), "no account twice");
            }
            ["edit", "account"] => {
                assert_eq!(call.one("--js-enable"), "0");
                accounts.get_mut(call.one("--name")).unwrap().has_jetstream = true;
            }
            ["add", "export"] => {
                assert_eq!((call.one("--service"), call.one("--private")), ("", ""));
                let export = json!({ "name": call.one("--name"), "subject": call.one("--subject"), "type": "service",
                    "token_req": true, "response_type": call.one("--response-type") });
                accounts.get_mut(call.one("--account")).unwrap().exports.push(export);
            }
            ["generate", "activation"] => {}
            ["add", "import"] => import(&mut accounts, call),
            ["add", "user"] => {
                let permissions = json!({ "pub": { "allow": call.all("--allow-pub"), "deny": call.all("--deny-pub") },
                    "sub": { "allow": call.all("--allow-sub") } });
                let user = (call.one("--name").to_owned(), permissions);
                accounts.get_mut(call.one("--account")).unwrap().users.push(user);
            }
            other => panic!("no such command: {other:?}"),
        }
    }
    accounts
}

fn import(accounts: &mut BTreeMap<String, Account>, call: &Call) {
    let activation = Call::read(call.one("--activation"), '\u{1e}');
    assert_eq!(activation.words, ["generate", "activation"]);
    let (owner, subject) = (&accounts[activation.one("--account")].key, activation.one("--subject"));
    assert_eq!(activation.one("--target-account"), call.one("--account"));
    let exports = &accounts[activation.one("--account")].exports;
    let offers = |export: &Value| covers(export["subject"].as_str().unwrap(), subject);
    assert!(exports.iter().any(offers), "{subject} is offered, or a part of what is");
    let claims = json!({ "subject": subject, "kind": "service", "type": "activation", "version": 2 });
    let target = accounts[call.one("--account")].key.public_key();
    let import = json!({ "name": call.one("--name"), "subject": subject, "account": owner.public_key(),
        "token": jwt(owner, &target, subject, claims), "local_subject": call.one("--local-subject"), "type": "service" });
    accounts.get_mut(call.one("--account")).unwrap().imports.push(import);
}

fn account_jwt(operator: &KeyPair, name: &str, account: &Account) -> String {
    let mut limits = json!({ "subs": -1, "data": -1, "payload": -1, "imports": -1, "exports": -1, "wildcards": true, "conn": -1, "leaf": -1 });
    if account.has_jetstream {
        limits["mem_storage"] = json!(-1);
        limits["disk_storage"] = json!(-1);
    }
    let claims = json!({ "type": "account", "version": 2, "limits": limits, "exports": account.exports,
        "imports": account.imports });
    jwt(operator, &account.key.public_key(), name, claims)
}

async fn start() -> Fenced {
    let world = World::offline().channels(CHANNELS);
    let mut accounts = made(&calls(&world));
    let operator = KeyPair::new_operator();
    let system = Account {
        key: KeyPair::new_account(),
        has_jetstream: false,
        exports: Vec::new(),
        imports: Vec::new(),
        users: Vec::new(),
    };
    let operator_claims = json!({ "type": "operator", "version": 2, "system_account": system.key.public_key() });
    let mut conf = format!(
        "operator: {}\nsystem_account: {}\nresolver: MEMORY\nresolver_preload: {{\n",
        jwt(&operator, &operator.public_key(), "operator", operator_claims),
        system.key.public_key()
    );
    let (mut keys, mut jwts) = (BTreeMap::new(), BTreeMap::new());
    accounts.insert("SYS".to_owned(), system);
    for (name, account) in &accounts {
        conf.push_str(&format!("  {}: {}\n", account.key.public_key(), account_jwt(&operator, name, account)));
        for (user, permissions) in &account.users {
            let key = KeyPair::new_user();
            let mut claims = json!({ "type": "user", "version": 2, "subs": -1, "data": -1, "payload": -1 });
            claims["pub"] = permissions["pub"].clone();
            claims["sub"] = permissions["sub"].clone();
            let token = jwt(&account.key, &key.public_key(), user, claims);
            let creds = format!(
                "-----BEGIN NATS USER JWT-----\n{token}\n------END NATS USER JWT------\n\n\
                 -----BEGIN USER NKEY SEED-----\n{}\n------END USER NKEY SEED------\n",
                key.seed().unwrap()
            );
            world.write(&format!("{user}.creds"), creds);
            keys.insert(user.clone(), key);
            jwts.insert(user.clone(), token);
        }
    }
    conf.push_str("}\n");
    assert_eq!(keys.len(), USERS.len(), "{:?}", keys.keys());
    world.write("server.conf", conf);
    let file = world.path("server.conf").to_string_lossy().into_owned();
    let server = PrivateServer::start_with(&find().unwrap(), &["-c", &file]).unwrap();
    let fenced = Fenced { server, world, keys, jwts };
    fenced.make().await;
    fenced
}

#[tokio::test]
async fn what_nsc_makes_is_the_same() {
    let fenced = start().await;
    reaches_what_it_should(&fenced).await;
}

#[tokio::test]
async fn the_daemon_decides_on_what_nsc_makes() {
    let fenced = start().await;
    let daemon = Daemon::spawn(fenced.command("daemon", &["run", "--config", &fenced.world.config()]));
    daemon.wait_ready().await;
    let bridge = fenced.login("bridge-IN").await;
    bridge.jetstream.publish("in.main.x", "{\"text\":\"works for me\"}".into()).await.unwrap().await.expect("taken");
    until("a decision", || async { (fenced.stored().await.len() == 1).then_some(()) }).await;
    assert!(fenced.stored().await.contains_key("decile.handled.scheduling_confirm.test.main"));
}
