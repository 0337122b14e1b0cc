//! Ours: verdict and evidence out.

use super::Engine;
use crate::patterns::{self, Drawn};
use ::decile::classify::{ClassifyLimits, Finding, Scratch, find};
use ::decile::diagnostic::{Report, SourceFile, render};
use ::decile::message::Message;
use ::decile::pack::Pack;
use ::decile::reason::Reason;
use ::decile::rules;
use jiff::Timestamp;
use std::hint::black_box;

/// As shipped.
const LIMITS: ClassifyLimits = ClassifyLimits { evidence_spans_max: 64, decision_steps_max: 25_000_000 };
/// For hits, not for time.
const EVERY_SPAN: ClassifyLimits = ClassifyLimits { evidence_spans_max: usize::MAX, ..LIMITS };

/// Our classifier with a pack.
pub(crate) struct Decile {
    pack: Pack,
    scratch: Scratch,
}

impl Decile {
    /// A rule for each pattern.
    ///
    /// # Panics
    /// Where the rules do not compile.
    pub(crate) fn new(drawn: &[Drawn]) -> Self {
        let report = Report::new();
        let file = SourceFile::new("bench.toml", patterns::rules(drawn));
        let written = rules::load_texts(vec![file], &report);
        let Some((pack, _)) = rules::compile(&written, &report) else {
            panic!("{}", render::to_text(&report.into_sorted(), false))
        };
        Self { scratch: Scratch::new(&pack), pack }
    }

    /// The one place that calls what is measured.
    #[inline(always)]
    fn decide(&mut self, message: &Message, limits: &ClassifyLimits) -> Finding<'_, '_> {
        find(&self.pack, message, Timestamp::UNIX_EPOCH, limits, &mut self.scratch)
    }
}

impl Engine for Decile {
    fn name(&self) -> String {
        "decile, verdict and evidence".to_owned()
    }

    fn run(&mut self, message: &Message) -> usize {
        black_box(self.decide(message, &LIMITS)).evidence().inspect(|place| _ = black_box(place.end)).count()
    }

    fn ids(&mut self, message: &Message) -> Vec<usize> {
        let id = |rule: &str| rule.trim_start_matches('r').parse().unwrap();
        let mut ids: Vec<usize> =
            self.decide(message, &EVERY_SPAN).evidence().map(|place| id(place.rule.as_str())).collect();
        ids.sort_unstable();
        ids.dedup();
        ids
    }

    fn refuses(&mut self, message: &Message) -> bool {
        let reason = self.decide(message, &EVERY_SPAN).reason();
        matches!(reason, Some(Reason::Uninspectable | Reason::OverBudget))
    }
}
