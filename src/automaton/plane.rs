//! The characters beyond ASCII, divided into parts; two look-ups find the part of one.

use std::collections::HashMap;

/// So many characters share a block.
const BLOCK: usize = 256;
const BLOCKS: usize = (char::MAX as usize + 1) / BLOCK;

/// The characters beyond ASCII, divided.
#[derive(Debug, Clone, Default, PartialEq, Eq, rkyv::Archive, rkyv::Serialize, rkyv::Deserialize)]
pub struct Plane {
    /// Where each range begins; it goes on to the next.
    pub(super) starts: Vec<u32>,
    /// The part that each range belongs to, numbered from 0 as they appear.
    pub(super) parts: Vec<u8>,
    /// Made of the ranges; it takes ten times as much as they do, and is not stored.
    #[rkyv(with = rkyv::with::Skip)]
    pub(super) blocks: Blocks,
}

/// The parts of all characters, by blocks, of which most are alike.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Blocks {
    /// Which block each 256 characters have.
    numbers: Vec<u16>,
    blocks: Vec<[u8; BLOCK]>,
}

impl Plane {
    /// Of ranges, ready to be asked.
    pub(super) fn new(starts: Vec<u32>, parts: Vec<u8>) -> Self {
        let mut plane = Self { starts, parts, blocks: Blocks::default() };
        plane.prepare();
        plane
    }

    /// Makes the blocks, which are not stored.
    pub(super) fn prepare(&mut self) {
        self.blocks = Blocks::of(&self.starts, &self.parts);
    }

    /// The part that a character belongs to.
    #[inline]
    pub(super) fn part(&self, c: char) -> Option<u8> {
        let at = c as usize;
        let number = self.blocks.numbers.get(at / BLOCK)?;
        self.blocks.blocks.get(usize::from(*number))?.get(at % BLOCK).copied()
    }

    /// What it takes, in bytes.
    pub(super) fn bytes(&self) -> usize {
        let Blocks { numbers, blocks } = &self.blocks;
        size_of::<Self>() + self.starts.len() * 5 + numbers.len() * 2 + blocks.len() * BLOCK
    }
}

impl Blocks {
    fn of(starts: &[u32], parts: &[u8]) -> Self {
        let mut made = Self::default();
        let mut known: HashMap<[u8; BLOCK], u16> = HashMap::new();
        let mut uniform: [Option<u16>; 256] = [None; 256];
        let part = |range: usize| range.checked_sub(1).and_then(|range| parts.get(range)).copied().unwrap_or(0);
        let mut range = 0;
        for first in (0..BLOCKS * BLOCK).step_by(BLOCK) {
            let begins = |range: usize, at: usize| starts.get(range).is_some_and(|start| *start as usize <= at);
            while begins(range, first) {
                range += 1;
            }
            let only = uniform.get_mut(usize::from(part(range))).filter(|_| !begins(range, first + BLOCK - 1));
            let number = match only {
                Some(Some(number)) => *number,
                Some(new) => *new.insert(made.add([part(range); BLOCK], &mut known)),
                None => {
                    let block = std::array::from_fn(|low| {
                        while begins(range, first + low) {
                            range += 1;
                        }
                        part(range)
                    });
                    made.add(block, &mut known)
                }
            };
            made.numbers.push(number);
        }
        made
    }

    fn add(&mut self, block: [u8; BLOCK], known: &mut HashMap<[u8; BLOCK], u16>) -> u16 {
        *known.entry(block).or_insert_with(|| {
            self.blocks.push(block);
            u16::try_from(self.blocks.len() - 1).unwrap_or(u16::MAX)
        })
    }
}
