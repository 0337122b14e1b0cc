//! Whether the parser saw the whole mail.
//!
//! `mail-parser` recovers what it can from a broken structure, and loses the rest without a word: parts
//! after one whose boundary never comes, and parts after mail that is directly within mail within mail.
//! A rule that never sees a part that the reader sees could be talked around, so such mail is refused.

use crate::decode::malformed::{Malformed, MalformedKind};
use mail_parser::{Message, PartType};

/// Refuses a mail of which the parser may have lost a part. [`super::nesting::check`] has bounded the
/// depth of this recursion.
///
/// # Errors
/// Where it may have.
pub(super) fn check(mail: &Message<'_>) -> Result<(), Malformed> {
    if !is_tree(mail) {
        return Err(Malformed::new(MalformedKind::NotMail, "its parts do not hang together"));
    }
    for part in &mail.parts {
        if part.is_encoding_problem {
            return Err(Malformed::new(MalformedKind::NotMail, "the encoding or the end of a part is broken"));
        }
        if let PartType::Message(inner) = &part.body {
            if let Some(PartType::Message(_)) = inner.parts.first().map(|root| &root.body) {
                let detail = "a mail within it holds nothing but another mail";
                return Err(Malformed::new(MalformedKind::TooDeep, detail));
            }
            check(inner)?;
        }
    }
    Ok(())
}

/// Whether every part but the first belongs to exactly one multipart, which stands before it. Where the
/// parser lost its way, children are missing, or another message's.
fn is_tree(mail: &Message<'_>) -> bool {
    let mut children = Vec::new();
    for (parent, part) in (0_u32..).zip(&mail.parts) {
        if let PartType::Multipart(own) = &part.body {
            if own.iter().any(|child| *child <= parent) {
                return false;
            }
            children.extend_from_slice(own);
        }
    }
    children.sort_unstable();
    (1_u32..).zip(&children).all(|(expected, child)| expected == *child) && children.len() + 1 == mail.parts.len()
}
