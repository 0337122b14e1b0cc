//! How the tree of phrases is made.

use super::{Befores, Between, Node, NodeInfo, PhraseUse, Phrases, Step, Word, edge};
use crate::pack::pattern::ViewSet;
use crate::pack::table::{Entry, Table};
use crate::views::atoms::{self, KEY_BYTES};
use std::collections::{BTreeMap, BTreeSet};

/// More kinds of what stands between words than this are left to the literals.
const BETWEENS_MAX: usize = 4_000;
/// More words than this are left to the literals.
const WORDS_MAX: usize = 1 << 25;

/// Phrases being collected.
#[derive(Default)]
pub(crate) struct PhraseBuilder {
    words: BTreeSet<String>,
    /// Words of more than eight bytes, by their key: of two with the same, only one can be looked up.
    long: BTreeMap<u64, String>,
    betweens: BTreeSet<String>,
    phrases: BTreeMap<String, Vec<PhraseUse>>,
}

impl PhraseBuilder {
    /// Adds a word, so that it has a number; whether it could be.
    pub(crate) fn word(&mut self, word: &str) -> bool {
        if word.len() > KEY_BYTES {
            let key = atoms::key(word) | 1;
            if self.long.entry(key).or_insert_with(|| word.to_owned()) != word {
                return false;
            }
        }
        let has_room = self.words.len() < WORDS_MAX;
        if has_room {
            self.words.insert(word.to_owned());
        }
        has_room
    }

    /// Adds a phrase as a view has it; whether it could be: it must begin and end with a word.
    pub(crate) fn add(&mut self, phrase: &str, usage: PhraseUse) -> bool {
        let Some((first, rest)) = steps(phrase) else { return false };
        let new = rest.iter().filter(|(between, _)| *between != " " && !self.betweens.contains(*between)).count();
        let has_room = self.betweens.len() + new <= BETWEENS_MAX;
        if !has_room || ![first].into_iter().chain(rest.iter().map(|(_, word)| *word)).all(|word| self.word(word)) {
            return false;
        }
        self.betweens.extend(rest.iter().map(|(between, _)| *between).filter(|it| *it != " ").map(str::to_owned));
        let uses = self.phrases.entry(phrase.to_owned()).or_default();
        match uses.iter_mut().find(|seen| PhraseUse { views: usage.views, ..**seen } == usage) {
            Some(seen) => seen.views = seen.views.with(usage.views),
            None => uses.push(usage),
        }
        true
    }

    /// The tree.
    pub(crate) fn build(self) -> Phrases {
        let words: Vec<String> = self.words.into_iter().collect();
        let numbers: BTreeMap<&str, Word> = words.iter().map(String::as_str).zip(0..).collect();
        let betweens: Vec<String> = self.betweens.into_iter().collect();
        let number = |word: &str| numbers.get(word).copied().unwrap_or(0);
        let between = |text: &str| match betweens.binary_search_by(|known| known.as_str().cmp(text)) {
            Ok(at) => Between(at as u32 + 1),
            Err(_) => Between::SPACE,
        };
        let mut tree = Tree::new(words.len());
        for (phrase, uses) in &self.phrases {
            let Some((first, rest)) = steps(phrase) else { continue };
            let rest = rest.into_iter().map(|(text, word)| (between(text), number(word)));
            tree.add(number(first), rest, uses);
        }
        let befores = tree.befores(words.len());
        let steps = tree.steps();
        let entries = |fits: fn(&str) -> bool, key: fn(&str) -> u64| {
            let both = steps.iter().zip(&befores);
            let fitting = words.iter().zip(both).filter(|(word, _)| fits(word));
            let entry = |(word, (step, befores)): (&String, (&Step, &u32))| Entry {
                key: key(word),
                value: step.0,
                tag: *befores,
            };
            Table::new(fitting.map(entry).collect::<Vec<_>>().into_iter())
        };
        let mut end = 0;
        let ends = words.iter().map(|word| {
            end += word.len() as u32;
            end
        });
        Phrases {
            short: entries(|word| word.len() <= KEY_BYTES, atoms::key),
            long: entries(|word| word.len() > KEY_BYTES, |word| atoms::key(word) | 1),
            ends: ends.collect(),
            text: words.concat(),
            betweens,
            ..tree.finish()
        }
    }
}

/// The words of a phrase, each but the first with what stands before it; `None` where it does not begin and
/// end with a word.
fn steps(phrase: &str) -> Option<(&str, Vec<(&str, &str)>)> {
    let found = atoms::atoms_of(phrase);
    let (first, rest) = found.split_first()?;
    let (start, mut end) = (first.start as usize, first.end as usize);
    let first = phrase.get(start..end)?;
    let mut steps = Vec::with_capacity(rest.len());
    for atom in rest {
        let (start, next) = (atom.start as usize, atom.end as usize);
        steps.push((phrase.get(end..start)?, phrase.get(start..next)?));
        end = next;
    }
    (start == 0 && end == phrase.len()).then_some((first, steps))
}

/// The tree while it grows.
struct Tree {
    children: BTreeMap<(Node, u32, Word), Node>,
    uses: Vec<Vec<PhraseUse>>,
}

impl Tree {
    /// Each word is a node.
    fn new(words: usize) -> Self {
        Self { children: BTreeMap::new(), uses: vec![Vec::new(); words] }
    }

    fn add(&mut self, first: Word, rest: impl Iterator<Item = (Between, Word)>, uses: &[PhraseUse]) {
        let mut node = first;
        for (between, word) in rest {
            let new = self.uses.len() as Node;
            let next = *self.children.entry((node, between.0, word)).or_insert(new);
            if next == new {
                self.uses.push(Vec::new());
            }
            node = next;
        }
        if let Some(here) = self.uses.get_mut(node as usize) {
            here.extend_from_slice(uses);
        }
    }

    /// For each word, the nodes that it may follow.
    fn befores(&self, words: usize) -> Vec<u32> {
        let mut befores = vec![0; words];
        for (node, _, word) in self.children.keys() {
            befores.get_mut(*word as usize).into_iter().for_each(|befores| *befores |= Befores::bit(*node));
        }
        befores
    }

    /// For each node, what there is to do at it.
    fn steps(&self) -> Vec<Step> {
        let ends = |uses: &[PhraseUse]| uses.iter().any(|usage| usage.views != ViewSet::NONE);
        let step = |(node, uses): (u32, &Vec<PhraseUse>)| Step(node | if ends(uses) { Step::ENDS } else { 0 });
        let mut steps: Vec<Step> = (0..).zip(&self.uses).map(step).collect();
        for (node, _, _) in self.children.keys() {
            steps.get_mut(*node as usize).into_iter().for_each(|step| step.0 |= Step::GOES_ON);
        }
        steps
    }

    fn finish(self) -> Phrases {
        let steps = self.steps();
        let step = |node: Node| steps.get(node as usize).map_or(node, |step| step.0);
        let edge = |((node, between, word), next): (&(Node, u32, Word), &Node)| Entry {
            key: edge(*node, Between(*between), *word),
            value: step(*next),
            tag: 0,
        };
        let mut nodes = Vec::with_capacity(self.uses.len());
        let mut outputs: Vec<PhraseUse> = Vec::new();
        for uses in &self.uses {
            let first = outputs.len() as u32;
            outputs.extend(uses.iter().filter(|usage| usage.views != ViewSet::NONE));
            nodes.push(NodeInfo { first, count: outputs.len() as u32 - first });
        }
        Phrases { edges: Table::new(self.children.iter().map(edge)), nodes, outputs, ..Phrases::default() }
    }
}
