use super::*;
use crate::diagnostic::{Report, SourceFile, render};
use crate::rules;

fn pack_of(text: &str) -> (Pack, rules::Tests) {
    let report = Report::new();
    let written = rules::load_texts(vec![SourceFile::new("rules/test.toml", text)], &report);
    let compiled = rules::compile(&written, &report);
    compiled.unwrap_or_else(|| panic!("{}", render::to_text(&report.into_sorted(), false)))
}

#[test]
fn smoke() {
    let (pack, tests) = pack_of(
        r#"
[lists]
weekday = ["monday", "tuesday", "wednesday", "thursday", "friday"]

[[rule]]
id = "scheduling-confirm"
class = "scheduling_confirm"
any = ["works for me", "see you {weekday}", { re = '\bat \d{1,2}(:\d\d)? ?(am|pm)\b' }]
none = ["can't", { phrase = "cancelled", field = "subject" }]
test = [{ match = "Thursday at 3pm works for me" }, { no_match = "I can't make Thursday" }]
[[rule]]
id = "r"
restrict = "legal"
all = [{ re = '(?P<amount>[\d,.]+) dollars' }]
where = ["amount > 500"]
test = [{ match = "I owe 1,250.00 dollars" }, { match = "I owe 400 or 1,250 dollars or 900 dollars"}, { no_match = "400 dollars" }]
"#,
    );
    assert_eq!(tests.len(), 5);
    let failures = rules::test::run(&pack, &tests);
    assert!(failures.is_empty(), "{failures:#?}");
}
