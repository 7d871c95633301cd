//! Bytes in, transactions out: the bytes of a bank statement become rows with their place, amount and identity.
//!
//! [`read`] finds out what a file is by looking at its content, reads it twice from the beginning and hands each
//! transaction to a [`Sink`]. The first reading gathers what only the whole file can tell: the order of day and
//! month, the decimal mark, which signs mean what, and which rows may be there more than once. The second hands
//! the rows on. Neither holds the file: a statement of a gigabyte needs some 50 MB.
//!
//! Parsers are lenient. A fault in one row is a [`Warning`] with its place and the rest goes on; what is no
//! statement at all is a [`Reject`] with a text for the person who owns the file. A row is never dropped in
//! silence.
//!
//! Each format is a file or folder of `formats` and one line of the list there. Nothing here knows about queues,
//! tables or categories; there is no clock, and no input or output but [`Input`].

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

pub use error::{ReadError, Reject};
pub use formats::Format;
pub use identity::{Basis, Identity};
pub use input::{File, Input};
pub use limits::Limits;
pub use row::{Amount, Place, Row, Sink};
pub use statement::{
    AccountPart, Column, DateOrder, DecimalMark, Dialect, Role, Signs, Statement, WARNINGS_MAX, Warning,
};

use output::Output;
use sniff::Look;

/// Reads a statement and hands every transaction to `sink`, in the order of the file.
///
/// `name` is the file's name, only a hint where content cannot tell. `input` is opened three times: for a look
/// at its beginning, and for two readings of the whole.
///
/// # Errors
/// [`ReadError::Reject`] where there is nothing to read or too much of it, [`ReadError::Io`] where `input` fails,
/// [`ReadError::Stopped`] where the sink wanted no more. Most rejects come before the first row; one that comes
/// later, such as a limit, leaves the sink with rows of a file that was not read whole.
pub fn read(
    name: &str,
    input: &mut dyn Input,
    limits: &Limits,
    sink: &mut dyn Sink,
) -> Result<Statement, ReadError> {
    let look = Look::new(name, input)?;
    let (format, reader) = look.format()?;
    let mut out = Output::new(limits, sink);
    let dialect = (reader.read)(&look, input, &mut out)?;
    Ok(out.finish(format, dialect))
}
