//! What the layout promises, whatever the configuration.

use super::*;
use crate::config::{Config, filter, load_files};
use crate::diagnostic::Report;
use crate::subject::Root;
use std::collections::BTreeSet;

const CHANNELS: &str = r#"
[[source]]
stream = "CH\"AT'S"

[[source.channel]]
name = "slack.a b"
subject = "chat.'a,b\".>"

[[source.channel]]
name = "slack.*"
subject = "chat.star"

[[source.channel]]
name = "slack.direct"
subject = "chat.direct"
mode = "direct"

[[source]]
stream = "MAIL"
consumer = "triage"

[[source.channel]]
name = "mail.a.b"
subject = "mail.>"
"#;

fn config(bus: &str) -> Config {
    let folder = tempfile::tempdir().unwrap();
    let main = folder.path().join("decile.toml");
    std::fs::write(&main, format!("[bus]\n{bus}")).unwrap();
    std::fs::write(folder.path().join("channels.toml"), CHANNELS).unwrap();
    std::fs::write(folder.path().join("policy.toml"), "").unwrap();
    let report = Report::new();
    let config = load_files(&main, &report).resolve(None, &report);
    config.unwrap_or_else(|| panic!("{:?}", report.into_sorted()))
}

fn layout(bus: &str) -> Layout {
    let config = config(bus);
    let root = Root::new(&config.bus.root).unwrap();
    Layout::of(&config, &root, Names { decile: "DECILE".to_owned(), bridges: "BRIDGES".to_owned() })
}

fn user<'a>(layout: &'a Layout, name: &str) -> &'a User {
    layout.users.iter().find(|user| user.role.name() == name).unwrap_or_else(|| panic!("no user `{name}`"))
}

#[test]
fn there_is_a_user_for_each_role_channel_and_source() {
    let names: Vec<String> = layout("").users.iter().map(|user| user.role.name()).collect();
    let wanted = [
        "deployer",
        "daemon",
        "operator",
        "proposer",
        "auditor",
        "execute-slack=2Ea=20b",
        "execute-slack=2E=2A",
        "execute-mail=2Ea=2Eb",
        "notify-human",
        "bridge-CH=22AT=27S",
        "bridge-MAIL",
    ];
    assert_eq!(names, wanted, "a channel that is passed on has no executor");
}

#[test]
fn the_name_of_a_consumer_is_the_channels_token() {
    for name in ["slack.support", "slack.a.b", "o=dd.ünï.x", "slack.*"] {
        let channel = Channel::parse(name).unwrap();
        let token = crate::token::Token::encode(name).unwrap();
        assert_eq!(executor_consumer(&channel), format!("execute-{token}"));
    }
}

/// Two imports that overlap would have the server carry a request out twice.
#[test]
fn no_two_services_of_a_user_overlap() {
    for user in layout("").users {
        for (at, one) in user.services.iter().enumerate() {
            for other in &user.services[at + 1..] {
                assert!(!filter::overlaps(&one.local, &other.local), "{}: {one:?} {other:?}", user.role.name());
            }
        }
    }
}

/// The tool, and the server, refuse a JWT where one export is a part of another.
#[test]
fn no_export_of_a_jwt_is_part_of_another() {
    let script = nsc::render(&layout(""));
    let offers: Vec<&str> = script.lines().filter_map(|line| line.strip_prefix("offer 'DECILE' '")).collect();
    let subjects: Vec<&str> = offers.iter().map(|offer| offer.split('\'').next().unwrap()).collect();
    assert!(subjects.contains(&"decile.grant.>") && subjects.contains(&"$JS.API.DIRECT.GET.DECILE.>"), "{subjects:?}");
    for (at, one) in subjects.iter().enumerate() {
        assert!(subjects[at + 1..].iter().all(|other| !filter::overlaps(one, other)), "{one}");
    }
}

#[test]
fn accounts_and_inboxes_are_everybodys_own() {
    let layout = layout("");
    let accounts: BTreeSet<&str> = layout.users.iter().map(|user| user.account.as_str()).collect();
    assert_eq!(accounts.len(), layout.users.len());
    assert!(!accounts.contains("DECILE") && !accounts.contains("BRIDGES"), "nobody logs in where streams are");
    let inboxes: BTreeSet<String> = layout.users.iter().flat_map(|user| user.permissions().subscribe).collect();
    assert_eq!(inboxes.len(), layout.users.len());
}

/// Whoever may do that is nobody's user at all.
#[test]
fn nobody_deletes_or_purges() {
    for user in layout("").users {
        let published = user.permissions().publish;
        let takes = |subject: &str| published.iter().any(|filter| filter::overlaps(filter, subject));
        for verb in ["STREAM.DELETE", "STREAM.PURGE", "STREAM.MSG.DELETE", "CONSUMER.DELETE", "CONSUMER.PAUSE"] {
            assert!(!takes(&format!("$JS.API.{verb}.>")), "{}: {verb}", user.role.name());
        }
        let is_deployer = user.role == Role::Deployer;
        assert_eq!(takes("$JS.API.STREAM.UPDATE.>"), is_deployer, "{}", user.role.name());
    }
}

#[test]
fn root_stream_and_prefix_are_the_configurations() {
    let layout = layout("root = \"triage\"\nstream = \"AUDIT\"\njetstream_domain = \"hub\"");
    let reads = |service: &Service| {
        service.local == "$JS.hub.API.DIRECT.GET.AUDIT" && service.subject == "$JS.API.DIRECT.GET.AUDIT"
    };
    assert!(user(&layout, "auditor").services.iter().any(reads), "asked under its prefix, answered without");
    assert!(user(&layout, "daemon").permissions().publish.contains(&"triage.handled.>".to_owned()));
    assert!(
        user(&layout, "daemon").denied.contains(&"$JS.hub.API.CONSUMER.MSG.NEXT.AUDIT.execute-mail=2Ea=2Eb".to_owned())
    );
    assert!(
        user(&layout, "daemon").permissions().publish.contains(&"$JS.ACK.MAIL.triage.>".to_owned()),
        "which has none"
    );
}

#[test]
fn names_do_not_get_out_of_their_quotes() {
    let layout = layout("");
    let conf = nats_conf::render(&layout);
    assert!(conf.contains(r#"{ service: "$JS.API.STREAM.INFO.CH\"AT'S""#), "{conf}");
    assert!(conf.contains(r#""chat.'a,b\".>""#), "{conf}");
    let script = nsc::render(&layout);
    assert!(script.contains(r#"offer 'BRIDGES' '$JS.API.STREAM.INFO.CH"AT'\''S' Singleton"#), "{script}");
    assert!(script.contains(r#"--allow-pub '"chat.'\''a,b"".>"'"#), "{script}");
}
