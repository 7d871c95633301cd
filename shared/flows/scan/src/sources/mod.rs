//! The sources of files.

pub(crate) mod by_kind;
pub(crate) mod drive_page;
pub(crate) mod local_path;
pub(crate) mod uploads;
