//! `decile doctor`: whether servers and streams let Decile keep its promises.

use super::args::{ConfigFile, Connect, Format};
use super::exit::UsageError;
use super::{Exit, world};
use crate::bus::examine::{Beside, examine};
use crate::bus::setup::Setup;
use crate::bus::{self, AckBounds, Purpose};
use crate::config::Config;
use crate::config::bus::is_monitor;
use crate::doctor::{Finding, Severity, judge};
use crate::subject::Root;
use anyhow::Context as _;
use clap::Args;
use std::io::Write as _;

/// Looks at the servers and streams that Decile runs on, and says what each finding costs. Nothing is changed.
#[derive(Debug, Args)]
#[command(after_help = "Example: decile doctor --config config/decile.toml --monitor http://127.0.0.1:8222\n\
    Exit code 3 where a promise is void: `decile run` refuses to run on that. What has a price counts with `--strict`.")]
pub(super) struct Doctor {
    #[command(flatten)]
    file: ConfigFile,
    #[command(flatten)]
    connect: Connect,
    /// The monitoring endpoint of a server, in place of those in `[bus]`; of each, separated by commas.
    #[arg(long, value_name = "URL", value_delimiter = ',')]
    monitor: Vec<String>,
    /// Where a daemon serves its metrics, in place of the address in `[http]`.
    #[arg(long, value_name = "URL")]
    metrics: Option<String>,
    /// Count what has a price as well.
    #[arg(long)]
    strict: bool,
    /// How to print.
    #[arg(long, value_enum, default_value_t)]
    format: Format,
}

impl Doctor {
    pub(super) fn run(self) -> anyhow::Result<Exit> {
        let config = world::load_config(&self.file.config)?;
        let root = Root::new(&config.bus.root).context("the root of the subjects")?;
        let mut setup = Setup::of(&config, &root);
        self.look_beside(&config, &mut setup.beside)?;
        let access = self.connect.access(&config.bus)?;
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let examined = runtime.block_on(async {
            let connection = bus::connect(&access, Purpose::Command, AckBounds::for_commands(&access), None).await?;
            examine(&connection, &setup).await
        })?;
        let findings = judge(&examined);
        self.print(&findings)?;
        let worst = if self.strict { Severity::Costs } else { Severity::Refuses };
        Ok(if findings.iter().any(|finding| finding.severity <= worst) { Exit::No } else { Exit::Yes })
    }

    fn look_beside(&self, config: &Config, beside: &mut Beside) -> anyhow::Result<()> {
        if let Some(wrong) = self.monitor.iter().find(|url| !is_monitor(url)) {
            return Err(UsageError(format!("`{wrong}` is no monitoring endpoint: write `http://host:port`")).into());
        }
        if !self.monitor.is_empty() {
            beside.monitors.clone_from(&self.monitor);
        }
        let served = config.http_listen.map(|listen| format!("http://{listen}"));
        beside.metrics = self.metrics.clone().or(served);
        Ok(())
    }

    fn print(&self, findings: &[Finding]) -> anyhow::Result<()> {
        let mut out = std::io::stdout().lock();
        if self.format == Format::Json {
            let all = serde_json::json!({ "findings": findings });
            writeln!(out, "{}", serde_json::to_string_pretty(&all)?)?;
            return Ok(());
        }
        let told: Vec<&Finding> = findings.iter().filter(|finding| finding.severity != Severity::Fine).collect();
        for alike in told.chunk_by(|one, next| is_alike(one, next)) {
            writeln!(out, "{}", paragraph(alike))?;
        }
        writeln!(out, "{}", summary(findings))?;
        Ok(())
    }
}

/// Whether two findings differ in where they were found, and in nothing else.
fn is_alike(one: &Finding, next: &Finding) -> bool {
    let rest = |it: &Finding| (it.kind, it.severity, it.costs.clone(), it.advice.clone());
    rest(one) == rest(next)
}

fn paragraph(alike: &[&Finding]) -> String {
    let Some(first) = alike.first() else { return String::new() };
    let found = alike.iter().map(|finding| ("found", finding.found.as_str()));
    let rest = [("costs", first.costs.as_str()), ("do", first.advice.as_str())];
    let parts = found.chain(rest).filter(|(_, text)| !text.is_empty());
    let lines: Vec<String> = parts.map(|(what, text)| format!("  {what:<6}{text}")).collect();
    format!("{}: {}\n{}", first.severity.as_str(), first.kind.as_str(), lines.join("\n"))
}

fn summary(findings: &[Finding]) -> String {
    let count = |severity| findings.iter().filter(|finding| finding.severity == severity).count();
    let [refuses, costs, unknown, fine] =
        [Severity::Refuses, Severity::Costs, Severity::Unknown, Severity::Fine].map(count);
    let verdict = if refuses > 0 { "`decile run` refuses to run on this" } else { "`decile run` runs on this" };
    format!("{refuses} void a promise, {costs} cost something, {unknown} unknown, {fine} fine: {verdict}")
}
