//! The invariants of a scan, numbered 0 to 11, as checks.
//!
//! | | | checked |
//! |---|---|---|
//! | 0 | states only advance, a sealed manifest never changes, tenants are isolated | at each step |
//! | 1 | done ≤ stored results ≤ total; shown progress never falls and is held below the total | at each step |
//! | 2 | one COMPLETE transition | at each step |
//! | 3 | at COMPLETE every index has exactly one result | at the transition |
//! | 4 | results never change; published results are the stored ones | at each step |
//! | 5 | the report has the results, its key is set once | at the end |
//! | 6 | after faults stop: a terminal state within a bound, empty queues | at the end |
//! | 7 | no healthy file fails when only killers do | at the end |
//! | 8 | one request id, one session | at the end |
//! | 9 | a client that reconnects ends in the server's state | at the end |
//! | 10 | a retry keeps what was read and reads the rest again | at the end |
//! | 11 | a session whose token expired continues by itself with a new one, and the token is deleted at the end | at each step, at the end |

mod end_state;
mod ledger;

pub use end_state::Ending;
pub use ledger::LedgerChecker;
