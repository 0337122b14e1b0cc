//! Drafts: templates with typed fields only. Nothing of the message's text can get into one.

/// A template, parsed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Template {
    pub(crate) parts: Vec<Part>,
}

/// A piece of a template.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Part {
    /// As written.
    Text(String),
    /// A typed field of the message or its decision.
    Field(DraftField),
}

/// What a template may name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum DraftField {
    /// Who wrote the message.
    Sender,
    /// Its subject line.
    Subject,
    /// The channel.
    Channel,
    /// The class.
    Class,
    /// The day it was sent.
    Date,
}
