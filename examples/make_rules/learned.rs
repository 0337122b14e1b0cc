//! Rules as a learner would write them: what tells a class from the others, without the words of the class
//! that it is taken for most easily.

use super::corpus::Sentence;
use super::patterns::{Pattern, pairs};
use fastrand::Rng;
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::fmt::Write as _;

/// A pattern tells a class where so many of the sentences that have it are of the class.
const PRECISION_MIN: f64 = 0.8;
/// Words of the other class to choose exclusions from.
const EXCLUSIONS_MAX: usize = 8;
/// Two witnesses are asked for where so many sentences of the class have them.
const WITNESSED_MIN: f64 = 0.6;

/// A class's sentences, as words and patterns.
#[derive(Default)]
struct Class {
    sentences: Vec<HashSet<Pattern>>,
    /// How many sentences have a word.
    words: BTreeMap<String, usize>,
}

/// A file a class, with its share of the rules.
pub(crate) fn rules(sentences: &[Sentence], count: usize, seed: u64) -> Vec<(String, String)> {
    let mut rng = Rng::with_seed(seed);
    let classes = classes(sentences);
    let mut totals: HashMap<&Pattern, usize> = HashMap::new();
    for pattern in classes.values().flat_map(|class| &class.sentences).flatten() {
        *totals.entry(pattern).or_default() += 1;
    }
    // What is nobody's counts against everybody.
    let labelled: Vec<(&String, &Class)> =
        classes.iter().filter_map(|(name, class)| Some((name.as_ref()?, class))).collect();
    let file = |(number, (name, class)): (usize, &(&String, &Class))| {
        let share = count * (number + 1) / labelled.len() - count * number / labelled.len();
        let chosen = choose(class, &totals, share);
        let exclusions = exclusions(class, &labelled);
        (format!("{name}.toml"), written(name, class, &chosen, &exclusions, &mut rng))
    };
    labelled.iter().enumerate().map(file).collect()
}

fn classes(sentences: &[Sentence]) -> BTreeMap<Option<String>, Class> {
    let mut classes: BTreeMap<Option<String>, Class> = BTreeMap::new();
    for sentence in sentences {
        let class = classes.entry(sentence.class.clone()).or_default();
        let runs = sentence.runs();
        for word in runs.iter().flatten().collect::<BTreeSet<_>>() {
            *class.words.entry(word.clone()).or_default() += 1;
        }
        class.sentences.push(runs.iter().flat_map(|run| patterns_of(run)).collect());
    }
    classes
}

fn patterns_of(run: &[String]) -> Vec<Pattern> {
    let phrases = [2, 3].into_iter().flat_map(|length| run.windows(length));
    let mut patterns: Vec<Pattern> = phrases.map(|words| Pattern::Phrase(words.to_vec())).collect();
    patterns.extend(pairs(run));
    patterns
}

/// The patterns that tell a class best: two of three phrases, one of three pairs.
fn choose<'c>(class: &'c Class, totals: &HashMap<&Pattern, usize>, count: usize) -> Vec<&'c Pattern> {
    let mut own: HashMap<&Pattern, usize> = HashMap::new();
    for pattern in class.sentences.iter().flatten() {
        *own.entry(pattern).or_default() += 1;
    }
    let mut ranked: Vec<(&Pattern, usize, f64)> = own
        .into_iter()
        .map(|(pattern, own)| (pattern, own, own as f64 / totals.get(pattern).copied().unwrap_or(own) as f64))
        .collect();
    let tells = |precision: f64| precision >= PRECISION_MIN;
    ranked.sort_by(|(a, a_own, a_precision), (b, b_own, b_precision)| {
        let by_use = (tells(*b_precision), *b_own).cmp(&(tells(*a_precision), *a_own));
        by_use.then_with(|| a.toml().cmp(&b.toml()))
    });
    let (pairs, phrases): (Vec<_>, Vec<_>) =
        ranked.into_iter().map(|(pattern, ..)| pattern).partition(|pattern| matches!(pattern, Pattern::Pair(..)));
    let (pairs_wanted, mut chosen) = (count / 3, Vec::with_capacity(count));
    chosen.extend(phrases.into_iter().take(count - pairs_wanted));
    chosen.extend(pairs.into_iter().take(count - chosen.len()));
    chosen
}

/// Words of the class that shares most words with this one, and that this one never has.
fn exclusions(class: &Class, classes: &[(&String, &Class)]) -> Vec<String> {
    let share = |class: &Class, word: &str| {
        class.words.get(word).copied().unwrap_or(0) as f64 / class.sentences.len().max(1) as f64
    };
    let overlap = |other: &Class| -> f64 { class.words.keys().map(|w| share(class, w).min(share(other, w))).sum() };
    let others = classes.iter().map(|(_, other)| *other).filter(|other| !std::ptr::eq(*other, class));
    let Some(nearest) = others.max_by(|a, b| overlap(a).total_cmp(&overlap(b))) else { return Vec::new() };
    let mut words: Vec<(&String, &usize)> =
        nearest.words.iter().filter(|(word, _)| !class.words.contains_key(*word)).collect();
    words.sort_by_key(|(word, count)| (std::cmp::Reverse(**count), *word));
    words.into_iter().take(EXCLUSIONS_MAX).map(|(word, _)| word.clone()).collect()
}

fn written(name: &str, class: &Class, chosen: &[&Pattern], exclusions: &[String], rng: &mut Rng) -> String {
    let witnesses = |sentence: &HashSet<Pattern>| chosen.iter().filter(|it| sentence.contains(**it)).count();
    let witnessed = class.sentences.iter().filter(|sentence| witnesses(sentence) > 1).count();
    let is_witnessed = witnessed as f64 >= class.sentences.len() as f64 * WITNESSED_MIN;
    let vocabulary: Vec<&String> = class.words.keys().collect();
    let mut text = format!(
        "[[class]]\nname = \"{name}\"\nwitnesses = {}\nmax_words = 40\nmax_unknown = 2\nvocabulary = {vocabulary:?}\n",
        if is_witnessed { 2 } else { 1 },
    );
    for (number, pattern) in chosen.iter().enumerate() {
        let count = rng.usize(2..=4).min(exclusions.len());
        let mut none = rng.choose_multiple(exclusions, count);
        none.sort();
        let toml = pattern.toml();
        _ = write!(text, "\n[[rule]]\nid = \"{name}-{number}\"\nclass = \"{name}\"\nany = [{toml}]\nnone = {none:?}\n");
    }
    text
}
