//! From three files to a configuration, and every mistake at once.

use super::*;
use crate::decode::recipe::{Preset, Source};

const CHANNELS: &str = r#"
[[source]]
stream = "MAIL"
[[source.channel]]
name = "mail.inbox"
subject = "mail.inbox.>"
preset = "mail"
self = ["b@x", "a@x", "a@x"]
[source.channel.map]
text = ["/event/te~1xt", "header:X-Text", "subject[2]"]
attributes = { k = "/a", l = ["/b", "/c"] }
headers = ["X-B", "X-A", "x-b"]
"#;

fn loaded(decile: &str) -> Config {
    let (config, found) = load(decile, CHANNELS, "");
    assert!(found.is_empty(), "{found:?}");
    config.unwrap()
}

/// The only mistake of a `decile.toml`.
fn mistake(decile: &str) -> &'static str {
    let (_, found) = load(decile, CHANNELS, "");
    assert_eq!(found.len(), 1, "{decile}: {found:?}");
    found[0].code
}

/// The only mistake of a `channels.toml`, with its line.
fn channel_mistake(channels: &str) -> (&'static str, usize) {
    let (config, found) = load("", channels, "");
    assert_eq!(found.len(), 1, "{channels}: {found:?}");
    assert!(config.is_none(), "{channels}");
    (found[0].code, found[0].location.as_ref().unwrap().line())
}

#[test]
fn an_empty_file_means_the_defaults() {
    let config = loaded("");
    assert_eq!(config.bus.servers, ["nats://127.0.0.1:4222"]);
    assert_eq!((config.bus.root.as_str(), config.bus.stream.as_str()), ("decile", "DECILE"));
    assert_eq!((&config.bus.login, &config.bus.jetstream), (&Login::Anonymous, &JetStreamApi::Default));
    assert_eq!(config.limits.decode.message_bytes_max, 16_384);
    assert_eq!(config.retention.stream_bytes_max, 10 * 1_024 * 1_024 * 1_024);
    assert_eq!(config.http_listen, "127.0.0.1:9464".parse().ok());
    assert!(matches!(config.sender_key, SenderKey::Omit));
    assert!(config.rules.ends_with("../rules"));
}

#[test]
fn channels_are_resolved() {
    let sources = loaded("").channels.sources;
    assert_eq!((sources[0].stream.as_str(), sources[0].consumer.as_str()), ("MAIL", "decile"));
    let spec = &sources[0].channels[0];
    assert_eq!(
        (spec.channel.as_str(), spec.subject.as_str(), spec.mode),
        ("mail.inbox", "mail.inbox.>", Mode::Monitored)
    );
    assert_eq!((spec.recipe.preset, spec.recipe.own_senders.join(" ")), (Preset::Mail, "a@x b@x".to_owned()));
    let map = &spec.recipe.by_hand;
    let pointer = |tokens: &[&str]| Source::Pointer(tokens.iter().map(|token| (*token).to_owned()).collect());
    let text = [pointer(&["event", "te/xt"]), Source::Header("X-Text".to_owned()), Source::SubjectToken(2)];
    assert_eq!(map.text, text);
    assert_eq!(map.attributes["k"], [pointer(&["a"])]);
    assert_eq!(map.attributes["l"], [pointer(&["b"]), pointer(&["c"])]);
    assert_eq!(map.headers, ["x-a", "x-b"]);
}

#[test]
fn paths_are_relative_to_the_file() {
    let text = "[bus]\ncreds_file = \"x.creds\"\n[files]\nrules = \"r\"";
    let folder = folder(text, CHANNELS, "");
    let config = load_folder(folder.path()).0.unwrap();
    assert_eq!(config.bus.login, Login::Credentials(folder.path().join("x.creds")));
    assert_eq!(config.rules, folder.path().join("r"));
}

#[test]
fn the_bus_is_checked() {
    for (bus, code) in [
        ("servers = [\"http://x\"]", "bad-server"),
        ("servers = [\"nats://user:secret@x\"]", "bad-server"),
        ("servers = [\"ws://x\"]", "bad-server"),
        ("servers = [\"\"]", "bad-server"),
        ("creds_file = \"a\"\nnkey_file = \"b\"", "two-logins"),
        ("user = \"a\"", "missing-key"),
        ("password_file = \"a\"", "missing-key"),
        ("tls_cert_file = \"a\"", "missing-key"),
        ("tls_key_file = \"a\"", "missing-key"),
        ("root = \"a.b\"", "bad-name"),
        ("stream = \"a.b\"", "bad-name"),
        ("jetstream_domain = \"a\"\njetstream_prefix = \"b\"", "two-prefixes"),
        ("jetstream_prefix = \"a.>\"", "bad-subject"),
        ("inbox_prefix = \"_INBOX.>\"", "bad-subject"),
        ("inbox_prefix = \"\"", "bad-subject"),
        ("connect_timeout_ms = 0", "out-of-bounds"),
        ("monitor = \"127.0.0.1:8222\"", "bad-monitor"),
        ("monitor = \"https://x:8222\"", "bad-monitor"),
        ("monitor = [\"http://x:8222/varz\"]", "bad-monitor"),
        ("monitor = \"http://user:secret@x:8222\"", "bad-monitor"),
        ("sync_interval = \"often\"", "bad-interval"),
        ("sync_interval = \"0s\"", "bad-interval"),
        ("tls_required = 1", "wrong-type"),
        ("server = [\"nats://x\"]", "unknown-key"),
    ] {
        assert_eq!(mistake(&format!("[bus]\n{bus}")), code, "{bus}");
    }
    let folder = folder("[bus]\nservers = [\"nats://user:secret@x\"]", CHANNELS, "");
    let (_, found) = load_folder(folder.path());
    assert!(!found[0].message.contains("secret"), "no secret in a message");
}

#[test]
fn bounds_hold_and_fit_together() {
    for (limits, code) in [
        ("message_bytes_max = 0", "out-of-bounds"),
        ("workers_max = 257", "out-of-bounds"),
        ("queue_messages_max = -1", "out-of-bounds"),
        ("ack_wait_ms = 5000", "ack-wait"),
        ("inflight_messages_max = 1023", "inflight"),
        ("attach_bytes_max = 1048576", "record-size"),
    ] {
        assert_eq!(mistake(&format!("[limits]\n{limits}")), code, "{limits}");
    }
    assert_eq!(mistake("[retention]\nreplicas = 6"), "out-of-bounds");
    assert_eq!(mistake("[retention]\nstorage = \"tape\""), "bad-storage");
}

#[test]
fn servers_are_described_by_an_operators_word() {
    let bus = |keys: &str| loaded(&format!("[bus]\n{keys}")).bus;
    assert_eq!(bus("").sync_told, None);
    assert_eq!(bus("sync_interval = \"always\"").sync_told, Some(SyncInterval::Always));
    assert_eq!(bus("sync_interval = \"2m\"").sync_told, Some(SyncInterval::Every(Duration::from_secs(120))));
    let monitors = ["http://a:8222", "http://[::1]:8222/"];
    assert_eq!(bus("monitor = [\"http://a:8222\", \"http://[::1]:8222/\"]").monitors, monitors);
    assert_eq!(bus("monitor = \"http://a:8222\"").monitors, ["http://a:8222"]);
    assert_eq!(loaded("[retention]\nstorage = \"memory\"").retention.storage, Storage::Memory);
    assert_eq!(loaded("").retention.storage, Storage::File);
}

#[test]
fn http_can_be_off_and_is_local() {
    assert_eq!(loaded("[http]\nlisten = \"\"").http_listen, None);
    assert_eq!(mistake("[http]\nlisten = \"localhost\""), "bad-address");
    assert_eq!(mistake("[http]\nlisten = \"0.0.0.0:9464\""), "open-http");
}

#[test]
fn the_sender_key_is_read_when_the_files_are() {
    let folder = folder("[privacy]\nsender_key_file = \"key\"", CHANNELS, "");
    let key = folder.path().join("key");
    assert_eq!(places(&load_folder(folder.path()).1), ["decile.toml:2:19 sender-key"]);
    std::fs::write(&key, [7; 31]).unwrap();
    assert_eq!(places(&load_folder(folder.path()).1), ["decile.toml:2:19 sender-key"]);
    let of = |bytes: &[u8]| {
        std::fs::write(&key, bytes).unwrap();
        match load_folder(folder.path()).0.unwrap().sender_key {
            SenderKey::Keyed(key) => key,
            SenderKey::Omit => panic!("a key"),
        }
    };
    assert_ne!(of(&[7; 32]), of(&[8; 32]));
    assert_eq!(of(&[7; 32]), of(&[7; 32]));
}

fn channel(name: &str, subject: &str) -> String {
    format!("[[source.channel]]\nname = \"{name}\"\nsubject = \"{subject}\"\n")
}

#[test]
fn channels_are_checked() {
    let source = "[[source]]\nstream = \"CHAT\"\n";
    let one = channel("slack.a", "chat.a.>");
    for (channels, code, line) in [
        (source.to_owned(), "no-channel", 1),
        (format!("[[source]]\n{one}"), "missing-key", 1),
        (format!("[[source]]\nstream = \"DECILE\"\n{one}"), "own-stream", 2),
        (format!("{source}{}", channel("slack", "chat.a.>")), "bad-channel", 4),
        (format!("{source}{}", channel("slack.a", "chat.a>")), "bad-subject", 5),
        (format!("{source}{}", channel("slack.a", "decile.handled.>")), "own-subject", 5),
        (format!("{source}{}", channel("slack.a", ">")), "own-subject", 5),
        (format!("{source}{one}{}", channel("slack.a", "chat.b.>")), "duplicate", 7),
        (format!("{source}{one}{}", channel("slack.b", "chat.a.>")), "overlap", 8),
        (format!("{source}{one}{}", channel("slack.b", "chat.*.x")), "overlap", 8),
        (format!("{source}{one}{source}{}", channel("slack.b", "chat.b.>")), "duplicate", 7),
        (format!("{source}{one}mode = \"silent\""), "unknown-word", 6),
        (format!("{source}{one}preset = \"slack\""), "unknown-word", 6),
        (format!("{source}{one}self = [\"\"]"), "bad-name", 6),
        (format!("{source}{one}map = {{ text = \"event/text\" }}"), "bad-source", 6),
        (format!("{source}{one}map = {{ txt = \"/text\" }}"), "unknown-key", 6),
        (format!("{source}{one}map = {{ headers = [\"a:b\"] }}"), "bad-name", 6),
    ] {
        assert_eq!(channel_mistake(&channels), (code, line), "{channels}");
    }
}

#[test]
fn streams_that_may_hold_the_same_messages_are_a_warning() {
    let source = |stream: &str, name: &str| format!("[[source]]\nstream = \"{stream}\"\n{}", channel(name, "chat.>"));
    let (config, found) = load("", &format!("{}{}", source("A", "slack.a"), source("B", "slack.b")), "");
    assert_eq!(places(&found), ["channels.toml:10:11 overlap"]);
    assert!(config.is_some(), "a warning only");
}

#[test]
fn a_missing_file_is_one_mistake() {
    let folder = folder("", CHANNELS, "[[class]]\nname = \"receipt\"\n[[class.channel]]\nname = \"mail.inbox\"");
    std::fs::remove_file(folder.path().join("channels.toml")).unwrap();
    assert_eq!(places(&load_folder(folder.path()).1), ["nowhere unreadable-file"]);
    std::fs::write(folder.path().join("decile.toml"), "[files]\nchannels = \"c.toml\"").unwrap();
    assert_eq!(places(&load_folder(folder.path()).1), ["decile.toml:2:12 unreadable-file"]);
    std::fs::remove_file(folder.path().join("decile.toml")).unwrap();
    assert_eq!(places(&load_folder(folder.path()).1), ["nowhere unreadable-file"]);
}

#[test]
fn ten_mistakes_are_reported_at_once() {
    let decile = "[bus]\nroot = \"a.b\"\n[limits]\nworkers_max = 0\nmessage_byte_max = 5\n";
    let channels = "[[source]]\nstream = \"MAIL\"\n\
        [[source.channel]]\nname = \"mail.inbox\"\nsubject = \"mail..x\"\n\
        [[source.channel]]\nname = \"mail.inbox\"\nsubject = \"mail.b\"\nmode = \"monitord\"\n";
    let policy = "[[class]]\nname = \"receipt\"\nlevel = 4\naction = { type = \"reply\" }\n\
        [[class]]\nname = \"recept\"\n[[class.channel]]\nname = \"mail.inbx\"\n";
    let (config, found) = load(decile, channels, policy);
    assert!(config.is_none());
    let expected = [
        "channels.toml:5:11 bad-subject",
        "channels.toml:7:8 duplicate",
        "channels.toml:9:8 unknown-word",
        "decile.toml:2:8 bad-name",
        "decile.toml:4:15 out-of-bounds",
        "decile.toml:5:1 unknown-key",
        "policy.toml:3:9 no-such-level",
        "policy.toml:4:19 missing-key",
        "policy.toml:6:8 unknown-class",
        "policy.toml:8:8 unknown-channel",
    ];
    assert_eq!(places(&found), expected);
    assert!(found.iter().all(|diagnostic| !diagnostic.help.is_empty() && !diagnostic.message.is_empty()));
}

#[test]
fn the_digest_is_of_what_can_change_a_decision() {
    let of = |decile: &str, channels: &str| load(decile, channels, "").0.unwrap().channels.digest;
    let digest = of("", CHANNELS);
    for same in ["[limits]\nworkers_max = 7", "[http]\nlisten = \"\"", "[bus]\nstream = \"D\""] {
        assert_eq!(of(same, CHANNELS), digest, "{same}");
    }
    for key in ["message_bytes_max", "json_depth_max", "evidence_spans_max", "decision_steps_max", "draft_bytes_max"] {
        let number = if key == "decision_steps_max" { 1_000_000 } else { 99 };
        assert_ne!(of(&format!("[limits]\n{key} = {number}"), CHANNELS), digest, "{key}");
    }
    let commented = format!("# x\n{CHANNELS}")
        .replace("\"a@x\", \"a@x\"", "\"a@x\"")
        .replace("X-A", "x-a")
        .replace("X-Text", "x-text");
    assert_eq!(of("", &commented), digest);
    for (from, to) in [
        ("MAIL", "POST"),
        ("name = \"mail.inbox\"", "name = \"mail.other\""),
        ("mail.inbox.>", "mail.*"),
        ("preset = \"mail\"", "preset = \"raw\""),
        ("preset = \"mail\"", "mode = \"direct\"\npreset = \"mail\""),
        ("b@x", "c@x"),
        ("te~1xt", "text"),
        ("text = [", "sender = ["),
        ("l = [\"/b\", \"/c\"]", "l = [\"/c\", \"/b\"]"),
        ("X-A", "X-C"),
    ] {
        assert_ne!(CHANNELS.replacen(from, to, 1), CHANNELS, "{from} stands in the file");
        assert_ne!(of("", &CHANNELS.replacen(from, to, 1)), digest, "{from} -> {to}");
    }
}
