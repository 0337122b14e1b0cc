//! The table: medians of passes in which the engines take turns, so that what the machine does beside it
//! hits all of them.

use crate::engines::{Engine, ns_per_message};
use decile::message::Message;
use std::collections::BTreeMap;
use std::fmt;
use std::hint::black_box;
use std::time::{Duration, Instant};

/// How long an engine may take for a cell.
pub(crate) struct Patience {
    /// The most passes.
    pub(crate) passes_max: usize,
    /// After so long it gets no further turn; it has had three by then.
    pub(crate) time_max: Duration,
}

const PASSES_MIN: usize = 3;

/// Median nanoseconds a message, by engine and column. Ours is the first engine.
#[derive(Default)]
pub(crate) struct Table {
    columns: Vec<String>,
    engines: Vec<String>,
    cells: BTreeMap<(String, usize), f64>,
}

impl Table {
    /// Measures all engines on the same messages: a column.
    pub(crate) fn column(
        &mut self,
        name: &str,
        engines: &mut [Box<dyn Engine>],
        messages: &[Message],
        patience: &Patience,
    ) {
        let medians = take_turns(engines, messages, patience);
        for (engine, nanos) in engines.iter().zip(medians) {
            if !self.engines.contains(&engine.name()) {
                self.engines.push(engine.name());
            }
            self.cells.insert((engine.name(), self.columns.len()), nanos);
        }
        self.columns.push(name.to_owned());
    }

    fn row(&self, f: &mut fmt::Formatter<'_>, name: &str, cell: impl Fn(usize) -> Option<String>) -> fmt::Result {
        write!(f, "| {name} |")?;
        for column in 0..self.columns.len() {
            write!(f, " {} |", cell(column).unwrap_or_else(|| "–".to_owned()))?;
        }
        writeln!(f)
    }
}

/// Markdown: nanoseconds, then how much longer the others take than ours.
impl fmt::Display for Table {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let nanos = |engine: &str, column| self.cells.get(&(engine.to_owned(), column)).copied();
        let ours = |column| nanos(self.engines.first()?, column);
        self.row(f, "ns a message, medians", |column| self.columns.get(column).cloned())?;
        writeln!(f, "|---|{}", "--:|".repeat(self.columns.len()))?;
        for engine in &self.engines {
            self.row(f, engine, |column| Some(format!("{:.0}", nanos(engine, column)?)))?;
        }
        for engine in self.engines.iter().skip(1) {
            let ratio = |column| Some(format!("{:.2}", nanos(engine, column)? / ours(column)?));
            self.row(f, &format!("÷ ours: {engine}"), ratio)?;
        }
        Ok(())
    }
}

/// Turn by turn; medians in nanoseconds a message. Each turn begins with a pass that is not counted: the engine before has
/// had the caches, and no daemon runs two of them.
fn take_turns(engines: &mut [Box<dyn Engine>], messages: &[Message], patience: &Patience) -> Vec<f64> {
    let mut passes: Vec<Vec<Duration>> = vec![Vec::new(); engines.len()];
    for _ in 0..patience.passes_max {
        for (engine, passes) in engines.iter_mut().zip(&mut passes) {
            if passes.len() < PASSES_MIN || passes.iter().sum::<Duration>() < patience.time_max {
                black_box(engine.pass(messages));
                let started = Instant::now();
                black_box(engine.pass(black_box(messages)));
                passes.push(started.elapsed());
            }
        }
    }
    let medians = passes.iter_mut().map(|passes| median(passes));
    engines.iter().zip(medians).map(|(engine, median)| ns_per_message(engine.as_ref(), median, messages)).collect()
}

fn median(passes: &mut [Duration]) -> Duration {
    passes.sort_unstable();
    passes.get(passes.len() / 2).copied().unwrap_or_default()
}
