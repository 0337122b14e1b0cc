//! From a message's fields to the patterns that match in them.

use super::gaps::{self, Reading};
use super::hits::{Hits, Marks, Place};
use super::scratch::{Fields, OpenPhrase, Scratch, Seen, Words};
use super::steps::Steps;
use crate::message::{Field, Message};
use crate::pack::Pack;
use crate::pack::cost::{GAP_OPERATIONS, KIND_OPERATIONS, LITERAL_OPERATIONS, LOOK_UP_OPERATIONS, READ_OPERATIONS};
use crate::pack::literals::{Check, Ends};
use crate::pack::pattern::ViewSet;
use crate::pack::phrases::{Between, PhraseUse, Step, Word};
use crate::reason::Reason;
use crate::views;
use crate::views::atoms::{Atom, Visit, for_each};
use crate::views::words::is_edge_counted;
use crate::views::{Folder, View};

/// Whether the text, the subject and the sender say what they seem to say.
pub(super) fn inspect(message: &Message) -> Result<(), Reason> {
    let fields = [Some(message.text.as_str()), message.subject.as_deref(), message.sender.as_deref()];
    fields.into_iter().flatten().try_for_each(|text| views::inspect(text).map_err(|_| Reason::Uninspectable))
}

/// Finds the phrases and gaps of the pack, the gates of its regexes, and marks the rules that could fire.
pub(super) fn scan(pack: &Pack, message: &Message, steps: &mut Steps, scratch: &mut Scratch) -> Result<(), Reason> {
    let Scratch { fields, folder, hits, marks, words, .. } = scratch;
    read_fields(pack, message, fields, folder, marks, steps)?;
    for ((field, read), what) in (0..).zip(fields.iter()).zip(&pack.fields).filter(|((_, read), _)| read.present) {
        let raw = if read.views.is_shared() { ViewSet::EITHER } else { ViewSet::RAW };
        let views = [(raw, read.views.raw()), (ViewSet::FOLDED, read.views.folded())];
        for (views, view) in views.into_iter().take(if read.views.is_shared() { 1 } else { 2 }) {
            let text = view.text();
            let reading = Reading { field, views, text, is_ascii: view.is_ascii() };
            let seen = Scan { pack, reading, hits, marks, steps }.view(view, words)?;
            if *what == Field::Text && views.overlaps(ViewSet::RAW) {
                words.seen = seen;
            }
        }
    }
    Ok(())
}

fn read_fields(
    pack: &Pack,
    message: &Message,
    fields: &mut Fields,
    folder: &mut Folder,
    marks: &mut Marks,
    steps: &mut Steps,
) -> Result<(), Reason> {
    for ((field, read), closed) in pack.fields.iter().zip(fields.iter_mut()).zip(&pack.fail_closed) {
        let text = message.field(field);
        read.present = text.is_some();
        match text {
            Some(text) => {
                steps.take(if text.is_ascii() { text.len() } else { text.len() * READ_OPERATIONS })?;
                read.views.refill(text, folder);
                if read.views.expand(text) {
                    return Err(Reason::Uninspectable);
                }
            }
            None => closed.iter().for_each(|rule| marks.mark(*rule)),
        }
    }
    Ok(())
}

/// Marks the rules that wait for a pattern; how many were looked at.
pub(super) fn wake(pack: &Pack, pattern: u32, views: ViewSet, marks: &mut Marks) -> usize {
    let rules = pack.patterns.get(pattern as usize).map_or(&[][..], |pattern| &pattern.rules);
    for index in rules {
        if pack.rules.get(*index as usize).is_some_and(|rule| rule.positive_views().overlaps(views)) {
            marks.mark(*index);
        }
    }
    rules.len()
}

/// The scan of one view.
struct Scan<'s, 't> {
    pack: &'s Pack,
    reading: Reading<'t>,
    hits: &'s mut Hits,
    marks: &'s mut Marks,
    steps: &'s mut Steps,
}

impl Scan<'_, '_> {
    fn view(mut self, view: &View, words: &mut Words) -> Result<Seen, Reason> {
        let mut seen = Seen::default();
        if !self.pack.phrases.is_empty() {
            seen = self.words(view, words)?;
        }
        if !self.pack.gaps.is_empty() && !self.reading.is_ascii {
            self.gaps_in_text(words)?;
        }
        if !self.pack.literals.is_empty() {
            self.literals()?;
        }
        Ok(seen)
    }

    /// Reads the view word by word: phrases that go on with a word, and those that begin.
    fn words(&mut self, view: &View, words: &mut Words) -> Result<Seen, Reason> {
        words.open.clear();
        words.places.forget();
        let bytes = self.reading.text.len();
        let work = if view.is_ascii() { bytes } else { bytes * KIND_OPERATIONS };
        let has_gaps = self.reading.is_ascii && !self.pack.gaps.is_empty();
        let seen = Seen::default();
        let mut reader = WordReader { scan: self, words, last: None, end: 0, has_gaps, work, seen };
        for_each(view, &mut reader);
        let WordReader { work, seen, .. } = reader;
        self.steps.take(work)?;
        Ok(seen)
    }

    /// Takes open phrases one word on; those that cannot go on are dropped. Most of the time none is open.
    #[inline(never)]
    fn go_on(&mut self, open: &mut Vec<OpenPhrase>, between: Between, word: Word, end: u32, work: &mut usize) {
        let mut next = |phrase: &OpenPhrase| self.next(*phrase, between, word, end, work);
        open.retain_mut(|phrase| next(phrase).map(|next| *phrase = next).is_some());
    }

    /// Takes a phrase one word on, if it can go on.
    #[inline]
    fn next(
        &mut self,
        phrase: OpenPhrase,
        between: Between,
        word: Word,
        end: u32,
        work: &mut usize,
    ) -> Option<OpenPhrase> {
        let step = self.pack.phrases.next(phrase.node, between, word)?;
        self.arrive(step, phrase.start, end, work);
        step.goes_on().then_some(OpenPhrase { node: step.node(), ..phrase })
    }

    /// Notes the patterns that end at a node.
    #[inline]
    fn arrive(&mut self, step: Step, start: u32, end: u32, work: &mut usize) {
        if step.ends() {
            let outputs = self.pack.phrases.ends_at(step.node());
            *work += outputs.len();
            self.found(outputs, start, end, work);
        }
    }

    #[inline(never)]
    fn found(&mut self, outputs: &[PhraseUse], start: u32, end: u32, work: &mut usize) {
        let Reading { field, views, text, .. } = self.reading;
        let (from, to) = (start as usize, end as usize);
        if !is_edge_counted(text, from, work) || !is_edge_counted(text, to, work) {
            return;
        }
        for usage in outputs.iter().filter(|usage| usage.field == field) {
            let views = usage.views.both(views);
            let fits = (!usage.at_start || from == 0) && (!usage.at_end || to == text.len());
            if fits && views != ViewSet::NONE && self.hits.note_phrase(usage.pattern, views, Place { start, end }) {
                match usage.rule {
                    PhraseUse::MANY => *work += wake(self.pack, usage.pattern, views, self.marks),
                    rule if usage.wakes.overlaps(views) => self.marks.mark(rule),
                    _ => {}
                }
            }
        }
    }

    /// The literals of gaps in a word of ASCII that the dictionary has.
    fn gaps_in_known(&mut self, atom: &Atom, word: Word, places: &mut gaps::Places, work: &mut usize) {
        for within in self.pack.gaps.within(word) {
            let start = atom.start + within.at;
            self.gap(within.literal, start, start + within.bytes, places, work);
        }
    }

    /// The literals of gaps in a word of ASCII that the dictionary does not have.
    fn gaps_in_unknown(&mut self, atom: &Atom, places: &mut gaps::Places, work: &mut usize) {
        *work += (atom.end - atom.start) as usize;
        let text = self.reading.text.get(atom.start as usize..atom.end as usize).unwrap_or("");
        for within in self.pack.gaps.in_word(text) {
            let start = atom.start + within.at;
            self.gap(within.literal, start, start + within.bytes, places, work);
        }
    }

    fn gaps_in_text(&mut self, words: &mut Words) -> Result<(), Reason> {
        words.places.forget();
        let mut work = self.reading.text.len();
        for (literal, found) in self.pack.gaps.in_text(self.reading.text) {
            self.gap(literal, found.start as u32, found.end as u32, &mut words.places, &mut work);
        }
        self.steps.take(work)
    }

    fn gap(&mut self, literal: u32, start: u32, end: u32, places: &mut gaps::Places, work: &mut usize) {
        let uses =
            if places.may_close(self.pack.gaps.first_bits(literal)) { self.pack.gaps.uses(literal) } else { &[] };
        *work += 2 + uses.len() * GAP_OPERATIONS;
        for usage in uses {
            // Most gaps that end with this word have not begun.
            if !places.has(usage.first) || usage.field != self.reading.field {
                continue;
            }
            let views = usage.views.both(self.reading.views);
            let known = self.hits.get(usage.pattern);
            if views.without(known.matched) != ViewSet::NONE {
                let Some(first) = places.closes(usage, start, self.reading, work) else { continue };
                let place = Place { start: first.saturating_sub(self.pack.gaps.length(usage.first)), end };
                if self.hits.note_phrase(usage.pattern, views, place) {
                    *work += wake(self.pack, usage.pattern, views, self.marks);
                }
            } else if usage.greedy && views != ViewSet::NONE {
                let first = known.place(views).start + self.pack.gaps.length(usage.first);
                if gaps::reaches(usage, first, start, self.reading, work) {
                    self.hits.extend(usage.pattern, views, end);
                }
            }
        }
        if self.pack.gaps.is_first(literal) {
            places.push(literal, end);
        }
    }

    /// Phrases that are no words, and what regexes wait for.
    fn literals(&mut self) -> Result<(), Reason> {
        let Reading { field, views, text, .. } = self.reading;
        let mut work = text.len() * LITERAL_OPERATIONS;
        for (found, uses) in self.pack.literals.found(text) {
            work += uses.len();
            for usage in uses.iter().filter(|usage| usage.field == field && usage.views.overlaps(views)) {
                let views = usage.views.both(views);
                let place = Place { start: found.start as u32, end: found.end as u32 };
                match usage.check {
                    Check::Gate => self.hits.note_gate(usage.pattern, views, place.start),
                    Check::Phrase(ends) => {
                        if fits(text, place, ends, &mut work) && self.hits.note_phrase(usage.pattern, views, place) {
                            work += wake(self.pack, usage.pattern, views, self.marks);
                        }
                    }
                }
            }
        }
        self.steps.take(work)
    }
}

/// Reads one view word by word.
struct WordReader<'r, 's, 't> {
    scan: &'r mut Scan<'s, 't>,
    words: &'r mut Words,
    /// The word before, if a phrase goes on from it: that most phrases are in their second word makes it worth keeping
    /// apart.
    last: Option<OpenPhrase>,
    /// Where the word before ends.
    end: u32,
    has_gaps: bool,
    work: usize,
    seen: Seen,
}

impl Visit for WordReader<'_, '_, '_> {
    #[inline(always)]
    fn visit(&mut self, atom: Atom) {
        let Self { scan, words: Words { open, places, .. }, last, end, has_gaps, work, seen } = self;
        let (pack, text) = (scan.pack, scan.reading.text);
        *work += LOOK_UP_OPERATIONS * (2 + open.len());
        seen.words += 1;
        let before = std::mem::replace(end, atom.end);
        let Some((word, befores)) = pack.phrases.word(text, &atom) else {
            seen.unknown += 1;
            open.clear();
            *last = None;
            if *has_gaps && pack.gaps.partial {
                scan.gaps_in_unknown(&atom, places, work);
            }
            return;
        };
        let may_go_on = |phrase: &OpenPhrase| befores.may_follow(phrase.node);
        let last_before = last.take().filter(may_go_on);
        if last_before.is_none() && !open.iter().any(may_go_on) {
            open.clear();
        } else if let Some(between) = between(pack, text, before, atom.start) {
            if !open.is_empty() {
                scan.go_on(open, between, word.node(), atom.end, work);
            }
            open.extend(last_before.and_then(|phrase| scan.next(phrase, between, word.node(), atom.end, work)));
        } else {
            open.clear();
        }
        scan.arrive(word, atom.start, atom.end, work);
        *last = word.goes_on().then_some(OpenPhrase { node: word.node(), start: atom.start });
        if *has_gaps && word.has_gaps() {
            scan.gaps_in_known(&atom, word.node(), places, work);
        }
    }
}

/// What stands between two words; `None` where no phrase has that.
#[inline]
fn between(pack: &Pack, text: &str, start: u32, end: u32) -> Option<Between> {
    let (start, end) = (start as usize, end as usize);
    if end == start + 1 && text.as_bytes().get(start) == Some(&b' ') {
        return Some(Between::SPACE);
    }
    pack.phrases.between(text.get(start..end)?)
}

/// Whether the ends of a phrase are as they must be.
fn fits(text: &str, found: Place, ends: Ends, work: &mut usize) -> bool {
    let (start, end) = (found.start as usize, found.end as usize);
    (!ends.at_start || start == 0)
        && (!ends.at_end || end == text.len())
        && (!ends.word_before || is_edge_counted(text, start, work))
        && (!ends.word_after || is_edge_counted(text, end, work))
}
