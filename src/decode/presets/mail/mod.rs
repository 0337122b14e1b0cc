//! Internet mail: RFC 5322 with MIME, read by `mail-parser`.
//!
//! The parser is forgiving; we are not. What it had to guess (a broken encoding, characters that did not
//! decode, a header twice that may be there once) is no message for us: a person sees it.

mod nesting;
mod text;
mod wholeness;

use crate::decode::malformed::{Malformed, MalformedKind, excerpt};
use crate::decode::origin::{is_auto_submitted, is_bulk};
use crate::decode::payload::{Body, Found, Payload, Table, Way, only_one};
use crate::message::Delivery;
use mail_parser::parsers::MessageStream;
use mail_parser::{Header, HeaderName, HeaderValue, MessageParser};
use std::borrow::Cow;

const TABLE: Table = Table {
    text: &[Way::Made("the text parts", |payload| mail(payload, text::text))],
    id: &[Way::Made("header:Message-ID", |payload| mail(payload, |mail| mail.id(HeaderName::MessageId)))],
    sender: &[Way::Made("header:From", |payload| mail(payload, sender))],
    subject: &[Way::Made("header:Subject", |payload| mail(payload, |mail| mail.header("Subject")))],
    sent_at: &[Way::Made("header:Date", |payload| mail(payload, date))],
    thread: &[
        Way::Made("header:References", |payload| mail(payload, |mail| mail.id(HeaderName::References))),
        Way::Made("header:In-Reply-To", |payload| mail(payload, |mail| mail.id(HeaderName::InReplyTo))),
        Way::Made("header:Message-ID", |payload| mail(payload, |mail| mail.id(HeaderName::MessageId))),
    ],
    headers: &["auto-submitted", "precedence", "list-id", "list-unsubscribe", "x-autoreply"],
    automatic,
    ..Table::EMPTY
};

/// Headers that a mail has once (RFC 5322, section 3.6; RFC 2045): two of them, and two programs read
/// two different mails.
const ONCE: [HeaderName<'static>; 7] = [
    HeaderName::From,
    HeaderName::Subject,
    HeaderName::Date,
    HeaderName::MessageId,
    HeaderName::References,
    HeaderName::ContentType,
    HeaderName::ContentTransferEncoding,
];

/// A mail, parsed.
pub(in crate::decode) struct Mail<'a> {
    parsed: mail_parser::Message<'a>,
}

/// Opens a payload of this shape.
pub(super) fn open(delivery: &Delivery) -> Result<Payload<'_>, Malformed> {
    nesting::check(&delivery.payload)?;
    let parsed = MessageParser::default().parse(delivery.payload.as_ref());
    let parsed = parsed.ok_or_else(|| refuse("it has no headers"))?;
    let mail = Mail { parsed };
    if mail.headers().is_empty() {
        return Err(refuse("it has no headers"));
    }
    wholeness::check(&mail.parsed)?;
    for part in &mail.parsed.parts {
        for name in &ONCE {
            let places = part.headers.iter().filter(|header| header.name == *name);
            only_one(name.as_str(), places.map(|header| mail.raw(header)))?;
        }
    }
    Ok(Payload { table: &TABLE, body: Body::Mail(mail), delivery })
}

impl<'a> Mail<'a> {
    /// A header by name, decoded and on one line.
    ///
    /// # Errors
    /// Where it is there twice with other content, or its characters cannot be decoded.
    pub(in crate::decode) fn header(&self, name: &str) -> Found<'_> {
        let named = self.headers().iter().filter(|header| header.name.as_str().eq_ignore_ascii_case(name));
        let Some(raw) = only_one(name, named.map(|header| self.raw(header)))? else { return Ok(None) };
        let decoded = match MessageStream::new(raw).parse_unstructured() {
            HeaderValue::Text(text) => text,
            _ => return Ok(None),
        };
        readable(&format!("header:{name}"), decoded).map(Some)
    }

    fn headers(&self) -> &[Header<'a>] {
        self.parsed.parts.first().map(|part| part.headers.as_slice()).unwrap_or_default()
    }

    /// A header's value as it came, line ends and all.
    fn raw(&self, header: &Header<'_>) -> &[u8] {
        let (start, end) = (header.offset_start as usize, header.offset_end as usize);
        self.parsed.raw_message.get(start..end).unwrap_or_default()
    }

    fn value(&self, name: HeaderName<'_>) -> Option<&HeaderValue<'a>> {
        self.headers().iter().find(|header| header.name == name).map(|header| &header.value)
    }

    /// The first message id in a header, without its angle brackets.
    fn id(&self, name: HeaderName<'_>) -> Found<'_> {
        let id = match self.value(name.clone()) {
            Some(HeaderValue::Text(id)) => id,
            Some(HeaderValue::TextList(ids)) if !ids.is_empty() => ids.first().unwrap_or(&Cow::Borrowed("")),
            _ => return Ok(None),
        };
        readable(&format!("header:{}", name.as_str()), Cow::Borrowed(id)).map(Some)
    }
}

fn mail<'p>(payload: &'p Payload<'_>, take: for<'m> fn(&'m Mail<'_>) -> Found<'m>) -> Found<'p> {
    match &payload.body {
        Body::Mail(mail) => take(mail),
        Body::Json(_) | Body::Text(_) => Ok(None),
    }
}

/// The one address in `From`, in lower case. Where several stand there, nobody can say who wrote it.
fn sender<'m>(mail: &'m Mail<'_>) -> Found<'m> {
    let Some(HeaderValue::Address(addresses)) = mail.value(HeaderName::From) else { return Ok(None) };
    let mut addresses = addresses.iter().filter_map(|address| address.address.as_deref());
    match (addresses.next(), addresses.next()) {
        (Some(_), Some(_)) => {
            Err(Malformed::new(MalformedKind::WrongType, "`header:From` names more than one address"))
        }
        (Some(address), None) => readable("header:From", Cow::Owned(address.to_lowercase())).map(Some),
        (None, _) => Ok(None),
    }
}

/// `Date` as RFC 3339; as it came where it is no date, so that it is not taken for absent.
fn date<'m>(mail: &'m Mail<'_>) -> Found<'m> {
    match mail.value(HeaderName::Date) {
        Some(HeaderValue::DateTime(date)) => Ok(Some(Cow::Owned(date.to_rfc3339()))),
        _ => mail.header("Date"),
    }
}

/// A text whose characters all decoded: the parser puts U+FFFD where one did not.
fn readable<'t>(place: &str, text: Cow<'t, str>) -> Result<Cow<'t, str>, Malformed> {
    if text.contains(char::REPLACEMENT_CHARACTER) {
        let detail = format!("`{}` has characters that cannot be decoded", excerpt(place));
        return Err(Malformed::new(MalformedKind::NotUtf8, detail));
    }
    Ok(text)
}

/// Why the mail itself says that no person sent it (RFC 3834, and habits of mail programs).
fn automatic(payload: &Payload<'_>) -> Option<String> {
    let Body::Mail(mail) = &payload.body else { return None };
    mail.headers().iter().find_map(|header| {
        let raw = String::from_utf8_lossy(mail.raw(header));
        let value = raw.trim();
        let name = header.name.as_str().to_ascii_lowercase();
        let says_so = match name.as_str() {
            "auto-submitted" | "x-autoreply" | "x-autorespond" => is_auto_submitted(value),
            "precedence" => is_bulk(value),
            "x-auto-response-suppress" => !value.eq_ignore_ascii_case("none"),
            "return-path" => value == "<>" || value.is_empty(),
            "content-type" => value.to_ascii_lowercase().starts_with("multipart/report"),
            _ => false,
        };
        says_so.then(|| format!("`header:{name}` is `{}`", excerpt(value)))
    })
}

fn refuse(detail: impl Into<String>) -> Malformed {
    Malformed::new(MalformedKind::NotMail, detail)
}
