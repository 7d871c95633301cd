//! The ports on one machine: one `SQLite` file and one folder of objects under a state folder, and the machine's own
//! files and connected clients.
//!
//! Invariants:
//! - **One process owns a state folder** ([`Store::open`] takes a lock). Many simplifications here depend on that:
//!   there is one database thread, and the previous holder of any received message is known to be dead.
//! - **A killed process loses nothing.** A call that returned has reached at least the system's page cache, which
//!   outlives the process: the ledger, queues and objects are complete on the next open, and messages that the dead
//!   process had received are visible at once, with their receive counts kept.
//! - **A power cut leaves a consistent database that may lack the last seconds** (`synchronous = NORMAL`: the
//!   write-ahead log is synced at checkpoints, not at each commit). Objects are not synced one by one: an object
//!   written in the last seconds (30 s on an ordinary ext4) may be missing or empty although the ledger names it. Start
//!   such a scan again.
//!
//! This crate contains no logic about scans or statements. It is for Unix systems: file names are bytes here.

mod audit;
mod bus;
mod connections;
mod damage;
mod database;
mod dead_letters;
mod figures;
mod file_read;
mod folder_browser;
mod folder_find;
mod folder_walk;
mod folders;
mod inbox;
mod inbox_rows;
mod index_set;
mod inspect;
mod ledger;
mod listing;
mod names;
mod notifier;
mod object_path;
mod objects;
mod probe;
mod pumps;
mod queue_rows;
mod queues;
mod records;
mod schema;
mod store;
mod tesseract;
mod texts;
mod tickets;
mod timings;
mod tokens;
mod transaction_rows;
mod transactions;
mod uploads;

pub use audit::LocalAudit;
pub use bus::{LocalBus, Replay};
pub use connections::LocalConnections;
pub use dead_letters::LocalDeadLetters;
pub use figures::LocalFigures;
pub use folder_browser::LocalBrowser;
pub use folders::{LocalFolders, READ_LIMIT};
pub use inbox::{BUCKET, Deposit, DepositError, Deposited, LocalInbox};
pub use inspect::{Holder, Room, StateInspection, kept_texts};
pub use ledger::LocalLedger;
pub use notifier::{Frames, LocalNotifier, MAX_WAITING_BYTES, MAX_WAITING_FRAMES};
pub use objects::LocalObjects;
pub use probe::LocalProbe;
pub use pumps::{Observer, Pumps};
pub use queues::{LocalQueues, ReceivedMessage};
pub use records::LocalRecords;
pub use store::{OpenError, Store};
pub use tesseract::Tesseract;
pub use texts::{LocalTexts, TEXTS_LIMIT};
pub use tickets::LocalTickets;
pub use timings::{Measure, Timings};
pub use tokens::LocalTokens;
pub use transactions::LocalTransactions;
pub use uploads::{LocalUploads, Permit, Receiving, UploadDestination, UploadRefusal};
