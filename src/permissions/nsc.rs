//! A layout as commands of `nsc`, for servers whose accounts are JWTs.
//! The tool: <https://docs.nats.io/using-nats/nats-tools/nsc>.

use super::{Answers, Layout, Owner, User};
use crate::config::filter;
use std::fmt::Write as _;

const HEAD: &str = r#"#!/bin/sh
# Least-privilege accounts and users for Decile, made by `decile permissions --format nsc`.
# It needs an operator of NATS (`nsc add operator`) and stops where an account exists already. Afterwards: `nsc push --all`.
# `nsc generate creds --account A --name U` gives a user its file, for `creds_file` in decile.toml or NATS_CREDS.
#
# Each user needs its inbox prefix: `inbox_prefix` in `[bus]` of decile.toml, NATS_INBOX_PREFIX, or a `nats` context.
#
# Nobody logs in to an account that owns a stream, and so no user is made there. Every user has an account of its own,
# without JetStream, that imports what its role needs and nothing else. The exports are private: an activation each.
set -eu
activation=$(mktemp)
trap 'rm -f "$activation"' EXIT

# owns ACCOUNT: one with JetStream.
owns() {
  nsc add account --name "$1"
  nsc edit account --name "$1" --js-enable 0
}
# offer ACCOUNT SUBJECT Singleton|Stream: a service, and how many answers a request has.
offer() {
  nsc add export --account "$1" --name "$2" --service --private --subject "$2" --response-type "$3"
}
# take ACCOUNT OWNER SUBJECT LOCAL: imports a service.
take() {
  nsc generate activation --account "$2" --subject "$3" --target-account "$1" --output-file "$activation"
  nsc add import --account "$1" --name "$3" --token "$activation" --local-subject "$4"
}
"#;

/// The commands, as a shell script.
pub fn render(layout: &Layout) -> String {
    let mut script = String::from(HEAD);
    for owner in [Owner::Decile, Owner::Bridges] {
        offered(layout, owner, &mut script);
    }
    for user in &layout.users {
        account(layout, user, &mut script);
    }
    script
}

fn offered(layout: &Layout, owner: Owner, script: &mut String) {
    let name = quoted(layout.names.of(owner));
    let _ = writeln!(script, "\nowns {name}");
    let exports = layout.exports(owner);
    // Exports of a JWT must not cover each other; an activation may be for a part of one.
    let is_part = |subject: &&str| exports.keys().any(|wide| wide != subject && filter::covers(wide, subject));
    for (subject, export) in exports.iter().filter(|(subject, _)| !is_part(subject)) {
        let answers = match export.answers {
            Answers::One => "Singleton",
            Answers::Several => "Stream",
        };
        let _ = writeln!(script, "offer {name} {} {answers}", quoted(subject));
    }
}

fn account(layout: &Layout, user: &User, script: &mut String) {
    let account = quoted(&user.account);
    let purpose: String = user.role.purpose().chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    let _ = writeln!(script, "\n# {purpose}.\nnsc add account --name {account}");
    for service in &user.services {
        let (owner, subject) = (quoted(layout.names.of(service.owner)), quoted(&service.subject));
        let _ = writeln!(script, "take {account} {owner} {subject} {}", quoted(&service.local));
    }
    let _ = write!(script, "nsc add user --account {account} --name {}", quoted(&user.role.name()));
    let permissions = user.permissions();
    option("--allow-pub", &permissions.publish, script);
    option("--deny-pub", &permissions.deny_publish, script);
    option("--allow-sub", &permissions.subscribe, script);
    script.push('\n');
}

fn option(name: &str, subjects: &[String], script: &mut String) {
    for subject in subjects {
        let _ = write!(script, " \\\n  {name} {}", quoted(&listed(subject)));
    }
}

/// The tool takes lists, separated by commas: what has one itself is quoted as in CSV.
fn listed(subject: &str) -> String {
    if subject.contains([',', '"']) { format!("\"{}\"", subject.replace('"', "\"\"")) } else { subject.to_owned() }
}

/// One word of a shell, whatever is in it.
fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', r"'\''"))
}
