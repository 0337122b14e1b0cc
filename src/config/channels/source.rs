//! Places to look, from their text.

use crate::decode::recipe::{Source, SourceError};

/// Parses a place.
// replaced by Source::parse
pub(super) fn parse(text: &str) -> Result<Source, SourceError> {
    if let Some(header) = text.strip_prefix("header:") {
        return if header.is_empty() { Err(SourceError) } else { Ok(Source::Header(header.to_owned())) };
    }
    if let Some(token) = text.strip_prefix("subject[").and_then(|rest| rest.strip_suffix(']')) {
        return token.parse().map(Source::SubjectToken).map_err(|_| SourceError);
    }
    let Some(pointer) = text.strip_prefix('/') else { return Err(SourceError) };
    let tokens = pointer.split('/').map(|token| token.replace("~1", "/").replace("~0", "~"));
    Ok(Source::Pointer(tokens.collect()))
}

/// A place's text, for the digest: what [`parse`] reads.
pub(super) fn text(source: &Source) -> String {
    match source {
        Source::Header(name) => format!("header:{}", name.to_ascii_lowercase()),
        Source::SubjectToken(at) => format!("subject[{at}]"),
        Source::Pointer(tokens) => {
            tokens.iter().map(|token| format!("/{}", token.replace('~', "~0").replace('/', "~1"))).collect()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_is_written_back_as_it_was() {
        for place in ["/event/text", "/a~1b/~0", "/", "header:x-text", "subject[2]"] {
            assert_eq!(parse(place).map(|source| text(&source)), Ok(place.to_owned()));
        }
        for wrong in ["", "text", "header:", "subject[x]", "subject[", "event/text"] {
            assert_eq!(parse(wrong), Err(SourceError), "{wrong}");
        }
    }
}
