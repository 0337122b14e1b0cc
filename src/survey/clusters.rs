//! Messages that no rule knows, put together by what they say: a class that nobody has thought of is a cluster first.
//!
//! Each text joins the cluster whose first text it is most alike, or begins one (the leader algorithm, Hartigan, Clustering
//! Algorithms, 1975, chapter 3). One pass, no number of clusters to guess; what comes first has the word.

use super::differing;
use super::words::{Vocabulary, Words};
use std::collections::{BTreeSet, HashMap};

/// Messages that say much the same.
#[derive(Clone, Debug, PartialEq, serde::Serialize)]
pub struct Cluster {
    /// How many of those that were looked at.
    pub messages: u64,
    /// The words that tell it from others, the most telling first.
    pub words: Vec<String>,
    /// Some of its messages.
    pub examples: Vec<String>,
}

/// How alike a text must be to a cluster's first.
const LIKENESS_MIN: f64 = 0.3;
/// So many of a text's words lead to clusters, the rarest that others have, too: the rest would lead to all, or nowhere.
const LEADING_MAX: usize = 4;
/// A text is compared with so many clusters at most, the oldest that its words lead to: who writes messages may choose words
/// that lead to very many.
const COMPARED_MAX: usize = 256;
/// What leads from one text without words to others.
const NO_WORDS: u32 = u32::MAX;
const WORDS_SHOWN_MAX: usize = 4;

/// A cluster that grows.
struct Growing {
    leader: Words,
    members: Vec<usize>,
}

/// The clusters of these texts of at least `messages_min`, the largest first, and how many texts are in none.
pub(super) fn clusters(texts: &[&str], messages_min: usize, examples_max: usize) -> (Vec<Cluster>, u64) {
    let (vocabulary, words) = Vocabulary::of(texts.iter().copied());
    let mut growing = grow(&vocabulary, &words);
    growing.sort_by_key(|cluster| std::cmp::Reverse(cluster.members.len()));
    let alone = growing.iter().filter(|it| it.members.len() < messages_min).map(|it| it.members.len() as u64).sum();
    let clusters = growing.iter().filter(|it| it.members.len() >= messages_min).map(|it| Cluster {
        messages: it.members.len() as u64,
        words: telling(&vocabulary, &words, &it.members),
        examples: differing(it.members.iter().filter_map(|&member| texts.get(member).copied()), examples_max),
    });
    (clusters.collect(), alone)
}

fn grow(vocabulary: &Vocabulary, words: &[Words]) -> Vec<Growing> {
    let mut clusters: Vec<Growing> = Vec::new();
    // Which clusters a word leads to.
    let mut led_by: HashMap<u32, Vec<usize>> = HashMap::new();
    for (text, words) in words.iter().enumerate() {
        let leading = leading(vocabulary, words);
        let near: BTreeSet<usize> = leading.iter().filter_map(|word| led_by.get(word)).flatten().copied().collect();
        let likest = near
            .into_iter()
            .take(COMPARED_MAX)
            .filter_map(|at| Some((at, vocabulary.likeness(words, &clusters.get(at)?.leader))))
            .filter(|(_, likeness)| *likeness >= LIKENESS_MIN)
            // Of clusters that are as like, the oldest.
            .max_by(|(at, one), (later, other)| one.total_cmp(other).then(later.cmp(at)));
        match likest.and_then(|(at, _)| clusters.get_mut(at)) {
            Some(cluster) => cluster.members.push(text),
            None => {
                leading.iter().for_each(|&word| led_by.entry(word).or_default().push(clusters.len()));
                clusters.push(Growing { leader: words.clone(), members: vec![text] });
            }
        }
    }
    clusters
}

/// The rarest words of a text that others have, too.
fn leading(vocabulary: &Vocabulary, words: &Words) -> Vec<u32> {
    if words.iter().next().is_none() {
        return vec![NO_WORDS];
    }
    let mut leading: Vec<u32> = words.iter().filter(|&word| vocabulary.is_shared(word)).collect();
    leading.sort_by(|&one, &other| vocabulary.weight(other).total_cmp(&vocabulary.weight(one)).then(one.cmp(&other)));
    leading.truncate(LEADING_MAX);
    leading
}

/// The words that most of its texts have and few others.
fn telling(vocabulary: &Vocabulary, words: &[Words], members: &[usize]) -> Vec<String> {
    let mut counts: HashMap<u32, u32> = HashMap::new();
    for words in members.iter().filter_map(|&member| words.get(member)) {
        words.iter().for_each(|word| *counts.entry(word).or_default() += 1);
    }
    let said =
        |(&word, &count): (&u32, &u32)| (f64::from(count) * vocabulary.weight(word).powi(2), vocabulary.word(word));
    let mut telling: Vec<(f64, &str)> = counts.iter().map(said).collect();
    telling.sort_by(|one, other| other.0.total_cmp(&one.0).then(one.1.cmp(other.1)));
    telling.into_iter().take(WORDS_SHOWN_MAX).map(|(_, word)| word.to_owned()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_says_the_same_is_together_and_what_does_not_is_not() {
        let mut texts = Vec::new();
        for number in 0..20 {
            texts.push(format!("please send invoice {number} once more"));
            texts.push(format!("the printer on floor {number} is jammed again"));
        }
        texts.extend(["hello", "where is the cat"].map(str::to_owned));
        let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
        let (clusters, alone) = clusters(&texts, 2, 3);
        let found: Vec<(u64, usize)> = clusters.iter().map(|it| (it.messages, it.examples.len())).collect();
        assert_eq!((found, alone), (vec![(20, 3), (20, 3)], 2), "{clusters:?}");
        assert!(clusters[0].words.contains(&"invoice".to_owned()), "{clusters:?}");
        assert!(clusters[1].words.contains(&"jammed".to_owned()), "{clusters:?}");
    }

    #[test]
    fn one_kind_of_message_alone_is_one_cluster() {
        let (clusters, alone) = clusters(&["restart the server"; 30], 2, 3);
        assert_eq!(clusters.iter().map(|it| (it.messages, it.examples.len())).collect::<Vec<_>>(), [(30, 1)]);
        assert_eq!(alone, 0);
    }

    #[test]
    fn nothing_has_no_clusters() {
        assert_eq!(clusters(&[], 2, 3), (Vec::new(), 0));
    }

    #[test]
    fn words_that_nobody_else_has_lead_nobody_astray() {
        let greeted = |name: &str| format!("Hi, {name} from {name}ville here, where is the price list?");
        let texts: Vec<String> = ["Smith", "Jones", "Okafor", "Novak"].iter().map(|name| greeted(name)).collect();
        let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
        let (clusters, alone) = clusters(&texts, 2, 3);
        assert_eq!((clusters.iter().map(|it| it.messages).collect::<Vec<_>>(), alone), (vec![4], 0));
    }

    #[test]
    fn texts_without_words_are_together() {
        let (clusters, alone) = clusters(&["👍", "???", "…"], 2, 3);
        assert_eq!((clusters.iter().map(|it| it.messages).collect::<Vec<_>>(), alone), (vec![3], 0));
    }
}
