//! Each supported format, under its own name and under a wrong one: the code and its place are found.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use rust_xlsxwriter::Workbook;

use crate::process::run;
use crate::samples::{Samples, text};

const HTML: &str =
    "<!DOCTYPE html>\n<html><body>\n<p>Plan</p>\n<p>see HO<b>LE</b>-<i>1</i>234</p>\n</body></html>\n";
const XML: &str = "<?xml version=\"1.0\"?>\n<plan>\n  <hole depth=\"12\">HOLE-1234</hole>\n</plan>\n";
const JSON: &str = "{\n  \"depth\": 12,\n  \"hole\": \"HOLE\\u002d1234\"\n}\n";
const CSV: &str = "no,hole,depth\n1,HOLE-9,12\n2,\"HOLE-1234\",\"a, b\"\n";

fn utf16(text: &str) -> Vec<u8> {
    let units = std::iter::once(0xfeff).chain(text.encode_utf16());
    units.flat_map(u16::to_le_bytes).collect()
}

fn workbook(place: &Path) {
    let mut book = Workbook::new();
    book.add_worksheet().write(0, 0, "nothing").expect("a cell");
    let sheet = book.add_worksheet();
    sheet.set_name("Holes").expect("a name");
    sheet.write(4, 2, "drill HOLE-1234 first").expect("a cell");
    book.save(place).expect("a workbook");
}

/// Scans and returns the places found in each file, in order.
fn places(dir: &Path, code: &str) -> BTreeMap<String, Vec<String>> {
    let state = tempfile::tempdir().expect("a folder");
    let ended = run(["scan", text(dir), "--codes", code, "--state", text(state.path())]);
    assert_eq!(ended.code, Some(0), "{}", ended.err);
    let mut places: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for line in &ended.out {
        let columns: Vec<&str> = line.split('\t').collect();
        assert_eq!(columns[2], code);
        places.entry(columns[0].to_owned()).or_default().push(columns[1].to_owned());
    }
    for places in places.values_mut() {
        places.sort_unstable();
    }
    places
}

#[test]
fn each_format_is_read_and_places_are_said_as_people_say_them() {
    let dir = tempfile::tempdir().expect("a folder");
    let files: [(&str, &[u8], &str); 12] = [
        ("broken.txt", b"one\ntwo HOLE-\n1234 three\n", "line 2"),
        ("mark.md", b"# Plan\n\n- **HOLE-1234**\n", "line 3"),
        ("dash.txt", "HOLE\u{2013}1234".as_bytes(), "line 1"),
        ("wide.txt", &utf16("eins\r\nHOLE-1234\r\n"), "line 2"),
        ("latin.txt", b"gr\xfc\xdfe\nHOLE-1234 f\xfcr\n", "line 2"),
        ("page.html", HTML.as_bytes(), "line 4"),
        ("plan.xml", XML.as_bytes(), "line 3"),
        ("plan.json", JSON.as_bytes(), "line 3"),
        ("list.csv", CSV.as_bytes(), "B3"),
        ("list.tsv", b"no\thole\n1\tHOLE-9\n2\tHOLE-1234\n", "B3"),
        // The format of a file is detected from its content.
        ("page.pdf", HTML.as_bytes(), "line 4"),
        ("data.xlsx", JSON.as_bytes(), "line 3"),
    ];
    let mut wanted: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for (name, content, place) in files {
        fs::write(dir.path().join(name), content).expect("a file");
        wanted.insert(name.to_owned(), vec![place.to_owned()]);
    }
    for name in ["book.xlsx", "book.csv"] {
        workbook(&dir.path().join("book"));
        fs::rename(dir.path().join("book"), dir.path().join(name)).expect("a name");
        wanted.insert(name.to_owned(), vec!["Holes!C5".to_owned()]);
    }
    assert_eq!(places(dir.path(), "HOLE-1234"), wanted);
}

#[test]
fn a_drawing_is_read_whatever_its_name() {
    let samples = Samples::make(12, 5);
    let drawn = |answer: &&riffle_samples::ExpectedMatch| !answer.pages.is_empty();
    let answer = samples.key.matches.iter().find(drawn).expect("a code in a PDF");
    let dir = tempfile::tempdir().expect("a folder");
    let mut wanted = BTreeMap::new();
    let mut pages: Vec<String> = answer.pages.iter().map(u32::to_string).collect();
    pages.sort_unstable();
    for name in ["drawing.pdf", "drawing.txt", "drawing.csv", "drawing"] {
        fs::copy(samples.at("drawings").join(&answer.file), dir.path().join(name)).expect("a copy");
        wanted.insert(name.to_owned(), pages.clone());
    }
    let mut found = places(dir.path(), &answer.code);
    found.values_mut().for_each(Vec::dedup);
    assert_eq!(found, wanted);
}
