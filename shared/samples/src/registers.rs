//! Other files among the drawings: hole registers as workbook, CSV and plain text; and the workbook of target codes.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::path::Path;

use rust_xlsxwriter::{DocProperties, ExcelDateTime, Format, Workbook, XlsxError};

use crate::codes::{Code, CodeBook, LOOK_ALIKES};
use crate::part::MachinePart;
use crate::rng::SampleRng;

#[derive(Debug)]
pub(crate) struct Register {
    pub(crate) name: String,
    pub(crate) bytes: Vec<u8>,
    pub(crate) target_codes: BTreeSet<u32>,
}

/// Columns of every register.
const HEADER: [&str; 6] = ["Item", "Drawing", "Hole", "Diameter", "Depth", "Remarks"];

/// Makes register `number` of `seed`: workbook, CSV and text in turn.
///
/// # Errors
/// The error of the workbook writer.
pub(crate) fn make(seed: u64, number: u32, turn: u32, codes: &CodeBook) -> Result<Register, XlsxError> {
    let rng = &mut SampleRng::stream(seed, u64::from(number));
    let mut target_codes = BTreeSet::new();
    let rows: Vec<[String; 6]> = (1..=rng.between(20, 60))
        .map(|item| {
            let hole = MachinePart::make(codes, 5, rng).holes.swap_remove(0);
            target_codes.extend(hole.code.target);
            [
                item.to_string(),
                format!("RF-{:05}-01", 10_000 + rng.below(number + 1)),
                spelled(&hole.code, rng),
                hole.diameter.to_string(),
                hole.depth.map_or("THRU".to_owned(), |depth| depth.to_string()),
                hole.operation.to_owned(),
            ]
        })
        .collect();
    let (end, bytes) = match turn % 3 {
        0 => ("xlsx", workbook(&rows)?),
        1 => ("csv", csv(&rows, if rng.chance(50) { ';' } else { ',' }).into_bytes()),
        _ => ("txt", text(&rows).into_bytes()),
    };
    Ok(Register { name: format!("hole-register-{:05}.{end}", 10_000 + number), bytes, target_codes })
}

fn spelled(code: &Code, rng: &mut SampleRng) -> String {
    match rng.below(10) {
        0 => code.text.to_lowercase(),
        1 => code.text.replace('-', rng.pick(&LOOK_ALIKES).encode_utf8(&mut [0; 4])),
        _ => code.text.clone(),
    }
}

/// Sets a fixed time, so that the same samples have the same bytes.
fn properties(title: &str) -> Result<DocProperties, XlsxError> {
    let made = ExcelDateTime::from_ymd(2024, 2, 29)?;
    Ok(DocProperties::new().set_title(title).set_author("Riffle samples").set_creation_datetime(&made))
}

fn workbook(rows: &[[String; 6]]) -> Result<Vec<u8>, XlsxError> {
    let mut workbook = Workbook::new();
    workbook.set_properties(&properties("Hole register")?);
    let bold = Format::new().set_bold();
    let sheet = workbook.add_worksheet().set_name("Register")?;
    for (column, name) in (0_u16..).zip(HEADER) {
        sheet.write_with_format(0, column, name, &bold)?;
    }
    for (row, cells) in (1_u32..).zip(rows) {
        for (column, text) in (0_u16..).zip(cells) {
            match text.parse::<f64>() {
                Ok(number) => sheet.write(row, column, number)?,
                Err(_) => sheet.write(row, column, text.as_str())?,
            };
        }
    }
    sheet.set_freeze_panes(1, 0)?;
    workbook.save_to_buffer()
}

fn csv(rows: &[[String; 6]], separator: char) -> String {
    let separator = separator.to_string();
    let mut out = HEADER.join(&separator);
    out.push_str("\r\n");
    for cells in rows {
        // No cell contains anything worse than an apostrophe, so no cell needs quotes.
        out.push_str(&cells.join(&separator));
        out.push_str("\r\n");
    }
    out
}

fn text(rows: &[[String; 6]]) -> String {
    let mut out = String::from("HOLE REGISTER\n\n");
    for cells in [&HEADER.map(str::to_owned)].into_iter().chain(rows) {
        for (cell, width) in cells.iter().zip([6, 15, 13, 10, 8, 0]) {
            // Writing to a string cannot fail.
            write!(out, "{cell:<width$}").unwrap_or_default();
        }
        out.truncate(out.trim_end().len());
        out.push('\n');
    }
    out
}

/// Writes the workbook of target codes. Only the content shows which column has the codes: there is a title above the
/// header, and other columns have a running number and words.
///
/// # Errors
/// The error of the workbook writer.
pub(crate) fn write_codes(path: &Path, codes: &CodeBook, seed: u64) -> Result<(), XlsxError> {
    let rng = &mut SampleRng::stream(seed, u64::MAX - 1);
    let mut workbook = Workbook::new();
    workbook.set_properties(&properties("Hole codes")?);
    let bold = Format::new().set_bold();
    let sheet = workbook.add_worksheet().set_name("Hole codes")?;
    sheet.write_with_format(0, 0, "Holes to be found", &bold)?;
    for (column, name) in (0_u16..).zip(["No.", "Hole code", "Description", "Quantity"]) {
        sheet.write_with_format(2, column, name, &bold)?;
    }
    for (number, code) in (0_u32..).zip(codes.targets()) {
        let what =
            rng.pick(&["Drilled hole", "Tapped hole", "Reamed hole", "Counterbored hole", "Dowel hole"]);
        let row = number + 3;
        sheet.write(row, 0, number + 1)?;
        sheet.write(row, 1, code.as_str())?;
        sheet.write(row, 2, what)?;
        sheet.write(row, 3, 1 + rng.below(8))?;
    }
    sheet.set_column_width(1, 16)?.set_column_width(2, 24)?;
    workbook.save(path)
}
