//! What a regex speaks of: sets of characters, kinds that its looks tell apart, named groups.

use super::Refused;
use super::look::{self, Look};
use regex_syntax::hir::{Class, ClassUnicode, Hir, HirKind};
use std::collections::BTreeMap;

/// The first and the last code point of each range, in order.
pub(super) type Ranges = Vec<(u32, u32)>;

const LAST: u32 = char::MAX as u32;

/// The distinct sets of a regex, and its named groups.
pub(super) struct Sets {
    numbers: BTreeMap<Ranges, u16>,
    kinds: u8,
    /// The named groups: their index in the regex, and their name.
    groups: Vec<(u32, String)>,
}

impl Sets {
    /// Every character: the set that starts a search anywhere.
    pub(super) const ALL: u16 = 0;
    /// No character.
    pub(super) const NONE: u16 = 1;

    /// Collects the sets of a regex.
    pub(super) fn of(hir: &Hir) -> Result<Self, Refused> {
        let numbers = BTreeMap::from([(vec![(0, LAST)], Self::ALL), (Vec::new(), Self::NONE)]);
        let mut sets = Self { numbers, kinds: 0, groups: Vec::new() };
        sets.collect(hir)?;
        Ok(sets)
    }

    /// The number of a set that was collected.
    pub(super) fn number(&self, ranges: &Ranges) -> u16 {
        self.numbers.get(ranges).copied().unwrap_or(Self::NONE)
    }

    /// The number of a named group among those with names.
    pub(super) fn group(&self, index: u32) -> Option<u16> {
        let at = self.groups.iter().position(|(known, _)| *known == index)?;
        u16::try_from(at).ok()
    }

    /// The names of the groups.
    pub(super) fn into_names(self) -> Vec<String> {
        self.groups.into_iter().map(|(_, name)| name).collect()
    }

    /// The sets with their numbers.
    pub(super) fn iter(&self) -> impl Iterator<Item = (&Ranges, u16)> {
        self.numbers.iter().map(|(ranges, number)| (ranges, *number))
    }

    /// What must be told apart: the sets, and the kinds that the looks ask for. Those of few ranges first.
    pub(super) fn borders(&self) -> Result<Vec<Ranges>, Refused> {
        let mut borders: Vec<Ranges> = self.numbers.keys().cloned().collect();
        let single = |c: char| vec![(u32::from(c), u32::from(c))];
        for (kind, ranges) in [(look::LINE_FEED, single('\n')), (look::CARRIAGE_RETURN, single('\r'))] {
            if self.kinds & kind != 0 {
                borders.push(ranges);
            }
        }
        for (kind, class) in [(look::WORD, r"\w"), (look::WORD_ASCII, r"(?-u:\w)")] {
            if self.kinds & kind != 0 {
                borders.push(ranges_of_class(&regex_syntax::parse(class).map_err(|_| Refused::NoUnicode)?)?);
            }
        }
        borders.sort_by_key(Vec::len);
        Ok(borders)
    }

    fn collect(&mut self, hir: &Hir) -> Result<(), Refused> {
        match hir.kind() {
            HirKind::Empty => Ok(()),
            HirKind::Literal(literal) => literal_chars(&literal.0)?.chars().try_for_each(|c| self.add(single(c))),
            HirKind::Class(class) => self.add(ranges(class)?),
            HirKind::Look(look) => {
                self.kinds |= Look::of(*look).kinds();
                Ok(())
            }
            HirKind::Repetition(repetition) => self.collect(&repetition.sub),
            HirKind::Capture(capture) => {
                self.groups.extend(capture.name.iter().map(|name| (capture.index, name.to_string())));
                self.collect(&capture.sub)
            }
            HirKind::Concat(parts) | HirKind::Alternation(parts) => parts.iter().try_for_each(|p| self.collect(p)),
        }
    }

    fn add(&mut self, ranges: Ranges) -> Result<(), Refused> {
        let number = u16::try_from(self.numbers.len()).map_err(|_| Refused::TooManySets)?;
        self.numbers.entry(ranges).or_insert(number);
        Ok(())
    }
}

/// The set of one character.
pub(super) fn single(c: char) -> Ranges {
    vec![(u32::from(c), u32::from(c))]
}

/// The set of a class. Classes of bytes are taken where they are ASCII: then bytes are characters.
pub(super) fn ranges(class: &Class) -> Result<Ranges, Refused> {
    let unicode = |class: &ClassUnicode| class.iter().map(|r| (u32::from(r.start()), u32::from(r.end()))).collect();
    match class {
        Class::Unicode(class) => Ok(unicode(class)),
        Class::Bytes(class) => class.to_unicode_class().map(|class| unicode(&class)).ok_or(Refused::Bytes),
    }
}

/// The characters of a literal.
pub(super) fn literal_chars(literal: &[u8]) -> Result<&str, Refused> {
    std::str::from_utf8(literal).map_err(|_| Refused::Bytes)
}

fn ranges_of_class(hir: &Hir) -> Result<Ranges, Refused> {
    match hir.kind() {
        HirKind::Class(class) => ranges(class),
        _ => Err(Refused::NoUnicode),
    }
}
