//! Reports are reopened with another library and checked.

use std::collections::BTreeMap;
use std::io::{Cursor, Read as _};
use std::time::Duration;

use calamine::{Data, Reader, Xlsx, open_workbook_from_rs};
use chrono::DateTime;
use proptest::prelude::*;
use riffle_extract::{FileFormat, Place, Unread};

use super::book::Book;
use super::text::{self, MAX_CELL};
use super::{CodePicture, FileRow, Meta, ReportTotals, ReportWriter, cell};
use crate::matching::{CodeList, Match, Misread};

fn codes(codes: &[&str]) -> CodeList {
    CodeList::new(codes.iter().map(|code| (*code).to_owned()).collect()).unwrap()
}

fn meta() -> Meta {
    Meta {
        started: DateTime::from_timestamp(1_750_000_000, 0).unwrap(),
        source: "drawings/2024".to_owned(),
        pictures: false,
        settings: vec![("Match".to_owned(), "token".to_owned())],
    }
}

fn totals() -> ReportTotals {
    ReportTotals {
        duration: Duration::from_millis(2_500),
        pictures: None,
        receipt: vec![("Digest".to_owned(), "=1+1".to_owned())],
    }
}

static NONE: BTreeMap<usize, CodePicture> = BTreeMap::new();

fn row(name: &str) -> FileRow<'_> {
    FileRow {
        name,
        folder: "a/b",
        failure: None,
        kind: Some(FileFormat::Pdf),
        bytes: 1_000,
        pages: 3,
        unread: &[],
        unread_more: 0,
        codes: 0,
        link: "https://riffle.example.com/files/1",
        matches: &[],
        pictures: &NONE,
        unlisted: 0,
        misread: &[],
    }
}

fn found(code: u32, place: Place) -> Match {
    Match { code, place, snippet: "the text around".to_owned(), boxes: Vec::new() }
}

struct Reopened(Xlsx<Cursor<Vec<u8>>>);

impl Reopened {
    fn new(bytes: &[u8]) -> Self {
        Self(open_workbook_from_rs(Cursor::new(bytes.to_vec())).unwrap())
    }

    /// Returns the cells as text, row by row.
    fn rows(&mut self, sheet: &str) -> Vec<Vec<String>> {
        let range = self.0.worksheet_range(sheet).unwrap();
        range.rows().map(|row| row.iter().map(ToString::to_string).collect()).collect()
    }

    /// Returns the value next to a label of the summary.
    fn summary(&mut self, label: &str) -> String {
        self.rows("Summary").into_iter().find(|row| row[0] == label).unwrap_or_else(|| panic!("no {label}"))
            [1]
        .clone()
    }
}

fn report(list: &CodeList, files: &[FileRow<'_>]) -> Vec<u8> {
    let mut writer = ReportWriter::new(meta(), list).unwrap();
    for file in files {
        writer.file(file).unwrap();
    }
    writer.finish(&totals()).unwrap()
}

fn part(bytes: &[u8], name: &str) -> String {
    let mut archive = zip::ZipArchive::new(Cursor::new(bytes)).unwrap();
    let mut text = String::new();
    archive.by_name(name).unwrap().read_to_string(&mut text).unwrap();
    text
}

/// Builds the report of a scan with one file read, one read in part and one failed.
fn mixed() -> Vec<u8> {
    let list = codes(&["HOLE-1", "HOLE-2", "HOLE-3"]);
    let places = Place::Cell { sheet: "Holes".into(), cell: "B12".into() };
    let one = [found(0, Place::Page(2)), found(0, Place::Page(3)), found(1, Place::Page(3))];
    let two = [found(0, places), found(0, Place::Line(7))];
    let part = |place, why: &str| Unread { place, why: why.to_owned() };
    let inside = Place::Inside { entry: "b.doc".to_owned(), place: Box::new(Place::File) };
    let mut unread: Vec<_> = [1, 5, 6, 7].map(|page| part(Place::Page(page), "pictures only")).into();
    unread.extend([part(Place::Page(6), "damaged"), part(inside, "protected"), part(Place::File, "cut off")]);
    let files = [
        FileRow { codes: 2, matches: &one, unlisted: 4, ..row("one.pdf") },
        FileRow { codes: 1, matches: &two, unread: &unread, unread_more: 2, ..row("two.pdf") },
        FileRow { failure: Some("protected by a password"), kind: None, pages: 0, ..row("three.pdf") },
    ];
    report(&list, &files)
}

#[test]
fn a_report_lists_matches_files_and_what_was_not_read() {
    let mut book = Reopened::new(&mixed());
    assert_eq!(book.0.sheet_names(), ["Summary", "Matches", "Codes", "Files", "Unread"]);

    let matches = book.rows("Matches");
    assert_eq!(matches[0], ["Code", "File", "Status", "Place", "Text around it", "Folder", "Link"]);
    let link = "https://riffle.example.com/files/1";
    let text = "the text around";
    assert_eq!(matches[1], ["HOLE-1", "one.pdf", "2 Codes", "2", text, "a/b", &format!("{link}#page=2")]);
    assert_eq!(matches[4], ["HOLE-1", "two.pdf", "1 Code", "Holes!B12", text, "a/b", link]);
    assert_eq!((matches[5][3].as_str(), matches.len()), ("7", 6));

    let files = book.rows("Files");
    let remark = "4 further matches counted, not listed";
    assert_eq!(files[1][2..9], ["Read", "2", "7", "3", "PDF", "1000", remark]);
    assert_eq!(files[2][2..5], ["Partly read", "1", "2"]);
    let remark = "pages 1, 5–7: pictures only; page 6: damaged; b.doc: protected; 2 more, see sheet Unread";
    assert_eq!(files[2][8], remark);
    assert_eq!(files[3][2..9], ["Failed", "", "", "", "", "1000", "protected by a password"]);

    let unread = book.rows("Unread");
    let parts: Vec<_> = unread[1..6].iter().map(|row| row[2..4].join(": ")).collect();
    assert_eq!(
        parts,
        [
            "pages 1, 5–7: pictures only",
            "page 6: damaged",
            "b.doc: protected",
            "part of the file: cut off",
            "2 further parts: not listed",
        ]
    );
    assert_eq!(unread[6][..4], ["three.pdf", "a/b", "the whole file", "protected by a password"]);
}

/// Spreadsheet programs take a file with a repeated row for damaged.
#[test]
fn no_row_is_written_twice_not_even_a_tall_last_one_or_a_header_alone() {
    let why = "damaged: nothing in it is what it should be, and this takes a while to say ".repeat(4);
    let last = FileRow { failure: Some(&why), kind: None, pages: 0, ..row("last.pdf") };
    for files in [vec![row("one.pdf"), last], vec![]] {
        let bytes = report(&codes(&["HOLE-1"]), &files);
        let sheets = Reopened::new(&bytes).0.sheet_names().len();
        for sheet in 1..=sheets {
            let xml = part(&bytes, &format!("xl/worksheets/sheet{sheet}.xml"));
            let mut rows: Vec<&str> =
                xml.split("<row r=\"").skip(1).map(|row| row.split('"').next().unwrap()).collect();
            let all = rows.len();
            rows.dedup();
            assert_eq!(rows.len(), all, "sheet {sheet}");
        }
    }
}

#[test]
fn a_report_says_what_was_found_and_what_is_unknown() {
    let mut book = Reopened::new(&mixed());
    let result = |row: &[String]| row[..5].join("|");
    let codes = book.rows("Codes");
    assert_eq!(result(&codes[1]), "HOLE-1|Found|2|4|one.pdf, two.pdf");
    assert_eq!(result(&codes[2]), "HOLE-2|Found|1|1|one.pdf");
    assert!(result(&codes[3]).starts_with("HOLE-3|Unknown|0|0|not found, but may be in"));

    assert_eq!(book.summary("Codes found"), "2");
    assert_eq!(book.summary("Codes unknown"), "1");
    assert_eq!(book.summary("Matches"), "9");
    assert_eq!(book.summary("Files per second"), "1.2");
    assert_eq!(book.summary("Started"), "2025-06-15 15:06:40 UTC");
    assert_eq!(book.summary("Ended"), "2025-06-15 15:06:42 UTC");
    assert_eq!(book.summary("Digest"), "=1+1");
    assert_eq!(
        book.rows("Summary")[2][0],
        "2 of 3 codes were found, in 2 of 3 files. 1 file, 7 pages and 2 parts could not be read, see sheet Unread. \
         1 code is unknown: it may be there."
    );
}

#[test]
fn what_was_not_found_is_absent_when_everything_was_read() {
    let list = codes(&["A-1", "A-2"]);
    let one = [found(1, Place::Page(1))];
    let bytes = report(&list, &[FileRow { codes: 1, matches: &one, ..row("x.pdf") }, row("y.pdf")]);
    let mut book = Reopened::new(&bytes);
    assert_eq!(book.0.sheet_names(), ["Summary", "Matches", "Codes", "Files"]);
    assert_eq!(book.rows("Codes")[1][1], "Absent");
    assert_eq!(
        book.rows("Summary")[2][0],
        "1 of 2 codes were found, in 1 of 2 files. Every page of every file was read. 1 code is in none of \
         them."
    );

    let mut book = Reopened::new(&report(&list, &[]));
    assert_eq!(book.rows("Summary")[2][0], "There were no files to read.");
    assert_eq!(book.rows("Codes")[1][1], "Absent");
}

#[test]
fn what_ocr_may_have_misread_is_unknown_and_named() {
    let list = codes(&["HOLE-10", "HOLE-12", "HOLE-13"]);
    let misread = |code, place, text: &str| Misread { code, place, text: text.to_owned() };
    let one = [found(0, Place::Page(1))];
    let (x, y) = (
        [misread(0, Place::Page(2), "HOLE-IO"), misread(1, Place::Page(3), "HOLE-l2")],
        [misread(1, Place::File, "H0LE-12")],
    );
    let files = [
        FileRow { codes: 1, matches: &one, misread: &x, ..row("x.pdf") },
        FileRow { misread: &y, ..row("y.png") },
    ];
    let mut book = Reopened::new(&report(&list, &files));
    let rows = book.rows("Codes");
    assert_eq!(rows[1][1], "Found");
    let why = "not found, but OCR may have misread it: “HOLE-l2” in x.pdf, page 3, “H0LE-12” in y.png";
    assert_eq!((rows[2][1].as_str(), rows[2][4].as_str()), ("Unknown", why));
    assert_eq!(rows[3][1], "Absent");
    assert_eq!(
        book.rows("Summary")[2][0],
        "1 of 3 codes were found, in 1 of 2 files. Every page of every file was read. 1 code is in none of \
         them. 1 code is unknown: OCR may have misread it, see sheet Codes."
    );
}

#[test]
fn the_same_scan_gives_the_same_bytes() {
    let list = codes(&["A-1", "A-2", "A-3"]);
    let one = [found(2, Place::Page(1)), found(0, Place::Line(1))];
    let make = || {
        let names: Vec<String> = (0..500).map(|number| format!("{number}.pdf")).collect();
        let files: Vec<_> =
            names.iter().map(|name| FileRow { codes: 2, matches: &one, ..row(name) }).collect();
        report(&list, &files)
    };
    let first = make();
    // Zip keeps times in steps of two seconds.
    std::thread::sleep(Duration::from_millis(2_100));
    assert!(first == make(), "the bytes differ");
    assert!(part(&first, "docProps/core.xml").contains("2025-06-15T15:06:40Z"));
}

fn png(width: u32, height: u32) -> Vec<u8> {
    let mut out = Vec::new();
    let mut writer = png::Encoder::new(&mut out, width, height).write_header().unwrap();
    writer.write_image_data(&vec![0; (width * height) as usize]).unwrap();
    writer.finish().unwrap();
    out
}

#[test]
fn pictures_lie_in_the_rows_of_their_matches() {
    let list = codes(&["A"]);
    let many: Vec<Match> = (1..=5).map(|page| found(0, Place::Page(page))).collect();
    // The last row has a picture too.
    let pictures = BTreeMap::from([
        (0, CodePicture::Drawn(png(600, 200))),
        (1, CodePicture::Missing("the file changed after the scan began".to_owned())),
        (3, CodePicture::Drawn(b"no picture".to_vec())),
        (4, CodePicture::Drawn(png(60, 200))),
    ]);
    let make = || {
        let meta = Meta { pictures: true, ..meta() };
        let mut writer = ReportWriter::new(meta, &list).unwrap();
        let file = FileRow { codes: 1, matches: &many, pictures: &pictures, ..row("x.pdf") };
        writer.file(&file).unwrap();
        let pictures = Some("of the first 3 matches".to_owned());
        writer.finish(&ReportTotals { pictures, ..totals() }).unwrap()
    };
    let bytes = make();
    assert!(bytes == make(), "the bytes differ");
    let mut book = Reopened::new(&bytes);
    let cells: Vec<String> = book.rows("Matches").into_iter().map(|row| row[4].clone()).collect();
    assert_eq!(cells[..4], ["Picture", "", "the file changed after the scan began", ""]);
    assert!(cells[4].starts_with("the picture cannot be shown"), "{}", cells[4]);
    assert_eq!((cells.len(), &*cells[5]), (6, ""));
    assert_eq!(book.summary("Matches with a picture"), "3");
    assert_eq!(book.summary("Pictures shown"), "of the first 3 matches");

    let drawing = part(&bytes, "xl/drawings/drawing1.xml");
    let rows: Vec<&str> =
        drawing.split("<xdr:row>").skip(1).map(|rest| rest.split_once("</xdr:row>").unwrap().0).collect();
    assert_eq!(rows, ["1", "1", "5", "5"], "each begins and ends in the row of its match");
    assert!(drawing.contains(r#"descr="A""#), "{drawing}");
    let sheet = part(&bytes, "xl/worksheets/sheet2.xml");
    for row in 1..=7 {
        assert_eq!(sheet.matches(&format!("<row r=\"{row}\"")).count(), 1, "row {row} of {sheet}");
    }
    assert!(sheet.contains(r#"<autoFilter ref="A1:H6"/>"#));
}

#[test]
fn names_are_data() {
    let nasty = [
        "=cmd|'/c calc'!A1",
        "+1",
        "-1",
        "@SUM(A1)",
        "\t=1",
        "007",
        "1e5",
        "TRUE",
        "2024-01-01",
        "_x0041_",
        "a\u{0}b\u{1}\n\u{7F}",
        "\u{FFFE}\u{FFFF}",
        "gpj\u{202E}.exe",
        "<b>&\"'",
        "🦀",
        " padded ",
        "",
    ];
    let list = codes(&["=A-1"]);
    let files: Vec<FileRow<'_>> = nasty.iter().map(|name| FileRow { folder: name, ..row(name) }).collect();
    let bytes = report(&list, &files);
    let mut book = Reopened::new(&bytes);
    let range = book.0.worksheet_range("Files").unwrap();
    for (index, name) in nasty.iter().enumerate() {
        let shown = text::cell(name);
        match &range.rows().nth(index + 1).unwrap()[0] {
            Data::String(text) => assert_eq!(*text, shown),
            Data::Empty => assert!(name.is_empty()),
            other => panic!("{name:?} became {other:?}"),
        }
    }
    assert!(book.0.worksheet_formula("Files").unwrap().is_empty());
    assert_eq!(text::cell("a\u{0}\n\u{7F}\u{202E}\u{FFFF}"), "a␀␊␡\u{FFFD}\u{FFFD}");
    assert_eq!(book.rows("Codes")[1][0], "=A-1");
}

#[test]
fn a_cell_is_cut_at_excels_limit() {
    let fits = "x".repeat(MAX_CELL);
    assert_eq!(text::cell(&fits), fits);
    let wide = "🦀".repeat(MAX_CELL / 2);
    assert_eq!(text::cell(&wide), wide);
    for long in ["x".repeat(MAX_CELL + 1), "🦀".repeat(MAX_CELL / 2 + 1), "é".repeat(100_000)] {
        let cut = text::cell(&long);
        assert!(cut.ends_with('…') && cut.encode_utf16().count() <= MAX_CELL, "{}", cut.len());
        assert!(cut.encode_utf16().count() >= MAX_CELL - 1);
    }
    let list = codes(&["A"]);
    let one = [found(0, Place::Page(1))];
    let name = "n".repeat(100_000);
    let files: Vec<_> =
        (0..20).map(|_| FileRow { codes: 1, matches: &one, link: &name, ..row(&name) }).collect();
    let mut book = Reopened::new(&report(&list, &files));
    let names = &book.rows("Codes")[1][4];
    assert!(names.ends_with(" … and 8 more"), "{}", &names[names.len() - 40..]);
}

#[test]
fn sheets_are_split_and_links_limited() {
    let list = codes(&["A"]);
    let many: Vec<Match> = (1..=25).map(|page| found(0, Place::Page(page))).collect();
    let mut writer = ReportWriter::with_book(meta(), &list, Book::with_limits(10, 13)).unwrap();
    writer.file(&FileRow { codes: 1, matches: &many, ..row("x.pdf") }).unwrap();
    let bytes = writer.finish(&totals()).unwrap();
    let mut book = Reopened::new(&bytes);
    assert_eq!(book.0.sheet_names(), ["Summary", "Matches", "Matches 2", "Matches 3", "Codes", "Files"]);
    assert_eq!(["Matches", "Matches 2", "Matches 3"].map(|sheet| book.rows(sheet).len()), [11, 11, 6]);
    assert_eq!(book.rows("Matches 2")[1][3], "11");
    assert_eq!(book.rows("Matches 2")[9][6], "https://riffle.example.com/files/1#page=19");
    let links =
        |sheet: u32| part(&bytes, &format!("xl/worksheets/sheet{sheet}.xml")).matches("<hyperlink ").count();
    assert_eq!([2, 3, 4, 6].map(links), [10, 3, 0, 0]);
    let xml = part(&bytes, "xl/worksheets/sheet3.xml");
    assert!(xml.contains(r#"<autoFilter ref="A1:G11"/>"#) && xml.contains(r#"state="frozen""#));
    // Rows that exactly fill a sheet begin no further sheet.
    let mut writer = ReportWriter::with_book(meta(), &list, Book::with_limits(10, 3)).unwrap();
    writer.file(&FileRow { codes: 1, matches: &many[..10], ..row("x.pdf") }).unwrap();
    assert_eq!(Reopened::new(&writer.finish(&totals()).unwrap()).0.sheet_names().len(), 4);
}

#[test]
fn only_some_addresses_are_links() {
    let target = |link| cell::target(link).map(std::borrow::Cow::into_owned);
    assert_eq!(target("https://a/b?c=d").as_deref(), Some("https://a/b?c=d"));
    assert_eq!(
        target("file:///home/a b/100% #1.pdf").as_deref(),
        Some("File:///home/a%20b/100%25%20%231.pdf")
    );
    assert_eq!(target(r"file://C:\a\ü.pdf").as_deref(), Some("File:///C:/a/%C3%BC.pdf"));
    for link in
        ["", "javascript:alert(1)", "internal:Codes!A1", "mailto:a@b", "ftp://a", "HTTPS", "https://a\nb"]
    {
        assert_eq!(target(link), None, "{link}");
    }
    assert_eq!(target(&format!("https://{}", "a".repeat(3_000))), None);

    let list = codes(&["A"]);
    let links = ["file:///home/a b/ü#1.pdf", "javascript:alert(1)", "https://a/%41b c?d=e&f"];
    let files: Vec<_> = links.iter().map(|link| FileRow { link, ..row("x") }).collect();
    let bytes = report(&list, &files);
    let relations = part(&bytes, "xl/worksheets/_rels/sheet4.xml.rels");
    assert!(
        relations.contains(r#"Target="File:///home/a%20b/%C3%BC%231.pdf" TargetMode="External""#),
        "{relations}"
    );
    assert!(!relations.contains("javascript"), "{relations}");
    assert_eq!(Reopened::new(&bytes).rows("Files")[2][9], "javascript:alert(1)");
}

#[test]
fn numbers_in_words() {
    assert_eq!([text::codes(0), text::codes(1), text::codes(2)], ["0 Codes", "1 Code", "2 Codes"]);
    assert_eq!([0, 999, 1_000, 1_234_567].map(text::grouped), ["0", "999", "1,000", "1,234,567"]);
    assert_eq!(text::pages(&[1, 2, 4, 6, 7, 8, u32::MAX]), "1, 2, 4, 6–8, 4294967295");
    let every_other: Vec<u32> = (0..1_000).map(|page| page * 2).collect();
    assert!(text::pages(&every_other).ends_with(" more"), "{}", text::pages(&every_other));
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 40, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_text_comes_back_as_text(names in prop::collection::vec(any::<String>(), 1..20)) {
        let list = codes(&["A"]);
        let files: Vec<_> = names.iter().map(|name| FileRow { failure: Some(name), link: name, ..row(name) }).collect();
        let mut book = Reopened::new(&report(&list, &files));
        let shown: Vec<String> = book.rows("Files").into_iter().skip(1).map(|row| row[0].clone()).collect();
        let expected: Vec<String> = names.iter().map(|name| text::cell(name).into_owned()).collect();
        prop_assert_eq!(shown, expected);
    }
}
