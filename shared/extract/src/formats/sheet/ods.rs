//! Spreadsheets in the open document format, streamed from `content.xml`.
//!
//! Rows and cells may declare that they are repeated, up to a whole sheet from a hundred bytes. A repeated cell is
//! passed on once, at its first place; its other places are counted, not created.

use std::io::{BufReader, Cursor};

use quick_xml::Reader;
use quick_xml::events::{BytesStart, Event};

use super::damaged;
use crate::formats::FormatParser;
use crate::ooxml::attribute;
use crate::output::UnitOutput;
use crate::package::Package;
use crate::sniff::SniffedFile;
use crate::{ExtractError, entities};

pub(crate) static ODS: FormatParser = FormatParser {
    is: |file| {
        file.package()
            .and_then(Package::mimetype)
            .is_some_and(|mime| mime.contains("opendocument.spreadsheet"))
    },
    read,
};

/// Bytes of text of one cell; with a longer cell the file is too large, because a cell is never split.
const CELL_BYTES_MAX: usize = 16 << 20;

fn read(file: &SniffedFile<'_>, out: &mut UnitOutput<'_>) -> Result<(), ExtractError> {
    let mut archive =
        zip::ZipArchive::new(Cursor::new(file.bytes.as_ref())).map_err(|error| damaged(&error))?;
    if is_encrypted(&mut archive) {
        return Err(ExtractError::Encrypted);
    }
    let content = archive
        .by_name("content.xml")
        .map_err(|_| ExtractError::Damaged("the workbook has no content.xml".to_owned()))?;
    out.unpack(content.compressed_size(), content.size())?;
    let mut reader = Reader::from_reader(BufReader::with_capacity(64 * 1024, content));
    reader.config_mut().expand_empty_elements = true;
    let mut buffer = Vec::new();
    let mut table = OdsTable::default();
    loop {
        buffer.clear();
        match reader.read_event_into(&mut buffer).map_err(|error| damaged(&error))? {
            Event::Start(tag) => table.open(&tag, out),
            Event::End(tag) => table.close(tag.local_name().as_ref(), out)?,
            Event::Text(text) => table.text(&text),
            Event::CData(text) => table.text(&text),
            Event::GeneralRef(name) => {
                if let Some(c) = entities::decode(&name) {
                    table.text(c.encode_utf8(&mut [0; 4]));
                }
            }
            Event::Eof => break,
            _ => {}
        }
        if table.cell.len() > CELL_BYTES_MAX {
            return Err(ExtractError::TooLarge("a cell of more than 16 MiB".to_owned()));
        }
    }
    Ok(())
}

fn is_encrypted(archive: &mut zip::ZipArchive<Cursor<&[u8]>>) -> bool {
    let Ok(manifest) = archive.by_name("META-INF/manifest.xml") else {
        return false;
    };
    let mut text = Vec::new();
    let mut limited = std::io::Read::take(manifest, 1 << 20);
    std::io::Read::read_to_end(&mut limited, &mut text).is_ok()
        && memchr::memmem::find(&text, b"encryption-data").is_some()
}

#[derive(Default)]
struct OdsTable {
    row: u64,
    row_repeats: u64,
    column: u32,
    column_repeats: u32,
    in_cell: bool,
    /// Nesting of paragraphs: only their text belongs to the cell.
    paragraphs: u32,
    /// The cell's text. Comments are inside cells and have paragraphs of their own, so they are part of it.
    cell: String,
    /// The stored value, for cells without text.
    value: String,
}

impl OdsTable {
    fn open(&mut self, tag: &BytesStart<'_>, out: &mut UnitOutput<'_>) {
        match tag.local_name().as_ref() {
            "table" => {
                out.pages(1);
                (self.row, self.column) = (0, 0);
                out.sheet(&attribute(tag, "name").unwrap_or_default());
            }
            "table-row" => {
                self.row_repeats = repeats(tag, "number-rows-repeated");
                self.column = 0;
            }
            "table-cell" | "covered-table-cell" => {
                self.in_cell = true;
                self.cell.clear();
                self.column_repeats =
                    u32::try_from(repeats(tag, "number-columns-repeated")).unwrap_or(u32::MAX);
                self.value =
                    attribute(tag, "string-value").or_else(|| attribute(tag, "value")).unwrap_or_default();
            }
            "p" if self.in_cell => {
                if !self.cell.is_empty() {
                    self.cell.push('\n');
                }
                self.paragraphs += 1;
            }
            "s" | "tab" | "line-break" if self.paragraphs > 0 => self.cell.push(' '),
            _ => {}
        }
    }

    fn close(&mut self, name: &str, out: &mut UnitOutput<'_>) -> Result<(), ExtractError> {
        match name {
            "p" => self.paragraphs = self.paragraphs.saturating_sub(1),
            "table-cell" | "covered-table-cell" => {
                self.in_cell = false;
                self.paragraphs = 0;
                let text = if self.cell.is_empty() { &self.value } else { &self.cell };
                out.cell(self.row, self.column, text)?;
                self.column = self.column.saturating_add(self.column_repeats);
            }
            "table-row" => self.row = self.row.saturating_add(self.row_repeats),
            _ => {}
        }
        Ok(())
    }

    fn text(&mut self, text: &str) {
        if self.paragraphs > 0 {
            self.cell.push_str(text);
        }
    }
}

fn repeats(tag: &BytesStart<'_>, name: &str) -> u64 {
    attribute(tag, name).and_then(|value| value.parse().ok()).unwrap_or(1).max(1)
}
