//! xlsx and xlsb, cell by cell.

use std::io::Cursor;

use calamine::{DataRef, Reader, Xlsb, XlsbError, Xlsx, XlsxError};

use super::{damaged, push_value};
use crate::formats::Format;
use crate::look::Look;
use crate::output::Output;
use crate::{ExtractError, Place};

pub(crate) static XLSB: Format = Format {
    is: |look| look.is_office("xl/workbook.bin", "application/vnd.ms-excel.sheet.binary.macroEnabled.main"),
    read: read_xlsb,
};
pub(crate) static XLSX: Format =
    Format { is: |look| look.is_office("xl/", "spreadsheetml.sheet.main"), read: read_xlsx };

/// The parts that calamine keeps in memory; sheets are streamed.
fn is_kept(name: &str) -> bool {
    name.contains("sharedstrings") || name.contains("styles")
}

fn read_xlsx(look: &Look<'_>, out: &mut Output<'_>) -> Result<(), ExtractError> {
    vet(look, out)?;
    let mut book: Xlsx<_> = Xlsx::new(Cursor::new(look.bytes.as_ref())).map_err(|error| match error {
        XlsxError::Password => ExtractError::Encrypted,
        error => damaged(&error),
    })?;
    let names = book.sheet_names();
    out.pages(names.len());
    let mut text = String::new();
    let mut failed = Failures::default();
    for name in &names {
        out.sheet(name);
        // Chart sheets have no cells; a damaged sheet must not hide the others.
        let mut cells = match book.worksheet_cells_reader(name) {
            Ok(cells) => cells,
            Err(XlsxError::NotAWorksheet(_)) => continue,
            Err(error) => {
                failed.add(name, &error);
                continue;
            }
        };
        loop {
            match cells.next_cell() {
                Ok(Some(cell)) => push_cell(cell.get_position(), cell.get_value(), &mut text, out)?,
                Ok(None) => break,
                Err(error) => {
                    failed.add(name, &error);
                    break;
                }
            }
        }
    }
    failed.tell(names.len(), out)
}

fn read_xlsb(look: &Look<'_>, out: &mut Output<'_>) -> Result<(), ExtractError> {
    vet(look, out)?;
    let mut book: Xlsb<_> = Xlsb::new(Cursor::new(look.bytes.as_ref())).map_err(|error| match error {
        XlsbError::Password => ExtractError::Encrypted,
        error => damaged(&error),
    })?;
    let names = book.sheet_names();
    out.pages(names.len());
    let mut text = String::new();
    let mut failed = Failures::default();
    for name in &names {
        out.sheet(name);
        let Ok(mut cells) = book.worksheet_cells_reader(name) else {
            continue;
        };
        loop {
            match cells.next_cell() {
                Ok(Some(cell)) => push_cell(cell.get_position(), cell.get_value(), &mut text, out)?,
                Ok(None) => break,
                Err(error) => {
                    failed.add(name, &error);
                    break;
                }
            }
        }
    }
    failed.tell(names.len(), out)
}

fn vet(look: &Look<'_>, out: &mut Output<'_>) -> Result<(), ExtractError> {
    look.package().map_or(Ok(()), |package| package.vet(is_kept, out))
}

/// Sheets that could not be read, or not to their end.
#[derive(Default)]
struct Failures(Vec<(Place, ExtractError)>);

impl Failures {
    fn add(&mut self, sheet: &str, error: &dyn std::fmt::Display) {
        let place = Place::Cell { sheet: sheet.to_owned(), cell: String::new() };
        self.0.push((place, damaged(error)));
    }

    /// Where every sheet failed, the workbook did.
    fn tell(self, sheets: usize, out: &mut Output<'_>) -> Result<(), ExtractError> {
        let whole = self.0.len() == sheets;
        for (place, error) in self.0 {
            if whole {
                return Err(error);
            }
            out.unread(place, error.to_string());
        }
        Ok(())
    }
}

fn push_cell(
    (row, column): (u32, u32),
    value: &DataRef<'_>,
    scratch: &mut String,
    out: &mut Output<'_>,
) -> Result<(), ExtractError> {
    // Most cells are strings that stand ready.
    match value {
        DataRef::Empty => Ok(()),
        DataRef::SharedString(text) => out.cell(u64::from(row), column, text),
        DataRef::String(text) => out.cell(u64::from(row), column, text),
        other => {
            scratch.clear();
            push_value(other, scratch);
            out.cell(u64::from(row), column, scratch)
        }
    }
}
