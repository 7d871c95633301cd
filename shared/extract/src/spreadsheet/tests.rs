//! Spreadsheets as written by a program, and as written by hand.

use bytes::Bytes;
use rust_xlsxwriter::{DataValidation, Format, Formula, Note, Shape, Table, Url, Workbook, Worksheet};

use super::*;
use crate::tests::{archive, collect};
use crate::{ReadLimits, Sink, Unit};

/// Returns the units of a workbook, and what was not read.
fn units(book: &[u8]) -> (Vec<String>, Vec<String>) {
    let got = collect("a", book).expect("readable");
    let units = got.units.iter().map(|(place, text)| format!("{place} {text}")).collect();
    (units, got.read.unread.iter().map(|part| format!("{}: {}", part.place, part.why)).collect())
}

/// Writes a workbook of one sheet.
fn written(write: impl FnOnce(&mut Worksheet)) -> Vec<u8> {
    let mut book = Workbook::new();
    write(book.add_worksheet().set_name("S").expect("a name"));
    book.save_to_buffer().expect("saved")
}

/// Makes a workbook of these sheets: name and content of the part, if there is one.
fn by_hand(sheets: &[(&str, Option<&str>)]) -> Vec<u8> {
    let part = |number: usize| format!("xl/worksheets/sheet{number}.xml");
    let list = (1..)
        .zip(sheets)
        .map(|(number, (name, _))| format!("<sheet name=\"{name}\" r:id=\"r{number}\"/>"))
        .collect::<Vec<_>>()
        .concat();
    let relations = (1..=sheets.len())
        .map(|number| {
            format!("<Relationship Id=\"r{number}\" Type=\"x/worksheet\" Target=\"worksheets/sheet{number}.xml\"/>")
        })
        .collect::<Vec<_>>()
        .concat();
    let mut files = vec![
        ("[Content_Types].xml".to_owned(), "<Types/>".to_owned()),
        ("xl/workbook.xml".to_owned(), format!("<workbook><sheets>{list}</sheets></workbook>")),
        ("xl/_rels/workbook.xml.rels".to_owned(), format!("<Relationships>{relations}</Relationships>")),
    ];
    for (number, (_, content)) in (1..).zip(sheets) {
        files.extend(content.map(|content| {
            (part(number), format!("<worksheet><sheetData>{content}</sheetData></worksheet>"))
        }));
    }
    let files: Vec<(&str, &str)> = files.iter().map(|(name, content)| (&**name, &**content)).collect();
    archive(&files)
}

#[test]
fn cells_are_read_as_they_are_displayed() {
    let book = written(|sheet| {
        let mut number = |row, value: f64, format: &str| {
            sheet
                .write_number_with_format(row, 0, value, &Format::new().set_num_format(format))
                .expect("written");
        };
        number(0, 22.0, "\"DH-\"0");
        number(1, 7.0, "\"BH-\"000");
        number(2, 900.0, "0.00");
        number(3, 45_000.0, "d/m/yyyy");
        number(4, 4_711_000_000_000.0, "General");
        sheet
            .write_with_format(5, 0, "22", &Format::new().set_num_format("0;0;0;\"DH-\"@"))
            .expect("written");
    });
    let (units, unread) = units(&book);
    // Where the value has other characters than what is displayed, it follows.
    assert_eq!(
        units,
        [
            "S!A1 DH-22",
            "S!A2 BH-007",
            "S!A2 7",
            "S!A3 900.00",
            "S!A3 900",
            "S!A4 15/3/2023",
            "S!A4 2023-03-15",
            "S!A5 4711000000000",
            "S!A6 DH-22",
            "S! S",
        ]
    );
    assert_eq!(unread, [""; 0]);
}

#[test]
fn text_outside_cells_is_read() {
    let book = written(|sheet| {
        sheet.insert_note(2, 2, &Note::new("Was DH-22").add_author_prefix(false)).expect("a note");
        sheet.insert_shape(3, 3, &Shape::textbox().set_text("See DH-23")).expect("a shape");
        sheet.write_url(4, 0, Url::new("https://example.com/DH-24").set_text("open")).expect("a link");
        sheet.set_header("&LDH-25 &P");
        let rule = DataValidation::new().allow_list_strings(&["DH-26", "DH-27"]).expect("a list");
        sheet.add_data_validation(0, 0, 9, 0, &rule).expect("a rule");
    });
    let (units, unread) = units(&book);
    for expected in
        ["S!C3 Was DH-22", "S!D4 See DH-23", "S!A5 https://example.com/DH-24", "S! DH-25", "S! DH-26,DH-27"]
    {
        assert!(units.iter().any(|unit| unit.trim_end() == expected), "{expected} in {units:?}");
    }
    assert_eq!(unread, [""; 0]);
}

#[test]
fn an_error_value_is_a_value() {
    let values =
        ["#SPILL!", "#CALC!", "#FIELD!", "#BUSY!", "#CONNECT!", "#BLOCKED!", "#GETTING_DATA", "#ERROR!"];
    for error in values {
        let row = format!("<row r='1'><c r='A1' t='e'><v>{error}</v></c><c r='B1'><v>22</v></c></row>");
        let (units, unread) = units(&by_hand(&[("S", Some(&row))]));
        assert_eq!((&units[..2], unread.len()), (&[format!("S!A1 {error}"), "S!B1 22".to_owned()][..], 0));
    }
}

#[test]
fn a_formula_without_a_result_is_reported() {
    let rows = "<row r='1'><c r='A1'><f>1+1</f></c><c r='B1'><f>1+2</f><v></v></c>\
                <c r='C1' t='str'><f>\"\"</f><v></v></c><c r='D1'><f>1+3</f><v>4</v></c></row>";
    let (units, unread) = units(&by_hand(&[("S", Some(rows))]));
    assert_eq!(units, ["S!D1 4", "S! S"]);
    assert_eq!(unread.len(), 1);
    assert!(unread[0].starts_with("S!A1: 2 cells with a formula whose result is not stored"), "{unread:?}");
}

#[test]
fn one_bad_sheet_does_not_hide_the_others() {
    let good = "<row r='1'><c r='A1'><v>1</v></c></row>";
    let cut = "<row r='1'><c r='A1'><v>2</v></c></row><row r='2'><c r='A2'><v>3</v></c><c ";
    let (units, unread) =
        units(&by_hand(&[("A", Some(good)), ("B", Some(cut)), ("C", None), ("D", Some(good))]));
    assert_eq!(units, ["A!A1 1", "B!A1 2", "B!A2 3", "D!A1 1", "A! A", "B! B", "C! C", "D! D"]);
    assert_eq!(unread.len(), 2, "{unread:?}");
    assert!(unread[0].starts_with("sheet B: cannot be read: damaged: "), "{unread:?}");
    assert!(unread[0].ends_with("it was read up to row 2"), "{unread:?}");
    assert!(unread[1].starts_with("sheet C: cannot be read: damaged: its part"), "{unread:?}");
    assert!(collect("a", &by_hand(&[("A", None)])).is_err(), "nothing could be read");
}

#[test]
fn cells_that_do_not_say_where_they_are_follow_each_other() {
    let rows = "<row><c><v>1</v></c><c><v>2</v></c></row><row><c r='C2'><v>3</v></c><c><v>4</v></c></row>\
                <row r='1048577'><c><v>5</v></c><c r='XFE1'><v>6</v></c></row>";
    let (units, unread) = units(&by_hand(&[("S", Some(rows))]));
    assert_eq!(units, ["S!A1 1", "S!B1 2", "S!C2 3", "S!D2 4", "S! S"]);
    assert_eq!(unread, ["sheet S: 2 cells outside the grid"]);
}

#[test]
fn texts_are_joined_from_runs_without_their_pronunciation() {
    let rows = "<row><c t='inlineStr'><is><r><t>DH</t></r><r><t>-22</t></r><rPh><t>dee</t></rPh></is></c>\
                <c t='inlineStr'><is><t>a_x000A_b</t></is><v>ignored</v></c><c t='s'><v>0</v></c></row>";
    let (units, unread) = units(&by_hand(&[("S", Some(rows))]));
    assert_eq!(units, ["S!A1 DH-22", "S!B1 a\nb", "S! S"]);
    assert_eq!(unread, ["S!C1: 1 cell with a text that is missing in the file, of which this is the first"]);
}

/// Records everything that a sink receives of a spreadsheet.
#[derive(Default)]
struct Recorder(Vec<String>);

impl Sink for Recorder {
    fn unit(&mut self, unit: &Unit<'_>) {
        self.0.push(format!("unit {unit:?}"));
    }

    fn wants_cells(&self) -> bool {
        true
    }

    fn sheet_part(&mut self, part: &SheetPart<'_>) {
        self.0.push(match part {
            SheetPart::Cell(cell) => {
                let shown = cell.shown;
                format!(
                    "{},{} {:?} {shown:?} {:?} {:?}",
                    cell.row, cell.column, cell.value, cell.formula, cell.class
                )
            }
            other => format!("{other:?}"),
        });
    }
}

#[test]
fn a_sink_that_wants_cells_gets_all_that_is_there() {
    let book = written(|sheet| {
        sheet.write(0, 0, "Name").expect("written");
        sheet.write(0, 1, "Share").expect("written");
        sheet.write(1, 0, "a").expect("written");
        sheet.write_with_format(1, 1, 0.256, &Format::new().set_num_format("0%")).expect("written");
        sheet.write_formula(2, 1, Formula::new("=B2*2").set_result("0.512")).expect("written");
        sheet.add_table(0, 0, 1, 1, &Table::new()).expect("a table");
        sheet.merge_range(4, 0, 5, 1, "both", &Format::new()).expect("merged");
        sheet.set_freeze_panes(1, 0).expect("frozen");
        sheet.set_row_hidden(2).expect("hidden");
        sheet.set_column_hidden(3).expect("hidden");
    });
    let mut recorder = Recorder::default();
    crate::extract("a", &Bytes::from(book), &ReadLimits::default(), &mut recorder).expect("readable");
    let got = recorder.0.join("\n");
    for expected in [
        "Book(SheetBook { since_1904: false, sheets: [SheetHead { name: \"S\", visibility: Visible }]",
        "Sheet(SheetHead { name: \"S\", visibility: Visible })",
        "Frozen { rows: 1, columns: 0 }",
        "Columns(LineState { first: 3, last: 3, hidden: true, outline: 0 })",
        "0,0 Text(\"Name\") Some(\"Name\") None General",
        "1,1 Number(0.256) Some(\"26%\") None Percent",
        "Row(LineState { first: 2, last: 2, hidden: true, outline: 0 })",
        "2,1 Number(0.512) Some(\"0.512\") Some(Formula { text: \"B2*2\", shared: None, result: Stored }) General",
        "Merged(Area { first: (4, 0), last: (5, 1) })",
        "Table(DeclaredTable { name: \"Table1\", area: Area { first: (0, 0), last: (1, 1) }, header_rows: 1, totals_rows: 0, \
         columns: [\"Name\", \"Share\"] })",
        "End",
    ] {
        assert!(got.contains(expected), "{expected}\nin\n{got}");
    }
    assert!(!got.contains("unit"), "no units beside cells: {got}");
}

/// Writes records of a binary workbook.
fn record(kind: u8, content: &[u8]) -> Vec<u8> {
    let mut bytes = if kind < 0x80 { vec![kind] } else { vec![kind, 1] };
    bytes.push(u8::try_from(content.len()).expect("short"));
    bytes.extend(content);
    bytes
}

fn wide(text: &str) -> Vec<u8> {
    let units: Vec<u16> = text.encode_utf16().collect();
    let mut bytes = u32::try_from(units.len()).expect("short").to_le_bytes().to_vec();
    bytes.extend(units.iter().flat_map(|unit| unit.to_le_bytes()));
    bytes
}

/// Makes a binary workbook of two sheets, `A` and `B`, with these records.
fn binary(sheets: [Option<Vec<u8>>; 2]) -> Vec<u8> {
    let head = |id: &str, name: &str| record(156, &[vec![0; 8], wide(id), wide(name)].concat());
    let mut files = vec![
        ("[Content_Types].xml", b"<Types/>".to_vec()),
        ("xl/workbook.bin", [head("r1", "A"), head("r2", "B")].concat()),
        (
            "xl/_rels/workbook.bin.rels",
            b"<r><Relationship Id='r1' Type='x/worksheet' Target='worksheets/sheet1.bin'/>\
              <Relationship Id='r2' Type='x/worksheet' Target='worksheets/sheet2.bin'/>\
              <Relationship Id='r3' Type='x/styles' Target='styles.bin'/></r>"
                .to_vec(),
        ),
    ];
    let format = [vec![164, 0], wide("\"DH-\"0")].concat();
    // Records above 127 in two bytes: 617 and 618 begin and end the styles of cells.
    let styles =
        [record(44, &format), vec![0xE9, 0x04, 0], record(47, &[0, 0, 0, 0]), record(47, &[0, 0, 164, 0])];
    files.push(("xl/styles.bin", [styles.concat(), vec![0xEA, 0x04, 0]].concat()));
    for (name, content) in ["xl/worksheets/sheet1.bin", "xl/worksheets/sheet2.bin"].into_iter().zip(sheets) {
        files.extend(content.map(|content| (name, content)));
    }
    let mut writer = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    for (name, content) in files {
        writer.start_file(name, zip::write::SimpleFileOptions::default()).expect("a file");
        std::io::Write::write_all(&mut writer, &content).expect("written");
    }
    writer.finish().expect("finished").into_inner()
}

#[test]
fn binary_cells_are_read_as_they_are_displayed() {
    let row = record(0, &[vec![2, 0, 0, 0], vec![0; 13]].concat());
    let cell = |column: u8, style: u8| vec![column, 0, 0, 0, style, 0, 0, 0];
    // A number as 30 bits: 22, whole.
    let number = record(2, &[cell(0, 1), vec![22 << 2 | 2, 0, 0, 0]].concat());
    let text = record(6, &[cell(1, 0), wide("HOLE-1")].concat());
    let error = record(3, &[cell(2, 0), vec![0x2C]].concat());
    let sheet = [row, number, text, error].concat();
    let (units, unread) = units(&binary([Some(sheet.clone()), Some(sheet)]));
    assert_eq!(units[..3], ["A!A3 DH-22", "A!B3 HOLE-1", "A!C3 #SPILL!"]);
    assert_eq!((units.len(), unread.len()), (8, 0));
}

#[test]
fn a_binary_sheet_that_is_missing_or_breaks_off_is_named() {
    let row = record(0, &[vec![0; 4], vec![0; 13]].concat());
    let text = record(6, &[vec![0; 8], wide("HOLE-1")].concat());
    let good = [row.clone(), text.clone()].concat();
    for (bad, why) in
        [(None, "its part"), (Some([row, text[..text.len() - 3].to_vec()].concat()), "it breaks off")]
    {
        let (units, unread) = units(&binary([Some(good.clone()), bad]));
        assert_eq!(units, ["A!A1 HOLE-1", "A! A", "B! B"]);
        assert!(
            unread.len() == 1 && unread[0].starts_with("sheet B: ") && unread[0].contains(why),
            "{unread:?}"
        );
    }
}
