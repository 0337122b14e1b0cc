//! Hyperscan, block mode: ids only.

use super::{Engine, expression};
use crate::patterns::Drawn;
use ::decile::message::Message;
use decile_bench_hyperscan::{Database, version};

/// Hyperscan with the patterns.
pub(crate) struct Hyperscan {
    database: Database,
    ids: Vec<u32>,
}

impl Hyperscan {
    /// Compiles the patterns.
    pub(crate) fn new(drawn: &[Drawn]) -> Self {
        let expressions: Vec<String> = drawn.iter().map(|drawn| expression(&drawn.pattern)).collect();
        Self { database: Database::compile(&expressions).unwrap(), ids: Vec::new() }
    }
}

impl Engine for Hyperscan {
    fn name(&self) -> String {
        let version = version();
        format!("Hyperscan {}, ids only", version.split_whitespace().next().unwrap_or_default())
    }

    fn run(&mut self, message: &Message) -> usize {
        self.ids.clear();
        self.database.scan(message.text.as_bytes(), &mut self.ids).unwrap();
        self.ids.len()
    }

    fn ids(&mut self, message: &Message) -> Vec<usize> {
        self.run(message);
        let mut ids: Vec<usize> = self.ids.iter().map(|id| *id as usize).collect();
        ids.sort_unstable();
        ids
    }
}
