//! Hit for hit: what the others find and what our verdicts name, and why they differ where they do.

use crate::engines::{self, Engine};
use crate::patterns::{Drawn, Pattern};
use decile::message::Message;
use decile::views::Views;
use std::collections::BTreeMap;

/// The most differences that are printed of one cause.
const SHOWN_MAX: usize = 40;
/// Bytes that are shown around one.
const AROUND: usize = 20;

/// A pattern that one of both found in a message.
struct Difference<'m> {
    pattern: &'m Pattern,
    text: &'m str,
}

/// By cause.
type Differences<'m> = BTreeMap<&'static str, Vec<Difference<'m>>>;

/// Compares the hits of each of the others with ours, the first of the engines. Where they differ, each difference
/// is printed with its cause for the first of the others, and counted for the rest.
pub(crate) fn compare(column: &str, drawn: &[Drawn], engines: &mut [Box<dyn Engine>], messages: &[Message]) {
    let Some((ours, others)) = engines.split_first_mut() else { return };
    for (number, other) in others.iter_mut().enumerate() {
        let mut differences = Differences::new();
        let (mut our_hits, mut their_hits, mut compared) = (0, 0, 0);
        for message in messages.iter().take(other.messages_max()) {
            let (our_ids, their_ids) = (ours.ids(message), other.ids(message));
            our_hits += our_ids.len();
            their_hits += their_ids.len();
            compared += 1;
            let difference = |id: &usize| Difference { pattern: &drawn[*id].pattern, text: &message.text };
            for difference in our_ids.iter().filter(|id| their_ids.binary_search(id).is_err()).map(difference) {
                differences.entry(difference.why_only_ours()).or_default().push(difference);
            }
            for difference in their_ids.iter().filter(|id| our_ids.binary_search(id).is_err()).map(difference) {
                let cause = difference.why_only_theirs(ours.refuses(message));
                differences.entry(cause).or_default().push(difference);
            }
        }
        println!("hits, {column}, {compared} messages: {our_hits} of decile, {their_hits} of {}", other.name());
        print(&differences, if number == 0 { SHOWN_MAX } else { 0 });
    }
}

fn print(differences: &Differences<'_>, shown_max: usize) {
    for (cause, differences) in differences {
        println!("  {} {cause}", differences.len());
        for difference in differences.iter().take(shown_max) {
            println!("    {} in “…{}…”", difference.pattern.toml(), difference.excerpt());
        }
    }
}

impl Difference<'_> {
    fn why_only_ours(&self) -> &'static str {
        if engines::regex(self.pattern).is_match(Views::of(self.text).raw().text().as_bytes()) {
            "only decile: typographic quotes and dashes are plain ones, white space is a space"
        } else {
            "only decile: UNEXPLAINED"
        }
    }

    fn why_only_theirs(&self, is_refused: bool) -> &'static str {
        if is_refused {
            "only theirs: decile does not look into the message (`uninspectable`, `over_budget`)"
        } else if !self.matches_where_letters_are(|c| "'’‘".contains(c)) {
            "only theirs: an apostrophe joins words in decile, a typographic one too: `can't` is one, and not `can`"
        } else if !self.matches_where_letters_are(|c| !c.is_ascii() && c.is_alphanumeric()) {
            "only theirs: a letter beyond ASCII is a letter in decile"
        } else {
            "only theirs: UNEXPLAINED"
        }
    }

    /// The place, with some letters around it.
    fn excerpt(&self) -> String {
        let regex = engines::regex(self.pattern);
        let views = Views::of(self.text);
        let place = |text: &str| {
            let found = regex.find(text.as_bytes())?;
            let around = text
                .char_indices()
                .filter(|(at, _)| (found.start()..found.end() + 2 * AROUND).contains(&(at + AROUND)));
            Some(around.map(|(_, c)| c).collect())
        };
        place(self.text).or_else(|| place(views.raw().text())).unwrap_or_else(|| self.text.to_owned())
    }

    /// Whether the pattern would match if some characters were letters.
    fn matches_where_letters_are(&self, is_letter: fn(char) -> bool) -> bool {
        let joined = |text: &str| text.chars().map(|c| if is_letter(c) { '_' } else { c }).collect::<String>();
        let pattern = match self.pattern {
            Pattern::Phrase(words) => Pattern::Phrase(words.iter().map(|word| joined(word)).collect()),
            Pattern::Pair(first, second) => Pattern::Pair(joined(first), joined(second)),
        };
        engines::regex(&pattern).is_match(joined(self.text).as_bytes())
    }
}
