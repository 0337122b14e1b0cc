//! The lints there are.

use crate::diagnostic::table::Placed;
use crate::diagnostic::value::suggestion;
use crate::diagnostic::{Report, Severity};

/// How bad it is what a lint finds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Level {
    /// Worth knowing.
    Note,
    /// Probably not what was meant; `decile check --strict` does not pass.
    Warning,
    /// Nothing is loaded; it cannot be allowed.
    Error,
}

/// Everything that lints look for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Lint {
    /// No proof that a permitting rule needs a positive match.
    NoWitnessProof,
    /// No test shows that a rule fires.
    NoMatchTest,
    /// No test shows where a rule does not fire.
    NoNoMatchTest,
    /// A rule, or one of its patterns, that can never do anything.
    Unreachable,
    /// A rule that never fires alone in its class.
    Shadowed,
    /// A rule whose own message another class or a restriction claims.
    Conflict,
    /// A pattern twice in a rule.
    RepeatedPattern,
    /// A pattern in `any` of two rules of a class.
    SharedPattern,
    /// A regex that runs on every message.
    SlowRegex,
    /// A rule that reads what a message may not have.
    MayBeAbsent,
    /// A rule that does not exist any more.
    Expired,
    /// A rule that will soon not exist.
    ExpiresSoon,
    /// A rule that fires on no message of a corpus.
    NeverFires,
    /// A class that no rule names.
    ClassWithoutRules,
    /// A class that needs more witnesses than it has rules.
    TooFewRules,
    /// A word of a vocabulary that changes nothing.
    NeedlessWord,
    /// A word of a vocabulary that every rule of the class excludes.
    UnreachableWord,
    /// A list that nothing uses.
    UnusedList,
    /// Something allowed that was not found.
    UselessAllow,
}

impl Lint {
    /// All of them.
    pub const ALL: [Self; 19] = [
        Self::NoWitnessProof,
        Self::NoMatchTest,
        Self::NoNoMatchTest,
        Self::Unreachable,
        Self::Shadowed,
        Self::Conflict,
        Self::RepeatedPattern,
        Self::SharedPattern,
        Self::SlowRegex,
        Self::MayBeAbsent,
        Self::Expired,
        Self::ExpiresSoon,
        Self::NeverFires,
        Self::ClassWithoutRules,
        Self::TooFewRules,
        Self::NeedlessWord,
        Self::UnreachableWord,
        Self::UnusedList,
        Self::UselessAllow,
    ];

    /// Its stable code.
    pub fn code(self) -> &'static str {
        self.described().0
    }

    /// How bad it is what it finds.
    pub fn level(self) -> Level {
        match self {
            Self::NoWitnessProof => Level::Error,
            Self::SharedPattern | Self::SlowRegex | Self::ExpiresSoon => Level::Note,
            _ => Level::Warning,
        }
    }

    /// What it means to be found, in a line.
    pub fn meaning(self) -> &'static str {
        self.described().1
    }

    /// What to do about it, in a line.
    pub fn advice(self) -> &'static str {
        self.described().2
    }

    /// Whether it is found in some runs only: what allows it is not useless in the others.
    pub(super) fn is_of_its_run(self) -> bool {
        matches!(self, Self::Expired | Self::ExpiresSoon | Self::NeverFires)
    }

    fn described(self) -> (&'static str, &'static str, &'static str) {
        match self {
            Self::NoWitnessProof => (
                "no-witness-proof",
                "a permitting rule that might fire although nothing of `any` and `all` matches in the raw view",
                "give it a pattern in `any` or `all` that matches no empty text",
            ),
            Self::NoMatchTest => (
                "no-match-test",
                "no test shows that the rule fires",
                "add a message that it is for: `test = [{ match = \"…\" }]`",
            ),
            Self::NoNoMatchTest => (
                "no-no-match-test",
                "no test shows where the rule does not fire",
                "add a message that looks alike and is not meant: `test = [{ no_match = \"…\" }]`",
            ),
            Self::Unreachable => (
                "unreachable",
                "a rule, or a pattern of one, that can never do anything: what it needs is excluded, or cannot be together",
                "correct `none`, or the anchors; or remove it",
            ),
            Self::Shadowed => (
                "shadowed",
                "wherever the rule fires, another of its class fires too: it decides nothing, and is no second witness",
                "remove it, or narrow the other",
            ),
            Self::Conflict => (
                "conflict",
                "the shortest message that the rule is for is also one of another class, or restricted",
                "add what tells them apart to `none` of one of them",
            ),
            Self::RepeatedPattern => ("repeated-pattern", "a pattern stands twice in a rule", "remove one of them"),
            Self::SharedPattern => (
                "shared-pattern",
                "the same pattern stands in `any` of two rules of a class",
                "keep it in one of them, unless what else they ask for differs",
            ),
            Self::SlowRegex => (
                "slow-regex",
                "a regex without a literal to look for: it runs on every message",
                "begin or end it with a fixed text of two characters or more",
            ),
            Self::MayBeAbsent => (
                "may-be-absent",
                "a rule for every channel reads a field that a message may not have",
                "name the `channels` that have the field",
            ),
            Self::Expired => ("expired", "the rule has expired: it does not exist", "remove it, or give it more time"),
            Self::ExpiresSoon => {
                ("expires-soon", "the rule expires within 14 days", "decide whether it is still wanted")
            }
            Self::NeverFires => {
                ("never-fires", "the rule fires on no message of the corpus (`--corpus`)", "correct it, or remove it")
            }
            Self::ClassWithoutRules => (
                "class-without-rules",
                "no rule names the class: no message is of it",
                "add a rule with this `class`, or remove it",
            ),
            Self::TooFewRules => (
                "too-few-rules",
                "the class needs more witnesses than it has rules: no message is of it",
                "lower `witnesses`, or add rules",
            ),
            Self::NeedlessWord => (
                "needless-word",
                "an item of a vocabulary that changes nothing: no word, a number or an address, or there already",
                "remove it",
            ),
            Self::UnreachableWord => (
                "unreachable-word",
                "a word of a vocabulary that every rule of the class excludes",
                "remove it from the vocabulary, or from `none`",
            ),
            Self::UnusedList => ("unused-list", "nothing uses the list", "use it, or remove it"),
            Self::UselessAllow => ("useless-allow", "an `allow` of something that is not found here", "remove it"),
        }
    }
}

impl Level {
    pub(super) fn severity(self) -> Severity {
        match self {
            Self::Note => Severity::Note,
            Self::Warning => Severity::Warning,
            Self::Error => Severity::Error,
        }
    }
}

/// The lints that an `allow` names; what cannot be allowed is reported.
pub(in crate::rules) fn allowed(written: &[Placed<String>], report: &Report) -> Vec<Placed<Lint>> {
    written.iter().filter_map(|code| Some(Placed::new(one(code, report)?, code.at.clone()))).collect()
}

fn one(code: &Placed<String>, report: &Report) -> Option<Lint> {
    let Some(lint) = Lint::ALL.into_iter().find(|lint| lint.code() == code.value) else {
        let codes = Lint::ALL.map(Lint::code);
        let wrong = format!("there is no lint `{}`", code.value);
        report.error("unknown-lint", &code.at, wrong, suggestion(&code.value, &codes));
        return None;
    };
    if lint.level() == Level::Error {
        let wrong = format!("`{}` cannot be allowed", code.value);
        report.error("cannot-allow", &code.at, wrong, "remove it, and correct the rule");
        return None;
    }
    Some(lint)
}
