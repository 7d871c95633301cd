//! The scan flow: a source and a list of codes become live matches and one report, exactly.
//!
//! `client` takes what people ask for, `dispatcher` lists and hands out, `retry` carries over what an earlier
//! session read, `worker` and `quarantine` read, `record` writes down, `lent` keeps the tokens people lend and pauses for a new one, `finisher` closes (`closing` builds the report, `crops` draws for it), `sweeper` heals, `deletion` removes; `walk` and
//! what stands on it (`snapshot`, `pages`, `code_states`, `overview`, `evidence`) tell; `page_views` shows. Counters are for showing, sets for deciding:
//! delivery is at least once everywhere, and each of these may run twice, at once, half-way or late.

mod announce;
mod client;
mod closing;
mod code_lists;
mod code_states;
pub mod codes;
mod crops;
mod dead_letters;
mod deletion;
mod dispatcher;
mod downloads;
mod drive_page;
mod evidence;
mod finisher;
mod lent;
mod local_path;
mod manifest;
pub mod matching;
pub mod metrics;
mod notify;
mod overview;
mod page_images;
mod page_views;
mod pages;
mod prices;
mod quarantine;
mod query;
mod recent;
mod record;
pub mod report;
mod request;
mod result;
mod retry;
mod scan;
mod search;
mod settings;
mod snapshot;
mod sources;
mod sweeper;
mod tally;
mod tickets;
mod uploads;
mod walk;
mod worker;

pub use announce::status;
pub use code_lists::CodeListsError;
pub use dead_letters::{about_letter, told_of_letter};
pub use deletion::DeletionError;
pub use dispatcher::Dispatcher;
pub use drive_page::drive_page;
pub use evidence::{PageView, Sighting};
pub use local_path::folder_link;
pub use overview::described;
pub use page_images::{PageImages, ReaderPages};
pub use page_views::{PageRef, PageViewError, PageViews};
pub use prices::Prices;
pub use query::QueryError;
pub use request::{Request, keys, session_id, stored_codes};
pub use result::{FailureCode, FileFailure, FileResult};
pub use riffle_extract::WIDTHS as PAGE_WIDTHS;
pub use scan::{Ports, Scan};
pub use search::{FileSearch, ReaderSearch, Searched, Wanted};
pub use settings::{Links, Settings};
pub use sources::Sources;
pub use tickets::Tickets;
pub use uploads::{UploadError, Uploads, limits};
pub use worker::{Delivered, Worker};
