//! The eleven invariants of a scan, as checks.
//!
//! | | | checked |
//! |---|---|---|
//! | 0 | a state is only left for a later one, a sealed manifest never changes, tenants are apart | at each step |
//! | 1 | done ≤ stored results ≤ total; shown progress never falls and is held below the total | at each step |
//! | 2 | one COMPLETE transition | at each step |
//! | 3 | at COMPLETE every index has exactly one result | at the transition |
//! | 4 | results never change; what is told is what is stored | at each step |
//! | 5 | the report has the results, its key is set once | at the end |
//! | 6 | after faults stop: a terminal state within a bound, empty queues | at the end |
//! | 7 | no healthy file fails when only killers do | at the end |
//! | 8 | one request id, one session | at the end |
//! | 9 | a client that reconnects ends in the server's state | at the end |
//! | 10 | a retry keeps what was read and reads the rest again | at the end |
//! | 11 | a session whose token expired goes on by itself with a new one, and forgets it when it ends | at each step, at the end |

mod books;
mod end_state;

pub use books::BookChecker;
pub use end_state::Ending;
