//! Alphabets: characters that a regex cannot tell apart are one class, so that `\w` is one transition and not
//! hundreds of byte sequences.

use super::Refused;
use super::look;
use super::plane::Plane;
use super::sets::Ranges;
use std::collections::BTreeMap;

/// The most classes of an alphabet; with the edge of the text they fit a byte.
pub(super) const CLASSES_MAX: usize = 250;

const ASCII_END: u32 = 128;
/// The most that the planes of a pack may take, in bytes.
pub(super) const PLANES_BYTES_MAX: usize = 32 << 20;

/// What the programs of a pack share: how each of them divides the characters beyond ASCII. There are few ways,
/// and one of them is long (`\w` has some 770 ranges).
#[derive(Debug, Clone, Default, PartialEq, Eq, rkyv::Archive, rkyv::Serialize, rkyv::Deserialize)]
pub struct Alphabets {
    pub(super) planes: Vec<Plane>,
}

/// The classes of one program.
#[derive(Debug, Clone, PartialEq, Eq, rkyv::Archive, rkyv::Serialize, rkyv::Deserialize)]
pub struct Alphabet {
    /// The class of each ASCII character.
    pub(super) ascii: [u8; 128],
    /// The plane that divides the rest, by its number among the [`Alphabets`].
    pub(super) plane: u32,
    /// The class of each part of the plane.
    pub(super) parts: Vec<u8>,
    /// The kinds of each class, for the looks. The last is the edge of the text, a class of its own.
    pub(super) kinds: Vec<u8>,
}

/// All characters, divided: where each range begins, and its class.
pub(super) struct Partition {
    starts: Vec<u32>,
    classes: Vec<u16>,
    count: usize,
}

impl Alphabets {
    /// None yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// What they take, in bytes.
    pub fn bytes(&self) -> usize {
        self.planes.iter().map(Plane::bytes).sum()
    }

    /// Makes what is not stored.
    ///
    /// # Errors
    /// Where it would take more than any regexes need.
    pub fn prepare(&mut self) -> Result<(), Refused> {
        let mut bytes = 0;
        for plane in &mut self.planes {
            plane.prepare();
            bytes += plane.bytes();
            if bytes > PLANES_BYTES_MAX {
                return Err(Refused::TooManyPlanes { bytes_max: PLANES_BYTES_MAX });
            }
        }
        Ok(())
    }

    pub(super) fn plane(&self, number: u32) -> Option<&Plane> {
        self.planes.get(usize::try_from(number).ok()?)
    }

    /// Takes a plane over from others; its number here.
    pub(super) fn adopt(&mut self, others: &Self, number: u32) -> u32 {
        others.plane(number).cloned().map_or(u32::MAX, |plane| self.intern(plane))
    }

    fn intern(&mut self, plane: Plane) -> u32 {
        let at = self.planes.iter().position(|known| *known == plane).unwrap_or_else(|| {
            self.planes.push(plane);
            self.planes.len() - 1
        });
        u32::try_from(at).unwrap_or(u32::MAX)
    }
}

impl Alphabet {
    /// The class of the edge of the text.
    pub(super) fn edge(&self) -> u8 {
        u8::try_from(self.kinds.len().saturating_sub(1)).unwrap_or(u8::MAX)
    }

    /// The number of its plane.
    pub(super) fn plane_number(&self) -> u32 {
        self.plane
    }

    /// The same classes, with the plane of another number.
    pub(super) fn on_plane(self, plane: u32) -> Self {
        Self { plane, ..self }
    }

    /// The kinds of every class, the edge last.
    pub(super) fn kinds(&self) -> &[u8] {
        &self.kinds
    }

    /// The kinds of a class.
    pub(super) fn kinds_of(&self, class: u8) -> u8 {
        self.kinds.get(usize::from(class)).copied().unwrap_or(0)
    }

    /// The class of an ASCII byte.
    #[inline]
    pub(super) fn ascii(&self, byte: u8) -> u8 {
        self.ascii.get(usize::from(byte & 127)).copied().unwrap_or(u8::MAX)
    }

    /// The class of a character.
    #[inline]
    pub(super) fn class(&self, plane: &Plane, c: char) -> u8 {
        match u8::try_from(c) {
            Ok(byte) if byte.is_ascii() => self.ascii(byte),
            _ => plane.part(c).and_then(|part| self.parts.get(usize::from(part)).copied()).unwrap_or(u8::MAX),
        }
    }

    /// What it takes, in bytes.
    pub(super) fn bytes(&self) -> usize {
        size_of::<Self>() + self.parts.len() + self.kinds.len()
    }
}

impl Partition {
    /// Divides the characters by the borders of sets: two are of one class where no set tells them apart.
    pub(super) fn of(borders: &[Ranges]) -> Result<Self, Refused> {
        let mut partition = Self { starts: vec![0], classes: vec![0], count: 1 };
        borders.iter().try_for_each(|ranges| partition.refine(ranges))?;
        Ok(partition)
    }

    /// The classes of a set, a bit each. The set must have been among the borders.
    pub(super) fn mask(&self, ranges: &Ranges) -> [u64; 4] {
        let mut mask = [0; 4];
        for (start, class) in self.starts.iter().zip(&self.classes) {
            if contains(ranges, *start)
                && let Some(word) = mask.get_mut(usize::from(class / 64))
            {
                *word |= 1 << (class % 64);
            }
        }
        mask
    }

    /// Makes the alphabet.
    pub(super) fn into_alphabet(self, alphabets: &mut Alphabets) -> Alphabet {
        let class = |class: u16| u8::try_from(class).unwrap_or(u8::MAX);
        let ascii = std::array::from_fn(|byte| class(self.class_at(u32::try_from(byte).unwrap_or(0))));
        let (plane, parts) = self.plane();
        let mut kinds = vec![None; self.count];
        for (start, class) in self.starts.iter().zip(&self.classes) {
            if let Some(kinds) = kinds.get_mut(usize::from(*class)) {
                kinds.get_or_insert_with(|| kinds_of(*start));
            }
        }
        let kinds = kinds.into_iter().map(Option::unwrap_or_default).chain([look::EDGE]).collect();
        Alphabet { ascii, plane: alphabets.intern(plane), parts: parts.into_iter().map(class).collect(), kinds }
    }

    fn plane(&self) -> (Plane, Vec<u16>) {
        let mut parts: Vec<u16> = Vec::new();
        let (mut starts, mut numbers) = (Vec::new(), Vec::new());
        let rest = self.starts.iter().zip(&self.classes).filter(|(start, _)| **start > ASCII_END);
        for (start, class) in [(ASCII_END, self.class_at(ASCII_END))].into_iter().chain(rest.map(|(s, c)| (*s, *c))) {
            let part = parts.iter().position(|known| *known == class).unwrap_or_else(|| {
                parts.push(class);
                parts.len() - 1
            });
            starts.push(start);
            numbers.push(u8::try_from(part).unwrap_or(u8::MAX));
        }
        (Plane::new(starts, numbers), parts)
    }

    fn class_at(&self, at: u32) -> u16 {
        let after = self.starts.partition_point(|start| *start <= at);
        self.classes.get(after.saturating_sub(1)).copied().unwrap_or(0)
    }

    fn refine(&mut self, ranges: &Ranges) -> Result<(), Refused> {
        let borders = ranges.iter().flat_map(|(first, last)| [*first, last.saturating_add(1)]);
        let last = u32::from(char::MAX);
        let mut starts: Vec<u32> = self.starts.iter().copied().chain(borders).filter(|at| *at <= last).collect();
        starts.sort_unstable();
        starts.dedup();
        let mut numbers: BTreeMap<(u16, bool), u16> = BTreeMap::new();
        let mut classes = Vec::with_capacity(starts.len());
        for start in &starts {
            let fresh = u16::try_from(numbers.len()).unwrap_or(u16::MAX);
            let key = (self.class_at(*start), contains(ranges, *start));
            classes.push(*numbers.entry(key).or_insert(fresh));
        }
        if numbers.len() > CLASSES_MAX {
            return Err(Refused::TooManyClasses { max: CLASSES_MAX });
        }
        *self = Self { starts, classes, count: numbers.len() };
        Ok(())
    }
}

fn contains(ranges: &Ranges, at: u32) -> bool {
    let after = ranges.partition_point(|(first, _)| *first <= at);
    after.checked_sub(1).and_then(|range| ranges.get(range)).is_some_and(|(_, last)| at <= *last)
}

/// The kinds of a class, by any of its characters: where a look asks for a kind, it is a border of the partition.
fn kinds_of(code_point: u32) -> u8 {
    let Some(c) = char::from_u32(code_point) else { return 0 };
    let word_ascii = c == '_' || c.is_ascii_alphanumeric();
    let kinds = [
        (look::LINE_FEED, c == '\n'),
        (look::CARRIAGE_RETURN, c == '\r'),
        (look::WORD, regex_syntax::try_is_word_character(c).unwrap_or(false)),
        (look::WORD_ASCII, word_ascii),
    ];
    kinds.into_iter().filter(|(_, is)| *is).fold(0, |all, (kind, _)| all | kind)
}
