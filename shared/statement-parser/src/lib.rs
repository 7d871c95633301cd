//! Parses bank statements: converts the bytes of a file into rows with their place, amount and identity.
//!
//! [`read`] detects the format from the content, reads the file twice from the beginning and passes each transaction to
//! a [`RowSink`]. The first pass collects what only the whole file can show: the order of day and month, the decimal
//! mark, the meaning of signs, and which rows may occur more than once. The second pass emits the rows. Neither pass
//! holds the whole file in memory: a statement of a gigabyte needs some 50 MB.
//!
//! Parsers are lenient. A fault in one row produces a [`Warning`] with its place, and reading continues. A file that is
//! not a statement produces a [`Reject`] with a text for the owner of the file. A row is never dropped silently.
//!
//! Each format is a file or folder in `formats` and one line of the list there. This crate does not depend on queues,
//! tables or categories; it uses no clock, and no input or output except [`Input`].

mod date;
mod date_order;
mod decode;
mod error;
mod formats;
mod identity;
mod input;
mod limits;
mod number;
mod output;
mod part;
mod readable;
mod repeats;
mod row;
mod sniff;
mod statement;

pub use error::{ParseError, Reject};
pub use formats::Format;
pub use identity::{Basis, Identity};
pub use input::{FileInput, Input};
pub use limits::ParseLimits;
pub use row::{Amount, Row, RowPlace, RowSink};
pub use statement::{
    AccountPart, Column, DateOrder, DecimalMark, Dialect, Role, Signs, Statement, WARNINGS_MAX, Warning,
};

use output::RowOutput;
use sniff::FileStart;

/// Reads a statement and passes every transaction to `sink`, in the order of the file.
///
/// `name` is the name of the file, used only as a hint if the content is ambiguous. `input` is opened three times: once
/// to inspect the beginning, and once for each of two passes over the whole file.
///
/// # Errors
/// [`ParseError::Reject`] if the file is not a readable statement or exceeds a limit, [`ParseError::Io`] if `input`
/// fails, [`ParseError::Stopped`] if the sink stops. Most rejects occur before the first row. If one occurs later, for
/// example at a limit, the sink has already received rows of a file that was not read completely.
///
/// ```
/// use riffle_statement_parser::{ParseLimits, Row, read};
///
/// let mut csv = b"Date;Text;Amount\n05.01.2026;Rent;-950,00\n13.01.2026;Salary;2.400,00\n".as_slice();
/// let mut rows: Vec<Row> = Vec::new();
/// let statement = read("giro.csv", &mut csv, &ParseLimits::default(), &mut rows)?;
/// assert_eq!(statement.rows, 2);
/// assert_eq!((rows[1].date.to_string(), rows[1].amount.to_string()), ("2026-01-13".into(), "2400.00".into()));
/// # Ok::<(), riffle_statement_parser::ParseError>(())
/// ```
pub fn read(
    name: &str,
    input: &mut dyn Input,
    limits: &ParseLimits,
    sink: &mut dyn RowSink,
) -> Result<Statement, ParseError> {
    let start = FileStart::new(name, input)?;
    let (format, reader) = start.format()?;
    let mut out = RowOutput::new(limits, sink);
    let dialect = (reader.read)(&start, input, &mut out)?;
    Ok(out.finish(format, dialect))
}
