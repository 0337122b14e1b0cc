//! A table from numbers to numbers, made once: open addressing, linear probing, and a bound on the probes.

/// Knuth's multiplier for Fibonacci hashing (TAOCP vol. 3, section 6.4), at 64 bits.
const MULTIPLIER: u64 = 0x9e37_79b9_7f4a_7c15;

/// From keys, none of them zero, to values.
#[derive(Clone, Debug, Default, PartialEq, rkyv::Archive, rkyv::Serialize, rkyv::Deserialize)]
pub(crate) struct Table {
    /// A power of two of them; none where there is nothing.
    entries: Vec<Entry>,
    /// How far a hash is moved right to be a place.
    shift: u32,
    /// The most places that a look-up looks at.
    probes_max: u32,
}

/// A key with its value: sixteen bytes, so that a look-up touches one line of the cache.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, rkyv::Archive, rkyv::Serialize, rkyv::Deserialize)]
pub(crate) struct Entry {
    /// Zero where nothing is.
    pub(crate) key: u64,
    pub(crate) value: u32,
    /// What goes with it, whatever that is.
    pub(crate) tag: u32,
}

impl Table {
    /// A table of these; of two with the same key the first stays. Keys of zero are left out. The order in
    /// which they come decides where they lie, so it must not depend on chance.
    pub(crate) fn new(entries: impl ExactSizeIterator<Item = Entry>) -> Self {
        let places = (entries.len() * 3 / 2).next_power_of_two().max(2);
        let mut table =
            Self { entries: vec![Entry::default(); places], shift: 64 - places.trailing_zeros(), probes_max: 1 };
        entries.filter(|entry| entry.key != 0).for_each(|entry| table.insert(entry));
        table
    }

    /// What a key has.
    #[inline]
    pub(crate) fn get(&self, key: u64) -> Option<Entry> {
        let mut at = self.place(key);
        for _ in 0..self.probes_max {
            match self.entries.get(at) {
                Some(found) if found.key == key && key != 0 => return Some(*found),
                None | Some(Entry { key: 0, .. }) => return None,
                Some(_) => at = (at + 1) & (self.entries.len() - 1),
            }
        }
        None
    }

    /// What is in it, in the order in which it lies.
    pub(crate) fn entries(&self) -> impl Iterator<Item = Entry> {
        self.entries.iter().copied().filter(|entry| entry.key != 0)
    }

    /// The same, to change what goes with the keys.
    pub(crate) fn entries_mut(&mut self) -> impl Iterator<Item = &mut Entry> {
        self.entries.iter_mut().filter(|entry| entry.key != 0)
    }

    /// Whether it is a table as [`Table::new`] makes them, each key where a look-up finds it; or empty.
    pub(crate) fn is_sound(&self) -> bool {
        let places = self.entries.len();
        if places == 0 {
            return true;
        }
        let probes = |(at, entry): (usize, &Entry)| (at.wrapping_sub(self.place(entry.key)) & (places - 1)) + 1;
        let keys = self.entries.iter().enumerate().filter(|(_, entry)| entry.key != 0);
        places.is_power_of_two()
            && places >= 2
            && self.shift == 64 - places.trailing_zeros()
            && keys.map(probes).max().unwrap_or(1) == self.probes_max as usize
    }

    /// Memory, in bytes.
    pub(crate) fn bytes(&self) -> usize {
        self.entries.len() * size_of::<Entry>()
    }

    #[inline]
    fn place(&self, key: u64) -> usize {
        key.wrapping_mul(MULTIPLIER).checked_shr(self.shift).unwrap_or(0) as usize
    }

    fn insert(&mut self, entry: Entry) {
        let mask = self.entries.len() - 1;
        let first = self.place(entry.key);
        for probes in 0..self.entries.len() {
            let Some(place) = self.entries.get_mut((first + probes) & mask) else { return };
            if place.key == entry.key {
                return;
            }
            if place.key == 0 {
                *place = entry;
                self.probes_max = self.probes_max.max(probes as u32 + 1);
                return;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table(entries: &[(u64, u32)]) -> Table {
        Table::new(entries.iter().map(|(key, value)| Entry { key: *key, value: *value, tag: !*value }))
    }

    #[test]
    fn what_is_put_in_is_found_and_nothing_else() {
        for count in [0_u64, 1, 2, 3, 100, 5_000] {
            let entries: Vec<(u64, u32)> = (1..=count).map(|key| (key * key, key as u32)).collect();
            let table = table(&entries);
            let has = |key: u64, value: u32| table.get(key) == Some(Entry { key, value, tag: !value });
            assert!(entries.iter().all(|(key, value)| has(*key, *value)));
            assert!((1..=count).all(|key| table.get(key * key + 1).is_none() || count < 2));
            assert!(table.is_sound() && table.probes_max < 64, "{}", table.probes_max);
        }
        assert_eq!(table(&[(7, 1), (7, 2)]).get(7).map(|entry| entry.value), Some(1));
        assert_eq!(table(&[(0, 1)]).get(0), None);
    }
}
