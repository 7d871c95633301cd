//! Matching written as plainly as possible, without regard to speed.

use crate::matching::{MatchRule, fold::is_word};

/// Folded characters, each with the byte of the original where it began.
pub(super) type Folded = Vec<(char, usize)>;

const INVISIBLE: &str = "\u{200B}\u{200C}\u{200D}\u{200E}\u{200F}\u{202A}\u{202B}\u{202C}\u{202D}\u{202E}\
    \u{2060}\u{2061}\u{2062}\u{2063}\u{2064}\u{2066}\u{2067}\u{2068}\u{2069}\u{61C}\u{FEFF}";
const HYPHENS: &str = "-‐‑‒–—―−﹘﹣－";
const SOFT: char = '\u{AD}';

pub(super) fn fold(text: &str) -> Folded {
    let visible: Folded =
        text.char_indices().map(|(at, c)| (c, at)).filter(|(c, _)| !INVISIBLE.contains(*c)).collect();
    let is_hyphen = |c: char| c == SOFT || HYPHENS.contains(c);

    // White space counts, unless the nearest other character on either side is missing or a hyphen.
    let mut parted = Folded::new();
    for (index, (c, at)) in visible.iter().copied().enumerate() {
        if !c.is_whitespace() {
            parted.push((c, at));
            continue;
        }
        let before = visible[..index].iter().rev().find(|(c, _)| !c.is_whitespace());
        let after = visible[index..].iter().find(|(c, _)| !c.is_whitespace());
        let wanted = matches!((before, after), (Some(b), Some(a)) if !is_hyphen(b.0) && !is_hyphen(a.0));
        if wanted && parted.last().is_some_and(|(last, _)| *last != ' ') {
            parted.push((' ', at));
        }
    }

    // A run of hyphens keeps its real ones, or one if it has only soft ones; it begins where the run begins.
    let mut folded = Folded::new();
    let mut rest = parted.as_slice();
    while let Some((c, at)) = rest.first().copied() {
        let run = rest.iter().take_while(|(c, _)| is_hyphen(*c)).count();
        if run == 0 {
            folded.push((lower(c), at));
            rest = &rest[1..];
            continue;
        }
        let real = rest[..run].iter().filter(|(c, _)| *c != SOFT).map(|(_, at)| ('-', *at));
        folded.push(('-', at));
        folded.extend(real.skip(1));
        rest = &rest[run..];
    }
    folded
}

fn lower(c: char) -> char {
    match c {
        'İ' => 'i',
        '\u{FF01}'..='\u{FF5E}' => char::from_u32(c as u32 - 0xFEE0)
            .expect("full-width forms are ASCII, shifted")
            .to_ascii_lowercase(),
        _ => {
            let mut lower = c.to_lowercase();
            match (lower.next(), lower.next()) {
                (Some(one), None) => one,
                _ => panic!("{c:?} has no simple lower case known to this test"),
            }
        }
    }
}

/// Returns every (start, end, code) in bytes of the original, sorted.
pub(super) fn find(codes: &[String], mode: MatchRule, text: &str) -> Vec<(usize, usize, usize)> {
    let folded = fold(text);
    let mut found = Vec::new();
    for (index, code) in codes.iter().enumerate() {
        let code: Vec<char> = fold(code).into_iter().map(|(c, _)| c).collect();
        for start in 0..folded.len() {
            let end = start + code.len();
            if end > folded.len() || folded[start..end].iter().zip(&code).any(|(a, b)| a.0 != *b) {
                continue;
            }
            let before = start.checked_sub(1).is_some_and(|at| is_word(folded[at].0));
            let after = folded.get(end).is_some_and(|next| is_word(next.0));
            if mode == MatchRule::Token && (before || after) {
                continue;
            }
            let last = folded[end - 1].1;
            let length = text[last..].chars().next().map_or(0, char::len_utf8);
            found.push((folded[start].1, last + length, index));
        }
    }
    found.sort_unstable();
    found
}
