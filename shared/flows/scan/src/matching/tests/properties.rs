//! Random texts of a small, nasty alphabet, so that codes are hit often and in awkward ways.

use std::collections::BTreeSet;

use proptest::prelude::*;
use riffle_extract::{Place, Sink, Unit};

use super::{folded, reference};
use crate::matching::fold::TextFolder;
use crate::matching::trace::{OriginTrace, Window};
use crate::matching::{CodeList, MatchRule, Matcher};

const ALPHABET: &[&str] = &[
    "a", "A", "b", "H", "1", "1", "2", "-", "-", "‐", "‑", "–", "—", "−", "－", "\u{AD}", " ", " ", "\n",
    "\r\n", "\t", "\u{A0}", "\u{2028}", "_", "É", "é", "e\u{301}", "ß", "ẞ", "İ", "i", "ı", "ſ", "s", "K",
    "Ⱥ", "Σ", "ς", "Ａ", "１", "²", "\u{200B}", "\u{202E}", "中", "🦀", ".", "/", "=",
];

fn text(most: usize) -> impl Strategy<Value = String> {
    prop::collection::vec(prop::sample::select(ALPHABET), 0..most).prop_map(|parts| parts.concat())
}

fn codes() -> impl Strategy<Value = CodeList> {
    prop::collection::vec(text(6), 1..12).prop_filter_map("no valid code", |codes| {
        CodeList::new(codes.into_iter().filter(|code| code.chars().any(char::is_alphanumeric)).collect()).ok()
    })
}

fn mode() -> impl Strategy<Value = MatchRule> {
    prop::sample::select(vec![MatchRule::Token, MatchRule::Substring])
}

/// Generates a text, and codes some of which are cut out of it so that long ones are hit too.
fn text_and_codes() -> impl Strategy<Value = (String, CodeList)> {
    (text(60), codes(), any::<prop::sample::Index>(), 1_usize..14).prop_map(|(text, codes, from, length)| {
        let chars: Vec<char> = text.chars().collect();
        let start = if chars.is_empty() { 0 } else { from.index(chars.len()) };
        let cut: String = chars[start..chars.len().min(start + length)].iter().collect();
        let with_cut = codes.spellings().iter().cloned().chain([cut]).collect();
        let codes = CodeList::new(with_cut).unwrap_or(codes);
        (text, codes)
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn folding_follows_the_reference(text in text(60)) {
        let expected: String = reference::fold(&text).into_iter().map(|(c, _)| c).collect();
        prop_assert_eq!(folded(&text), expected);
    }

    #[test]
    fn folding_in_chunks_is_folding_at_once(parts in prop::collection::vec(text(8), 0..8)) {
        let (mut folder, mut out, mut offset) = (TextFolder::default(), Vec::new(), 0);
        for part in &parts {
            folder.fold(part, offset, &mut out);
            offset += part.len();
        }
        prop_assert_eq!(String::from_utf8_lossy(&out), folded(&parts.concat()));
    }

    #[test]
    fn folding_is_idempotent(text in text(60)) {
        let once = folded(&text);
        prop_assert_eq!(folded(&once), once);
    }

    #[test]
    fn hits_stand_where_the_reference_finds_them((text, codes) in text_and_codes(), mode in mode()) {
        let matcher = Matcher::new(&codes, mode);
        prop_assert_eq!(located(&matcher, &text), reference::find(codes.spellings(), mode, &text));
    }

    #[test]
    fn places_are_the_lines_the_reference_counts((text, codes) in text_and_codes(), mode in mode()) {
        let matcher = Matcher::new(&codes, mode);
        let mut file = matcher.file();
        file.unit(&Unit { place: &Place::Line(7), text: &text, ocr: false, glyphs: None });
        let findings = file.finish();
        let found: Vec<(u64, u32)> = findings
            .matches
            .iter()
            .map(|found| match found.place {
                Place::Line(line) => (line, found.code),
                _ => (0, found.code),
            })
            .collect();
        let expected: BTreeSet<(u64, u32)> = reference::find(codes.spellings(), mode, &text)
            .into_iter()
            .map(|(start, _, code)| (7 + text[..start].matches('\n').count() as u64, u32::try_from(code).unwrap()))
            .collect();
        prop_assert_eq!(findings.codes as usize, expected.iter().map(|(_, code)| code).collect::<BTreeSet<_>>().len());
        prop_assert_eq!(found, expected.into_iter().collect::<Vec<_>>());
        prop_assert_eq!(file.finish().matches, vec![]);
    }

    #[test]
    fn any_spelling_of_a_code_is_that_code(text in text(12)) {
        if let Ok(codes) = CodeList::new(vec![text.clone(), folded(&text)]) {
            prop_assert_eq!(codes.len(), 1);
            prop_assert_eq!(codes.spellings(), [text.trim().to_owned()]);
            prop_assert_eq!(CodeList::new(codes.spellings().to_vec()), Ok(codes));
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 60, failure_persistence: None, ..ProptestConfig::default() })]

    /// Texts that span several windows, some with white space wider than a window.
    #[test]
    fn long_texts_are_traced(
        parts in prop::collection::vec((text(12), prop::sample::select(vec!["x ", " ", "\n", "é", "- "]), 0_usize..3_000), 1..8),
        codes in codes(),
        mode in mode(),
    ) {
        let pieces: Vec<String> = parts.iter().flat_map(|(part, filler, times)| [part.clone(), filler.repeat(*times)]).collect();
        let text = pieces.concat();
        let matcher = Matcher::new(&codes, mode);
        prop_assert_eq!(located(&matcher, &text), reference_with_known_fold(&codes, mode, &text));
    }
}

/// Returns the hits of the code under test as byte ranges of the original.
fn located(matcher: &Matcher, text: &str) -> Vec<(usize, usize, usize)> {
    let folded = folded(text).into_bytes();
    let mut window = Window::default();
    let mut trace = OriginTrace::new(text, &mut window, matcher.longest());
    let mut found: Vec<_> = matcher
        .hits(&folded)
        .map(|hit| {
            let (start, end) = trace.locate(hit.start, hit.end);
            assert_eq!(trace.newlines_before(start), text[..start].matches('\n').count() as u64);
            (start, end, hit.code as usize)
        })
        .collect();
    found.sort_unstable();
    found
}

/// Returns the hits of the reference. The reference looks back and forth over white space, which is quadratic in the
/// fillers, so they are shortened for it and the ranges are mapped back.
fn reference_with_known_fold(codes: &CodeList, mode: MatchRule, text: &str) -> Vec<(usize, usize, usize)> {
    let mut short = String::new();
    let mut origins = Vec::new();
    for (at, c) in text.char_indices() {
        if c.is_whitespace() && short.ends_with(char::is_whitespace) {
            continue;
        }
        short.push(c);
        origins.extend(std::iter::repeat_n(at, c.len_utf8()));
    }
    let mut found: Vec<_> = reference::find(codes.spellings(), mode, &short)
        .into_iter()
        .map(|(start, end, code)| {
            let last = origins[end - 1];
            (origins[start], last + text[last..].chars().next().map_or(0, char::len_utf8), code)
        })
        .collect();
    found.sort_unstable();
    found
}
