//! The binary `riffle` from outside: started as a person starts it, judged by what a person or a program sees.
//!
//! Nothing in here calls into a running platform; dead letters are made by the queue's own code in a state that
//! nobody uses. The contracts' types are used to read what it says, the samples' to
//! read their answer key. Each test has folders of its own. Nothing sleeps for a fixed time: every wait is for a
//! condition and ends in a failure when that does not come.

mod again;
mod answers;
mod bank;
mod codes;
mod damaged;
mod dead_ends;
mod deadline;
mod deleting;
mod doctoring;
mod drive;
mod formats;
mod hostile;
mod http;
mod http_evidence;
mod http_scans;
mod http_statements;
mod http_uploads;
mod importing;
mod importing_again;
mod interrupted;
mod lines;
mod names;
mod process;
mod replaying;
mod report;
mod report_pictures;
mod retry;
mod samples;
mod server;
mod serving;
mod serving_doors;
mod serving_mistakes;
mod socket;
mod told;
mod watching;
