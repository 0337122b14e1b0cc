//! What a recipe takes from a sample: the answer of `decile inspect`.

use super::malformed::{Malformed, MalformedKind, excerpt_of};
use super::origin::Mark;
use super::payload::Place;
use super::recipe::{Preset, Recipe};
use super::witness::{FieldName, Witness};
use super::{DecodeLimits, read};
use crate::channel::Channel;
use crate::message::{Delivery, Origin};
use crate::reason::Reason;
use std::fmt;

/// The longest value that is shown, in characters.
const VALUE_CHARS_MAX: usize = 200;

/// What a recipe takes from one delivery, and from where.
#[derive(Clone, Debug, PartialEq, serde::Serialize)]
pub struct Inspection {
    /// The channel.
    pub channel: Channel,
    /// Its preset.
    pub preset: Preset,
    /// Each field that was looked for, in the order in which it was.
    pub fields: Vec<InspectedField>,
    /// Who or what wrote it; absent where it is no message.
    pub mark: Option<InspectedMark>,
    /// Why it is no message; absent where it is one.
    pub malformed: Option<InspectedFault>,
}

/// One field.
#[derive(Clone, Debug, Default, PartialEq, serde::Serialize)]
pub struct InspectedField {
    /// Its name: `text`, `sender`, `attribute:team`, `header:list-id`.
    pub field: String,
    /// What was taken, shortened, on one line; absent where no place had anything.
    pub value: Option<String>,
    /// How long what was taken is, in bytes.
    pub value_bytes: Option<usize>,
    /// Where it came from: `/event/text`, `header:Subject`, `the payload`.
    pub source: Option<String>,
    /// The places that were looked at before, and had nothing.
    pub tried: Vec<String>,
}

/// Who or what wrote it.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct InspectedMark {
    /// Who or what.
    pub origin: Origin,
    /// Why that is thought.
    pub why: String,
}

/// Why it is no message.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct InspectedFault {
    /// What is wrong.
    pub kind: MalformedKind,
    /// The reason of its escalation.
    pub reason: Reason,
    /// Where and what.
    pub detail: String,
}

/// Decodes a delivery as [`super::decode`] does, and says where everything came from.
pub fn inspect(recipe: &Recipe, channel: &Channel, limits: &DecodeLimits, delivery: &Delivery) -> Inspection {
    let mut recorder = Recorder::default();
    let decoded = read(recipe, channel, limits, delivery, &mut recorder);
    Inspection {
        channel: channel.clone(),
        preset: recipe.preset,
        fields: recorder.fields,
        mark: recorder.mark,
        malformed: decoded.err().map(InspectedFault::from),
    }
}

impl From<Malformed> for InspectedFault {
    fn from(malformed: Malformed) -> Self {
        Self { kind: malformed.kind, reason: malformed.reason(), detail: malformed.detail }
    }
}

/// Writes down what decoding does.
#[derive(Default)]
struct Recorder {
    fields: Vec<InspectedField>,
    mark: Option<InspectedMark>,
}

impl Recorder {
    /// The record of a field; fields come one after the other.
    fn record(&mut self, field: FieldName<'_>, write: impl FnOnce(&mut InspectedField)) {
        let name = field.to_string();
        match self.fields.last_mut() {
            Some(last) if last.field == name => write(last),
            _ => {
                let mut record = InspectedField { field: name, ..InspectedField::default() };
                write(&mut record);
                self.fields.push(record);
            }
        }
    }
}

impl Witness for Recorder {
    fn tried(&mut self, field: FieldName<'_>, place: Place<'_>) {
        self.record(field, |record| record.tried.push(place.to_string()));
    }

    fn took(&mut self, field: FieldName<'_>, place: &dyn fmt::Display, value: &str) {
        self.record(field, |record| {
            record.value = Some(excerpt_of(value, VALUE_CHARS_MAX));
            record.value_bytes = Some(value.len());
            record.source = Some(place.to_string());
        });
    }

    fn marked(&mut self, mark: &Mark) {
        self.mark = Some(InspectedMark { origin: mark.origin, why: mark.why.clone() });
    }
}
