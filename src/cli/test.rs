//! `decile test`: the tests beside the rules, or a table of cases, through the production path.

use super::args::{Chosen, Format, RulesOrConfig};
use super::print::one_line;
use super::{Exit, world};
use crate::class::RuleId;
use crate::rules::{cases, test};
use clap::Args;
use std::path::{Path, PathBuf};

/// Runs every `test = […]` of the rules, or a folder of cases. No tests at all is a failure.
#[derive(Debug, Args)]
#[command(after_help = "Example: decile test --rules rules/\nExit code 3 where a test fails.")]
pub(super) struct Test {
    #[command(flatten)]
    what: RulesOrConfig,
    /// A folder of cases, instead: rules of their own, messages, and what must come of them.
    #[arg(long, value_name = "DIR", conflicts_with = "rules")]
    cases: Option<PathBuf>,
    /// How to print.
    #[arg(long, value_enum, default_value_t)]
    format: Format,
}

impl Test {
    pub(super) fn run(self) -> anyhow::Result<Exit> {
        let (count, failures) = match &self.cases {
            Some(dir) => run_cases(dir)?,
            None => self.run_tests()?,
        };
        match self.format {
            Format::Json => {
                let json = serde_json::json!({ "tests": count, "failures": failures });
                println!("{}", serde_json::to_string_pretty(&json)?);
            }
            Format::Text => {
                failures.iter().for_each(|failure| println!("{failure}\n"));
                println!("{} passed, {} failed", count - failures.len(), failures.len());
            }
        }
        let is_fine = failures.is_empty() && count > 0;
        Ok(if is_fine { Exit::Yes } else { Exit::No })
    }

    /// How many there are, and those that fail.
    fn run_tests(&self) -> anyhow::Result<(usize, Vec<String>)> {
        let (pack, tests) = match self.what.chosen() {
            Chosen::Rules(dir) => world::load_rules(&dir)?,
            Chosen::Config(file) => {
                let world = world::load(&file)?;
                match world.tests {
                    Some(tests) => (world.pack, tests),
                    None => world::load_rules(&world.config.rules)?,
                }
            }
        };
        Ok((tests.len(), test::run(&pack, &tests).iter().map(describe).collect()))
    }
}

fn run_cases(dir: &Path) -> anyhow::Result<(usize, Vec<String>)> {
    let cases = world::load_cases(dir)?;
    Ok((cases.len(), cases::run(&cases).iter().map(describe_case).collect()))
}

fn describe_case(failure: &cases::Failure) -> String {
    format!("{}: {}: {}", failure.at, failure.why, failure.wrong.join("; "))
}

fn describe(failure: &test::Failure) -> String {
    let expected = match failure.expected {
        test::Expected::Match => "must fire",
        test::Expected::NoMatch => "must not fire",
    };
    let fired: Vec<&str> = failure.fired.iter().map(RuleId::as_str).collect();
    let instead = match (failure.refused, fired.is_empty()) {
        (Some(reason), _) => format!("the message is `{reason}`"),
        (None, true) => "no rule fired".to_owned(),
        (None, false) => format!("these fired: {}", fired.join(", ")),
    };
    format!("{}: `{}` {expected} on “{}”; {instead}", failure.at, failure.rule, one_line(&failure.text, 100))
}
