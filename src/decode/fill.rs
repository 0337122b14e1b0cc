//! Fills a message's fields from an opened payload, each within its bound.

use super::DecodeLimits;
use super::json::Json;
use super::malformed::{Malformed, MalformedKind};
use super::origin::mark;
use super::payload::{Payload, Place, at, places};
use super::recipe::{Recipe, Source};
use super::time;
use super::witness::{FieldName, Witness};
use crate::channel::Channel;
use crate::message::{Message, Origin};
use std::borrow::Cow;
use std::collections::BTreeMap;

/// The longest sender, subject, id, thread, and name or value of an attribute, in bytes.
pub const FIELD_BYTES_MAX: usize = 1_024;

/// The longest header that is taken, in bytes: `List-Unsubscribe` is long by habit.
pub const HEADER_BYTES_MAX: usize = 4_096;

/// The most attributes that a message has.
pub const ATTRIBUTES_MAX: usize = 64;

/// One message being filled.
pub(super) struct Fill<'f, 'a> {
    pub(super) recipe: &'f Recipe,
    pub(super) limits: &'f DecodeLimits,
    pub(super) payload: &'f Payload<'a>,
    pub(super) witness: &'f mut dyn Witness,
}

impl<'f> Fill<'f, '_> {
    /// Fills every field; the text last, so that a witness has seen the others when there is none.
    pub(super) fn message(mut self, channel: &Channel) -> Result<Message, Malformed> {
        let (by_hand, table) = (&self.recipe.by_hand, self.payload.table);
        let id = self.field("id", places(&by_hand.id, table.id))?;
        let sender = self.field("sender", places(&by_hand.sender, table.sender))?;
        let subject = self.field("subject", places(&by_hand.subject, table.subject))?;
        let sent_at = self.sent_at()?;
        let thread = self.field("thread", places(&by_hand.thread, table.thread))?;
        let attributes = self.attributes()?;
        let headers = self.headers()?;
        let bot = self.bot()?;
        let text = self.text()?;
        let origin = Origin::Person;
        let channel = channel.clone();
        let mut message = Message { channel, id, sender, subject, text, sent_at, thread, attributes, headers, origin };
        let mark = mark(self.recipe, self.payload, bot, &message);
        self.witness.marked(&mark);
        message.origin = mark.origin;
        Ok(message)
    }

    fn text(&mut self) -> Result<String, Malformed> {
        let (field, table) = (FieldName::Fixed("text"), self.payload.table);
        for place in places(&self.recipe.by_hand.text, table.text) {
            match self.payload.look(place)? {
                Some(text) if !text.trim().is_empty() => {
                    let text = if is_in_payload(place) { (table.unescape)(text) } else { text };
                    return self.text_at(place, text);
                }
                _ => self.witness.tried(field, place),
            }
        }
        Err(self.no_text())
    }

    fn text_at(&mut self, place: Place<'_>, text: Cow<'_, str>) -> Result<String, Malformed> {
        let (length, bytes_max) = (text.len(), self.limits.message_bytes_max);
        if length > bytes_max {
            let detail = format!("the text has {length} bytes; `message_bytes_max` is {bytes_max}");
            return Err(Malformed::new(MalformedKind::Oversized, detail));
        }
        self.witness.took(FieldName::Fixed("text"), &place, &text);
        Ok(text.into_owned())
    }

    fn no_text(&self) -> Malformed {
        let looked: Vec<String> =
            places(&self.recipe.by_hand.text, self.payload.table.text).map(|place| format!("`{place}`")).collect();
        Malformed::new(MalformedKind::NoText, format!("no text in {}", looked.join(", ")))
    }

    fn sent_at(&mut self) -> Result<Option<jiff::Timestamp>, Malformed> {
        let found = self.first(
            FieldName::Fixed("sent_at"),
            places(&self.recipe.by_hand.sent_at, self.payload.table.sent_at),
            FIELD_BYTES_MAX,
        )?;
        let Some((place, written)) = found else { return Ok(None) };
        let detail = || format!("`{place}` is no time: write RFC 3339, or seconds since the epoch");
        time::parse(&written).map(Some).ok_or_else(|| Malformed::new(MalformedKind::WrongType, detail()))
    }

    fn attributes(&mut self) -> Result<BTreeMap<String, String>, Malformed> {
        let (by_hand, table) = (&self.recipe.by_hand.attributes, self.payload.table);
        let mut attributes = BTreeMap::new();
        for (name, sources) in by_hand {
            self.attribute(&mut attributes, name, places(sources, &[]))?;
        }
        for (name, way) in table.attributes.iter().filter(|(name, _)| !by_hand.contains_key(*name)) {
            self.attribute(&mut attributes, name, [Place::Preset(way)].into_iter())?;
        }
        if let Some((base, members)) = self.spread()? {
            let is_preset = |name: &str| table.attributes.iter().any(|(preset, _)| *preset == name);
            for name in members.filter(|name| !by_hand.contains_key(*name) && !is_preset(name)) {
                self.attribute(&mut attributes, name, [Place::Spread(base, name)].into_iter())?;
            }
        }
        Ok(attributes)
    }

    /// The names in the object whose members all become attributes.
    fn spread(&self) -> Result<Option<(&'static str, impl Iterator<Item = &'f str> + use<'f>)>, Malformed> {
        let (payload, base) = (self.payload, self.payload.table.spread);
        let super::payload::Body::Json(tree) = &payload.body else { return Ok(None) };
        let Some((base, value)) = base.and_then(|base| Some((base, at(tree, base)?))) else { return Ok(None) };
        match value {
            Json::Object(members) => Ok(Some((base, members.keys().map(|name| name.as_ref())))),
            Json::Null => Ok(None),
            other => {
                let detail = format!("`{base}` is {}, not an object", other.type_name());
                Err(Malformed::new(MalformedKind::WrongType, detail))
            }
        }
    }

    fn attribute<'r>(
        &mut self,
        attributes: &mut BTreeMap<String, String>,
        name: &str,
        places: impl Iterator<Item = Place<'r>>,
    ) -> Result<(), Malformed> {
        let field = FieldName::Attribute(name);
        if name.len() > FIELD_BYTES_MAX {
            return Err(too_long(format!("the name of `{field}`"), name.len(), FIELD_BYTES_MAX));
        }
        let Some((_, value)) = self.first(field, places, FIELD_BYTES_MAX)? else { return Ok(()) };
        if attributes.len() >= ATTRIBUTES_MAX {
            let detail = format!("more than {ATTRIBUTES_MAX} attributes");
            return Err(Malformed::new(MalformedKind::FieldTooLong, detail));
        }
        attributes.insert(name.to_owned(), value);
        Ok(())
    }

    fn headers(&mut self) -> Result<BTreeMap<String, String>, Malformed> {
        let by_hand = self.recipe.by_hand.headers.iter().map(String::as_str);
        let mut headers = BTreeMap::new();
        for name in self.payload.table.headers.iter().copied().chain(by_hand) {
            let name = name.to_ascii_lowercase();
            let source = Source::Header(name.clone());
            let place = [Place::ByHand(&source)].into_iter();
            if headers.contains_key(&name) {
                continue;
            }
            if let Some((_, value)) = self.first(FieldName::Header(&name), place, HEADER_BYTES_MAX)? {
                headers.insert(name, value);
            }
        }
        Ok(headers)
    }

    /// The place that says that a bot wrote it.
    fn bot(&mut self) -> Result<Option<String>, Malformed> {
        let field = FieldName::Fixed("bot");
        for place in places(&self.recipe.by_hand.bot, self.payload.table.bot) {
            match self.says_bot(place)? {
                Some(says_so) => {
                    self.witness.took(field, &place, if says_so { "true" } else { "false" });
                    return Ok(says_so.then(|| place.to_string()));
                }
                None => self.witness.tried(field, place),
            }
        }
        Ok(None)
    }

    fn says_bot(&self, place: Place<'_>) -> Result<Option<bool>, Malformed> {
        if let Some(Json::List(_) | Json::Object(_)) = self.payload.json(place) {
            return Ok(Some(true));
        }
        let value = self.payload.look(place)?.filter(|value| !value.is_empty());
        Ok(value.map(|value| !matches!(value.as_ref(), "false" | "0" | "null")))
    }

    fn field<'r>(
        &mut self,
        name: &'static str,
        places: impl Iterator<Item = Place<'r>>,
    ) -> Result<Option<String>, Malformed> {
        Ok(self.first(FieldName::Fixed(name), places, FIELD_BYTES_MAX)?.map(|(_, value)| value))
    }

    /// The first place that holds something; an empty text is nothing.
    fn first<'r>(
        &mut self,
        field: FieldName<'_>,
        places: impl Iterator<Item = Place<'r>>,
        bytes_max: usize,
    ) -> Result<Option<(Place<'r>, String)>, Malformed> {
        for place in places {
            match self.payload.look(place)? {
                Some(value) if value.len() > bytes_max => {
                    return Err(too_long(format!("`{field}`"), value.len(), bytes_max));
                }
                Some(value) if !value.is_empty() => {
                    self.witness.took(field, &place, &value);
                    return Ok(Some((place, value.into_owned())));
                }
                _ => self.witness.tried(field, place),
            }
        }
        Ok(None)
    }
}

/// Whether the preset's escapes apply to what lies there.
fn is_in_payload(place: Place<'_>) -> bool {
    !matches!(place, Place::ByHand(Source::Header(_) | Source::SubjectToken(_)))
}

fn too_long(what: String, bytes: usize, bytes_max: usize) -> Malformed {
    Malformed::new(MalformedKind::FieldTooLong, format!("{what} has {bytes} bytes; {bytes_max} are allowed"))
}
