//! Files put together by hand from their parts.
//!
//! Writers make healthy files only. Hostile samples and fuzzing need the others too: directories that lie, streams
//! that hold what nobody would write, checksums that are right around contents that are not.

mod ole;
mod pdf;
mod xls;
mod zip;

pub use ole::{SECTOR, compound};
pub use pdf::{numbered, pdf, stream};
pub use xls::{Cell, Sheet, record, workbook};
pub use zip::Archive;
pub(crate) use zip::crc32;
