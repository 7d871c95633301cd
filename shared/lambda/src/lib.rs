//! The parts that every function needs to run on AWS Lambda: configuration, logs and metrics, the ports on AWS, and the
//! loop that serves invocations. Only `main.rs` uses this crate: the functions' libraries do not depend on it.

mod cloud;
mod env;
mod logs;
mod run;
mod signed_in;
mod statements;
mod unused;

pub use cloud::Cloud;
pub use env::{ConfigError, Env};
pub use run::{run, run_http, run_queue};
pub use signed_in::signed_in;
pub use unused::Unused;
