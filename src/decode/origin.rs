//! Who or what wrote a message. Whatever is not surely a person's leads to no outward action: no loops.

use super::malformed::excerpt;
use super::payload::Payload;
use super::recipe::{Preset, Recipe};
use crate::message::{Message, Origin};

/// Who wrote it, and why that is thought.
pub(super) struct Mark {
    /// Who or what.
    pub(super) origin: Origin,
    /// Why; for a person, that nothing says otherwise.
    pub(super) why: String,
}

/// Marks a message: own before bot before automatic before person. `bot` is the place that says so.
pub(super) fn mark(recipe: &Recipe, payload: &Payload<'_>, bot: Option<String>, message: &Message) -> Mark {
    if let Some(sender) = own_sender(recipe, message) {
        return Mark { origin: Origin::Own, why: format!("the sender is `{sender}`, one of our own") };
    }
    if let Some(place) = bot {
        return Mark { origin: Origin::Bot, why: format!("`{place}` says that it is a bot") };
    }
    match (payload.table.automatic)(payload).or_else(|| automatic(message)) {
        Some(why) => Mark { origin: Origin::Automatic, why },
        None => Mark { origin: Origin::Person, why: "nothing says otherwise".to_owned() },
    }
}

/// The sender, if it is one of the channel's own. Mail's addresses are compared in lower case, which is
/// how they are taken; other names exactly.
fn own_sender<'r>(recipe: &'r Recipe, message: &Message) -> Option<&'r str> {
    let sender = message.sender.as_deref()?;
    let same = |own: &&String| match recipe.preset {
        Preset::Mail => own.to_lowercase() == sender,
        Preset::Decile | Preset::Raw | Preset::Cloudevents | Preset::SlackEvents => own.as_str() == sender,
    };
    recipe.own_senders.iter().find(same).map(String::as_str)
}

/// What attributes and headers say about it, as mail says it.
fn automatic(message: &Message) -> Option<String> {
    let attribute = |name: &str| message.attributes.get(name).map(String::as_str);
    let header = |name: &str| message.headers.get(name).map(String::as_str);
    let found = |place: &str, value: &str| format!("`{place}` is `{}`", excerpt(value));
    let submitted = |value: &&str| is_auto_submitted(value);
    let bulk = |value: &&str| is_bulk(value);
    None.or_else(|| attribute("auto_submitted").filter(submitted).map(|v| found("attribute:auto_submitted", v)))
        .or_else(|| attribute("precedence").filter(bulk).map(|v| found("attribute:precedence", v)))
        .or_else(|| header("auto-submitted").filter(submitted).map(|v| found("header:auto-submitted", v)))
        .or_else(|| header("precedence").filter(bulk).map(|v| found("header:precedence", v)))
}

/// `Auto-Submitted` (RFC 3834): anything but `no`, parameters apart.
pub(super) fn is_auto_submitted(value: &str) -> bool {
    let keyword = value.split(';').next().unwrap_or_default().trim();
    !keyword.eq_ignore_ascii_case("no")
}

/// `Precedence` as mail programs use it (RFC 3834, section 3.1.8, knows it as a habit).
pub(super) fn is_bulk(value: &str) -> bool {
    ["bulk", "list", "junk", "auto_reply"].iter().any(|word| value.trim().eq_ignore_ascii_case(word))
}
