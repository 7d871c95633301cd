//! The scan flow: turns a source and a list of codes into live matches and one report, each result counted exactly
//! once.
//!
//! - `stages`: one file per function, from a client's action to the report, and the sweep that runs each minute.
//! - `state`: stored data about a session, and how results are recorded.
//! - `queries`: queries about sessions; `evidence`: where a match is on its page.
//! - `codes` reads lists of codes, `matching` finds codes in text, `sources` lists and opens files, `report`
//!   builds the workbook.
//!
//! Delivery is at-least-once everywhere, and each stage may run twice, concurrently, partly or late. So sets of indices
//! decide what is done; counters are for display only.

mod announce;
pub mod codes;
mod dead_letters;
mod deletion;
mod evidence;
pub mod matching;
pub mod metrics;
mod notify;
mod prices;
mod queries;
mod recent;
pub mod report;
mod scan;
mod search;
mod settings;
mod sources;
mod stages;
mod state;
mod tickets;

pub use announce::status;
pub use codes::code_lists::CodeListsError;
pub use dead_letters::{message_info, record_info};
pub use deletion::DeletionError;
pub use evidence::match_evidence::{PageView, Sighting};
pub use evidence::page_images::{PageImages, ReaderPages};
pub use evidence::page_views::{PageRef, PageViewError, PageViews};
pub use prices::Prices;
pub use queries::error::QueryError;
pub use queries::scans::described;
pub use riffle_extract::WIDTHS as PAGE_WIDTHS;
pub use scan::{Scan, ScanPorts};
pub use search::{FileSearch, ReaderSearch, SearchRequest, Searched};
pub use settings::{Links, ScanSettings};
pub use sources::by_kind::Sources;
pub use sources::drive_page::drive_page;
pub use sources::local_path::folder_link;
pub use sources::uploads::{UploadError, Uploads, limits};
pub use stages::dispatcher::Dispatcher;
pub use stages::worker::{FileMessage, Worker};
pub use state::request::{Request, keys, session_id, stored_codes};
pub use state::result::{FailureCode, FileFailure, FileResult};
pub use tickets::Tickets;
