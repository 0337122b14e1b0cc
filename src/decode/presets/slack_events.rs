//! Slack's Events API: an `event_callback` around a `message` (or `app_mention`).
//!
//! Slack escapes `&`, `<` and `>` in texts, and only these (its reference, "Formatting text for app
//! surfaces"). An edited message carries its new text one level deeper.

use super::open_object;
use crate::decode::DecodeLimits;
use crate::decode::malformed::{Malformed, MalformedKind, excerpt};
use crate::decode::payload::{Found, Payload, Table, Way};
use crate::message::Delivery;
use std::borrow::Cow;

/// Subtypes of what people write. All others are Slack's own words (`channel_join`) or unknown to us.
const PERSONS_SUBTYPES: [&str; 6] =
    ["bot_message", "file_share", "me_message", "message_changed", "message_replied", "thread_broadcast"];

/// The user that speaks for Slack itself.
const SLACKBOT: &str = "USLACKBOT";

const TABLE: Table = Table {
    text: &[Way::At("/event/text"), Way::At("/event/message/text")],
    id: &[Way::At("/event/client_msg_id"), Way::At("/event_id")],
    sender: &[Way::At("/event/user"), Way::At("/event/message/user")],
    sent_at: &[Way::At("/event/ts"), Way::At("/event/message/ts")],
    thread: &[
        Way::At("/event/thread_ts"),
        Way::At("/event/message/thread_ts"),
        Way::At("/event/message/ts"),
        Way::At("/event/ts"),
    ],
    bot: &[
        Way::At("/event/bot_id"),
        Way::At("/event/message/bot_id"),
        Way::Made("/event/subtype", bot_subtype),
        Way::Made("/event/user", slackbot),
    ],
    attributes: &[
        ("team", Way::At("/team_id")),
        ("channel", Way::At("/event/channel")),
        ("subtype", Way::At("/event/subtype")),
    ],
    unescape,
    automatic,
    ..Table::EMPTY
};

/// Opens a payload of this shape.
pub(super) fn open<'a>(limits: &DecodeLimits, delivery: &'a Delivery) -> Result<Payload<'a>, Malformed> {
    let payload = open_object(&TABLE, limits, delivery)?;
    expect(&payload, "/type", &["event_callback"])?;
    expect(&payload, "/event/type", &["message", "app_mention"])?;
    Ok(payload)
}

fn expect(payload: &Payload<'_>, pointer: &str, words: &[&str]) -> Result<(), Malformed> {
    let found = payload.string(pointer);
    if found.is_some_and(|found| words.contains(&found)) {
        return Ok(());
    }
    let found = found.map_or_else(|| "is missing".to_owned(), |found| format!("is `{}`", excerpt(found)));
    let detail = format!("`{pointer}` {found}, not `{}`", words.join("` or `"));
    Err(Malformed::new(MalformedKind::NotSlackMessage, detail))
}

/// The subtypes of the message and of the one within it.
fn subtypes<'p>(payload: &'p Payload<'_>) -> impl Iterator<Item = &'p str> {
    ["/event/subtype", "/event/message/subtype"].into_iter().filter_map(|pointer| payload.string(pointer))
}

fn bot_subtype<'p>(payload: &'p Payload<'_>) -> Found<'p> {
    Ok(subtypes(payload).find(|subtype| *subtype == "bot_message").map(Cow::Borrowed))
}

fn slackbot<'p>(payload: &'p Payload<'_>) -> Found<'p> {
    let users = ["/event/user", "/event/message/user"];
    let user = users.into_iter().filter_map(|pointer| payload.string(pointer)).find(|user| *user == SLACKBOT);
    Ok(user.map(Cow::Borrowed))
}

fn automatic(payload: &Payload<'_>) -> Option<String> {
    let strange = subtypes(payload).find(|subtype| !PERSONS_SUBTYPES.contains(subtype))?;
    Some(format!("`/event/subtype` is `{}`, which is not what people write", excerpt(strange)))
}

/// Undoes Slack's three escapes, in one pass: `&amp;lt;` is `&lt;`.
fn unescape(text: Cow<'_, str>) -> Cow<'_, str> {
    if !text.contains('&') {
        return text;
    }
    let mut pieces = text.split('&');
    let mut plain = pieces.next().unwrap_or_default().to_owned();
    for piece in pieces {
        let known = [("amp;", '&'), ("lt;", '<'), ("gt;", '>')];
        let escape = known.into_iter().find_map(|(name, plain)| Some((plain, piece.strip_prefix(name)?)));
        let (character, rest) = escape.unwrap_or(('&', piece));
        plain.push(character);
        plain.push_str(rest);
    }
    Cow::Owned(plain)
}
