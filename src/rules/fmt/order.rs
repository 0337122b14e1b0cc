//! The order of keys in the tables that have one: what it is, where it holds, what it looks for, what proves it.

const RULE: [&str; 14] = [
    "id", "class", "restrict", "channels", "enabled", "expires", "owner", "note", "any", "all", "none", "where",
    "allow", "test",
];
const CLASS: [&str; 8] =
    ["name", "description", "witnesses", "max_words", "vocabulary", "vocabulary_file", "max_unknown", "allow"];
const RESTRICTION: [&str; 2] = ["name", "description"];
const TEST: [&str; 9] = ["match", "no_match", "subject", "sender", "channel", "now", "headers", "attributes", "absent"];

/// The keys of the table with this header, in order; `None` where the author's order stands, as in `[lists]`.
pub(super) fn of_table(header: &str) -> Option<&'static [&'static str]> {
    match header {
        "rule" => Some(&RULE),
        "class" => Some(&CLASS),
        "restriction" => Some(&RESTRICTION),
        "rule.test" => Some(&TEST),
        _ => None,
    }
}

/// Where a key stands in an order; what is unknown stands last.
pub(super) fn rank(order: &[&str], key: &str) -> usize {
    let first = key.split('.').next().unwrap_or(key).trim_matches(['"', '\'']);
    order.iter().position(|known| *known == first).unwrap_or(order.len())
}
