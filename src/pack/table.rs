//! A table from numbers to numbers, made once: open addressing, linear probing, and a bound on the probes.

/// Knuth's multiplier for Fibonacci hashing (TAOCP vol. 3, section 6.4), at 64 bits.
const MULTIPLIER: u64 = 0x9e37_79b9_7f4a_7c15;

/// From keys, none of them zero, to values.
#[derive(Clone, Debug, Default, PartialEq, rkyv::Archive, rkyv::Serialize, rkyv::Deserialize)]
pub(crate) struct Table {
    /// A power of two of them; zero where there is nothing.
    keys: Vec<u64>,
    values: Vec<u32>,
    /// How far a hash is moved right to be a place.
    shift: u32,
    /// The most places that a look-up looks at.
    probes_max: u32,
}

impl Table {
    /// A table of these; of two with the same key the first stays. Keys of zero are left out. The order in
    /// which they come decides where they lie, so it must not depend on chance.
    pub(crate) fn new(entries: &[(u64, u32)]) -> Self {
        let places = (entries.len() * 3 / 2).next_power_of_two().max(2);
        let mut table =
            Self { keys: vec![0; places], values: vec![0; places], shift: 64 - places.trailing_zeros(), probes_max: 1 };
        entries.iter().filter(|(key, _)| *key != 0).for_each(|(key, value)| table.insert(*key, *value));
        table
    }

    /// The value of a key.
    #[inline]
    pub(crate) fn get(&self, key: u64) -> Option<u32> {
        let mut at = self.place(key);
        for _ in 0..self.probes_max {
            match self.keys.get(at) {
                None | Some(0) => return None,
                Some(found) if *found == key => return self.values.get(at).copied(),
                Some(_) => at = (at + 1) & (self.keys.len() - 1),
            }
        }
        None
    }

    /// What is in it, in the order in which it lies.
    pub(crate) fn entries(&self) -> impl Iterator<Item = (u64, u32)> {
        self.keys.iter().copied().zip(self.values.iter().copied()).filter(|(key, _)| *key != 0)
    }

    /// Whether it is a table as [`Table::new`] makes them, each key where a look-up finds it; or empty.
    pub(crate) fn is_sound(&self) -> bool {
        let places = self.keys.len();
        if places == 0 {
            return self.values.is_empty();
        }
        let probes = |(at, key): (usize, &u64)| (at.wrapping_sub(self.place(*key)) & (places - 1)) + 1;
        let keys = self.keys.iter().enumerate().filter(|(_, key)| **key != 0);
        places.is_power_of_two()
            && places >= 2
            && self.values.len() == places
            && self.shift == 64 - places.trailing_zeros()
            && keys.map(probes).max().unwrap_or(1) == self.probes_max as usize
    }

    /// Memory, in bytes.
    pub(crate) fn bytes(&self) -> usize {
        self.keys.len() * 8 + self.values.len() * 4
    }

    #[inline]
    fn place(&self, key: u64) -> usize {
        key.wrapping_mul(MULTIPLIER).checked_shr(self.shift).unwrap_or(0) as usize
    }

    fn insert(&mut self, key: u64, value: u32) {
        let mask = self.keys.len() - 1;
        let first = self.place(key);
        for probes in 0..self.keys.len() {
            let at = (first + probes) & mask;
            let (Some(known), Some(place)) = (self.keys.get_mut(at), self.values.get_mut(at)) else { return };
            if *known == key {
                return;
            }
            if *known == 0 {
                (*known, *place) = (key, value);
                self.probes_max = self.probes_max.max(probes as u32 + 1);
                return;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_put_in_is_found_and_nothing_else() {
        for count in [0_u64, 1, 2, 3, 100, 5_000] {
            let entries: Vec<(u64, u32)> = (1..=count).map(|key| (key * key, key as u32)).collect();
            let table = Table::new(&entries);
            assert!(entries.iter().all(|(key, value)| table.get(*key) == Some(*value)));
            assert!((1..=count).all(|key| table.get(key * key + 1).is_none() || count < 2));
            assert!(table.probes_max < 64, "{}", table.probes_max);
        }
        assert_eq!(Table::new(&[(7, 1), (7, 2)]).get(7), Some(1));
        assert_eq!(Table::new(&[(0, 1)]).get(0), None);
    }
}
