//! xlsx and xlsb, cell by cell.

use std::io::{BufReader, Cursor};

use calamine::{Cell, DataRef, Reader, Xlsb, XlsbError, Xlsx, XlsxError};
use quick_xml::events::Event;

use super::{damaged, push_value};
use crate::formats::FormatParser;
use crate::output::UnitOutput;
use crate::sniff::SniffedFile;
use crate::{ExtractError, Place};

pub(crate) static XLSB: FormatParser = FormatParser {
    is: |file| file.is_office("xl/workbook.bin", "application/vnd.ms-excel.sheet.binary.macroEnabled.main"),
    read: read_xlsb,
};
pub(crate) static XLSX: FormatParser =
    FormatParser { is: |file| file.is_office("xl/", "spreadsheetml.sheet.main"), read: read_xlsx };

/// Returns whether calamine keeps a part in memory; sheets are streamed.
fn is_kept(name: &str) -> bool {
    name.contains("sharedstrings") || name.contains("styles")
}

fn read_xlsx(file: &SniffedFile<'_>, out: &mut UnitOutput<'_>) -> Result<(), ExtractError> {
    vet(file, out)?;
    check_claims(file)?;
    let mut book: Xlsx<_> = Xlsx::new(Cursor::new(file.bytes.as_ref())).map_err(|error| match error {
        XlsxError::Password => ExtractError::Encrypted,
        error => damaged(&error),
    })?;
    let names = book.sheet_names();
    read_sheets(&names, out, |name, text, failed, out| match book.worksheet_cells_reader(name) {
        Ok(mut cells) => push_cells(|| cells.next_cell(), name, text, failed, out),
        // Chart sheets have no cells; a damaged sheet must not hide the others.
        Err(XlsxError::NotAWorksheet(_)) => Ok(()),
        Err(error) => {
            failed.add(name, &error);
            Ok(())
        }
    })
}

fn read_xlsb(file: &SniffedFile<'_>, out: &mut UnitOutput<'_>) -> Result<(), ExtractError> {
    vet(file, out)?;
    let mut book: Xlsb<_> = Xlsb::new(Cursor::new(file.bytes.as_ref())).map_err(|error| match error {
        XlsbError::Password => ExtractError::Encrypted,
        error => damaged(&error),
    })?;
    let names = book.sheet_names();
    read_sheets(&names, out, |name, text, failed, out| match book.worksheet_cells_reader(name) {
        Ok(mut cells) => push_cells(|| cells.next_cell(), name, text, failed, out),
        Err(_) => Ok(()),
    })
}

/// Passes on all sheets: `read` reads one, given a buffer for text and a list for failures.
fn read_sheets(
    names: &[String],
    out: &mut UnitOutput<'_>,
    mut read: impl FnMut(&str, &mut String, &mut Failures, &mut UnitOutput<'_>) -> Result<(), ExtractError>,
) -> Result<(), ExtractError> {
    out.pages(names.len());
    let (mut text, mut failed) = (String::new(), Failures::default());
    for name in names {
        out.sheet(name);
        read(name, &mut text, &mut failed, out)?;
    }
    failed.record(names.len(), out)
}

fn vet(file: &SniffedFile<'_>, out: &mut UnitOutput<'_>) -> Result<(), ExtractError> {
    file.package().map_or(Ok(()), |package| package.vet(is_kept, out))
}

/// Sheets that could not be read, or only in part.
#[derive(Default)]
struct Failures(Vec<(Place, ExtractError)>);

impl Failures {
    fn add(&mut self, sheet: &str, error: &dyn std::fmt::Display) {
        let place = Place::Cell { sheet: sheet.to_owned(), cell: String::new() };
        self.0.push((place, damaged(error)));
    }

    /// Records the failures. If every sheet failed, the workbook did.
    fn record(self, sheets: usize, out: &mut UnitOutput<'_>) -> Result<(), ExtractError> {
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

/// Passes on a sheet's cells up to its end or to the first error.
fn push_cells<'a, E: std::fmt::Display>(
    mut next: impl FnMut() -> Result<Option<Cell<DataRef<'a>>>, E>,
    sheet: &str,
    scratch: &mut String,
    failed: &mut Failures,
    out: &mut UnitOutput<'_>,
) -> Result<(), ExtractError> {
    loop {
        match next() {
            Ok(Some(cell)) => push_cell(cell.get_position(), cell.get_value(), scratch, out)?,
            Ok(None) => return Ok(()),
            Err(error) => {
                failed.add(sheet, &error);
                return Ok(());
            }
        }
    }
}

fn push_cell(
    (row, column): (u32, u32),
    value: &DataRef<'_>,
    scratch: &mut String,
    out: &mut UnitOutput<'_>,
) -> Result<(), ExtractError> {
    // Most cells are strings, which need no conversion.
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

/// A shared string takes at least this many bytes: `<si/>`.
const STRING_BYTES_MIN: u64 = 5;
/// Deflate compresses at most this many bytes to one.
const RATIO_MAX: u64 = 1032;

/// Refuses a workbook whose list of shared strings claims more strings than it can hold.
fn check_claims(file: &SniffedFile<'_>) -> Result<(), ExtractError> {
    let Some(package) = file.package() else { return Ok(()) };
    let mut archive = package.archive();
    for index in 0..archive.len() {
        let entry = archive.by_index_raw(index).map_err(|error| damaged(&error))?;
        let name = String::from_utf8_lossy(entry.name_raw()).to_ascii_lowercase();
        if name.contains("sharedstrings.xml") {
            let room = entry.size().min(entry.compressed_size().saturating_mul(RATIO_MAX)) / STRING_BYTES_MIN;
            drop(entry);
            check_claim(&mut archive, index, room)?;
        }
    }
    Ok(())
}

/// Checks the claim of one list. calamine reserves memory for the claimed number of shared strings before it reads one;
/// a claim beyond what the part can hold would crash the process.
fn check_claim(
    archive: &mut zip::ZipArchive<Cursor<&[u8]>>,
    index: usize,
    room: u64,
) -> Result<(), ExtractError> {
    let Ok(part) = archive.by_index(index) else {
        return Ok(());
    };
    let mut reader = quick_xml::Reader::from_reader(BufReader::new(part));
    let mut buffer = Vec::new();
    loop {
        buffer.clear();
        // If this cannot be read, calamine cannot read it either, and reports why.
        match reader.read_event_into(&mut buffer) {
            Ok(Event::Start(tag) | Event::Empty(tag)) if tag.local_name().as_ref() == "sst" => {
                let mut attributes = tag.attributes();
                let claimed = attributes
                    .with_checks(false)
                    .flatten()
                    .filter(|attribute| attribute.key.as_ref() == "uniqueCount")
                    .filter_map(|attribute| attribute.value.trim().parse::<u128>().ok())
                    .max();
                return match claimed {
                    Some(claimed) if claimed > u128::from(room) => Err(ExtractError::Damaged(format!(
                        "the workbook claims {claimed} texts but has room for only {room}"
                    ))),
                    _ => Ok(()),
                };
            }
            Ok(Event::Eof) | Err(_) => return Ok(()),
            Ok(_) => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io::{Cursor, Read, Write};

    use crate::ExtractError;
    use crate::tests::collect;

    #[test]
    fn a_claim_of_more_texts_than_there_is_room_for_is_refused() {
        let mut book = rust_xlsxwriter::Workbook::new();
        book.add_worksheet().write(0, 0, "HOLE-1").expect("written");
        let whole = book.save_to_buffer().expect("saved");
        let claiming = |count: &str| {
            let mut archive = zip::ZipArchive::new(Cursor::new(&whole)).expect("an archive");
            let mut out = zip::ZipWriter::new(Cursor::new(Vec::new()));
            for index in 0..archive.len() {
                let mut entry = archive.by_index(index).expect("an entry");
                let name = entry.name().expect("a name").into_owned();
                let mut content = String::new();
                entry.read_to_string(&mut content).expect("text");
                let content = content.replace("uniqueCount=\"1\"", &format!("uniqueCount=\"{count}\""));
                out.start_file(name, zip::write::SimpleFileOptions::default()).expect("a file");
                out.write_all(content.as_bytes()).expect("written");
            }
            collect("a.xlsx", &out.finish().expect("finished").into_inner())
        };
        assert_eq!(claiming("1").expect("readable").units.len(), 1);
        for count in ["10000000000", "18446744073709551615"] {
            assert!(matches!(claiming(count), Err(ExtractError::Damaged(_))), "{count}");
        }
    }
}
