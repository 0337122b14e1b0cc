//! A payload that has been opened, and the places in it where values lie.
//!
//! A preset is a [`Table`]: for each field the ways to it, in order. What the operator mapped by hand
//! replaces a field's ways; [`places`] is where the two meet, and nothing else looks anywhere.

use super::json::Json;
use super::malformed::{Malformed, MalformedKind, excerpt};
use super::presets::mail::Mail;
use super::recipe::Source;
use crate::message::Delivery;
use std::borrow::Cow;
use std::fmt;

/// Whole numbers from here on may have lost digits when they were read: 2^53.
const EXACT_NUMBER_MAX: f64 = 9_007_199_254_740_992.0;

/// A payload, opened by its preset.
pub(super) struct Payload<'a> {
    /// What the preset takes.
    pub(super) table: &'static Table,
    /// Its content.
    pub(super) body: Body<'a>,
    /// What it came in.
    pub(super) delivery: &'a Delivery,
}

/// What a payload holds.
pub(super) enum Body<'a> {
    /// JSON.
    Json(Json<'a>),
    /// Only text.
    Text(&'a str),
    /// Mail.
    Mail(Mail<'a>),
}

/// What a place holds: `None` where it holds nothing.
pub(super) type Found<'p> = Result<Option<Cow<'p, str>>, Malformed>;

/// What a preset takes, field by field, in order.
pub(super) struct Table {
    pub(super) text: &'static [Way],
    pub(super) id: &'static [Way],
    pub(super) sender: &'static [Way],
    pub(super) subject: &'static [Way],
    pub(super) sent_at: &'static [Way],
    pub(super) thread: &'static [Way],
    pub(super) bot: &'static [Way],
    /// Attributes by name.
    pub(super) attributes: &'static [(&'static str, Way)],
    /// The pointer to an object whose members all become attributes.
    pub(super) spread: Option<&'static str>,
    /// Headers that rules may look at, in lower case.
    pub(super) headers: &'static [&'static str],
    /// Undoes the escapes that the source puts into texts.
    pub(super) unescape: fn(Cow<'_, str>) -> Cow<'_, str>,
    /// Why the source says that no person wrote it, where it does.
    pub(super) automatic: fn(&Payload<'_>) -> Option<String>,
}

impl Table {
    /// Takes nothing: what presets start from.
    pub(super) const EMPTY: Self = Self {
        text: &[],
        id: &[],
        sender: &[],
        subject: &[],
        sent_at: &[],
        thread: &[],
        bot: &[],
        attributes: &[],
        spread: None,
        headers: &[],
        unescape: |text| text,
        automatic: |_| None,
    };
}

/// A preset's way to a value.
pub(super) enum Way {
    /// A JSON Pointer without escapes.
    At(&'static str),
    /// Whatever the function makes of the payload; the name says from what.
    Made(&'static str, for<'p> fn(&'p Payload<'_>) -> Found<'p>),
}

/// One place to look, by preset or by hand.
#[derive(Clone, Copy)]
pub(super) enum Place<'r> {
    /// By preset.
    Preset(&'r Way),
    /// By preset: a member of the object whose members all become attributes.
    Spread(&'static str, &'r str),
    /// By hand.
    ByHand(&'r Source),
}

impl fmt::Display for Place<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Preset(Way::At(name) | Way::Made(name, _)) => f.write_str(name),
            Self::Spread(base, member) => write!(f, "{base}/{}", excerpt(member)),
            Self::ByHand(source) => source.fmt(f),
        }
    }
}

/// Where to look for a field: what was mapped by hand, or else what the preset takes.
pub(super) fn places<'r>(by_hand: &'r [Source], preset: &'static [Way]) -> impl Iterator<Item = Place<'r>> {
    let preset = if by_hand.is_empty() { preset } else { &[] };
    by_hand.iter().map(Place::ByHand).chain(preset.iter().map(Place::Preset))
}

impl<'a> Payload<'a> {
    /// The JSON value at a place, if it is a place in JSON.
    pub(super) fn json(&self, place: Place<'_>) -> Option<&Json<'a>> {
        let Body::Json(tree) = &self.body else { return None };
        match place {
            Place::Preset(Way::At(pointer)) => at(tree, pointer),
            Place::Spread(base, member) => at(tree, base)?.member(member),
            Place::ByHand(Source::Pointer(tokens)) => tree.pointer(tokens.iter().map(String::as_str)),
            Place::Preset(Way::Made(..)) | Place::ByHand(Source::Header(_) | Source::SubjectToken(_)) => None,
        }
    }

    /// The text at a place.
    pub(super) fn look(&self, place: Place<'_>) -> Found<'_> {
        match place {
            Place::Preset(Way::Made(_, make)) => make(self),
            Place::ByHand(Source::Header(name)) => self.header(name),
            Place::ByHand(Source::SubjectToken(number)) => {
                Ok(self.delivery.subject.split('.').nth(*number).map(Cow::Borrowed))
            }
            Place::Preset(Way::At(_)) | Place::Spread(..) | Place::ByHand(Source::Pointer(_)) => {
                self.json(place).map_or(Ok(None), |value| scalar(value, &place))
            }
        }
    }

    /// A header of the delivery, or else of the mail in it.
    pub(super) fn header(&self, name: &str) -> Found<'_> {
        match (nats_header(self.delivery, name)?, &self.body) {
            (None, Body::Mail(mail)) => mail.header(name),
            (found, _) => Ok(found.map(Cow::Borrowed)),
        }
    }

    /// A string in the payload by a pointer without escapes; anything but a string is `None`.
    pub(super) fn string(&self, pointer: &str) -> Option<&str> {
        match &self.body {
            Body::Json(tree) => match at(tree, pointer) {
                Some(Json::Text(text)) => Some(text),
                _ => None,
            },
            Body::Text(_) | Body::Mail(_) => None,
        }
    }
}

/// A value by a pointer without escapes; the empty one names the whole.
pub(super) fn at<'t, 'a>(tree: &'t Json<'a>, pointer: &str) -> Option<&'t Json<'a>> {
    tree.pointer(pointer.split('/').skip(1))
}

/// A NATS header; twice with other content is a mistake, because nobody can say which one counts.
///
/// # Errors
/// Where it is there twice with other content.
pub(super) fn nats_header<'d>(delivery: &'d Delivery, name: &str) -> Result<Option<&'d str>, Malformed> {
    let values = delivery.headers.iter().filter(|(key, _)| key.eq_ignore_ascii_case(name));
    only_one(name, values.map(|(_, value)| value.as_str()))
}

/// The only value that a header has.
///
/// # Errors
/// Where it has two that differ.
pub(super) fn only_one<T: PartialEq>(name: &str, values: impl Iterator<Item = T>) -> Result<Option<T>, Malformed> {
    let mut values = values;
    let first = values.next();
    match (&first, values.next()) {
        (Some(one), Some(other)) if *one != other || values.any(|more| *one != more) => {
            let detail = format!("the header `{}` is there twice", excerpt(name));
            Err(Malformed::new(MalformedKind::DuplicateKey, detail))
        }
        _ => Ok(first),
    }
}

/// The text of a value that is not made of others.
fn scalar<'t>(value: &'t Json<'_>, place: &Place<'_>) -> Found<'t> {
    let wrong = |what: &str| Err(Malformed::new(MalformedKind::WrongType, format!("`{place}` is {what}")));
    match value {
        Json::Null => Ok(None),
        Json::Boolean(truth) => Ok(Some(Cow::Borrowed(if *truth { "true" } else { "false" }))),
        Json::Text(text) => Ok(Some(Cow::Borrowed(text))),
        Json::Number(number) if number.is_f64() && number.as_f64().is_none_or(|f| f.abs() >= EXACT_NUMBER_MAX) => {
            wrong("a number too large to be read exactly: send it as a string")
        }
        Json::Number(number) => Ok(Some(Cow::Owned(number.to_string()))),
        Json::List(_) | Json::Object(_) => wrong(value.type_name()),
    }
}
