//! What every function stands on when it runs on AWS Lambda: its configuration, logs and metrics, the ports on AWS, and
//! the loop that serves invocations. Used by `main.rs` alone: the functions' libraries know nothing of it.

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
