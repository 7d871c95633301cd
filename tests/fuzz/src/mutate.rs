//! Mutates inputs randomly, but reproducibly for a seed: for runs without a coverage-guided fuzzer.

/// A `SplitMix64` random number generator.
#[derive(Debug, Clone)]
pub struct Chance(pub u64);

impl Chance {
    pub fn any(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    /// Returns a number below `bound`; 0 if `bound` is 0.
    pub fn below(&mut self, bound: usize) -> usize {
        usize::try_from(self.any() % (bound.max(1) as u64)).unwrap_or_default()
    }
}

/// Numbers that often cause errors.
const NUMBERS: [&str; 10] = [
    "0",
    "-1",
    "1",
    "255",
    "65536",
    "2147483647",
    "4294967295",
    "9223372036854775807",
    "18446744073709551616",
    "1e309",
];

/// Makes an input from one seed or from two.
pub fn mutate(seeds: &[Vec<u8>], words: &[&str], length: usize, chance: &mut Chance) -> Vec<u8> {
    let mut input = seeds[chance.below(seeds.len())].clone();
    for _ in 0..=chance.below(6) {
        change(&mut input, seeds, words, chance);
    }
    input.truncate(length);
    input
}

fn change(input: &mut Vec<u8>, seeds: &[Vec<u8>], words: &[&str], chance: &mut Chance) {
    let at = chance.below(input.len() + 1);
    let upto = (at + 1 + chance.below(64)).min(input.len());
    match chance.below(9) {
        0 if at < input.len() => input[at] ^= 1 << chance.below(8),
        1 if at < input.len() => input[at] = [0, 0xFF, 0x7F, 0x80, b'<', b'"'][chance.below(6)],
        2 => drop(input.drain(at..upto.max(at))),
        3 => {
            let piece = input[at..upto.max(at)].repeat(1 + chance.below(40));
            input.splice(at..at, piece);
        }
        4 if !words.is_empty() => {
            input.splice(at..at, words[chance.below(words.len())].bytes());
        }
        5 => {
            // Replace a number in the input.
            let digits = input[at..].iter().position(u8::is_ascii_digit).map_or(at, |skip| at + skip);
            let end =
                input[digits..].iter().position(|byte| !byte.is_ascii_digit()).map_or(digits, |l| digits + l);
            input.splice(digits..end, NUMBERS[chance.below(NUMBERS.len())].bytes());
        }
        6 => {
            let other = &seeds[chance.below(seeds.len())];
            let from = chance.below(other.len() + 1);
            let piece = &other[from..(from + 1 + chance.below(200)).min(other.len()).max(from)];
            input.splice(at..at, piece.iter().copied());
        }
        7 => input.truncate(at),
        _ => {
            let piece: Vec<u8> = (0..chance.below(8)).map(|_| chance.any().to_le_bytes()[0]).collect();
            input.splice(at..at, piece);
        }
    }
}
