//! Formatting changes nothing but the layout: on chosen files, and on the shipped ones with their white space
//! torn apart.

mod torn;

use super::*;
use crate::rules;

#[track_caller]
fn formatted(text: &str) -> String {
    let report = Report::new();
    let formatted = format(&SourceFile::new("a.toml", text), &report);
    formatted.unwrap_or_else(|| panic!("{:?} of\n{text}", report.into_sorted()))
}

#[track_caller]
fn assert_formatted(text: &str, expected: &str) {
    assert_eq!(formatted(text), expected);
    assert_eq!(formatted(expected), expected, "again");
}

#[test]
fn keys_are_ordered_and_comments_go_with_them() {
    assert_formatted(
        "#:schema s.json\n# What it is about.\n\n\n[[rule]] # the first\ntest=[{match=\"a\"} , {no_match='b',subject=\"c\"},]\n\
         # why\n#   more\nany = ['a'   ,\"b\"]#beside\nnote=\"n\"\nclass=\"c\"\nmine = 1\n  id  =  \"x\"\n\n\n\n\
         [[ class ]]\nmax_words=3\nname=\"c\"\n[ lists ]\nb=[]\na=[ ]",
        "#:schema s.json\n# What it is about.\n\n[[rule]] # the first\nid = \"x\"\nclass = \"c\"\nnote = \"n\"\n\
         # why\n#   more\nany = ['a', \"b\"] #beside\ntest = [{ match = \"a\" }, { no_match = 'b', subject = \"c\" }]\nmine = 1\n\n\
         [[class]]\nname = \"c\"\nmax_words = 3\n\n[lists]\nb = []\na = []\n",
    );
}

#[test]
fn an_array_is_on_one_line_up_to_the_width_and_then_broken() {
    let item = "x".repeat(53);
    let fits = format!("abc = [\"{item}\", \"{item}\"]\n");
    assert_eq!(fits.chars().count(), 121, "120 and the line's end");
    assert_formatted(&format!("abc=[\n\"{item}\",\n\n\"{item}\",\n]\n"), &fits);
    let broken = format!("abcde = [\n  \"{item}\", \"{item}\",\n]\n");
    assert_formatted(&format!("abcde=[\"{item}\",\"{item}\"]"), &broken);
    let long = "é".repeat(200);
    let nested = format!("a = [\n  {{ b = \"{long}\", c = [1, 2] }},\n  [\n    \"{long}\",\n    1,\n  ],\n]\n");
    assert_formatted(&nested.replace(['\n', ' '], ""), &nested);
}

#[test]
fn short_items_fill_lines_and_tables_have_a_line_each() {
    let [half, exact, over] = [57, 58, 59].map(|chars| format!("\"{}\"", "é".repeat(chars - 2)));
    let full = format!("  {half}, {exact},\n");
    assert_eq!(full.chars().count(), 121, "120 and the line's end");
    assert_formatted(&format!("a=[{half},{exact}, {half},{over}]"), &format!("a = [\n{full}  {half},\n  {over},\n]\n"));
    let (table, nested) = (format!("{{ re = {half} }}"), "[7, 8]");
    assert_formatted(
        &format!("a=[{half},{exact},{half},{exact},1,2,{table},{table},{nested},2,\n\n3,4,'''\nx''',5,6]"),
        &format!(
            "a = [\n{full}{full}  1, 2,\n  {table},\n  {table},\n  {nested},\n  2,\n\n  3, 4,\n  '''\nx''',\n  5, 6,\n]\n"
        ),
    );
}

/// A comment at a line's end may be about all of the line: no item joins or leaves it.
#[test]
fn a_line_of_items_with_a_comment_beside_stays_as_it_is() {
    assert_formatted(
        "a = [1, 2,\n 3, 4, # three and four\n 5, 6,\n 7 , 8 # and eight\n , 9,\n # above\n 10, 11 ]\n",
        "a = [\n  1, 2,\n  3, 4, # three and four\n  5, 6,\n  7, 8, # and eight\n  9,\n  # above\n  10, 11,\n]\n",
    );
    assert_formatted(
        "a = [\n1,\n2, # two\n3, {}, # a table\n]\n",
        "a = [\n  1,\n  2, # two\n  3,\n  {}, # a table\n]\n",
    );
    // Too long for a line: the comment stays with the last.
    let item = format!("\"{}\"", "x".repeat(36));
    assert_formatted(
        &format!("a = [1, 2,\n {item}, {item}, {item}, # many\n 3, 4]\n"),
        &format!("a = [\n  1, 2, {item}, {item},\n  {item}, # many\n  3, 4,\n]\n"),
    );
}

#[test]
fn comments_in_arrays_and_inline_tables_stay_where_they_are() {
    assert_formatted(
        "a = [ # first\n\n 1, # one\n # above two\n\n\n 2 # two\n , 3 # three\n  , # after\n # end\n\n]\nb = [ # none\n]\n\
         c = { d = 1, # one\n e = [2, # two\n ] }\nf = [\n\n4]\n",
        "a = [\n  # first\n\n  1, # one\n  # above two\n\n  2, # two\n  3, # three\n  # after\n  # end\n]\nb = [\n  # none\n]\n\
         c = {\n  d = 1, # one\n  e = [\n    2, # two\n  ],\n}\nf = [4]\n",
    );
}

#[test]
fn comments_between_tables_belong_to_what_they_touch() {
    assert_formatted(
        "# the file\n\n# the key\na = 1\n# of a\n\n\n# of b\n\n[b]\n# in b\n\nc = 1\n\n\n# d\nd = 2\n# under d\n\n[e]\n# under e\n[f]\n\n# end\n\n\n",
        "# the file\n\n# the key\na = 1\n# of a\n\n# of b\n\n[b]\n# in b\n\nc = 1\n\n# d\nd = 2\n# under d\n\n[e]\n\n# under e\n[f]\n\n# end\n",
    );
    assert_formatted("\n\n# alone\n\n\n# again", "# alone\n\n# again\n");
    assert_formatted("a = 1\n# close", "a = 1\n# close\n");
    assert_formatted("\r\n\r\na = 1 # b\r\n# c\r\n", "a = 1 # b\n# c\n");
    assert_formatted("", "");
}

#[test]
fn values_are_spelled_as_they_were() {
    let values = "a = 1_000\nb = 0x1F\nc = 'it \"is\"'\nd = \"\\u00e9 # no comment\"\ne = \"\"\"\n two\n lines\"\"\"\n\
         f = 1979-05-27 07:32:00\ng = [\n  '''\nx  y''',\n  1,\n]\nh = { i = \"\"\"a\nb\"\"\", \"j k\".l = +inf }\n\"m n\" . o = true\n";
    assert_formatted(values, &values.replace(" . ", "."));
    assert_formatted("\u{feff}a = 1", "a = 1\n");
    assert_formatted("a = \"\"\"x\r\ny\"\"\"\r\n", "a = \"\"\"x\r\ny\"\"\"\n");
}

#[test]
fn what_is_no_toml_is_reported_at_its_line_and_left_alone() {
    for text in ["a = 1\nb = = 2\n", "[[rule]\n", "a = [1\n", "a = \"x\n"] {
        let report = Report::new();
        assert_eq!(format(&SourceFile::new("a.toml", text), &report), None);
        let found = report.into_sorted();
        assert!(found.iter().all(|it| it.code == "toml-syntax" && it.location.is_some()), "{text}: {found:?}");
    }
}

#[test]
fn what_formatting_would_lose_is_noticed() {
    let text = "a = [1, 2] # b\n";
    assert!(says_the_same(text, "# b\na = [1,2]\n"));
    for other in
        ["a = [1] # b\n", "a = [2, 1] # b\n", "a = [1, 2]\n", "a = [1, 2] # b\n# b\n", "a = [1, 2] # b\nc = 1", "="]
    {
        assert!(!says_the_same(text, other), "{other}");
    }
}

/// A key that the language gets and that has no place here would go to the end.
#[test]
fn every_key_has_a_place() {
    let schema = serde_json::to_value(crate::config::schema::of::<rules::written::RuleFile>()).unwrap();
    let keys = |name: &str| -> Vec<String> {
        let properties = schema["definitions"][name]["properties"].as_object();
        properties.unwrap_or_else(|| panic!("no {name} in {schema}")).keys().cloned().collect()
    };
    for (table, name) in [
        ("rule", "WrittenRule"),
        ("class", "WrittenClass"),
        ("restriction", "WrittenRestriction"),
        ("rule.test", "WrittenTest"),
    ] {
        let order = order::of_table(table).unwrap();
        let keys = keys(name);
        assert!(!keys.is_empty());
        for key in keys {
            assert!(order.contains(&key.as_str()), "`{key}` of `{table}`");
        }
    }
}
