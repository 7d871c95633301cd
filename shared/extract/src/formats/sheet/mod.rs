//! Spreadsheets in xls and ods: one unit per cell that is not empty, hidden sheets included.
//!
//! ods is streamed, so memory does not grow with the size a sheet claims. calamine reads xls only into dense ranges;
//! [`biff`] checks the file first, refuses one whose sheets span far more cells than they have, and removes the claimed
//! sizes from the others.

mod biff;
mod ods;

use std::fmt::Write as _;
use std::io::Cursor;

use calamine::{Data, DataRef, Reader, Sheet, SheetType, SheetVisible};

use crate::ExtractError;
use crate::formats::FormatParser;
use crate::output::UnitOutput;
use crate::sniff::SniffedFile;
use crate::spreadsheet::{FailedSheets, SheetHead, Visibility, push_date};

pub(crate) use ods::ODS;

pub(crate) static XLS: FormatParser =
    FormatParser { is: |file| file.has_stream("Workbook") || file.has_stream("Book"), read: read_xls };

fn read_xls(file: &SniffedFile<'_>, out: &mut UnitOutput<'_>) -> Result<(), ExtractError> {
    let checked = biff::rebuilt(file.bytes)?;
    let mut book: calamine::Xls<_> =
        calamine::Xls::new(Cursor::new(&checked[..])).map_err(|error| match error {
            calamine::XlsError::Password => ExtractError::Encrypted,
            error => damaged(&error),
        })?;
    let sheets = book.sheets_metadata().to_vec();
    out.pages(sheets.len());
    let (mut text, mut failed) = (String::new(), FailedSheets::default());
    for sheet in &sheets {
        let name = &sheet.name;
        out.begin_sheet(&head(sheet));
        let range = match book.worksheet_range(name) {
            Ok(range) => range,
            // A chart sheet has no cells.
            Err(_) if sheet.typ == SheetType::ChartSheet => continue,
            Err(error) => {
                failed.add(name, damaged(&error));
                continue;
            }
        };
        let (first_row, first_column) = range.start().unwrap_or_default();
        for (row, column, value) in range.used_cells() {
            text.clear();
            push_value(&as_ref(value), &mut text);
            let row = u64::from(first_row) + row as u64;
            let column = first_column.saturating_add(u32::try_from(column).unwrap_or(u32::MAX));
            out.cell(row, column, &text)?;
        }
    }
    failed.end(sheets.iter().map(|sheet| &sheet.name), out)
}

fn head(sheet: &Sheet) -> SheetHead {
    let visibility = match sheet.visible {
        SheetVisible::Visible => Visibility::Visible,
        SheetVisible::Hidden => Visibility::Hidden,
        SheetVisible::VeryHidden => Visibility::VeryHidden,
    };
    SheetHead { name: sheet.name.clone(), visibility }
}

fn damaged(error: &dyn std::fmt::Display) -> ExtractError {
    ExtractError::Damaged(format!("the workbook cannot be read: {error}"))
}

fn as_ref(value: &Data) -> DataRef<'_> {
    match value {
        Data::Int(v) => DataRef::Int(*v),
        Data::Float(v) => DataRef::Float(*v),
        Data::Bool(v) => DataRef::Bool(*v),
        Data::DateTime(v) => DataRef::DateTime(*v),
        Data::String(v) | Data::DateTimeIso(v) | Data::DurationIso(v) => DataRef::SharedString(v),
        Data::Error(e) => DataRef::Error(e.clone()),
        Data::Empty => DataRef::Empty,
    }
}

/// Writes a value as a person reads it: whole numbers without a point, dates as dates.
fn push_value(value: &DataRef<'_>, out: &mut String) {
    let written = match value {
        DataRef::Empty => Ok(()),
        DataRef::Int(v) => write!(out, "{v}"),
        // `Display` of f64 is the shortest form that reads back the same, and has no `.0`.
        DataRef::Float(v) => write!(out, "{v}"),
        DataRef::SharedString(v) => {
            out.push_str(v);
            Ok(())
        }
        DataRef::String(v) | DataRef::DateTimeIso(v) | DataRef::DurationIso(v) => out.write_str(v),
        DataRef::Bool(v) => out.write_str(if *v { "TRUE" } else { "FALSE" }),
        DataRef::DateTime(v) => {
            push_date(v, out);
            Ok(())
        }
        DataRef::Error(e) => write!(out, "{e}"),
    };
    debug_assert!(written.is_ok(), "writing to a String does not fail");
}

#[cfg(test)]
mod tests {
    use calamine::ExcelDateTime;

    use super::*;

    fn shown(value: &DataRef<'_>) -> String {
        let mut out = String::new();
        push_value(value, &mut out);
        out
    }

    #[test]
    fn values_read_as_people_write_them() {
        assert_eq!(shown(&DataRef::Float(12.0)), "12");
        assert_eq!(shown(&DataRef::Float(0.1)), "0.1");
        assert_eq!(shown(&DataRef::Float(4_711_000_000_000.0)), "4711000000000");
        assert_eq!(shown(&DataRef::Bool(true)), "TRUE");
        let date = |v| DataRef::DateTime(ExcelDateTime::new(v, calamine::ExcelDateTimeType::DateTime, false));
        assert_eq!(shown(&date(45_000.0)), "2023-03-15");
        assert_eq!(shown(&date(45_000.5)), "2023-03-15 12:00");
        assert_eq!(shown(&date(0.25)), "06:00");
        assert_eq!(shown(&date(1e12)), "1000000000000");
    }
}
