//! The rules of matching, each compared with the slow reference in `reference.rs` or shown by example.

mod examples;
mod properties;
mod reference;

use riffle_extract::{Place, Sink, Unit};

use super::{CodeList, Findings, MatchRule, Matcher, fold::fold_into};

pub(super) fn list(codes: &[&str]) -> CodeList {
    CodeList::new(codes.iter().map(|code| (*code).to_owned()).collect()).expect("the test's codes are valid")
}

/// Returns what is found in one unit of text.
pub(super) fn find(codes: &[&str], mode: MatchRule, place: &Place, text: &str) -> Findings {
    let matcher = Matcher::new(&list(codes), mode);
    let mut file = matcher.file();
    file.unit(&Unit { place, text, ocr: false, glyphs: None });
    file.finish()
}

/// Returns the spellings of the codes found as tokens on one page.
pub(super) fn tokens<'c>(codes: &[&'c str], text: &str) -> Vec<&'c str> {
    let findings = find(codes, MatchRule::Token, &Place::Page(1), text);
    findings.matches.iter().map(|found| codes[found.code as usize]).collect()
}

pub(super) fn folded(text: &str) -> String {
    let mut folded = Vec::new();
    fold_into(&mut folded, text);
    String::from_utf8(folded).expect("folded text is UTF-8")
}
