//! Writes folders of rules to measure on: those of the bench's table, or rules as a learner would write them.
//!
//! `cargo run --release --example make_rules -- --kind learned --rules 5000 --corpus train.jsonl -o DIR`, then
//! `decile bench classify --rules DIR --messages val.jsonl`.
#![expect(
    clippy::print_stdout,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::cast_precision_loss,
    reason = "it prints, stops at the first surprise, and counts below 2^53"
)]

#[path = "../../benches/classify/corpus.rs"]
mod corpus;
mod learned;
#[path = "../../benches/classify/patterns.rs"]
mod patterns;
#[path = "../../benches/classify/synthetic.rs"]
mod synthetic;

use clap::{Parser, ValueEnum};
use corpus::{Corpus, Sentence};
use std::fs;
use std::io;
use std::path::PathBuf;

/// Writes a folder of rules, drawn from labelled sentences.
#[derive(Parser)]
struct MakeRules {
    /// Which rules.
    #[arg(long, value_enum)]
    kind: Kind,
    /// How many.
    #[arg(long, default_value_t = 1_000)]
    rules: usize,
    /// JSON lines with `text` and `class`. Without it a corpus is made up, and messages of it are written too.
    #[arg(long, value_name = "FILE")]
    corpus: Option<PathBuf>,
    /// The same seed writes the same rules.
    #[arg(long, default_value_t = 3)]
    seed: u64,
    /// The folder to write to; it is made.
    #[arg(short, long, value_name = "DIR")]
    output: PathBuf,
}

#[derive(Clone, Copy, ValueEnum)]
enum Kind {
    /// The patterns of the bench's table, one a rule.
    Table,
    /// Phrases and pairs that tell a class from the others, exclusions, vocabularies, witnesses.
    Learned,
}

fn main() -> io::Result<()> {
    let asked = MakeRules::parse();
    let corpus = asked.corpus();
    let files = match asked.kind {
        Kind::Table => {
            let drawn = patterns::draw(&corpus.train, asked.rules, asked.seed);
            vec![("table.toml".to_owned(), patterns::rules(&drawn))]
        }
        Kind::Learned => learned::rules(&corpus.train, asked.rules, asked.seed),
    };
    fs::create_dir_all(&asked.output)?;
    for (name, text) in &files {
        fs::write(asked.output.join(name), text)?;
    }
    if !corpus.val.is_empty() {
        fs::write(asked.output.join("messages.jsonl"), lines(&corpus.val)?)?;
    }
    let rules: usize = files.iter().map(|(_, text)| text.matches("[[rule]]").count()).sum();
    println!("{rules} rules in {} files from {}: {}", files.len(), corpus.name, asked.output.display());
    Ok(())
}

impl MakeRules {
    fn corpus(&self) -> Corpus {
        match &self.corpus {
            Some(file) => Corpus { name: file.display().to_string(), train: corpus::read(file), val: Vec::new() },
            None => synthetic::corpus(self.seed),
        }
    }
}

fn lines(sentences: &[Sentence]) -> io::Result<String> {
    let lines: Result<Vec<String>, _> = sentences.iter().map(serde_json::to_string).collect();
    Ok(lines?.join("\n"))
}
