//! The shapes of payloads that Decile knows, a file each.

mod cloudevents;
mod decile;
pub(super) mod mail;
mod raw;
mod slack_events;

use super::DecodeLimits;
use super::json::Json;
use super::malformed::{Malformed, MalformedKind};
use super::payload::{Body, Payload, Table};
use super::recipe::Preset;
use crate::message::Delivery;

/// Opens a payload by its preset.
///
/// # Errors
/// Where it has not the shape that the preset needs.
pub(super) fn open<'a>(
    preset: Preset,
    limits: &DecodeLimits,
    delivery: &'a Delivery,
) -> Result<Payload<'a>, Malformed> {
    match preset {
        Preset::Decile => decile::open(limits, delivery),
        Preset::Raw => raw::open(delivery),
        Preset::Cloudevents => cloudevents::open(limits, delivery),
        Preset::SlackEvents => slack_events::open(limits, delivery),
        Preset::Mail => mail::open(delivery),
    }
}

/// A payload that must be a JSON object.
fn open_object<'a>(
    table: &'static Table,
    limits: &DecodeLimits,
    delivery: &'a Delivery,
) -> Result<Payload<'a>, Malformed> {
    match Json::parse(&delivery.payload, limits.json_depth_max)? {
        tree @ Json::Object(_) => Ok(Payload { table, body: Body::Json(tree), delivery }),
        other => Err(Malformed::new(MalformedKind::NotJson, format!("{} is not an object", other.type_name()))),
    }
}
