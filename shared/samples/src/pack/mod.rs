//! Files assembled from their parts.
//!
//! Writer libraries make only healthy files. Hostile samples and fuzzing also need others: directories with false
//! entries, streams with content that no program writes, and valid checksums around invalid content.

mod ole;
mod pdf;
mod xls;
mod zip;

pub use ole::{SECTOR, compound};
pub use pdf::{numbered, pdf, stream};
pub use xls::{XlsCell, XlsSheet, record, workbook};
pub use zip::Archive;
pub(crate) use zip::crc32;
