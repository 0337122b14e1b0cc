//! What a mail says: every part that a mail program would show as text.
//!
//! Of alternatives, the one that `mail-parser` prefers (plain text, else HTML). Outside alternatives, all
//! text that is not marked as an attachment, whatever its subtype or file name (RFC 2046, section 4.1.4:
//! unknown subtypes of text are plain text): a rule must not see less than a reader does.

use super::{Mail, readable, refuse};
use crate::decode::malformed::{Malformed, MalformedKind, excerpt};
use crate::decode::payload::Found;
use mail_parser::decoders::charsets::map::charset_decoder;
use mail_parser::decoders::html::html_to_text;
use mail_parser::{Message, MessagePart, MessagePartId, MimeHeaders, PartType};
use std::borrow::Cow;

/// The text of a mail; parts are a blank line apart.
///
/// # Errors
/// Where there is no text part, or one cannot be decoded.
pub(super) fn text<'m>(mail: &'m Mail<'_>) -> Found<'m> {
    let mut shown = Vec::new();
    collect(&mail.parsed, 0, false, &mut shown);
    let mut pieces = Vec::new();
    for part in shown.iter().filter_map(|id| mail.parsed.part(*id)) {
        check_charset(part)?;
        pieces.extend(piece(part).map(|text| readable("the text parts", text)).transpose()?);
    }
    match pieces.len() {
        0 => Err(refuse("it has no text part")),
        1 => Ok(pieces.pop()),
        _ => Ok(Some(Cow::Owned(pieces.join("\n\n")))),
    }
}

/// The parts that are shown as text, in order. [`super::wholeness::check`] has made sure that they are a
/// tree, [`super::nesting::check`] that it is not deep.
fn collect(mail: &Message<'_>, id: MessagePartId, is_alternative: bool, shown: &mut Vec<MessagePartId>) {
    let Some(part) = mail.part(id) else { return };
    if let PartType::Multipart(children) = &part.body {
        let is_alternative = is_alternative || part.is_content_type("multipart", "alternative");
        children.iter().for_each(|child| collect(mail, *child, is_alternative, shown));
    } else if piece(part).is_some() && (mail.text_body.contains(&id) || !is_alternative && !is_attachment(part)) {
        shown.push(id);
    }
}

fn is_attachment(part: &MessagePart<'_>) -> bool {
    part.content_disposition().is_some_and(|disposition| disposition.is_attachment())
}

fn piece<'m>(part: &'m MessagePart<'_>) -> Option<Cow<'m, str>> {
    match &part.body {
        PartType::Text(text) => Some(Cow::Borrowed(text)),
        PartType::Html(html) => Some(Cow::Owned(html_to_text(html))),
        PartType::Binary(_) | PartType::InlineBinary(_) | PartType::Message(_) | PartType::Multipart(_) => None,
    }
}

fn check_charset(part: &MessagePart<'_>) -> Result<(), Malformed> {
    let charset = part.content_type().and_then(|content| content.attribute("charset"));
    match charset.filter(|charset| !is_known(charset)) {
        Some(charset) => {
            let detail = format!("the charset `{}` is not known", excerpt(charset));
            Err(Malformed::new(MalformedKind::NotUtf8, detail))
        }
        None => Ok(()),
    }
}

/// Whether the parser decodes this charset; UTF-8 it does without a table.
fn is_known(charset: &str) -> bool {
    let is_utf8 = ["utf-8", "utf8"].iter().any(|name| charset.eq_ignore_ascii_case(name));
    is_utf8 || charset_decoder(charset.as_bytes()).is_some()
}
