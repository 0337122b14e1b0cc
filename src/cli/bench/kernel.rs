//! The elementary operations of which the bound of a pack is made, as a piece of work to be timed.
//!
//! A third each: a step of an automaton (a look-up by state and byte), a probe into a hash table, a comparison
//! of a byte. Each needs what the one before it found, so that none hides behind another, and both tables are
//! as large as a usual L2 cache: a pack that is larger does not touch all of itself for one message.

const STATES: u32 = 2_048;
const BYTE_CLASSES: u32 = 64;
const SLOTS: u32 = 65_536;
const TEXT_BYTES: usize = 16 * 1_024;
/// Knuth, The Art of Computer Programming, volume 3, 6.4: 2^32 divided by the golden ratio.
const MULTIPLIER: u32 = 0x9e37_79b9;

/// Operations in a byte of the text.
pub(super) const OPERATIONS_PER_BYTE: usize = 3;

/// Two tables and a text.
pub(super) struct Kernel {
    /// By state and class of byte: the next state, times [`BYTE_CLASSES`].
    automaton: Vec<u32>,
    slots: Vec<u64>,
    text: Vec<u8>,
}

impl Kernel {
    /// Tables full of what looks random, and is always the same.
    pub(super) fn new() -> Self {
        let mut numbers = Numbers(1);
        Self {
            automaton: (0..STATES * BYTE_CLASSES).map(|_| numbers.next() % STATES * BYTE_CLASSES).collect(),
            slots: (0..SLOTS).map(|_| u64::from(numbers.next()) << 32 | u64::from(numbers.next())).collect(),
            text: (0..TEXT_BYTES).map(|_| b'a' + (numbers.next() % 26) as u8).collect(),
        }
    }

    /// Reads the text once. Each salt takes another way through the tables; what comes out must be used.
    pub(super) fn run(&self, salt: u32) -> u32 {
        let salt = salt.wrapping_mul(MULTIPLIER);
        let mut state = 0;
        for byte in &self.text {
            state = self.step(state ^ salt, *byte);
            let slot = self.probe(state ^ u32::from(*byte));
            state = state.wrapping_add(u32::from(slot as u8 == *byte) * BYTE_CLASSES);
            state ^= (slot >> 63) as u32;
        }
        state
    }

    /// How many operations [`Kernel::run`] does.
    pub(super) fn operations(&self) -> usize {
        self.text.len() * OPERATIONS_PER_BYTE
    }

    fn step(&self, state: u32, byte: u8) -> u32 {
        let at = (state ^ (u32::from(byte) % BYTE_CLASSES)) % (STATES * BYTE_CLASSES);
        self.automaton.get(at as usize).copied().unwrap_or(0)
    }

    fn probe(&self, key: u32) -> u64 {
        let at = key.wrapping_mul(MULTIPLIER) >> (32 - SLOTS.ilog2());
        self.slots.get(at as usize).copied().unwrap_or(0)
    }
}

/// Xorshift (Marsaglia 2003).
struct Numbers(u32);

impl Numbers {
    fn next(&mut self) -> u32 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 17;
        self.0 ^= self.0 << 5;
        self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn it_wanders_through_its_tables() {
        let kernel = Kernel::new();
        let states: BTreeSet<u32> = (0..100).map(|salt| kernel.run(salt)).collect();
        assert!(states.len() > 90, "{} states after 100 runs", states.len());
    }
}
