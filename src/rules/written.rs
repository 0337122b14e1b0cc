//! Rule files as written: one type for each table, nothing resolved.

use crate::diagnostic::table::{Placed, Table, Value, read_file};
use crate::diagnostic::{Location, Report, SourceFile};
use schemars::JsonSchema;
use std::collections::BTreeMap;
use std::sync::Arc;

/// All rule files of a pack, in name order.
#[derive(Clone, Debug, Default)]
pub struct Written {
    /// The files.
    pub files: Vec<RuleFile>,
    /// The files of words that classes name, by how they name them.
    pub word_files: BTreeMap<String, Arc<SourceFile>>,
}

/// A file of rules, with the lists they share and their tests beside them.
#[derive(Clone, Debug, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct RuleFile {
    /// Words or phrases by name: `{weekday}` in a phrase is any item of the list. Shared by all files of
    /// the folder; an item may contain other lists.
    #[schemars(with = "Option<BTreeMap<String, Vec<String>>>")]
    pub lists: Vec<WrittenList>,
    /// What classes ask for. A class needs no entry here.
    #[schemars(rename = "class", with = "Option<Vec<WrittenClass>>")]
    pub classes: Vec<WrittenClass>,
    /// What restrictions mean. A restriction needs no entry here.
    #[schemars(rename = "restriction", with = "Option<Vec<WrittenRestriction>>")]
    pub restrictions: Vec<WrittenRestriction>,
    /// The rules.
    #[schemars(rename = "rule", with = "Option<Vec<WrittenRule>>")]
    pub rules: Vec<WrittenRule>,
}

/// A named list.
#[derive(Clone, Debug)]
pub struct WrittenList {
    /// Its name.
    pub name: Placed<String>,
    /// Its items.
    pub items: Vec<Placed<String>>,
}

/// What a class asks for.
#[derive(Clone, Debug, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct WrittenClass {
    /// Its name, `[A-Za-z0-9_-]{1,64}`.
    #[schemars(with = "String")]
    pub name: Option<Placed<String>>,
    /// What it means, in a line.
    #[schemars(with = "Option<String>")]
    pub description: Option<Placed<String>>,
    /// How many of its rules must fire; 1 unless said.
    #[schemars(with = "Option<u64>", range(min = 1, max = 100))]
    pub witnesses: Option<Placed<u64>>,
    /// More words than this in `text`, and the message is novel.
    #[schemars(with = "Option<u64>", range(min = 1, max = 100_000))]
    pub max_words: Option<Placed<u64>>,
    /// Words that the class knows; `{list}` adds those of a list. Needs `max_unknown`.
    #[schemars(with = "Option<Vec<String>>")]
    pub vocabulary: Option<Vec<Placed<String>>>,
    /// A file with more of them, inside the folder of the rules: one word a line, `#` begins a comment. Needs
    /// `max_unknown`.
    #[schemars(with = "Option<String>")]
    pub vocabulary_file: Option<Placed<String>>,
    /// More distinct words of `text` than this beside the vocabulary, and the message is novel.
    #[schemars(with = "Option<u64>", range(max = 100_000))]
    pub max_unknown: Option<Placed<u64>>,
    /// Lints that are not reported of the class and its rules, by their codes.
    #[schemars(with = "Option<Vec<String>>")]
    pub allow: Vec<Placed<String>>,
}

/// What a restriction means.
#[derive(Clone, Debug, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct WrittenRestriction {
    /// Its name, `[A-Za-z0-9_-]{1,64}`.
    #[schemars(with = "String")]
    pub name: Option<Placed<String>>,
    /// What it means, in a line.
    #[schemars(with = "Option<String>")]
    pub description: Option<Placed<String>>,
}

/// A rule: it permits (`class`) or restricts (`restrict`).
#[derive(Clone, Debug, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct WrittenRule {
    /// Where the rule stands.
    #[schemars(skip)]
    pub at: Location,
    /// Its id, `[A-Za-z0-9_-]{1,64}`, unique in the folder.
    #[schemars(with = "String")]
    pub id: Option<Placed<String>>,
    /// The class that it names: a permitting rule.
    #[schemars(with = "Option<String>")]
    pub class: Option<Placed<String>>,
    /// The restriction that it belongs to: a restricting rule, which forces escalation.
    #[schemars(with = "Option<String>")]
    pub restrict: Option<Placed<String>>,
    /// The channels on which it exists; `*` stands for a whole source or name: `slack.*`.
    #[schemars(with = "Option<Vec<String>>")]
    pub channels: Option<(Location, Vec<Placed<String>>)>,
    /// At least one of these matches.
    #[schemars(with = "Option<Vec<WrittenPattern>>")]
    pub any: Vec<WrittenPattern>,
    /// Each of these matches.
    #[schemars(with = "Option<Vec<WrittenPattern>>")]
    pub all: Vec<WrittenPattern>,
    /// Not one of these matches.
    #[schemars(with = "Option<Vec<WrittenPattern>>")]
    pub none: Vec<WrittenPattern>,
    /// Each holds for some match: a named group of a regex, a comparison, a number: `amount > 500`.
    #[schemars(rename = "where", with = "Option<Vec<String>>")]
    pub comparisons: Vec<Placed<String>>,
    /// From when on the rule does not exist: a date-time with an offset, or a date, which means the end of
    /// that day in UTC.
    #[schemars(with = "Option<String>")]
    pub expires: Option<Placed<String>>,
    /// `false` takes the rule out of the pack.
    #[schemars(with = "Option<bool>")]
    pub enabled: Option<Placed<bool>>,
    /// Who answers for it.
    #[schemars(with = "Option<String>")]
    pub owner: Option<Placed<String>>,
    /// What readers should know.
    #[schemars(with = "Option<String>")]
    pub note: Option<Placed<String>>,
    /// Lints that are not reported of the rule, by their codes: `decile check --lints` lists them.
    #[schemars(with = "Option<Vec<String>>")]
    pub allow: Vec<Placed<String>>,
    /// Messages that must, and that must not, make the rule fire.
    #[schemars(rename = "test", with = "Option<Vec<WrittenTest>>")]
    pub tests: Vec<WrittenTest>,
}

/// A pattern: a phrase on `text`, or a phrase or a regex on a field.
#[derive(Clone, Debug, JsonSchema)]
#[schemars(untagged, deny_unknown_fields)]
pub enum WrittenPattern {
    /// A phrase on `text`: whole words, `^` and `$` for the ends of the field, `{list}` for a list.
    Text(#[schemars(with = "String")] Placed<String>),
    /// A phrase.
    Phrase {
        /// Whole words, `^` and `$` for the ends of the field, `{list}` for a list.
        #[schemars(with = "String")]
        phrase: Placed<String>,
        /// `text` (unless said), `subject`, `sender`, `header:Name` or `attribute:name`.
        #[schemars(with = "Option<String>")]
        field: Option<Placed<String>>,
    },
    /// A regular expression.
    Regex {
        /// The expression, as the `regex` crate has them; case is ignored.
        #[schemars(with = "String", length(max = 1024))]
        re: Placed<String>,
        /// `text` (unless said), `subject`, `sender`, `header:Name` or `attribute:name`.
        #[schemars(with = "Option<String>")]
        field: Option<Placed<String>>,
    },
}

/// A message, and whether the rule fires for it.
#[derive(Clone, Debug, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct WrittenTest {
    /// Where the test stands.
    #[schemars(skip)]
    pub at: Location,
    /// A text that makes the rule fire.
    #[schemars(rename = "match", with = "Option<String>")]
    pub matches: Option<Placed<String>>,
    /// A text that does not.
    #[schemars(with = "Option<String>")]
    pub no_match: Option<Placed<String>>,
    /// The subject line.
    #[schemars(with = "Option<String>")]
    pub subject: Option<Placed<String>>,
    /// The sender.
    #[schemars(with = "Option<String>")]
    pub sender: Option<Placed<String>>,
    /// The channel; the first of the rule's channels unless given, with `test` for `*`.
    #[schemars(with = "Option<String>")]
    pub channel: Option<Placed<String>>,
    /// The time at which the message is decided on: a date-time with an offset, or a date, which means its
    /// beginning in UTC. A moment before the rule expires unless given.
    #[schemars(with = "Option<String>")]
    pub now: Option<Placed<String>>,
    /// Headers by name.
    #[schemars(with = "Option<BTreeMap<String, String>>")]
    pub headers: Vec<(Placed<String>, Placed<String>)>,
    /// Attributes by name.
    #[schemars(with = "Option<BTreeMap<String, String>>")]
    pub attributes: Vec<(Placed<String>, Placed<String>)>,
    /// Fields that the message does not have. Of those that the rule reads, one that is neither given nor
    /// named here is there, and empty.
    #[schemars(with = "Option<Vec<String>>")]
    pub absent: Vec<Placed<String>>,
}

impl RuleFile {
    /// Reads a file; what is wrong goes to the report.
    pub fn read(file: &Arc<SourceFile>, report: &Report) -> Self {
        read_file(file, report, |table| Self {
            lists: table.named("lists").into_iter().map(|(name, items)| list(name, items)).collect(),
            classes: table.tables("class", WrittenClass::read),
            restrictions: table.tables("restriction", WrittenRestriction::read),
            rules: table.tables("rule", WrittenRule::read),
        })
    }
}

fn list(name: Placed<String>, items: Value<'_>) -> WrittenList {
    let items = items.strings(&name.value);
    WrittenList { name, items }
}

impl WrittenClass {
    fn read(table: &Table<'_>) -> Self {
        Self {
            name: table.required_string("name"),
            description: table.string("description"),
            witnesses: table.integer("witnesses", 1..=100),
            max_words: table.integer("max_words", 1..=100_000),
            vocabulary: table.has("vocabulary").then(|| table.strings("vocabulary")),
            vocabulary_file: table.string("vocabulary_file"),
            max_unknown: table.integer("max_unknown", 0..=100_000),
            allow: table.strings("allow"),
        }
    }
}

impl WrittenRestriction {
    fn read(table: &Table<'_>) -> Self {
        Self { name: table.required_string("name"), description: table.string("description") }
    }
}

impl WrittenRule {
    /// Whether it is part of the pack.
    pub fn is_enabled(&self) -> bool {
        self.enabled.as_ref().is_none_or(|enabled| enabled.value)
    }

    fn read(table: &Table<'_>) -> Self {
        let patterns = |key| table.list(key).into_iter().filter_map(|value| WrittenPattern::read(key, value)).collect();
        Self {
            at: table.at(),
            id: table.required_string("id"),
            class: table.string("class"),
            restrict: table.string("restrict"),
            channels: table.place("channels").map(|at| (at, table.strings("channels"))),
            any: patterns("any"),
            all: patterns("all"),
            none: patterns("none"),
            comparisons: table.strings("where"),
            expires: table.moment("expires"),
            enabled: table.boolean("enabled"),
            owner: table.string("owner"),
            note: table.string("note"),
            allow: table.strings("allow"),
            tests: table.tables("test", WrittenTest::read),
        }
    }
}

impl WrittenPattern {
    /// The field, if one is named.
    pub fn field(&self) -> Option<&Placed<String>> {
        match self {
            Self::Text(_) => None,
            Self::Phrase { field, .. } | Self::Regex { field, .. } => field.as_ref(),
        }
    }

    fn read(key: &str, value: Value<'_>) -> Option<Self> {
        if value.is_string() {
            return value.string(key).map(Self::Text);
        }
        value.table(key, Self::read_table).flatten()
    }

    fn read_table(table: &Table<'_>) -> Option<Self> {
        let field = table.string("field");
        match (table.string("phrase"), table.string("re")) {
            (Some(phrase), None) => Some(Self::Phrase { phrase, field }),
            (None, Some(re)) => Some(Self::Regex { re, field }),
            (phrase, _) => {
                // A value of the wrong type has been reported already.
                if phrase.is_some() || !(table.has("phrase") || table.has("re")) {
                    let wrong = "a pattern has a `phrase` or an `re`, one of them";
                    table.report().error(
                        "pattern-kind",
                        &table.at(),
                        wrong,
                        "write `{ phrase = \"…\" }` or `{ re = '…' }`",
                    );
                }
                None
            }
        }
    }
}

impl WrittenTest {
    fn read(table: &Table<'_>) -> Self {
        Self {
            at: table.at(),
            matches: table.string("match"),
            no_match: table.string("no_match"),
            subject: table.string("subject"),
            sender: table.string("sender"),
            channel: table.string("channel"),
            now: table.moment("now"),
            headers: strings_by_name(table, "headers"),
            attributes: strings_by_name(table, "attributes"),
            absent: table.strings("absent"),
        }
    }
}

fn strings_by_name(table: &Table<'_>, key: &'static str) -> Vec<(Placed<String>, Placed<String>)> {
    let named = table.named(key).into_iter();
    named.filter_map(|(name, value)| value.string(&name.value).map(|value| (name, value))).collect()
}
