//! The adapters on AWS, or on an emulator: the unchanged suites of the testkit, the classification of failures, and the
//! recorded usage.
//!
//! `RIFFLE_AWS_ENDPOINT` names any AWS-compatible service, with keys and region in the usual variables; the names of
//! resources that the tests create there begin with `riffle-test-`, and the resources remain. Without it the tests
//! start MiniStack themselves, and fail if it is not installed: see [`emulator`].

mod contract;
mod doors;
mod emulator;
mod failures;
mod lost;
mod sender;
mod statements;
mod units;
mod world;
