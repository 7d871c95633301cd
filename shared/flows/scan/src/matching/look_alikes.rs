//! Text that OCR may have misread: it equals a code once letters and digits that look alike are treated as the same.

use std::collections::BTreeMap;

use daachorse::DoubleArrayAhoCorasick;

use super::matcher::{Hit, stands_alone};

/// A search for text that looks like a code and is not one, in folded text.
pub(super) struct LookAlikes {
    automaton: DoubleArrayAhoCorasick<u32>,
    /// By pattern, the codes that look like it.
    codes: Vec<Vec<u32>>,
}

impl LookAlikes {
    /// `codes` are folded.
    pub(super) fn new(codes: &[Vec<u8>]) -> Self {
        let mut patterns: BTreeMap<Vec<u8>, Vec<u32>> = BTreeMap::new();
        for (folded, code) in codes.iter().zip(0_u32..) {
            patterns.entry(folded.iter().copied().map(look).collect()).or_default().push(code);
        }
        let numbered = patterns.keys().zip(0_u32..);
        let automaton = DoubleArrayAhoCorasick::with_values(numbered)
            .expect("patterns of a code list are 1 to 50,000, different and not empty");
        Self { automaton, codes: patterns.into_values().collect() }
    }

    /// Returns every place in `folded` that looks like a code, in the order of their ends. No character that belongs to
    /// a word may be next to it, whatever the mode: half of a misread word says nothing.
    pub(super) fn hits(&self, folded: &[u8], codes: &[Vec<u8>]) -> Vec<Hit> {
        let looks: Vec<u8> = folded.iter().copied().map(look).collect();
        let mut hits = Vec::new();
        for found in self.automaton.find_overlapping_iter(&looks) {
            let text = &folded[found.start()..found.end()];
            let alike = &self.codes[found.value() as usize];
            // A text that is itself a code is not a misreading of another code.
            if alike.iter().any(|code| codes[*code as usize] == text) {
                continue;
            }
            let alike = alike.iter().map(|code| Hit { start: found.start(), end: found.end(), code: *code });
            hits.extend(
                alike.filter(|hit| is_near(text, &codes[hit.code as usize]) && stands_alone(folded, hit)),
            );
        }
        hits
    }
}

/// Returns the byte that represents all bytes that look like this one, after folding. Each is one byte, so that
/// positions do not change.
const fn look(byte: u8) -> u8 {
    match byte {
        b'0' | b'o' | b'q' => b'o',
        b'1' | b'l' | b'i' | b'|' | b'!' => b'l',
        b'2' | b'z' => b'z',
        b'5' | b's' => b's',
        b'6' | b'g' => b'g',
        b'8' | b'b' => b'b',
        other => other,
    }
}

/// Returns whether more of the text is right than wrong: `is` is not a misread `15`.
fn is_near(text: &[u8], code: &[u8]) -> bool {
    let misread = text.iter().zip(code).filter(|(read, meant)| read != meant).count();
    misread * 2 < code.len()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::matching::CodeList;
    use crate::matching::fold::fold_into;

    fn seen(codes: &[&str], text: &str) -> Vec<(String, String)> {
        let list = CodeList::new(codes.iter().map(|code| (*code).to_owned()).collect()).expect("a list");
        let mut folded = Vec::new();
        fold_into(&mut folded, text);
        let hits = LookAlikes::new(list.folded()).hits(&folded, list.folded());
        let text = |hit: &Hit| String::from_utf8_lossy(&folded[hit.start..hit.end]).into_owned();
        hits.iter().map(|hit| (list.get(hit.code).unwrap_or_default().to_owned(), text(hit))).collect()
    }

    fn pair(code: &str, text: &str) -> (String, String) {
        (code.to_owned(), text.to_owned())
    }

    #[test]
    fn letters_that_look_like_digits_are_named() {
        assert_eq!(seen(&["HOLE-12"], "see HOLE-l2, ok"), [pair("HOLE-12", "hole-l2")]);
        assert_eq!(seen(&["HOLE-10"], "(H0LE-IO)"), [pair("HOLE-10", "h0le-io")]);
        assert_eq!(seen(&["DH-58"], "DH-S8 and DH-5B"), [pair("DH-58", "dh-s8"), pair("DH-58", "dh-5b")]);
        assert_eq!(seen(&["HOLE-1", "HOLE-I2"], "HOLE-l HOLE-12").len(), 2);
    }

    #[test]
    fn what_is_a_code_or_a_part_of_a_word_is_none() {
        assert_eq!(seen(&["HOLE-1"], "HOLE-1"), []);
        assert_eq!(seen(&["HOLE-10", "HOLE-1O"], "HOLE-1O"), [], "another code of the list");
        assert_eq!(seen(&["HOLE-1"], "HOLE-l2 XHOLE-l HOLE-7"), []);
        assert_eq!(seen(&["15", "10"], "it is so, lo and behold"), [], "too little of it is as it should be");
    }
}
