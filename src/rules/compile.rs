//! From rules as meant to a pack.

use super::canonical;
use super::gap::GapShape;
use super::regex::Form;
use super::resolved::{
    Literals as PhraseLiterals, PatternKey, Resolved, ResolvedMatcher, ResolvedPattern, ResolvedRule,
};
use crate::automaton::Alphabets;
use crate::diagnostic::Report;
use crate::message::Field;
use crate::pack::gaps::{GapLiteral, GapUse, Gaps};
use crate::pack::literals::{Check, LiteralBuilder, LiteralUse, Literals};
use crate::pack::pattern::{Gate, Matcher, Pattern, ViewSet};
use crate::pack::phrases::{PhraseBuilder, PhraseUse, Phrases};
use crate::pack::{Effect, Pack, Rule};
use std::collections::{BTreeMap, BTreeSet};

/// The most bytes of phrases in a pack.
const PHRASE_BYTES_MAX: usize = 16 << 20;

/// Builds the pack; `None` where that has been reported.
pub(crate) fn compile(resolved: Resolved, report: &Report) -> Option<Pack> {
    let digest = canonical::digest(&resolved);
    let class_digests = resolved.classes.iter().map(|class| canonical::class_digest(&resolved, class)).collect();
    let Resolved { rules, classes, restrictions } = resolved;
    let mut builder = Builder { fields: fields(&rules), ..Builder::default() };
    let (mut compiled, mut infos) = (Vec::with_capacity(rules.len()), Vec::with_capacity(rules.len()));
    for rule in rules {
        let class = match &rule.info.effect {
            Effect::Permit(class) => classes.binary_search_by(|spec| spec.class.cmp(class)).ok().map(|at| at as u32),
            Effect::Restrict(_) => None,
        };
        infos.push(rule.info.clone());
        compiled.push(builder.rule(rule, class));
    }
    let Builder { fields, mut patterns, alphabets, found, .. } = builder;
    wake(&compiled, &mut patterns);
    let fail_closed = fail_closed(&compiled, &patterns, fields.len());
    let open = open(&patterns);
    let Parts { phrases, gaps, literals } = parts(&mut patterns, found, report)?;
    let pack = Pack {
        digest,
        rules: compiled,
        heads: Vec::new(),
        infos,
        classes,
        class_digests,
        restrictions,
        fields,
        patterns,
        alphabets,
        phrases,
        gaps,
        literals,
        open,
        fail_closed,
    };
    Some(pack.with_heads())
}

/// The fields that rules look at, and the text.
fn fields(rules: &[ResolvedRule]) -> Vec<Field> {
    let patterns = rules.iter().flat_map(|rule| rule.any.iter().chain(&rule.all).chain(&rule.none));
    let fields: BTreeSet<Field> = patterns.map(|pattern| pattern.field.clone()).chain([Field::Text]).collect();
    fields.into_iter().collect()
}

#[derive(Default)]
struct Builder {
    fields: Vec<Field>,
    patterns: Vec<Pattern>,
    alphabets: Alphabets,
    /// What finds each pattern.
    found: Vec<Found>,
    known: BTreeMap<PatternKey, u32>,
}

/// What finds a pattern.
enum Found {
    Phrase(PhraseLiterals),
    Gap(GapShape),
    Gate(Vec<Vec<u8>>),
}

impl Builder {
    fn rule(&mut self, rule: ResolvedRule, class: Option<u32>) -> Rule {
        let mut compiled = Rule {
            class,
            channels: rule.channels,
            any: Box::default(),
            all: Box::default(),
            none: Box::default(),
            comparisons: rule.comparisons,
            expires: rule.info.expires,
            is_plain: false,
        };
        let (positive, negative) = (compiled.positive_views(), compiled.negative_views());
        compiled.any = self.patterns(rule.any, positive);
        compiled.all = self.patterns(rule.all, positive);
        compiled.none = self.patterns(rule.none, negative);
        compiled.is_plain = compiled.all.is_empty()
            && compiled.none.is_empty()
            && compiled.channels.is_empty()
            && compiled.comparisons.is_empty()
            && compiled.expires.is_none();
        compiled
    }

    fn patterns(&mut self, patterns: Vec<ResolvedPattern>, views: ViewSet) -> Box<[u32]> {
        let mut indices = Vec::with_capacity(patterns.len());
        for pattern in patterns {
            let index = self.pattern(pattern);
            if let Some(pattern) = self.patterns.get_mut(index as usize) {
                pattern.views = pattern.views.with(views);
            }
            if !indices.contains(&index) {
                indices.push(index);
            }
        }
        indices.into()
    }

    fn pattern(&mut self, resolved: ResolvedPattern) -> u32 {
        let index = self.patterns.len() as u32;
        let key = resolved.key();
        if let Some(known) = self.known.get(&key) {
            return *known;
        }
        self.known.insert(key, index);
        let (matcher, found) = match resolved.matcher {
            ResolvedMatcher::Phrase(literals) => (Matcher::Phrase, Found::Phrase(literals)),
            ResolvedMatcher::Regex(_, compiled) => match compiled.form {
                // Which literals these are is known once all are.
                Form::Gap(shape) => (Matcher::Phrase, Found::Gap(shape)),
                Form::Automaton { program, alphabets, gate, literals } => {
                    let program = Box::new(program.moved(&alphabets, &mut self.alphabets));
                    (Matcher::Regex { program, gate }, Found::Gate(literals))
                }
            },
        };
        self.patterns.push(Pattern {
            field: self.fields.binary_search(&resolved.field).unwrap_or(0) as u32,
            written: resolved.written,
            views: ViewSet::NONE,
            wakes: ViewSet::NONE,
            matcher,
            rules: Vec::new(),
        });
        self.found.push(found);
        index
    }
}

/// Says which patterns make which rules candidates: those without which a rule cannot be true.
fn wake(rules: &[Rule], patterns: &mut [Pattern]) {
    for (rule, index) in rules.iter().zip(0..) {
        for waking in waking(rule, patterns) {
            if let Some(pattern) = patterns.get_mut(waking as usize) {
                pattern.wakes = pattern.wakes.with(rule.positive_views());
                pattern.rules.push(index);
            }
        }
    }
}

/// Patterns of which one must match: one of `all`, else those of `any`; what costs least to look for.
fn waking(rule: &Rule, patterns: &[Pattern]) -> Vec<u32> {
    let cost = |index: &u32| patterns.get(*index as usize).map_or(0, |pattern| pattern.matcher.cost_to_wait_for());
    let one = rule.all.iter().min_by_key(|index| cost(index));
    let any = rule.any.iter().map(cost).max();
    match (one, any) {
        (Some(one), Some(any)) if cost(one) > any => rule.any.to_vec(),
        (Some(one), _) => vec![*one],
        (None, _) => rule.any.to_vec(),
    }
}

/// What the parts of a pack are made of.
struct Parts {
    phrases: Phrases,
    gaps: Gaps,
    literals: Literals,
}

fn parts(patterns: &mut [Pattern], found: Vec<Found>, report: &Report) -> Option<Parts> {
    let gap_literals = gap_literals(&found);
    let number = |literal: &GapLiteral| gap_literals.binary_search(literal).unwrap_or(0) as u32;
    let mut gap_uses: Vec<Vec<GapUse>> = vec![Vec::new(); gap_literals.len()];
    let mut words = PhraseBuilder::default();
    let mut literals = LiteralBuilder::default();
    gap_literals.iter().for_each(|literal| _ = words.word(&literal.text));
    let mut bytes = 0;
    for ((index, pattern), found) in (0..).zip(patterns.iter_mut()).zip(&found) {
        match found {
            Found::Phrase(phrase) => bytes += phrase.add(index, pattern, &mut words, &mut literals),
            Found::Gate(gates) => {
                let usage =
                    LiteralUse { pattern: index, field: pattern.field, views: pattern.views, check: Check::Gate };
                gates.iter().for_each(|gate| literals.add(gate, usage));
            }
            Found::Gap(shape) => {
                let (first, second) = (number(&shape.first), number(&shape.second));
                let GapShape { chars_min, chars_max, greedy, .. } = *shape;
                pattern.matcher = Matcher::Gap;
                let (field, views) = (pattern.field, pattern.views);
                let usage = GapUse { pattern: index, field, views, first, chars_min, chars_max, greedy };
                gap_uses.get_mut(second as usize).into_iter().for_each(|uses| uses.push(usage));
            }
        }
    }
    if bytes > PHRASE_BYTES_MAX {
        let wrong = format!("the phrases of all rules are {bytes} bytes with their lists written out");
        report.error_nowhere("pack-too-big", wrong, format!("use smaller lists: at most {PHRASE_BYTES_MAX} bytes"));
        return None;
    }
    let mut phrases = words.build();
    let gaps = Gaps::new(gap_literals, gap_uses, &phrases);
    match (gaps, Literals::new(literals.into_entries())) {
        (Ok(gaps), Ok(literals)) => {
            phrases.note_gaps(|word| !gaps.within(word).is_empty());
            Some(Parts { phrases, gaps, literals })
        }
        (Err(error), _) | (_, Err(error)) => {
            report.error_nowhere("pack-too-big", error.to_string(), "use fewer phrases, or smaller lists");
            None
        }
    }
}

fn gap_literals(found: &[Found]) -> Vec<GapLiteral> {
    let shapes = found.iter().filter_map(|found| if let Found::Gap(shape) = found { Some(shape) } else { None });
    let literals: BTreeSet<&GapLiteral> = shapes.flat_map(|shape| [&shape.first, &shape.second]).collect();
    literals.into_iter().cloned().collect()
}

impl PhraseLiterals {
    /// Adds the literals of both views, in the views that some rule wants: words to the tree, others to the
    /// automaton. How many bytes they are.
    fn add(&self, index: u32, pattern: &Pattern, words: &mut PhraseBuilder, literals: &mut LiteralBuilder) -> usize {
        let sets = [(&self.raw, ViewSet::RAW), (&self.folded, ViewSet::FOLDED)];
        let wanted = sets.into_iter().map(|(set, views)| (set, views.both(pattern.views)));
        let mut bytes = 0;
        for (set, views) in wanted.filter(|(_, views)| *views != ViewSet::NONE) {
            for text in set {
                bytes += text.len();
                let rule = if let [only] = pattern.rules.as_slice() { *only } else { PhraseUse::MANY };
                let (field, wakes, at_start, at_end) = (pattern.field, pattern.wakes, self.at_start, self.at_end);
                if !words.add(text, PhraseUse { pattern: index, field, rule, views, wakes, at_start, at_end }) {
                    let check = Check::Phrase(self.ends(text));
                    literals.add(text.as_bytes(), LiteralUse { pattern: index, field, views, check });
                }
            }
        }
        bytes
    }
}

/// For each field, the restricting rules with a pattern on it.
fn fail_closed(rules: &[Rule], patterns: &[Pattern], fields: usize) -> Vec<Vec<u32>> {
    let mut readers: Vec<Vec<u32>> = vec![Vec::new(); fields];
    for (rule, index) in rules.iter().zip(0..).filter(|(rule, _)| rule.restricts()) {
        let read = rule.any.iter().chain(&rule.all).chain(&rule.none);
        let fields: BTreeSet<u32> = read.filter_map(|at| Some(patterns.get(*at as usize)?.field)).collect();
        for field in fields {
            readers.get_mut(field as usize).into_iter().for_each(|readers| readers.push(index));
        }
    }
    readers
}

fn open(patterns: &[Pattern]) -> Vec<u32> {
    let is_open = |pattern: &Pattern| {
        pattern.wakes != ViewSet::NONE && matches!(pattern.matcher, Matcher::Regex { gate: Gate::Open, .. })
    };
    patterns.iter().zip(0..).filter(|(pattern, _)| is_open(pattern)).map(|(_, at)| at).collect()
}
