//! Reports with pictures of the codes, taken apart as a spreadsheet program does.

use std::collections::BTreeMap;
use std::fs;
use std::io::{Cursor, Read as _};
use std::path::Path;

use riffle_contracts::http::EvidenceBox;
use zip::ZipArchive;

use crate::http_evidence::{DecodedPicture, label, pages};
use crate::process::run;
use crate::report::OpenedReport;
use crate::samples::{Samples, is_pdf, text};

/// Returns the parts of a workbook by name.
fn parts(report: &Path) -> BTreeMap<String, Vec<u8>> {
    let mut archive = ZipArchive::new(Cursor::new(fs::read(report).expect("a report"))).expect("a workbook");
    (0..archive.len())
        .map(|number| {
            let mut part = archive.by_index(number).expect("a part");
            let mut bytes = Vec::new();
            part.read_to_end(&mut bytes).expect("the part can be unpacked");
            (part.name().expect("a name").into_owned(), bytes)
        })
        .collect()
}

/// Returns the rows of the sheet Matches in which a picture begins; the header is row 0.
fn rows(parts: &BTreeMap<String, Vec<u8>>) -> Vec<usize> {
    let drawing = parts.get("xl/drawings/drawing1.xml").expect("pictures");
    let drawing = std::str::from_utf8(drawing).expect("text");
    let anchors = drawing.split("<xdr:from>").skip(1);
    anchors
        .map(|anchor| {
            let row = anchor.split_once("<xdr:row>").and_then(|(_, rest)| rest.split_once('<'));
            row.and_then(|(row, _)| row.parse().ok()).expect("a row")
        })
        .collect()
}

#[test]
fn every_match_on_a_page_has_its_picture_if_asked_for() {
    let samples = Samples::make(50, 73);
    let (plain, pictured) = (samples.at("plain.xlsx"), samples.at("pictured.xlsx"));
    for (place, more) in [(&plain, None), (&pictured, Some("--evidence"))] {
        let mut arguments = samples.scan(&["--report", text(place)]);
        arguments.extend(more.map(str::to_owned));
        assert_eq!(run(arguments).code, Some(0));
    }
    assert!(!parts(&plain).keys().any(|name| name.starts_with("xl/media/")));
    assert!(!OpenedReport::open(&plain).has("Matches", "Picture"));

    let mut report = OpenedReport::open(&pictured);
    let matches = report.table("Matches");
    let on_pages: Vec<usize> =
        (1..).zip(matches.texts("File")).filter(|(_, name)| is_pdf(name)).map(|(row, _)| row).collect();
    assert!(on_pages.len() < matches.len() && on_pages.len() > 50, "registers and drawings");
    let parts = parts(&pictured);
    assert_eq!(rows(&parts), on_pages);
    assert!(matches.texts("Picture").iter().all(String::is_empty), "nothing failed");
    let whole = EvidenceBox { x: 0.0, y: 0.0, width: 1.0, height: 1.0 };
    let media: Vec<&Vec<u8>> =
        parts.iter().filter(|(name, _)| name.starts_with("xl/media/")).map(|(_, bytes)| bytes).collect();
    assert!(media.len() > 50, "{} pictures", media.len());
    for png in media {
        let picture = DecodedPicture::read(png);
        assert!(picture.width <= 600 && picture.height <= 200);
        assert!(picture.ink(&whole).0 > 20, "the picture shows a code");
    }
    let summary = report.table("Summary");
    let shown = |label: &str| summary.value(label);
    assert_eq!(shown("Matches with a picture"), on_pages.len().to_string());
    assert_eq!(shown("Pictures shown"), "of every match on a page");
}

#[test]
fn what_cannot_be_drawn_leaves_its_reason() {
    let dir = tempfile::tempdir().expect("a folder");
    let folder = dir.path().join("plans");
    fs::create_dir(&folder).expect("a folder");
    let write = |name: &str, bytes: &[u8]| fs::write(folder.join(name), bytes).expect("a file");
    write("a.pdf", &pages(&[("", label("HOLE-1"))]));
    write("b.pdf", b"%PDF-1.7 nothing");
    let (state, place) = (dir.path().join("state"), dir.path().join("report.xlsx"));
    let scan = ["scan", text(&folder), "--codes", "HOLE-1", "--evidence", "--state", text(&state)];
    assert_eq!(run(scan).code, Some(1), "one file cannot be read");

    // The results of a read file are kept although the file has changed since; only the failed file is read again.
    write("a.pdf", &pages(&[("", label("HOLE-2 instead"))]));
    write("b.pdf", &pages(&[("", label("HOLE-1 too"))]));
    let again = ["scan", "--retry", "last", "--state", text(&state), "--report", text(&place)];
    assert_eq!(run(again).code, Some(0));
    let mut report = OpenedReport::open(&place);
    let matches = report.table("Matches");
    assert_eq!(matches.texts("File"), ["a.pdf", "b.pdf"]);
    assert_eq!(matches.texts("Picture"), ["the file changed after the scan began", ""]);
    assert_eq!(rows(&parts(&place)), [2]);
    assert_eq!(report.table("Summary").value("Matches with a picture"), "1");
}

#[test]
fn the_thousandth_match_is_the_last_with_a_picture() {
    let dir = tempfile::tempdir().expect("a folder");
    let folder = dir.path().join("plans");
    fs::create_dir(&folder).expect("a folder");
    let many: Vec<_> = (0..60).map(|_| ("", label("A-1 A-2 A-3 A-4 A-5 A-6 A-7 A-8 A-9"))).collect();
    for name in ["a.pdf", "b.pdf"] {
        fs::write(folder.join(name), pages(&many)).expect("a file");
    }
    let (state, place) = (dir.path().join("state"), dir.path().join("report.xlsx"));
    let codes = "A-1,A-2,A-3,A-4,A-5,A-6,A-7,A-8,A-9";
    let scan = ["scan", text(&folder), "--codes", codes, "--evidence", "--state", text(&state), "--report"];
    assert_eq!(run(scan.into_iter().chain([text(&place)])).code, Some(0));
    let mut report = OpenedReport::open(&place);
    assert_eq!(report.table("Matches").len(), 1080);
    assert_eq!(rows(&parts(&place)), (1..=1000).collect::<Vec<_>>());
    let summary = report.table("Summary");
    assert_eq!(summary.value("Matches with a picture"), "1000");
    assert_eq!(summary.value("Pictures shown"), "of the first 1000 matches on pages only");
}
