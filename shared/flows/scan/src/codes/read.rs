//! The text of a file that should hold codes, as a list or as columns.

use std::collections::BTreeMap;

use bytes::Bytes;
use riffle_extract::{ExtractError, FileFormat, Place, Sink, Unit};
use riffle_reader::{Reader, TextSink};

use super::CodesError;

pub(super) enum CodesContent {
    /// Lines of text.
    List(String),
    Tables(Vec<CodeColumn>),
}

/// The non-blank cells of one column, from the top.
#[derive(Debug, Clone, Default)]
pub(super) struct CodeColumn {
    pub(super) sheet: String,
    /// Column letters.
    pub(super) name: String,
    pub(super) cells: Vec<CodeCell>,
}

#[derive(Debug, Clone)]
pub(super) struct CodeCell {
    /// From 1.
    pub(super) row: u64,
    pub(super) text: String,
}

/// Reads a file. `shown` is the file's name in messages.
pub(super) fn read(
    reader: &Reader,
    name: &str,
    shown: &str,
    content: &Bytes,
) -> Result<CodesContent, CodesError> {
    let unreadable = |reason: String| CodesError::Unreadable { name: shown.to_owned(), reason };
    let empty = || CodesError::Empty { name: shown.to_owned() };
    let mut collected = CollectedCells::default();
    let extracted = match reader.list(name, content, &mut collected)? {
        Ok(extracted) => extracted,
        Err(ExtractError::Empty) => return Err(empty()),
        Err(error) => return Err(unreadable(error.to_string())),
    };
    // A partial list would look like a complete one.
    if let Some(part) = extracted.unread.first() {
        return Err(unreadable(format!("{}: {}", part.place, part.why)));
    }
    match extracted.kind {
        FileFormat::Text => Ok(CodesContent::List(collected.lines)),
        FileFormat::Xlsx | FileFormat::Xlsb | FileFormat::Xls | FileFormat::Ods | FileFormat::Csv
            if collected.columns.is_empty() =>
        {
            Err(empty())
        }
        // Sheets in their order, columns from the left: of two equally good ones the first is taken.
        FileFormat::Xlsx | FileFormat::Xlsb | FileFormat::Xls | FileFormat::Ods | FileFormat::Csv => {
            Ok(CodesContent::Tables(collected.columns.into_values().collect()))
        }
        // The reader has already refused other kinds.
        kind => Err(unreadable(ExtractError::OtherKind(kind).to_string())),
    }
}

#[derive(Default)]
struct CollectedCells {
    lines: String,
    /// By sheet, then by the column's letters with the shorter ones first: A … Z, AA ….
    columns: BTreeMap<(usize, usize, String), CodeColumn>,
    sheets: Vec<String>,
}

impl TextSink for CollectedCells {
    fn restart(&mut self) {
        *self = Self::default();
    }
}

impl Sink for CollectedCells {
    fn unit(&mut self, unit: &Unit<'_>) {
        match unit.place {
            Place::Line(_) => {
                self.lines.push_str(unit.text);
                self.lines.push('\n');
            }
            Place::Cell { sheet, cell } => {
                let split = cell.find(|c: char| c.is_ascii_digit()).unwrap_or(cell.len());
                let (letters, row) = cell.split_at(split);
                if self.sheets.last() != Some(sheet) {
                    self.sheets.push(sheet.clone());
                }
                let key = (self.sheets.len(), letters.len(), letters.to_owned());
                let column = self.columns.entry(key).or_insert_with(|| CodeColumn {
                    sheet: sheet.clone(),
                    name: letters.to_owned(),
                    cells: Vec::new(),
                });
                let text = unit.text.trim();
                if !text.is_empty() {
                    column.cells.push(CodeCell { row: row.parse().unwrap_or(0), text: text.to_owned() });
                }
            }
            Place::Page(_) | Place::Paragraph(_) | Place::Slide(_) | Place::File | Place::Inside { .. } => {}
        }
    }
}
