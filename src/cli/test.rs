//! `decile test`: the tests beside the rules, through the production path.

use super::args::{Chosen, Format, RulesOrConfig};
use super::print::one_line;
use super::{Exit, world};
use crate::class::RuleId;
use crate::rules::test;
use clap::Args;

/// Runs every `test = […]` of the rules. No tests at all is a failure.
#[derive(Debug, Args)]
#[command(after_help = "Example: decile test --rules rules/\nExit code 3 where a test fails.")]
pub(super) struct Test {
    #[command(flatten)]
    what: RulesOrConfig,
    /// How to print.
    #[arg(long, value_enum, default_value_t)]
    format: Format,
}

impl Test {
    pub(super) fn run(self) -> anyhow::Result<Exit> {
        let (pack, tests) = match self.what.chosen() {
            Chosen::Rules(dir) => world::load_rules(&dir)?,
            Chosen::Config(file) => {
                let world = world::load(&file)?;
                (world.pack, world.tests)
            }
        };
        let failures = test::run(&pack, &tests);
        match self.format {
            Format::Json => println!("{}", serde_json::to_string_pretty(&json(&failures, tests.len()))?),
            Format::Text => {
                for failure in &failures {
                    println!("{}\n", describe(failure));
                }
                println!("{} passed, {} failed", tests.len() - failures.len(), failures.len());
            }
        }
        let is_fine = failures.is_empty() && !tests.is_empty();
        Ok(if is_fine { Exit::Yes } else { Exit::No })
    }
}

fn json(failures: &[test::Failure], tests: usize) -> serde_json::Value {
    let failures: Vec<String> = failures.iter().map(describe).collect();
    serde_json::json!({ "tests": tests, "failures": failures })
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
