//! CloudEvents 1.0 over NATS: structured (JSON event format) or binary (`ce-*` headers).
//!
//! After the CloudEvents specification, its JSON event format, and its NATS protocol binding (1.0.3).
//! The data is read like Decile's own shape; data that is a string is the text.

use super::open_object;
use crate::decode::DecodeLimits;
use crate::decode::json::{Json, utf8};
use crate::decode::malformed::{Malformed, MalformedKind, excerpt};
use crate::decode::payload::{Body, Found, Payload, Table, Way, at, nats_header};
use crate::message::Delivery;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use std::borrow::Cow;

const STRUCTURED: Table = Table {
    text: &[Way::At("/data/text"), Way::Made("/data", |payload| whole(payload, "/data"))],
    id: &[Way::Made("/source and /id", |payload| {
        Ok(identity(payload.string("/source").map(Cow::Borrowed), payload.string("/id").map(Cow::Borrowed)))
    })],
    sender: &[Way::At("/data/sender")],
    subject: &[Way::At("/data/subject")],
    sent_at: &[Way::At("/time"), Way::At("/data/sent_at")],
    thread: &[Way::At("/data/thread")],
    bot: &[Way::At("/data/attributes/bot")],
    attributes: &[
        ("ce_type", Way::At("/type")),
        ("ce_source", Way::At("/source")),
        ("ce_subject", Way::At("/subject")),
    ],
    spread: Some("/data/attributes"),
    ..Table::EMPTY
};

const BINARY: Table = Table {
    text: &[Way::At("/text"), Way::Made("the payload", |payload| whole(payload, ""))],
    id: &[Way::Made("header:ce-source and header:ce-id", |payload| {
        Ok(identity(attribute(payload.delivery, "ce-source")?, attribute(payload.delivery, "ce-id")?))
    })],
    sender: &[Way::At("/sender")],
    subject: &[Way::At("/subject")],
    sent_at: &[Way::Made("header:ce-time", |payload| attribute(payload.delivery, "ce-time")), Way::At("/sent_at")],
    thread: &[Way::At("/thread")],
    bot: &[Way::At("/attributes/bot")],
    attributes: &[
        ("ce_type", Way::Made("header:ce-type", |payload| attribute(payload.delivery, "ce-type"))),
        ("ce_source", Way::Made("header:ce-source", |payload| attribute(payload.delivery, "ce-source"))),
        ("ce_subject", Way::Made("header:ce-subject", |payload| attribute(payload.delivery, "ce-subject"))),
    ],
    spread: Some("/attributes"),
    ..Table::EMPTY
};

/// The attributes that every event has, beside `specversion`.
const REQUIRED: [&str; 3] = ["id", "source", "type"];

/// Opens a payload of this shape. The content type decides between the modes, as the binding says; where
/// it says nothing, `ce-*` headers do.
pub(super) fn open<'a>(limits: &DecodeLimits, delivery: &'a Delivery) -> Result<Payload<'a>, Malformed> {
    let media = nats_header(delivery, "content-type")?.map(MediaType::parse);
    match media.as_ref().map(|media| media.name.as_str()) {
        Some("application/cloudevents" | "application/cloudevents+json") => open_structured(limits, delivery),
        Some(other) if other.starts_with("application/cloudevents") => {
            Err(refuse(format!("the content type `{}` is not one event in JSON", excerpt(other))))
        }
        _ if delivery.headers.iter().any(|(name, _)| is_attribute(name)) => open_binary(limits, delivery, media),
        _ => open_structured(limits, delivery),
    }
}

fn open_structured<'a>(limits: &DecodeLimits, delivery: &'a Delivery) -> Result<Payload<'a>, Malformed> {
    let mut payload = open_object(&STRUCTURED, limits, delivery)?;
    check_version(payload.string("/specversion"))?;
    for name in REQUIRED {
        check_attribute(name, payload.string(&format!("/{name}")))?;
    }
    check_source(payload.string("/source"))?;
    if let Body::Json(Json::Object(members)) = &mut payload.body
        && let Some(encoded) = members.get("data_base64")
    {
        if members.contains_key("data") {
            return Err(refuse("`data` and `data_base64` are both there"));
        }
        let media = members.get("datacontenttype").and_then(text_of).map(MediaType::parse);
        let bytes = text_of(encoded).and_then(|text| STANDARD.decode(text).ok());
        let bytes = bytes.ok_or_else(|| refuse("`data_base64` is not base64"))?;
        let data = read_data(limits, media.as_ref(), &bytes)?.into_owned();
        members.insert(Cow::Borrowed("data"), data);
    }
    Ok(payload)
}

fn open_binary<'a>(
    limits: &DecodeLimits,
    delivery: &'a Delivery,
    media: Option<MediaType>,
) -> Result<Payload<'a>, Malformed> {
    check_version(attribute(delivery, "ce-specversion")?.as_deref())?;
    for name in REQUIRED {
        check_attribute(name, attribute(delivery, &format!("ce-{name}"))?.as_deref())?;
    }
    check_source(attribute(delivery, "ce-source")?.as_deref())?;
    let declared = attribute(delivery, "ce-datacontenttype")?.map(|declared| MediaType::parse(&declared));
    let data = read_data(limits, declared.or(media).as_ref(), &delivery.payload)?;
    Ok(Payload { table: &BINARY, body: Body::Json(data), delivery })
}

/// Data as JSON, whatever it came as. What is neither JSON nor text holds nothing for us.
fn read_data<'d>(limits: &DecodeLimits, media: Option<&MediaType>, bytes: &'d [u8]) -> Result<Json<'d>, Malformed> {
    match media {
        _ if bytes.is_empty() => Ok(Json::Null),
        Some(media) if media.is_text() => {
            media.check_charset()?;
            utf8(bytes).map(|text| Json::Text(Cow::Borrowed(text)))
        }
        Some(media) if !media.is_json() => Ok(Json::Null),
        _ => Json::parse(bytes, limits.json_depth_max),
    }
}

/// Data that is a string; an object is looked into by pointers.
fn whole<'p>(payload: &'p Payload<'_>, pointer: &str) -> Found<'p> {
    let Body::Json(tree) = &payload.body else { return Ok(None) };
    match at(tree, pointer) {
        Some(Json::Text(text)) => Ok(Some(Cow::Borrowed(text))),
        None | Some(Json::Null | Json::Object(_)) => Ok(None),
        Some(other) => {
            let detail = format!("the data is {}, not an object or a string", other.type_name());
            Err(Malformed::new(MalformedKind::WrongType, detail))
        }
    }
}

/// What makes an event unique: source and id. A source is a URI reference, which has no spaces.
fn identity<'p>(source: Option<Cow<'p, str>>, id: Option<Cow<'p, str>>) -> Option<Cow<'p, str>> {
    Some(Cow::Owned(format!("{} {}", source?, id?)))
}

fn check_version(version: Option<&str>) -> Result<(), Malformed> {
    match version {
        Some("1.0") => Ok(()),
        Some(other) => Err(refuse(format!("`specversion` is `{}`, not `1.0`", excerpt(other)))),
        None => Err(refuse("`specversion` is missing")),
    }
}

fn check_attribute(name: &str, value: Option<&str>) -> Result<(), Malformed> {
    match value {
        Some("") => Err(refuse(format!("`{name}` is empty"))),
        Some(_) => Ok(()),
        None => Err(refuse(format!("`{name}` is missing, or is no string"))),
    }
}

fn check_source(source: Option<&str>) -> Result<(), Malformed> {
    let spaced = source.is_some_and(|source| source.contains(char::is_whitespace));
    if spaced { Err(refuse("`source` is no URI reference: it has spaces")) } else { Ok(()) }
}

fn refuse(detail: impl Into<String>) -> Malformed {
    Malformed::new(MalformedKind::NotCloudEvent, detail)
}

fn text_of<'t>(value: &'t Json<'_>) -> Option<&'t str> {
    match value {
        Json::Text(text) => Some(text),
        _ => None,
    }
}

fn is_attribute(header: &str) -> bool {
    header.get(..3).is_some_and(|prefix| prefix.eq_ignore_ascii_case("ce-"))
}

/// An attribute from its header: double quotes undone, then one round of percent-decoding.
fn attribute<'d>(delivery: &'d Delivery, header: &str) -> Found<'d> {
    let Some(value) = nats_header(delivery, header)? else { return Ok(None) };
    let decoded = percent_encoding::percent_decode_str(value.trim());
    let plain = match unquote(value.trim()) {
        Some(inner) => percent_encoding::percent_decode_str(&inner).decode_utf8().map(|text| text.into_owned().into()),
        None => decoded.decode_utf8(),
    };
    plain.map(Some).map_err(|_| refuse(format!("the header `{header}` is not UTF-8 once percent-decoded")))
}

/// The inside of a quoted string (RFC 7230, section 3.2.6), backslashes undone.
fn unquote(value: &str) -> Option<String> {
    let inner = value.strip_prefix('"')?.strip_suffix('"')?;
    let mut plain = String::with_capacity(inner.len());
    let mut characters = inner.chars();
    while let Some(character) = characters.next() {
        plain.extend(if character == '\\' { characters.next() } else { Some(character) });
    }
    Some(plain)
}

/// A media type, as far as it matters here.
struct MediaType {
    /// In lower case, without parameters.
    name: String,
    /// The `charset` parameter.
    charset: Option<String>,
}

impl MediaType {
    fn parse(text: &str) -> Self {
        let lower = text.to_ascii_lowercase();
        let mut parts = lower.split(';').map(str::trim);
        let name = parts.next().unwrap_or_default().to_owned();
        let charset = parts.find_map(|part| part.strip_prefix("charset="));
        Self { name, charset: charset.map(|charset| charset.trim_matches('"').to_owned()) }
    }

    fn is_text(&self) -> bool {
        self.name.starts_with("text/") && self.name != "text/json"
    }

    fn is_json(&self) -> bool {
        self.name.ends_with("/json") || self.name.ends_with("+json")
    }

    fn check_charset(&self) -> Result<(), Malformed> {
        match self.charset.as_deref() {
            None | Some("utf-8" | "utf8" | "us-ascii" | "ascii") => Ok(()),
            Some(other) => {
                let detail = format!("the charset is `{}`, not UTF-8", excerpt(other));
                Err(Malformed::new(MalformedKind::NotUtf8, detail))
            }
        }
    }
}
