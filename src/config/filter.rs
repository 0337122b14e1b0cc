//! NATS subject filters: whether a text is one, and whether two of them overlap.

/// Why a text is no subject filter; `None` where it is one.
pub fn wrong(filter: &str) -> Option<&'static str> {
    if filter.is_empty() || filter.len() > 255 {
        return Some("a subject has 1 to 255 bytes");
    }
    if filter.chars().any(|c| c.is_whitespace() || c.is_control()) {
        return Some("a subject has no white space");
    }
    let tokens: Vec<&str> = filter.split('.').collect();
    let last = tokens.len() - 1;
    tokens.iter().enumerate().find_map(|(at, token)| match *token {
        "" => Some("a subject has no empty token"),
        ">" if at != last => Some("`>` stands for the rest and can only be the last token"),
        ">" | "*" => None,
        token if token.contains(['*', '>']) => Some("`*` and `>` are whole tokens"),
        _ => None,
    })
}

/// Whether some subject matches both filters.
pub fn overlaps(a: &str, b: &str) -> bool {
    let (mut a, mut b) = (a.split('.'), b.split('.'));
    loop {
        match (a.next(), b.next()) {
            (None, None) | (Some(">"), Some(_)) | (Some(_), Some(">")) => return true,
            (None, _) | (_, None) => return false,
            (Some(a), Some(b)) if a != b && a != "*" && b != "*" => return false,
            _ => {}
        }
    }
}

/// Whether every subject that matches `narrow` matches `wide` too.
pub fn covers(wide: &str, narrow: &str) -> bool {
    let (mut wide, mut narrow) = (wide.split('.'), narrow.split('.'));
    loop {
        match (wide.next(), narrow.next()) {
            (None, None) | (Some(">"), Some(_)) => return true,
            (None, _) | (_, None | Some(">")) => return false,
            (Some(wide), Some(narrow)) if wide != narrow && wide != "*" => return false,
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_filter_covers_what_is_narrower() {
        for (wide, narrow, is_covered) in [
            ("a.b", "a.b", true),
            ("a.*", "a.b", true),
            ("a.b", "a.*", false),
            ("a.>", "a.*.c", true),
            ("a.>", "a.>", true),
            ("a.*", "a.>", false),
            ("a.>", "a", false),
            ("a.*.c", "a.b.*", false),
            ("*", ">", false),
        ] {
            assert_eq!(covers(wide, narrow), is_covered, "{wide} {narrow}");
        }
    }

    #[test]
    fn filters_are_checked_as_nats_does() {
        for filter in ["a", "a.b", "a.*.c", "a.>", ">", "*", "chat.slack.support.>"] {
            assert_eq!(wrong(filter), None, "{filter}");
        }
        for filter in ["", ".", "a.", ".a", "a..b", "a.>.b", "a b", "a.\t", "a*", "a.b>", "a\u{7f}", &"a".repeat(256)] {
            assert!(wrong(filter).is_some(), "{filter:?}");
        }
    }

    #[test]
    fn overlap_is_symmetric_and_by_token() {
        for (a, b, overlap) in [
            ("a.b", "a.b", true),
            ("a.b", "a.c", false),
            ("a.*", "a.c", true),
            ("a.*", "a.b.c", false),
            ("a.>", "a.b.c", true),
            ("a.>", "a", false),
            ("a.*.c", "a.b.*", true),
            ("*.b", "a.>", true),
            (">", "a", true),
            ("ab.c", "a.c", false),
        ] {
            assert_eq!((overlaps(a, b), overlaps(b, a)), (overlap, overlap), "{a} {b}");
        }
    }
}
