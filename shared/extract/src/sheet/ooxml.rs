//! xlsx and xlsb, cell by cell.

use std::io::Cursor;

use bytes::Bytes;
use calamine::{DataRef, Reader, Xlsb, XlsbError, Xlsx, XlsxError};

use super::{count, damaged, push_value};
use crate::ExtractError;
use crate::output::Output;

/// Unpacked bytes of the parts that are held whole (shared strings, styles).
const HELD_MAX: u64 = 1 << 30;

pub(crate) fn read_xlsx(bytes: &Bytes, out: &mut Output<'_>) -> Result<u32, ExtractError> {
    check_held(bytes)?;
    let mut book: Xlsx<_> = Xlsx::new(Cursor::new(bytes.as_ref())).map_err(|error| match error {
        XlsxError::Password => ExtractError::Encrypted,
        error => damaged(&error),
    })?;
    let names = book.sheet_names();
    let mut text = String::new();
    let mut failed = None;
    for name in &names {
        out.sheet(name);
        // Chart sheets have no cells; a damaged sheet must not hide the others.
        let mut cells = match book.worksheet_cells_reader(name) {
            Ok(cells) => cells,
            Err(XlsxError::NotAWorksheet(_)) => continue,
            Err(error) => {
                failed.get_or_insert_with(|| damaged(&error));
                continue;
            }
        };
        loop {
            match cells.next_cell() {
                Ok(Some(cell)) => push_cell(cell.get_position(), cell.get_value(), &mut text, out)?,
                Ok(None) => break,
                Err(error) => {
                    failed.get_or_insert_with(|| damaged(&error));
                    break;
                }
            }
        }
    }
    failed.map_or(Ok(count(names.len())), Err)
}

pub(crate) fn read_xlsb(bytes: &Bytes, out: &mut Output<'_>) -> Result<u32, ExtractError> {
    check_held(bytes)?;
    let mut book: Xlsb<_> = Xlsb::new(Cursor::new(bytes.as_ref())).map_err(|error| match error {
        XlsbError::Password => ExtractError::Encrypted,
        error => damaged(&error),
    })?;
    let names = book.sheet_names();
    let mut text = String::new();
    let mut failed = None;
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
                    failed.get_or_insert_with(|| damaged(&error));
                    break;
                }
            }
        }
    }
    failed.map_or(Ok(count(names.len())), Err)
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

/// Refuses a workbook whose shared strings or styles unpack to more than memory should hold. A directory that
/// lies about sizes is caught by the process limits the caller sets.
fn check_held(bytes: &Bytes) -> Result<(), ExtractError> {
    let mut archive = zip::ZipArchive::new(Cursor::new(bytes.as_ref())).map_err(|error| damaged(&error))?;
    let mut held = 0_u64;
    for index in 0..archive.len() {
        let entry = archive.by_index_raw(index).map_err(|error| damaged(&error))?;
        let name = entry.name().map_err(|error| damaged(&error))?.to_ascii_lowercase();
        if name.contains("sharedstrings") || name.contains("styles") {
            held = held.saturating_add(entry.size());
        }
    }
    if held > HELD_MAX {
        return Err(ExtractError::TooLarge(format!("{held} bytes of shared strings and styles")));
    }
    Ok(())
}
