//! Delimited text of any dialect.
//!
//! `table` finds the table in the beginning of the file, by the names of its columns (`columns`, `words`) or by their
//! content (`content`). `survey` reads the whole file once for what the beginning cannot show, and `rows` reads it
//! again for the transactions (`amounts` reads their money); both get their records from `record_splitter`. `preamble`
//! reads the lines around the table. `fields` locates the columns of a record.

mod amounts;
mod columns;
mod content;
mod fields;
mod preamble;
mod record_splitter;
mod rows;
mod survey;
mod table;
mod words;

use encoding_rs::UTF_8;

use super::FormatReader;
use crate::decode::Charset;
use crate::output::RowOutput;
use crate::sniff::FileStart;
use crate::{Dialect, Input, ParseError, Reject, RowPlace};
use fields::Columns;
use record_splitter::{Cut, RecordSplitter};
use rows::CsvRows;
use survey::CsvSurvey;
use table::CsvTable;

pub(crate) static CSV: FormatReader = FormatReader { is: |start| !start.starts_with("<"), read };

fn read(
    start: &FileStart<'_>,
    input: &mut dyn Input,
    out: &mut RowOutput<'_>,
) -> Result<Dialect, ParseError> {
    let limits = out.limits;
    let table = CsvTable::find(start, limits)?;
    let columns = Columns::of(&table).ok_or_else(|| Reject::not_a_statement("it has no column of dates"))?;
    let width = table.roles.len();

    let mut survey = CsvSurvey::new(&table, &columns, Charset::of(&start.head));
    let mut cutter =
        RecordSplitter::new(start.open(input, limits)?, table.delimiter, limits.record_bytes, limits.columns);
    cutter.expect(width, Some(columns.date));
    let mut records = 0_u64;
    loop {
        match cutter.next()? {
            Cut::End => break,
            Cut::Record if cutter.line() >= table.first && cutter.len() <= limits.columns => {
                if survey.record(&cutter) {
                    out.note(columns.key(&cutter));
                }
            }
            Cut::Record | Cut::TooLong => {}
        }
        records += 1;
        if records > limits.rows {
            return Err(Reject::too_large("records", limits.rows));
        }
    }
    drop(cutter);
    out.again();
    let expected = survey.rows;
    let reading = survey.decide();
    for doubt in &reading.doubts {
        out.warn(RowPlace::File, doubt);
    }

    let mut rows = CsvRows::new(&table, &columns, &reading, out);
    let mut cutter =
        RecordSplitter::new(start.open(input, limits)?, table.delimiter, limits.record_bytes, limits.columns);
    cutter.expect(width, Some(columns.date));
    loop {
        match cutter.next()? {
            Cut::End => break,
            Cut::TooLong => rows.warn(cutter.line(), "skipped: the line is too long"),
            Cut::Record if cutter.len() > limits.columns => {
                rows.warn(cutter.line(), "skipped: the line has too many columns");
            }
            Cut::Record if cutter.line() >= table.first => rows.record(&cutter)?,
            Cut::Record if Some(cutter.line()) == table.header => {}
            Cut::Record => rows.note(&cutter)?,
        }
    }
    rows.state()?;
    if rows.seen != expected {
        return Err(Reject::Damaged { why: "it changed while it was read".to_owned() }.into());
    }
    let encoding = start.wide.unwrap_or(if reading.charset.0 == UTF_8 { UTF_8 } else { reading.charset.0 });
    Ok(Dialect {
        version: None,
        encoding: encoding.name().to_owned(),
        delimiter: Some(char::from(table.delimiter)),
        header_line: table.header,
        columns: table.described(),
        date_order: reading.detected_order,
        decimal_mark: Some(reading.mark),
        signs: Some(reading.signs),
    })
}
