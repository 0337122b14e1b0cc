//! `[source.channel.map]`: where values come from, named by hand.

use crate::decode::recipe::{Mapping, Source};
use crate::diagnostic::Report;
use crate::diagnostic::table::{Placed, Table};
use std::collections::BTreeMap;

const SOURCES_MAX: usize = 16;
const NAMES_MAX: usize = 64;

/// Where values come from. Each place is a JSON Pointer (`/event/text`), `header:Name` or `subject[n]`; the
/// first that has a value gives it.
#[derive(Debug, Default, schemars::JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct WrittenMap {
    /// The text.
    #[schemars(with = "Option<OneOrMore>")]
    pub text: Vec<Placed<String>>,
    /// The source's id.
    #[schemars(with = "Option<OneOrMore>")]
    pub id: Vec<Placed<String>>,
    /// Who wrote it.
    #[schemars(with = "Option<OneOrMore>")]
    pub sender: Vec<Placed<String>>,
    /// The subject line.
    #[schemars(with = "Option<OneOrMore>")]
    pub subject: Vec<Placed<String>>,
    /// When it was sent: RFC 3339, or seconds since the epoch.
    #[schemars(with = "Option<OneOrMore>")]
    pub sent_at: Vec<Placed<String>>,
    /// The thread.
    #[schemars(with = "Option<OneOrMore>")]
    pub thread: Vec<Placed<String>>,
    /// Whether a bot wrote it: any value but `false`, `0`, `null` and the empty text says so.
    #[schemars(with = "Option<OneOrMore>")]
    pub bot: Vec<Placed<String>>,
    /// Attributes that rules may look at, by name.
    #[schemars(with = "Option<BTreeMap<String, OneOrMore>>")]
    pub attributes: Vec<(Placed<String>, Vec<Placed<String>>)>,
    /// Headers that rules may look at.
    #[schemars(default)]
    pub headers: Vec<Placed<String>>,
}

/// One place, or a list of places.
#[derive(Debug)]
pub struct OneOrMore;

impl schemars::JsonSchema for OneOrMore {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "OneOrMore".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({
            "description": "One place, or a list of places.",
            "anyOf": [{ "type": "string" }, { "type": "array", "items": { "type": "string" }, "maxItems": SOURCES_MAX }],
        })
    }
}

impl WrittenMap {
    pub(super) fn read(table: &Table<'_>) -> Self {
        Self {
            text: table.one_or_more_strings("text"),
            id: table.one_or_more_strings("id"),
            sender: table.one_or_more_strings("sender"),
            subject: table.one_or_more_strings("subject"),
            sent_at: table.one_or_more_strings("sent_at"),
            thread: table.one_or_more_strings("thread"),
            bot: table.one_or_more_strings("bot"),
            attributes: attributes(table),
            headers: table.strings("headers"),
        }
    }

    /// The mapping as meant.
    pub(super) fn resolve(&self, report: &Report) -> Mapping {
        Mapping {
            text: sources(&self.text, report),
            id: sources(&self.id, report),
            sender: sources(&self.sender, report),
            subject: sources(&self.subject, report),
            sent_at: sources(&self.sent_at, report),
            thread: sources(&self.thread, report),
            bot: sources(&self.bot, report),
            attributes: self.attributes(report),
            headers: self.headers(report),
        }
    }

    fn attributes(&self, report: &Report) -> BTreeMap<String, Vec<Source>> {
        too_many(self.attributes.iter().map(|(name, _)| name), NAMES_MAX, "attributes", report);
        let mut attributes = BTreeMap::new();
        for (name, places) in &self.attributes {
            if name.value.is_empty() || name.value.chars().any(|c| c.is_whitespace() || c.is_control()) {
                let message = format!("`{}` cannot be an attribute", name.value);
                report.error("bad-name", &name.at, message, "write a name without spaces");
            }
            attributes.insert(name.value.clone(), sources(places, report));
        }
        attributes
    }

    /// In lower case, each once: headers compare case-insensitively.
    fn headers(&self, report: &Report) -> Vec<String> {
        too_many(self.headers.iter(), NAMES_MAX, "headers", report);
        for name in self.headers.iter().filter(|name| !is_header(&name.value)) {
            let message = format!("`{}` cannot be a header", name.value);
            report.error("bad-name", &name.at, message, "write visible ASCII characters without `:`");
        }
        let mut headers: Vec<String> = self.headers.iter().map(|name| name.value.to_ascii_lowercase()).collect();
        headers.sort_unstable();
        headers.dedup();
        headers
    }
}

fn attributes(table: &Table<'_>) -> Vec<(Placed<String>, Vec<Placed<String>>)> {
    let entries = table.named("attributes").into_iter();
    entries
        .map(|(name, value)| {
            let places = if value.is_string() {
                Vec::from_iter(value.string("attributes"))
            } else {
                value.strings("attributes")
            };
            (name, places)
        })
        .collect()
}

fn sources(places: &[Placed<String>], report: &Report) -> Vec<Source> {
    too_many(places.iter(), SOURCES_MAX, "places", report);
    let mut sources = Vec::with_capacity(places.len());
    for place in places {
        match Source::parse(&place.value) {
            Ok(source) => sources.push(source),
            Err(error) => {
                let message = format!("`{}` is no place to look", place.value);
                report.error("bad-source", &place.at, message, error.to_string());
            }
        }
    }
    sources
}

fn too_many<'a>(mut names: impl Iterator<Item = &'a Placed<String>>, max: usize, what: &str, report: &Report) {
    if let Some(name) = names.nth(max) {
        report.error("too-many", &name.at, format!("more than {max} {what}"), "remove some");
    }
}

fn is_header(name: &str) -> bool {
    !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_graphic() && byte != b':')
}
