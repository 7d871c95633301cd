//! The rules of matching by example, the limits, snippets and boxes.

use riffle_extract::{Bounds, Glyphs, Place, Sink, Unit};

use super::{find, list, tokens};
use crate::matching::{
    CodeList, CodeListError, MAX_BOXES, MAX_CODE_CHARS, MAX_CODES, MAX_MATCHES, MAX_PLACES_PER_CODE, Match,
    MatchRule, Matcher,
};

#[test]
fn a_token_has_no_letter_digit_or_underscore_beside_it() {
    for text in
        ["HOLE-1", "hole-1", "(HOLE-1)", "x HOLE-1.", "HOLE-1-A", "HOLE-1/2", "HOLE-1²", "ＨＯＬＥ－１"]
    {
        assert_eq!(tokens(&["HOLE-1"], text), ["HOLE-1"], "{text}");
    }
    for text in [
        "HOLE-12",
        "XHOLE-1",
        "HOLE-1_",
        "_HOLE-1",
        "HOLE-1é",
        "ÉHOLE-1",
        "HOLE-1e\u{301}",
        "HOLE-1１",
        "HOLE1",
    ] {
        assert!(tokens(&["HOLE-1"], text).is_empty(), "{text}");
    }
    assert!(tokens(&["CAFE"], "CAFE\u{301}").is_empty());
}

#[test]
fn every_hyphen_is_the_same_and_may_stand_alone() {
    for text in [
        "HOLE‐1",
        "HOLE‑1",
        "HOLE‒1",
        "HOLE–1",
        "HOLE—1",
        "HOLE−1",
        "HOLE\u{AD}1",
        "HOLE-\n1",
        "HOLE \n - \r\n 1",
        "HOLE-\u{AD}\n1",
        "HOLE\u{A0}–\u{2009}1",
        "HO\u{200B}LE-\u{202E}1",
    ] {
        assert_eq!(tokens(&["HOLE-1"], text), ["HOLE-1"], "{text}");
        assert_eq!(tokens(&[text], "HOLE-1"), [text]);
    }
    assert!(tokens(&["HOLE-1"], "HOLE 1").is_empty());
    assert!(tokens(&["HOLE-1"], "HOLE--1").is_empty());
}

#[test]
fn white_space_is_one_space() {
    assert_eq!(tokens(&["DDH 12"], "a ddh\r\n\t12."), ["DDH 12"]);
    assert!(tokens(&["DDH 12"], "DDH12").is_empty());
}

#[test]
fn overlapping_codes_are_all_found() {
    assert_eq!(tokens(&["HOLE-1-A", "1-A", "HOLE-1", "A"], "HOLE-1-A"), ["HOLE-1-A", "1-A", "HOLE-1", "A"]);
    let twice = find(&["1-1"], MatchRule::Substring, &Place::Page(1), "1-1-1");
    assert_eq!(twice.matches.len(), 1);
}

#[test]
fn substrings_are_found_where_asked_for() {
    let found = find(&["HOLE-1", "OLE"], MatchRule::Substring, &Place::Page(3), "XHOLE-12");
    assert_eq!(found.matches.iter().map(|found| found.code).collect::<Vec<_>>(), [0, 1]);
    assert_eq!(found.codes, 2);
    assert_eq!(serde_json::to_string(&MatchRule::Substring).unwrap(), r#""substring""#);
}

#[test]
fn lower_casing_that_changes_lengths_keeps_positions() {
    let found = find(&["İ-1", "ẞ2"], MatchRule::Token, &Place::Page(1), "ȺȺȺ İ-1, i-1, ß2");
    assert_eq!(found.matches[0].snippet, "ȺȺȺ İ-1, i-1, ß2");
    assert_eq!(found.matches.len(), 2);
}

#[test]
fn matches_come_by_line_then_by_code() {
    let found = find(&["B", "A-1", "A"], MatchRule::Token, &Place::Line(10), "A-1 B\n\nx A-\n1 b B\nB");
    let lines: Vec<(Place, u32)> = found.matches.iter().map(|m| (m.place.clone(), m.code)).collect();
    let line = Place::Line;
    assert_eq!(
        lines,
        [
            (line(10), 0),
            (line(10), 1),
            (line(10), 2),
            (line(12), 1),
            (line(12), 2),
            (line(13), 0),
            (line(14), 0)
        ]
    );
    assert_eq!(found.codes, 3);
}

#[test]
fn a_longer_code_may_begin_before_a_shorter_one_wherever_a_window_ends() {
    for filler in 8_150..8_250 {
        let text = format!("{}\nX A-1 Y", ".".repeat(filler));
        let found = find(&["A-1", "X A-1 Y"], MatchRule::Token, &Place::Line(1), &text);
        let snippets: Vec<&str> = found.matches.iter().map(|found| found.snippet.as_str()).collect();
        assert_eq!(snippets, ["X A-1 Y", "X A-1 Y"], "{filler}");
    }
}

#[test]
fn one_page_in_two_units_is_one_place() {
    let matcher = Matcher::new(&list(&["A"]), MatchRule::Token);
    let mut file = matcher.file();
    for place in [Place::Page(1), Place::Page(1), Place::Page(2)] {
        file.unit(&Unit { place: &place, text: "A", ocr: false, glyphs: None });
    }
    assert_eq!(file.finish().matches.len(), 2);
}

#[test]
fn places_beyond_the_caps_are_counted() {
    let text = "A b\n".repeat(MAX_PLACES_PER_CODE as usize + 5);
    let found = find(&["A", "B"], MatchRule::Token, &Place::Line(1), &text);
    assert_eq!((found.matches.len(), found.unlisted, found.codes), (2 * MAX_PLACES_PER_CODE as usize, 10, 2));

    // A code that first appears when the file's list is full must not look absent in the report.
    let codes: Vec<String> = (0..=MAX_MATCHES).map(|number| format!("C-{number}")).collect();
    let text = (0..MAX_MATCHES).fold(String::new(), |text, number| text + &format!("C-{number}\n"));
    let text = format!("{text}C-1\nC-{MAX_MATCHES}\n");
    let matcher = Matcher::new(&CodeList::new(codes).unwrap(), MatchRule::Token);
    let mut file = matcher.file();
    file.unit(&Unit { place: &Place::Line(1), text: &text, ocr: false, glyphs: None });
    let found = file.finish();
    assert_eq!((found.matches.len(), found.unlisted), (MAX_MATCHES + 1, 1));
    assert_eq!(found.codes as usize, MAX_MATCHES + 1);
}

#[test]
fn a_snippet_shows_the_code_as_it_stands() {
    let text = "title\u{202E} \u{0}of\t the   sheet\nBore HOLE \n–\n12 is\u{7} here";
    let found = find(&["hole-12"], MatchRule::Token, &Place::Page(1), text);
    assert_eq!(found.matches[0].snippet, "title of the sheet Bore HOLE – 12 is here");
    let found = find(&["hole-12"], MatchRule::Token, &Place::Line(1), text);
    assert_eq!(found.matches[0].snippet, "Bore HOLE – 12 is here");
    assert_eq!(found.matches[0].place, Place::Line(2));
}

#[test]
fn a_snippet_is_cut_between_characters() {
    let text = format!("{}A-1{}", "é ".repeat(300), " 中".repeat(300));
    let found = find(&["A-1"], MatchRule::Token, &Place::Page(1), &text);
    assert_eq!(found.matches[0].snippet, format!("…{}A-1{}…", "é ".repeat(20), " 中".repeat(20)));
    let wide = format!("A -{}1", " ".repeat(1_000_000));
    let found = find(&["A-1"], MatchRule::Token, &Place::Page(1), &wide);
    assert!(found.matches[0].snippet.len() < 100);
}

/// Glyphs of 10 × 10 points, one per character, each at its own place.
fn glyphs(text: &str, at: impl Fn(usize) -> (f32, f32)) -> Glyphs {
    let boxes = text.char_indices().enumerate().map(|(index, (offset, _))| {
        let (x, y) = at(index);
        (u32::try_from(offset).unwrap(), Bounds { x0: x, y0: y, x1: x + 10.0, y1: y + 10.0 })
    });
    Glyphs { page: (600.0, 800.0), boxes: boxes.collect() }
}

fn boxed(code: &str, text: &str, at: impl Fn(usize) -> (f32, f32)) -> Vec<Match> {
    let matcher = Matcher::new(&list(&[code]), MatchRule::Token);
    let mut file = matcher.file();
    file.unit(&Unit { place: &Place::Page(1), text, ocr: false, glyphs: Some(&glyphs(text, at)) });
    file.finish().matches
}

fn bounds(x0: f32, y0: f32, x1: f32, y1: f32) -> Bounds {
    Bounds { x0, y0, x1, y1 }
}

#[test]
#[expect(clippy::cast_precision_loss, reason = "small numbers")]
fn boxes_follow_the_line_of_text() {
    // Horizontal, twice on the page.
    let found = boxed("É-1", "É-1 x é-1", |index| (index as f32 * 10.0, 0.0));
    assert_eq!(found[0].boxes, [bounds(0.0, 0.0, 30.0, 10.0), bounds(60.0, 0.0, 90.0, 10.0)]);
    // Broken over two lines, the second beginning below the first.
    let found =
        boxed("HO-1", "HO-\n1", |index| if index < 4 { (index as f32 * 10.0, 0.0) } else { (0.0, 12.0) });
    assert_eq!(found[0].boxes, [bounds(0.0, 0.0, 30.0, 10.0), bounds(0.0, 12.0, 10.0, 22.0)]);
    // Running upwards, and slanted.
    let found = boxed("HO-1", "HO-1", |index| (5.0, 100.0 - index as f32 * 10.0));
    assert_eq!(found[0].boxes, [bounds(5.0, 70.0, 15.0, 110.0)]);
    let found = boxed("HO-1", "HO-1", |index| (index as f32 * 7.0, index as f32 * 7.0));
    assert_eq!(found[0].boxes, [bounds(0.0, 0.0, 31.0, 31.0)]);
    // Glyphs whose position is not a number are left out.
    let found =
        boxed("HO-1", "HO-1", |index| if index == 1 { (f32::NAN, 0.0) } else { (index as f32 * 10.0, 0.0) });
    assert_eq!(found[0].boxes, [bounds(0.0, 0.0, 40.0, 10.0)]);
    let found = boxed("A", &"A ".repeat(100), |index| (index as f32 * 10.0, 0.0));
    assert_eq!(found[0].boxes.len(), MAX_BOXES);
}

#[test]
fn a_match_survives_json() {
    let found = boxed("A-1", "A-1", |_| (0.0, 0.0));
    let json = serde_json::to_string(&found).unwrap();
    assert_eq!(serde_json::from_str::<Vec<Match>>(&json).unwrap(), found);
}

#[test]
fn a_list_is_cleaned() {
    let codes = list(&[" HOLE-1\t", "", "hole – 1", "\u{FEFF}", "B  2", "b 2"]);
    assert_eq!(codes.spellings(), ["HOLE-1", "B  2"]);
    assert_eq!((codes.get(1), codes.get(2)), (Some("B  2"), None));
}

#[test]
fn a_bad_list_says_which_item() {
    let new = |codes: Vec<String>| CodeList::new(codes).unwrap_err();
    assert_eq!(new(vec![" ".into()]), CodeListError::Empty);
    let long = "é".repeat(MAX_CODE_CHARS);
    assert_eq!(CodeList::new(vec![format!("{long} ")]).unwrap().len(), 1);
    let error = new(vec!["A".into(), String::new(), format!("{long}é")]);
    assert_eq!(error, CodeListError::TooLong { item: 3, code: "é".repeat(40) });
    assert_eq!(
        new(vec!["A".into(), "–".into()]),
        CodeListError::NoLetterOrDigit { item: 2, code: "–".into() }
    );
    let many = |count: usize| (0..count).map(|number| number.to_string()).collect::<Vec<_>>();
    assert_eq!(new(many(MAX_CODES + 1)), CodeListError::TooMany(MAX_CODES + 1));
    assert_eq!(CodeList::new(many(MAX_CODES)).unwrap().len(), MAX_CODES);
}

/// Returns the codes that one unit of text, read by OCR or not, may be a misreading of.
fn misread(codes: &[&str], text: &str, ocr: bool) -> Vec<(u32, String, Place)> {
    let matcher = Matcher::new(&list(codes), MatchRule::Token);
    let mut file = matcher.file();
    file.unit(&Unit { place: &Place::Page(4), text, ocr, glyphs: None });
    file.finish().misread.into_iter().map(|misread| (misread.code, misread.text, misread.place)).collect()
}

#[test]
fn what_ocr_misread_is_told_once_with_its_place() {
    let codes = ["HOLE-12", "HOLE-13"];
    let expected = [(0, "Hole – l2".to_owned(), Place::Page(4))];
    assert_eq!(misread(&codes, "é Hole – l2, HOLE-I2 and HOLE-13", true), expected);
    assert_eq!(misread(&codes, "Hole – l2", false), [], "look-alikes are searched in OCR text only");
    assert_eq!(
        misread(&codes, "HOLE-l2 and HOLE-12", true),
        [],
        "a code that was also found exactly is not reported as misread"
    );
    let substring = Matcher::new(&list(&codes), MatchRule::Substring);
    let mut file = substring.file();
    file.unit(&Unit { place: &Place::Page(1), text: "XHOLE-l2", ocr: true, glyphs: None });
    assert_eq!(file.finish().misread, []);
}
