//! The binary `riffle` from outside: started as a person starts it, and judged by output that a person or a program
//! sees.
//!
//! Nothing in here calls into a running platform; dead letters are made by the queue's own code in a state that no
//! process uses. The types of the contracts are used to read its output, those of the samples to read their answer key.
//! Each test has its own folders. Nothing sleeps for a fixed time: every wait is for a condition, and fails if that
//! does not occur.

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
mod scan_record;
mod server;
mod serving;
mod serving_doors;
mod serving_mistakes;
mod socket;
mod watching;
