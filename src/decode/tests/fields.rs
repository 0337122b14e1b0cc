//! How fields are filled: sources in order, bounds, times, marks.

use super::{Case, sources};
use crate::decode::MalformedKind as Kind;
use crate::decode::fill::{ATTRIBUTES_MAX, FIELD_BYTES_MAX, HEADER_BYTES_MAX};
use crate::decode::recipe::{Preset, Source, SourceError};
use crate::message::Origin;
use serde_json::json;

fn decile(payload: serde_json::Value) -> Case {
    Case::new(Preset::Decile, payload.to_string())
}

#[test]
fn sources_are_parsed_as_people_write_them() {
    let pointer = |tokens: &[&str]| Ok(Source::Pointer(tokens.iter().map(|token| (*token).to_owned()).collect()));
    assert_eq!(Source::parse("/event/text"), pointer(&["event", "text"]));
    assert_eq!(Source::parse("/a~1b/m~0n/~01/"), pointer(&["a/b", "m~n", "~1", ""]));
    assert_eq!(Source::parse("header:X-Team"), Ok(Source::Header("X-Team".to_owned())));
    assert_eq!(Source::parse("subject[0]"), Ok(Source::SubjectToken(0)));
    assert_eq!(Source::parse("subject[12]"), Ok(Source::SubjectToken(12)));
    for wrong in [
        "",
        "text",
        "a/b",
        "/a~",
        "/a~2",
        "/~é",
        "header:",
        "header:a b",
        "header:a:b",
        "header:é",
        "subject",
        "subject[]",
        "subject[-1]",
        "subject[+1]",
        "subject[01]",
        "subject[1",
        "subject[1]x",
        "subject[99999999999999999999]",
        "Header:X",
    ] {
        assert_eq!(Source::parse(wrong), Err(SourceError), "{wrong}");
    }
}

#[test]
fn a_source_is_shown_as_it_is_written() {
    for written in ["/event/text", "/a~1b/m~0n/~01/", "header:X-Team", "subject[3]"] {
        assert_eq!(Source::parse(written).map(|source| source.to_string()), Ok(written.to_owned()));
    }
}

#[test]
fn the_first_source_with_a_value_gives_it() {
    let case = decile(json!({"text": "t", "a": "", "b": null, "list": ["x", "y"], "c": "sea"})).header("Who", "").map(
        |by_hand| {
            by_hand.sender = sources(&[
                "/none",
                "/a",
                "/b",
                "/c/deeper",
                "/list/2",
                "/list/01",
                "header:who",
                "subject[9]",
                "/list/1",
                "/c",
            ]);
            by_hand.text = sources(&["/a", "/text"]);
            by_hand.thread = sources(&["subject[2]"]);
        },
    );
    let message = case.message();
    assert_eq!(message.sender.as_deref(), Some("y"));
    assert_eq!(message.thread.as_deref(), Some("7"));
    let inspection = case.inspect();
    let sender = inspection.fields.iter().find(|field| field.field == "sender").unwrap();
    assert_eq!(sender.source.as_deref(), Some("/list/1"));
    assert_eq!(sender.tried.len(), 8, "{:?}", sender.tried);
}

#[test]
fn a_source_by_hand_replaces_the_presets_even_when_it_has_nothing() {
    let case = decile(json!({"text": "t", "sender": "ana"})).map(|by_hand| by_hand.sender = sources(&["/from"]));
    assert_eq!(case.message().sender, None);
    decile(json!({"text": "t"}))
        .map(|by_hand| by_hand.text = sources(&["/a", "header:b"]))
        .refused(Kind::NoText, "no text in `/a`, `header:b`");
}

#[test]
fn a_value_of_the_wrong_type_stops_the_search() {
    decile(json!({"text": "t", "a": {}, "b": "ok"}))
        .map(|by_hand| by_hand.id = sources(&["/a", "/b"]))
        .refused(Kind::WrongType, "`/a` is an object");
    decile(json!({"text": "t", "attributes": ["a"]}))
        .refused(Kind::WrongType, "`/attributes` is an array, not an object");
    decile(json!({"text": "t", "attributes": {"a": [1]}})).refused(Kind::WrongType, "`/attributes/a` is an array");
}

#[test]
fn numbers_become_their_text_only_while_they_are_exact() {
    let id = |number: &str| Case::new(Preset::Decile, format!("{{\"text\":\"t\",\"id\":{number}}}"));
    for (number, text) in
        [("7", "7"), ("-7", "-7"), ("1.5", "1.5"), ("18446744073709551615", "18446744073709551615"), ("true", "true")]
    {
        assert_eq!(id(number).message().id.as_deref(), Some(text));
    }
    for number in ["18446744073709551616", "1e16", "-1e300", "9007199254740993.0"] {
        id(number).refused(Kind::WrongType, "`/id` is a number too large to be read exactly");
    }
}

#[test]
fn every_field_has_its_bound_and_nothing_is_cut() {
    let (full, long) = ("x".repeat(FIELD_BYTES_MAX), "x".repeat(FIELD_BYTES_MAX + 1));
    for field in ["id", "sender", "subject", "thread"] {
        decile(json!({"text": "t", field: full})).message();
        decile(json!({"text": "t", field: long})).refused(Kind::FieldTooLong, &format!("`{field}` has 1025 bytes"));
    }
    let attribute = |name: &str, value: &str| decile(json!({"text": "t", "attributes": {name: value}}));
    assert_eq!(attribute("a", &full).message().attributes["a"].len(), FIELD_BYTES_MAX);
    attribute("a", &long).refused(Kind::FieldTooLong, "`attribute:a` has 1025 bytes");
    attribute(&long, "a").refused(Kind::FieldTooLong, "the name of `attribute:xxx");
    decile(json!({"text": "t", "sent_at": long})).refused(Kind::FieldTooLong, "`sent_at`");
    let header = |bytes: usize| {
        let value = "x".repeat(bytes);
        decile(json!({"text": "t"})).header("X-Long", &value).map(|by_hand| by_hand.headers = vec!["x-long".to_owned()])
    };
    header(HEADER_BYTES_MAX).message();
    header(HEADER_BYTES_MAX + 1).refused(Kind::FieldTooLong, "`header:x-long` has 4097 bytes");
}

#[test]
fn attributes_are_counted() {
    let many = |count: usize| {
        let attributes: serde_json::Map<_, _> = (0..count).map(|number| (format!("a{number}"), json!("v"))).collect();
        decile(json!({"text": "t", "attributes": attributes}))
    };
    assert_eq!(many(ATTRIBUTES_MAX).message().attributes.len(), ATTRIBUTES_MAX);
    many(ATTRIBUTES_MAX + 1).refused(Kind::FieldTooLong, "more than 64 attributes");
    many(ATTRIBUTES_MAX)
        .map(|by_hand| _ = by_hand.attributes.insert("more".to_owned(), sources(&["/text"])))
        .refused(Kind::FieldTooLong, "more than 64 attributes");
}

#[test]
fn times_are_read_in_the_forms_that_sources_use() {
    let sent_at = |value: serde_json::Value| decile(json!({"text": "t", "sent_at": value}));
    for (value, time) in [
        (json!("2026-03-02T09:15:00Z"), "2026-03-02T09:15:00Z"),
        (json!("2026-03-02T10:15:00.5+01:00"), "2026-03-02T09:15:00.5Z"),
        (json!(1772442900), "2026-03-02T09:15:00Z"),
        (json!("1772442900"), "2026-03-02T09:15:00Z"),
        (json!(1772442900.5), "2026-03-02T09:15:00.5Z"),
        (json!("1772442900.000200"), "2026-03-02T09:15:00.0002Z"),
        (json!("1772442900.1234567891"), "2026-03-02T09:15:00.123456789Z"),
        (json!(1772442900123_u64), "2026-03-02T09:15:00.123Z"),
        (json!("1772442900123.25"), "2026-03-02T09:15:00.12325Z"),
        (json!(0), "1970-01-01T00:00:00Z"),
        (json!(100_000_000_000_u64), "5138-11-16T09:46:40Z"),
        (json!(100_000_000_001_u64), "1973-03-03T09:46:40.001Z"),
    ] {
        assert_eq!(
            sent_at(value.clone()).message().sent_at.map(|time| time.to_string()).as_deref(),
            Some(time),
            "{value}"
        );
    }
    for none in [json!(null), json!("")] {
        assert_eq!(sent_at(none).message().sent_at, None);
    }
    for wrong in [
        json!("yesterday"),
        json!("2026-03-02"),
        json!("2026-03-02T09:15:00"),
        json!("2026-02-30T00:00:00Z"),
        json!(-1),
        json!("1e9"),
        json!(true),
        json!(" "),
        json!("1772442900."),
        json!(".5"),
        json!("999999999999999999"),
        json!(u64::MAX),
        json!("+1"),
        json!("1.2.3"),
    ] {
        sent_at(wrong).refused(Kind::WrongType, "`/sent_at` is no time");
    }
    sent_at(json!([1])).refused(Kind::WrongType, "`/sent_at` is an array");
}

#[test]
fn own_comes_before_bot_before_automatic_before_person() {
    let all = json!({"text": "t", "sender": "us", "attributes": {"bot": "1", "auto_submitted": "auto-generated"}});
    let origin = |case: &Case| (case.message().origin, case.inspect().mark.unwrap().why);
    let mut case = decile(all);
    case.recipe.own_senders = vec!["them".to_owned(), "us".to_owned()];
    assert_eq!(origin(&case), (Origin::Own, "the sender is `us`, one of our own".to_owned()));
    case.recipe.own_senders = vec!["US".to_owned()];
    assert_eq!(origin(&case), (Origin::Bot, "`/attributes/bot` says that it is a bot".to_owned()));
    case.recipe.by_hand.bot = sources(&["/nothing"]);
    assert_eq!(origin(&case), (Origin::Automatic, "`attribute:auto_submitted` is `auto-generated`".to_owned()));
    assert_eq!(origin(&decile(json!({"text": "t"}))), (Origin::Person, "nothing says otherwise".to_owned()));
}

#[test]
fn what_says_bot_is_anything_but_no() {
    let bot = |value: serde_json::Value| {
        decile(json!({"text": "t", "is_bot": value})).map(|by_hand| by_hand.bot = sources(&["/is_bot"]))
    };
    for no in [json!(false), json!(0), json!(null), json!(""), json!("false"), json!("0"), json!("null")] {
        assert_eq!(bot(no.clone()).message().origin, Origin::Person, "{no}");
    }
    for yes in [json!(true), json!(1), json!("B1"), json!("no"), json!({}), json!([]), json!({"id": "B1"})] {
        assert_eq!(bot(yes.clone()).message().origin, Origin::Bot, "{yes}");
    }
}

#[test]
fn automatic_is_what_mail_calls_so() {
    for (name, value, origin) in [
        ("auto_submitted", "auto-replied", Origin::Automatic),
        ("auto_submitted", "No ; why=hand", Origin::Person),
        ("precedence", "junk", Origin::Automatic),
        ("precedence", " LIST ", Origin::Automatic),
        ("precedence", "first-class", Origin::Person),
    ] {
        assert_eq!(
            decile(json!({"text": "t", "attributes": {name: value}})).message().origin,
            origin,
            "{name} {value}"
        );
    }
    let header = decile(json!({"text": "t"})).header("Precedence", "bulk");
    assert_eq!(header.message().origin, Origin::Person, "a header that nobody takes says nothing");
    let taken = header.map(|by_hand| by_hand.headers = vec!["Precedence".to_owned()]);
    assert_eq!(taken.message().headers["precedence"], "bulk");
    assert_eq!(taken.message().origin, Origin::Automatic);
}

#[test]
fn a_header_with_two_values_is_ambiguous() {
    let case = |second: &str| {
        Case::new(Preset::Raw, "t")
            .header("From", "a")
            .header("FROM", second)
            .map(|by_hand| by_hand.sender = sources(&["header:from"]))
    };
    case("b").refused(Kind::DuplicateKey, "the header `from` is there twice");
    assert_eq!(case("a").message().sender.as_deref(), Some("a"));
}

#[test]
fn the_channel_is_the_configured_one() {
    let message = decile(json!({"text": "t", "channel": "other.place"})).message();
    assert_eq!(message.channel.as_str(), "chat.support");
    assert!(message.attributes.is_empty());
}

#[test]
fn an_inspection_shows_values_short_and_harmless() {
    let text = format!("\u{1b}[31m\u{202e}red\n{}", "x".repeat(500));
    let inspection = decile(json!({"text": text, "sender": "ana"})).inspect();
    let shown = inspection.fields.iter().find(|field| field.field == "text").unwrap();
    let value = shown.value.as_deref().unwrap();
    assert!(value.starts_with("\\u{1b}[31m\\u{202e}red\\n") && value.ends_with('…'), "{value}");
    assert_eq!(shown.value_bytes, Some(text.len()));
    let json = serde_json::to_value(&inspection).unwrap();
    assert_eq!((&json["preset"], &json["mark"]["origin"]), (&json!("decile"), &json!("person")));
    let bad = serde_json::to_value(decile(json!({"text": "", "sender": "ana"})).inspect()).unwrap();
    assert_eq!((&bad["malformed"]["kind"], &bad["malformed"]["reason"]), (&json!("no_text"), &json!("malformed")));
    assert_eq!(bad["fields"][1]["value"], "ana", "what could be taken is shown all the same");
}
