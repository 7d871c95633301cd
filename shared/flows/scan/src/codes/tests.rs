//! Lists as users send them.

use bytes::Bytes;

use super::read::{CodeCell, CodeColumn};
use super::{CodesError, Detected, column, from_argument, look};

fn detect(name: &str, content: &Bytes) -> Result<(Vec<String>, Detected), CodesError> {
    let parser = riffle_reader::Parser::InProcess(riffle_extract::ReadLimits::default());
    let list = look(&riffle_reader::Reader { parser, cache: None, ocr: None }, name, content)?;
    Ok((list.codes, list.detected))
}

fn from_file(name: &str, content: &Bytes) -> Result<Vec<String>, CodesError> {
    detect(name, content).map(|(codes, _)| codes)
}

#[test]
fn an_argument_is_parted_by_commas_and_lines() {
    assert_eq!(from_argument("A-1, A-2;A-3\n\n A 4 \t#5,"), ["A-1", "A-2", "A-3", "A 4", "#5"]);
    assert!(from_argument(" ,\n").is_empty());
}

/// Builds a table from rows of text; blank cells are left out.
fn table(rows: &[&[&str]]) -> Vec<CodeColumn> {
    let width = rows.iter().map(|row| row.len()).max().unwrap_or_default();
    (0..width)
        .map(|index| CodeColumn {
            sheet: "Sheet1".to_owned(),
            name: char::from(b'A' + u8::try_from(index).unwrap()).to_string(),
            cells: rows
                .iter()
                .zip(1..)
                .filter_map(|(cells, row)| Some((cells.get(index)?, row)))
                .filter(|(text, _)| !text.is_empty())
                .map(|(text, row)| CodeCell { row, text: (*text).to_owned() })
                .collect(),
        })
        .collect()
}

fn chosen(rows: &[&[&str]]) -> Option<Chosen> {
    column::choose(table(rows)).map(|choice| (choice.column.unwrap_or_default(), choice.header, choice.codes))
}

type Chosen = (String, Option<String>, Vec<String>);

fn choice(column: &str, header: Option<&str>, codes: &[&str]) -> Chosen {
    let codes = codes.iter().map(|code| (*code).to_owned()).collect();
    (column.to_owned(), header.map(str::to_owned), codes)
}

#[test]
fn the_heading_tells_between_columns_of_codes() {
    let rows: &[&[&str]] = &[
        &["Project 2024 drilling"],
        &["Sample", "Hole depth", "Hole ID", "Type"],
        &["S-001", "12.5", "HOLE-1", "DD"],
        &["S-002", "8", "HOLE-2", "RC"],
        &["S-003", "101.25", "HOLE-2", "RC"],
    ];
    assert_eq!(chosen(rows), Some(choice("C", Some("Hole ID"), &["HOLE-1", "HOLE-2", "HOLE-2"])));
}

#[test]
fn the_content_tells_where_no_heading_does() {
    let rows: &[&[&str]] = &[
        &["Datum", "Was", "Wer"],
        &["2024-01-05", "HB-101/A", "Meier"],
        &["2024-01-06", "HB-102/A", "Huber"],
        &["2024-01-06", "HB-103/B", "Meier"],
        &["2024-01-07", "-", ""],
    ];
    let (column, _, codes) = chosen(rows).unwrap();
    assert_eq!(
        (column.as_str(), &codes[codes.len() - 4..codes.len() - 1]),
        ("B", &["HB-101/A", "HB-102/A", "HB-103/B"].map(str::to_owned)[..])
    );
    let rows: &[&[&str]] = &[&["Was", "h"], &["HB-101", "1.5"], &["HB-102", "2.5"], &["HB-103", "1.0"]];
    assert_eq!(chosen(rows), Some(choice("A", Some("Was"), &["HB-101", "HB-102", "HB-103"])));
}

#[test]
fn numbers_are_codes_where_the_heading_says_so() {
    let rows: &[&[&str]] = &[&["Tiefe", "Bohrloch-Nr."], &["17", "1023"], &["18", "1024"]];
    assert_eq!(chosen(rows), Some(choice("B", Some("Bohrloch-Nr."), &["1023", "1024"])));
    assert_eq!(chosen(&[&["Tiefe", "Länge"], &["17.5", "1"], &["18.5", "1"]]), None);
}

#[test]
fn a_grid_of_codes_is_taken_whole() {
    let rows: &[&[&str]] = &[&["A-1", "A-2", "A-3"], &["B-1", "B-2"]];
    assert_eq!(chosen(rows), Some(choice("", None, &["A-1", "A-2", "A-3", "B-1", "B-2"])));
}

#[test]
fn a_single_column_needs_no_likeness() {
    assert_eq!(
        chosen(&[&["Code"], &["alpha"], &["beta"]]),
        Some(choice("A", Some("Code"), &["alpha", "beta"]))
    );
    assert_eq!(
        chosen(&[&["alpha beta gamma"], &["delta"]]),
        Some(choice("A", None, &["alpha beta gamma", "delta"]))
    );
    assert_eq!(chosen(&[&["HOLE-1"], &["HOLE-2"]]), Some(choice("A", None, &["HOLE-1", "HOLE-2"])));
}

#[test]
fn a_text_file_has_one_code_a_line() {
    let text = Bytes::from_static(b"\xEF\xBB\xBFHole ID\r\nHOLE-1\r\n\r\n#12\r\nHOLE 3\r\n");
    let (codes, detected) = detect("codes.txt", &text).unwrap();
    assert_eq!(codes, ["HOLE-1", "#12", "HOLE 3"]);
    let header = Some("Hole ID".to_owned());
    assert_eq!(detected, Detected { sheet: None, column: None, header, count: 3 });
    assert_eq!(from_file("codes", &Bytes::from_static(b"HOLE-1")).unwrap(), ["HOLE-1"]);
}

#[test]
fn a_csv_and_a_workbook_are_read_by_column() {
    let csv = Bytes::from_static(b"Depth;Hole ID\n12,5;HOLE-1\n8,0;HOLE-2\n7,0;HOLE-3\n");
    let (codes, detected) = detect("list.csv", &csv).unwrap();
    assert_eq!(
        (codes, detected.column.as_deref()),
        (vec!["HOLE-1".into(), "HOLE-2".into(), "HOLE-3".into()], Some("B"))
    );

    let mut workbook = rust_xlsxwriter::Workbook::new();
    workbook
        .add_worksheet()
        .set_name("Notes")
        .unwrap()
        .write_string(0, 0, "Nothing here to be found")
        .unwrap();
    let sheet = workbook.add_worksheet().set_name("Collars").unwrap();
    for (row, (id, east)) in [("BHID", "East"), ("DH7", "1.5"), ("DH8", "2.5")].into_iter().enumerate() {
        let row = u32::try_from(row).unwrap();
        sheet.write_string(row, 3, id).unwrap().write_string(row, 1, east).unwrap();
    }
    let bytes = Bytes::from(workbook.save_to_buffer().unwrap());
    let (codes, detected) = detect("list.bin", &bytes).unwrap();
    assert_eq!(codes, ["DH7", "DH8"]);
    let (sheet, column, header) = (Some("Collars".into()), Some("D".into()), Some("BHID".into()));
    assert_eq!(detected, Detected { sheet, column, header, count: 2 });
}

#[test]
fn a_file_without_codes_says_what_to_do() {
    let message =
        |name: &str, content: &'static [u8]| from_file(name, &Bytes::from_static(content)).unwrap_err();
    assert_eq!(message("a.txt", b""), CodesError::Empty { name: "a.txt".into() });
    assert_eq!(message("a.txt", b"-\n \n"), CodesError::Empty { name: "a.txt".into() });
    let error = message("a.csv", b"Depth,Length\n1.5,2.5\n1.5,3.5\n").to_string();
    assert!(error.contains("a.csv") && error.contains("Hole ID"), "{error}");
    let error = message("a.zip", b"PK\x05\x06\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0").to_string();
    assert!(error.contains("it is a ZIP file"), "{error}");
    let error = message("a.pdf", b"%PDF-1.7 not one").to_string();
    assert!(error.contains("it is a PDF file"), "{error}");
    assert!(error.contains("one code per line"), "{error}");
}
