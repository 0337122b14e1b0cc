//! A layout as the `accounts` block of a server's configuration file.
//! Format: <https://docs.nats.io/running-a-nats-service/configuration/securing_nats/accounts>.

use super::layout::Export;
use super::{Answers, Layout, Owner, Service, User};
use std::fmt::Write as _;

const HEAD: &str = "\
# Least-privilege accounts and users for Decile, made by `decile permissions --format nats-conf`.
# Include it in the server's configuration (`include \"decile.conf\"`), and make it anew whenever channels change.
#
# Put the public nkey of each user (`U…`; `nk -gen user -pubout` makes one) in place of its `<nkey …>`; until then the
# server does not start. Or write `user: daemon, password: \"$2a$…\"` in place of `nkey: …`, with a bcrypt hash.
# More persons or machines in a role: more users in its account, with the same permissions.
#
# The server needs JetStream besides; leave `strict` as it is, on:
#   jetstream { store_dir: \"/var/lib/nats\" }
#
# Each user needs its inbox prefix: `inbox_prefix` in `[bus]` of decile.toml, NATS_INBOX_PREFIX, or a `nats` context.
#
# Nobody logs in to an account that owns a stream. Who may make a request there can name any subject as its reply,
# and the server writes its answer there: a right to read would be a right to write, and to call JetStream's API.
# So every user has an account of its own, without JetStream, that imports what its role needs and nothing else.
";

/// The block, with comments.
pub fn render(layout: &Layout) -> String {
    let mut conf = String::from(HEAD);
    conf.push_str("accounts {\n");
    let ours = format!("Owns the stream `{}`. Nobody logs in here.", layout.stream);
    owner(layout, Owner::Decile, &ours, &mut conf);
    owner(layout, Owner::Bridges, "Owns the streams that messages come from. Nobody logs in here.", &mut conf);
    for user in &layout.users {
        account(layout, user, &mut conf);
    }
    conf.push_str("}\n");
    conf
}

fn owner(layout: &Layout, owner: Owner, purpose: &str, conf: &mut String) {
    let _ = write!(
        conf,
        "  # {}\n  {}: {{\n    jetstream: enabled\n    exports: [\n",
        plain(purpose),
        quoted(layout.names.of(owner))
    );
    for (subject, export) in layout.exports(owner) {
        exported(subject, &export, conf);
    }
    conf.push_str("    ]\n  }\n");
}

fn exported(subject: &str, export: &Export, conf: &mut String) {
    let answers = match export.answers {
        Answers::One => "",
        Answers::Several => ", response_type: stream",
    };
    let accounts = export.accounts.iter().map(|account| quoted(account)).collect::<Vec<_>>().join(", ");
    let _ = writeln!(conf, "      {{ service: {}{answers}, accounts: [{accounts}] }}", quoted(subject));
}

fn account(layout: &Layout, user: &User, conf: &mut String) {
    let name = user.role.name();
    let _ = write!(
        conf,
        "\n  # `{}`: {}.\n  {}: {{\n    users: [{{\n      nkey: {}\n",
        plain(&name),
        plain(&user.role.purpose()),
        quoted(&user.account),
        quoted(&format!("<nkey of {name}>"))
    );
    permissions(user, conf);
    conf.push_str("    }]\n    imports: [\n");
    for service in &user.services {
        imported(layout, service, conf);
    }
    conf.push_str("    ]\n  }\n");
}

fn permissions(user: &User, conf: &mut String) {
    let permissions = user.permissions();
    conf.push_str("      permissions: {\n        publish: {\n");
    list("allow", &permissions.publish, conf);
    if !permissions.deny_publish.is_empty() {
        list("deny", &permissions.deny_publish, conf);
    }
    conf.push_str("        }\n        subscribe: {\n");
    list("allow", &permissions.subscribe, conf);
    conf.push_str("        }\n      }\n");
}

fn list(key: &str, subjects: &[String], conf: &mut String) {
    let _ = writeln!(conf, "          {key}: [");
    for subject in subjects {
        let _ = writeln!(conf, "            {}", quoted(subject));
    }
    conf.push_str("          ]\n");
}

fn imported(layout: &Layout, service: &Service, conf: &mut String) {
    let (account, subject) = (quoted(layout.names.of(service.owner)), quoted(&service.subject));
    let to = if service.local == service.subject { String::new() } else { format!(", to: {}", quoted(&service.local)) };
    let _ = writeln!(conf, "      {{ service: {{ account: {account}, subject: {subject} }}{to} }}");
}

/// A text of the file's own grammar; nothing in it is a variable.
fn quoted(text: &str) -> String {
    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""))
}

/// A text in a comment, on its line.
fn plain(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect()
}
