//! Sets of numbers as bytes: ascending, each as the difference from the one before, seven bits a byte.
//!
//! A full chunk of 100 takes about 102 bytes, a thousand full chunks 1,000, and no number, however large, takes more
//! than five: so the one row of a set can be rewritten with each batch.

use std::collections::BTreeSet;

pub(crate) fn encode(set: &BTreeSet<u32>) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(set.len() + 8);
    let mut last = 0;
    for &number in set {
        let mut distance = number - last;
        last = number;
        while distance >= 0x80 {
            bytes.push(distance.to_le_bytes()[0] | 0x80);
            distance >>= 7;
        }
        // The rest is below 0x80.
        bytes.push(distance.to_le_bytes()[0]);
    }
    bytes
}

/// Returns `None` if the bytes are not an output of [`encode`].
pub(crate) fn decode(bytes: &[u8]) -> Option<BTreeSet<u32>> {
    let mut numbers = Vec::with_capacity(bytes.len());
    let (mut last, mut distance, mut shift) = (0_u32, 0_u64, 0);
    for &byte in bytes {
        distance |= u64::from(byte & 0x7f) << shift;
        if byte & 0x80 != 0 {
            shift += 7;
            if shift > 28 {
                return None;
            }
            continue;
        }
        last = last.checked_add(u32::try_from(distance).ok()?)?;
        numbers.push(last);
        (distance, shift) = (0, 0);
    }
    (shift == 0).then(|| numbers.into_iter().collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_goes_in_comes_out() {
        let sets: [&[u32]; 6] = [
            &[],
            &[0],
            &[0, 1, 127, 128, 129, 255, 256],
            &[u32::MAX],
            &[0, u32::MAX],
            &[16_383, 16_384, 2_097_151, 2_097_152, 268_435_455, 268_435_456],
        ];
        for numbers in sets {
            let set: BTreeSet<u32> = numbers.iter().copied().collect();
            assert_eq!(decode(&encode(&set)), Some(set));
        }
        let full: BTreeSet<u32> = (99_900..100_000).collect();
        assert!(encode(&full).len() <= 102);
    }

    #[test]
    fn damaged_bytes_are_noticed() {
        assert_eq!(decode(&[0x80]), None, "cut off");
        assert_eq!(decode(&[0xff, 0xff, 0xff, 0xff, 0xff, 0x01]), None, "too long a number");
        assert_eq!(decode(&[0xff, 0xff, 0xff, 0xff, 0x1f]), None, "too large a number");
        assert_eq!(decode(&[0xff, 0xff, 0xff, 0xff, 0x0f, 0x01]), None, "past the largest");
    }
}
