//! Finds rows that occur more than once in a file, in memory that does not grow with the file.
//!
//! The first pass passes each row's key to [`Repeats::record`]. A small number of keys is kept in a list. A larger
//! number goes into a filter. The filter is an array of slots, each a counter that stops at two; a key selects four of
//! them, and recording it adds one to each. So a key that was recorded twice has all four slots at two. Other keys may
//! share slots with it: a row whose slots are all at two *may* be repeated. The second pass counts only those rows,
//! exactly, by their identity. The filter never misses a repeated row; a false positive only costs an entry.

use std::collections::{HashMap, HashSet};
use std::hash::{DefaultHasher, Hasher};

use crate::{Identity, ParseError, Reject};

/// Maximum number of keys in the list.
const FEW: usize = 1 << 16;
/// Words of the filter, each with 32 slots of 2 bits.
const WORDS: usize = 1 << 22;
/// Words of a block, which is a cache line of the processor.
const BLOCK: usize = 8;
/// Slots of one key.
const SLOTS: u32 = 4;

#[derive(Debug)]
pub(crate) struct Repeats {
    seen: SeenKeys,
    counted: HashMap<Identity, u32>,
}

#[derive(Debug)]
enum SeenKeys {
    /// All keys so far, if there are at most `FEW`.
    List(Vec<u64>),
    /// The words of the filter.
    Filter(Vec<u64>),
    /// The keys that occurred at least twice, if there were at most `FEW` keys.
    Repeated(HashSet<u64>),
}

impl Repeats {
    pub fn new() -> Self {
        Self { seen: SeenKeys::List(Vec::new()), counted: HashMap::new() }
    }

    /// First pass: records a row's key. Rows of the same identity must have the same key.
    pub fn record(&mut self, key: u64) {
        match &mut self.seen {
            SeenKeys::List(keys) if keys.len() < FEW => keys.push(key),
            SeenKeys::List(keys) => {
                let mut filter = vec![0; WORDS];
                for key in keys.iter().chain([&key]) {
                    count_in_filter(&mut filter, *key);
                }
                self.seen = SeenKeys::Filter(filter);
            }
            SeenKeys::Filter(filter) => count_in_filter(filter, key),
            SeenKeys::Repeated(_) => {}
        }
    }

    /// Called between the passes.
    pub fn end_first_pass(&mut self) {
        if let SeenKeys::List(keys) = &mut self.seen {
            keys.sort_unstable();
            let twice = keys.windows(2).filter(|pair| pair[0] == pair[1]).map(|pair| pair[0]).collect();
            self.seen = SeenKeys::Repeated(twice);
        }
    }

    /// Second pass: returns the number of rows of this identity so far, this row included.
    pub fn occurrence(&mut self, key: u64, identity: Identity, limit: usize) -> Result<u32, ParseError> {
        let maybe = match &self.seen {
            SeenKeys::Repeated(keys) => keys.contains(&key),
            SeenKeys::Filter(filter) => slots(key).all(|(word, shift)| filter[word] >> shift & 2 != 0),
            SeenKeys::List(_) => true,
        };
        if !maybe {
            return Ok(1);
        }
        let full = self.counted.len() >= limit;
        match self.counted.entry(identity) {
            std::collections::hash_map::Entry::Occupied(mut entry) => {
                *entry.get_mut() = entry.get().saturating_add(1);
                Ok(*entry.get())
            }
            std::collections::hash_map::Entry::Vacant(_) if full => {
                Err(Reject::too_large("different rows that repeat", limit as u64))
            }
            std::collections::hash_map::Entry::Vacant(entry) => Ok(*entry.insert(1)),
        }
    }
}

fn count_in_filter(filter: &mut [u64], key: u64) {
    for (word, shift) in slots(key) {
        // 00 → 01 → 10, which is the maximum.
        let count = filter[word] >> shift & 3;
        if count < 2 {
            filter[word] += 1 << shift;
        }
    }
}

/// Returns the slots of a key. All are in one block, and no two are the same.
fn slots(key: u64) -> impl Iterator<Item = (usize, u32)> {
    let block = usize::try_from(key >> 45).unwrap_or_default() % (WORDS / BLOCK) * BLOCK;
    (0..SLOTS).map(move |number| {
        // Each slot uses its own two words of the block.
        let bits = (key >> (number * 6)) & 63;
        let word = block + number as usize * 2 + usize::from(bits & 32 != 0);
        (word, u32::try_from(bits & 31).unwrap_or_default() * 2)
    })
}

/// Returns the key of a row with these fields.
pub(crate) fn key(fields: impl IntoIterator<Item = impl AsRef<[u8]>>) -> u64 {
    let mut hasher = DefaultHasher::new();
    for field in fields {
        hasher.write(field.as_ref());
        hasher.write_u8(0xFF);
    }
    hasher.finish()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn identity(number: u64) -> Identity {
        Identity::of_fields(None, [&number.to_le_bytes()[..]])
    }

    /// Uses far more rows than fit in the list. Every hundredth row occurs three times.
    #[test]
    fn many_rows_are_counted_exactly() {
        let rows = || (0..300_000_u64).chain((0..300_000).step_by(100)).chain((0..300_000).step_by(100));
        let mut repeats = Repeats::new();
        for row in rows() {
            repeats.record(key([&row.to_le_bytes()[..]]));
        }
        repeats.end_first_pass();
        let mut counts = HashMap::new();
        for row in rows() {
            let occurrence =
                repeats.occurrence(key([&row.to_le_bytes()[..]]), identity(row), 10_000).expect("few");
            let count = counts.entry(row).or_insert(0_u32);
            *count += 1;
            assert_eq!(occurrence, *count, "row {row}");
        }
        assert!(repeats.counted.len() < 3_300, "{} rows counted", repeats.counted.len());
    }

    #[test]
    fn too_many_repeated_rows_are_refused() {
        let mut repeats = Repeats::new();
        for row in [1_u64, 2, 3, 1, 2, 3] {
            repeats.record(row);
        }
        repeats.end_first_pass();
        assert_eq!(repeats.occurrence(1, identity(1), 2).ok(), Some(1));
        assert_eq!(repeats.occurrence(2, identity(2), 2).ok(), Some(1));
        assert!(repeats.occurrence(3, identity(3), 2).is_err());
        assert_eq!(repeats.occurrence(1, identity(1), 2).ok(), Some(2), "known rows are still counted");
    }
}
