//! Whatever a stranger sends: refused for the right reason.

use super::{Case, LIMITS, PRESETS};
use crate::decode::MalformedKind as Kind;
use crate::decode::json::{JSON_DEPTH_CEILING, Json};
use crate::decode::recipe::Preset;
use crate::reason::Reason;

/// A good payload of each JSON preset, with `TEXT` where its text stands.
const JSON_SHAPES: [(Preset, &str); 3] = [
    (Preset::Decile, r#"{"text":TEXT}"#),
    (Preset::Cloudevents, r#"{"specversion":"1.0","id":"1","source":"/s","type":"t","data":{"text":TEXT}}"#),
    (Preset::SlackEvents, r#"{"type":"event_callback","event":{"type":"message","text":TEXT}}"#),
];

/// The JSON presets with this as the text.
fn with_text(text: &str) -> impl Iterator<Item = Case> {
    JSON_SHAPES.into_iter().map(move |(preset, shape)| Case::new(preset, shape.replace("TEXT", text)))
}

#[test]
fn too_large_is_refused_by_every_preset_before_it_is_read() {
    for preset in PRESETS {
        let case = Case::new(preset, vec![0xFF; LIMITS.message_bytes_max + 1]);
        case.refused(Kind::Oversized, "16385 bytes");
        assert_eq!(case.decode().unwrap_err().reason(), Reason::Oversized);
    }
    let full = Case::new(Preset::Raw, vec![b'a'; LIMITS.message_bytes_max]);
    assert_eq!(full.message().text.len(), LIMITS.message_bytes_max);
}

#[test]
fn text_that_grows_while_it_is_decoded_is_bounded_too() {
    let mut mail = b"From: a@example.com\nContent-Type: text/plain; charset=iso-8859-1\n\n".to_vec();
    mail.resize(LIMITS.message_bytes_max, 0xFC);
    Case::new(Preset::Mail, mail).refused(Kind::Oversized, "the text has");
}

#[test]
fn an_empty_payload_is_no_message() {
    for (preset, kind) in [
        (Preset::Decile, Kind::NotJson),
        (Preset::Raw, Kind::NoText),
        (Preset::Cloudevents, Kind::NotJson),
        (Preset::SlackEvents, Kind::NotJson),
        (Preset::Mail, Kind::NotMail),
    ] {
        Case::new(preset, "").refused(kind, "");
    }
}

#[test]
fn bytes_that_are_no_utf8_are_named() {
    for preset in [Preset::Decile, Preset::Raw, Preset::Cloudevents, Preset::SlackEvents] {
        Case::new(preset, b"{\"text\": \"a\xFF\"}").refused(Kind::NotUtf8, "byte 11");
    }
    Case::new(Preset::Decile, b"\xFF not even JSON").refused(Kind::NotUtf8, "byte 0");
}

#[test]
fn what_is_no_json_object_is_refused() {
    for preset in [Preset::Decile, Preset::Cloudevents, Preset::SlackEvents] {
        for (payload, detail) in [
            ("hello", "expected value"),
            ("[]", "an array is not an object"),
            ("\"text\"", "a string is not an object"),
            ("null", "null is not an object"),
            ("{\"text\":\"a\"} {}", "trailing characters"),
            ("{\"text\":\"a\",}", "trailing comma"),
            ("{'text':'a'}", "key must be a string"),
            ("{\"text\":\"a\"", "EOF"),
            ("\u{FEFF}{\"text\":\"a\"}", "byte order mark"),
            ("{\"text\":\"a\",\"n\":1e999}", "out of range"),
            ("{\"text\":\"a\",\"n\":NaN}", "expected value"),
        ] {
            Case::new(preset, payload).refused(Kind::NotJson, detail);
        }
    }
}

#[test]
fn characters_that_json_forbids_are_refused() {
    for case in with_text("\"a\0b\"").chain(with_text("\"a\nb\"")) {
        case.refused(Kind::NotJson, "control character");
    }
    for text in [r#""\ud800""#, r#""\udc00""#, r#""\ud800\ud800""#] {
        with_text(text).for_each(|case| case.refused(Kind::NotJson, ""));
    }
    for case in with_text(r#""a\u0000b\ud83d\ude00""#) {
        assert_eq!(case.message().text, "a\0b😀");
    }
}

#[test]
fn a_key_twice_is_refused_wherever_it_stands() {
    let twice = |payload: &str, path: &str| Case::new(Preset::Decile, payload).refused(Kind::DuplicateKey, path);
    twice(r#"{"text":"a","text":"b"}"#, "`/text` is there twice");
    twice(r#"{"text":"a","text":"a"}"#, "`/text`");
    twice(r#"{"text":"a","\u0074ext":"b"}"#, "`/text`");
    twice(r#"{"text":"a","x":[0,{"b/c":{"":1,"":2}}]}"#, "`/x/1/b~1c/`");
    twice(r#"{"text":"a","x":{"\u0000\u202e":1,"\u0000\u202e":2}}"#, "`/x/\\0\\u{202e}`");
    for (preset, shape) in JSON_SHAPES {
        let payload = shape.replace("TEXT", r#""a","deep":{"a":1,"\u0061":2}"#);
        Case::new(preset, payload).refused(Kind::DuplicateKey, "/deep/a`");
    }
}

#[test]
fn depth_is_bounded_exactly_and_cannot_exhaust_the_stack() {
    for case in with_text(&format!("{}{}", "[".repeat(8_000), "]".repeat(8_000))) {
        case.refused(Kind::TooDeep, "deeper than 32 levels");
    }
    let nested = |levels: usize| format!("{}{}", "[".repeat(levels), "]".repeat(levels));
    assert!(Json::parse(nested(32).as_bytes(), 32).is_ok());
    assert_eq!(Json::parse(nested(33).as_bytes(), 32).unwrap_err().kind, Kind::TooDeep);
    assert!(Json::parse(nested(JSON_DEPTH_CEILING).as_bytes(), usize::MAX).is_ok());
    for levels in [JSON_DEPTH_CEILING + 1, JSON_DEPTH_CEILING + 2, 128, 129, 10_000, 100_000] {
        assert_eq!(Json::parse(nested(levels).as_bytes(), usize::MAX).unwrap_err().kind, Kind::TooDeep, "{levels}");
        let objects = "{\"a\":".repeat(levels);
        assert_eq!(Json::parse(objects.as_bytes(), usize::MAX).unwrap_err().kind, Kind::TooDeep, "{levels}");
    }
}

#[test]
fn text_must_be_there_and_say_something() {
    for case in with_text("null").chain(with_text("\"\"")).chain(with_text("\" \\n\\u00a0\\t\"")) {
        case.refused(Kind::NoText, "/text`");
    }
    for case in with_text("[\"a\"]").chain(with_text("{\"a\":1}")) {
        case.refused(Kind::WrongType, "/text` is an ");
    }
    Case::new(Preset::Decile, r#"{"body":"a"}"#).refused(Kind::NoText, "no text in `/text`");
    Case::new(Preset::Raw, " \r\n\u{2003} ").refused(Kind::NoText, "no text in `the payload`");
    Case::new(Preset::Mail, "From: a@example.com\n\n \n").refused(Kind::NoText, "`the text parts`");
}

#[test]
fn cloudevents_says_what_is_missing_or_wrong() {
    let whole = r#"{"specversion":"1.0","id":"1","source":"/s","type":"t","data":"hello"}"#;
    Case::new(Preset::Cloudevents, whole).message();
    for (old, new, detail) in [
        ("\"id\":\"1\",", "", "`id` is missing"),
        ("\"id\":\"1\"", "\"id\":\"\"", "`id` is empty"),
        ("\"id\":\"1\"", "\"id\":1", "`id` is missing, or is no string"),
        ("\"/s\"", "\"/s s\"", "`source` is no URI reference"),
        ("\"specversion\":\"1.0\",", "", "`specversion` is missing"),
        ("\"data\"", "\"data_base64\":\"aGk=\",\"data\"", "are both there"),
        ("\"data\":\"hello\"", "\"data_base64\":\"%%%\"", "is not base64"),
        ("\"data\":\"hello\"", "\"data_base64\":7", "is not base64"),
    ] {
        Case::new(Preset::Cloudevents, whole.replace(old, new)).refused(Kind::NotCloudEvent, detail);
    }
    Case::new(Preset::Cloudevents, whole.replace("\"hello\"", "[1]")).refused(Kind::WrongType, "the data is an array");
    Case::new(Preset::Cloudevents, whole.replace("\"type\"", "\"time\":\"noon\",\"type\""))
        .refused(Kind::WrongType, "`/time` is no time");
}

#[test]
fn binary_cloudevents_are_checked_as_strictly() {
    let binary = |body: &str| {
        Case::new(Preset::Cloudevents, body)
            .header("ce-specversion", "1.0")
            .header("ce-id", "1")
            .header("ce-source", "/s")
    };
    binary("\"hi\"").refused(Kind::NotCloudEvent, "`type` is missing");
    let whole = |body: &str| binary(body).header("ce-type", "t");
    assert_eq!(whole("\"hi\"").message().text, "hi");
    whole("hi").refused(Kind::NotJson, "expected value");
    whole("{\"text\":\"a\",\"text\":\"b\"}").refused(Kind::DuplicateKey, "`/text`");
    whole("hi").header("content-type", "image/png").refused(Kind::NoText, "`the payload`");
    whole("hi").header("ce-datacontenttype", "text/plain; charset=utf-16").refused(Kind::NotUtf8, "`utf-16`");
    whole("\"hi\"").header("CE-ID", "2").refused(Kind::DuplicateKey, "the header `ce-id` is there twice");
    whole("\"hi\"").header("ce-subject", "%C0%A0").refused(Kind::NotCloudEvent, "`ce-subject` is not UTF-8");
    let quoted = whole("\"hi\"").header("ce-subject", "\"a \\\"b\\\"%20c\"").message();
    assert_eq!(quoted.attributes["ce_subject"], "a \"b\" c");
}

#[test]
fn mail_within_mail_is_bounded_whatever_its_size() {
    let mut deep = Case::new(Preset::Mail, "Content-Type: message/rfc822\n\n".repeat(20_000));
    deep.limits.message_bytes_max = 10 * 1024 * 1024;
    deep.refused(Kind::TooDeep, "too many parts within parts");
    for opener in ["message / \"rfc822", "MESSAGE/(note)Global", "message\r\n /rfc822"] {
        let payload = format!("From: a@example.com\nContent-Type: {opener}\n\n").repeat(60);
        Case::new(Preset::Mail, payload).refused(Kind::TooDeep, "too many parts within parts");
    }
    let encoded = "From: a@b.c\nContent-Type: message/rfc822\nContent-Transfer-Encoding: base64\n\nRnJvbTogYUBiLmMK\n";
    Case::new(Preset::Mail, encoded).refused(Kind::TooDeep, "is encoded, and may not be");
    let endless = "Content-Type: multipart/mixed; boundary=x\n\n--x\n".repeat(200);
    Case::new(Preset::Mail, endless).refused(Kind::TooDeep, "too many parts within parts");
}

#[test]
fn mail_that_had_to_be_guessed_is_refused() {
    let broken = "From: a@b.c\nContent-Type: text/plain\nContent-Transfer-Encoding: base64\n\n!!!not base64!!!\n";
    Case::new(Preset::Mail, broken).refused(Kind::NotMail, "the encoding or the end of a part is broken");
    Case::new(Preset::Mail, b"From: a@b.c\nSubject: caf\xE9\n\nhello\n").refused(Kind::NotUtf8, "`header:Subject`");
    let same = "From: a@b.c\nSubject: x\nSubject: x\n\nhello\n";
    assert_eq!(Case::new(Preset::Mail, same).message().subject.as_deref(), Some("x"));
    let parts = "From: a@b.c\nContent-Type: text/plain\nContent-Type: text/html\n\nhello\n";
    Case::new(Preset::Mail, parts).refused(Kind::DuplicateKey, "`Content-Type` is there twice");
}
