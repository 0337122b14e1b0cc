//! `decile drift`: each detector as a small chart, with what it sees, and when and why it last fired.

use super::args::{self, ConfigFile, Connect, Format};
use super::print::{bold, dim, json, one_line};
use super::reach::Reach;
use super::{Exit, world};
use crate::class::Class;
use crate::drift::{Detector, Point, Reading};
use crate::store::DriftReader;
use clap::Args;
use jiff::Timestamp;
use std::io::Write as _;

const DAY_S: i64 = 86_400;
/// The width of a chart, in characters.
const CHART_CHARS: usize = 56;
/// From the least to the most.
const BLOCKS: [char; 8] = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];
/// Where there is nothing to show.
const GAP: char = '·';

/// Shows whether messages, and what becomes of them, are still as they used to be at these hours of the week. Exit code 3
/// where a detector has raised an alarm within the last day.
#[derive(Debug, Args)]
#[command(
    after_help = "Example: decile drift\n         decile drift --class newsletter\n         decile drift --format json"
)]
pub(super) struct DriftCommand {
    /// Of this class alone; by default of all messages together, and of classes that have raised an alarm.
    #[arg(long, value_name = "CLASS", value_parser = args::class, conflicts_with = "all")]
    class: Option<Class>,
    /// Of every class.
    #[arg(long)]
    all: bool,
    #[command(flatten)]
    file: ConfigFile,
    #[command(flatten)]
    connect: Connect,
    /// How to print it; `json` has every detector.
    #[arg(long, value_enum, default_value_t)]
    format: Format,
}

impl DriftCommand {
    pub(super) fn run(self) -> anyhow::Result<Exit> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        runtime.block_on(self.show())
    }

    async fn show(self) -> anyhow::Result<Exit> {
        let config = world::load_config(&self.file.config)?;
        let Reach { connection, stream, root } = Reach::open(&config, &self.connect).await?;
        let mut told = DriftReader::open(&connection, &stream, &root).await?;
        told.read().await?;
        let (readings, now) = (told.drift().readings(), Timestamp::now());
        let mut out = std::io::stdout().lock();
        match self.format {
            Format::Json => writeln!(out, "{}", json(&serde_json::to_string_pretty(&readings)?))?,
            Format::Text => {
                for reading in readings.iter().filter(|reading| self.wants(reading)) {
                    write!(out, "{}", text(reading))?;
                }
            }
        }
        let is_lately =
            |reading: &Reading| reading.last.as_ref().is_some_and(|last| last.at_s > now.as_second() - DAY_S);
        Ok(if readings.iter().any(is_lately) { Exit::No } else { Exit::Yes })
    }

    fn wants(&self, reading: &Reading) -> bool {
        match (&reading.what, &self.class) {
            (Detector::Rate { class: Some(class), .. }, Some(wanted)) => class == wanted.as_str(),
            (Detector::Rate { class: Some(_), .. }, None) => self.all || reading.last.is_some(),
            (_, wanted) => wanted.is_none(),
        }
    }
}

/// A detector in a few lines.
fn text(reading: &Reading) -> String {
    let share = |share: Option<f64>| share.map_or_else(|| "-".to_owned(), |share| format!("{:.1} %", share * 100.0));
    let sees = match reading.silent {
        Some(why) => why.to_string(),
        None => format!("{:.0} % of an alarm", reading.height * 100.0),
    };
    let mut text = format!(
        "{:<38} now {:>7}, usually {:>7}   {sees}\n",
        bold(&one_line(&reading.what.to_string(), 38)),
        share(reading.now),
        share(reading.usual),
    );
    let most = reading.points.iter().flat_map(|point| [point.now, point.usual]).flatten().fold(0.0_f64, f64::max);
    for (name, of) in [("now", (|point| point.now) as fn(&Point) -> Option<f64>), ("usual", |point| point.usual)] {
        text.push_str(&format!("  {name:<6}{}\n", chart(&reading.points, of, most)));
    }
    if let Some(last) = &reading.last {
        let at = Timestamp::from_second(last.at_s).map(|at| at.to_string()).unwrap_or_default();
        text.push_str(&format!("  last   {at}: {}\n", one_line(&last.why, 200)));
    }
    text.push_str(&dim(&span(&reading.points)));
    text.push('\n');
    text
}

/// From when to when the chart is.
fn span(points: &[Point]) -> String {
    let at = |point: Option<&Point>| point.and_then(|point| Timestamp::from_second(point.at_s).ok());
    match (at(points.first()), at(points.last())) {
        (Some(first), Some(last)) => format!("  from {first} to {last}\n"),
        _ => "  nothing yet\n".to_owned(),
    }
}

/// Points as blocks, several to a block where there are many: the mean of those that have a value.
fn chart(points: &[Point], of: fn(&Point) -> Option<f64>, most: f64) -> String {
    let together = points.len().div_ceil(CHART_CHARS).max(1);
    let block = |points: &[Point]| {
        let (sum, count) = points.iter().filter_map(of).fold((0.0, 0_u32), |(sum, count), it| (sum + it, count + 1));
        if count == 0 { GAP } else { height(sum / f64::from(count), most) }
    };
    points.chunks(together).map(block).collect()
}

fn height(value: f64, most: f64) -> char {
    let part = if most > 0.0 { value / most } else { 0.0 };
    // The first whose upper end is not below it.
    let steps = (1_u32..).zip(BLOCKS);
    let fits = |(step, _): &(u32, char)| part <= f64::from(*step) / 8.0;
    steps.into_iter().find(fits).map_or('█', |(_, block)| block)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn points(values: &[Option<f64>]) -> Vec<Point> {
        (0..).zip(values).map(|(at, now)| Point { at_s: at * 3_600, now: *now, usual: Some(0.5) }).collect()
    }

    #[test]
    fn a_chart_is_drawn_to_the_most_and_has_gaps() {
        let few = points(&[Some(0.0), Some(0.1), None, Some(0.5), Some(1.0)]);
        assert_eq!(chart(&few, |point| point.now, 1.0), "▁▁·▄█");
        assert_eq!(chart(&few, |point| point.usual, 1.0), "▄▄▄▄▄");
        assert_eq!(chart(&points(&[Some(0.0); 3]), |point| point.now, 0.0), "▁▁▁", "nothing at all");
        let many = points(&[Some(1.0); 168]);
        assert_eq!(chart(&many, |point| point.now, 1.0), "█".repeat(56), "three hours to a block");
        assert_eq!(chart(&[], |point| point.now, 1.0), "");
    }
}
