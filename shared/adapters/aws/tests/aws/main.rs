//! The adapters on AWS, or on what stands in for it: the suites of the testkit unchanged, failures told apart, and
//! what is noted of use.
//!
//! `RIFFLE_AWS_ENDPOINT` names any place that speaks AWS, with keys and region in the usual variables; what the
//! tests make there begins with `riffle-test-` and stays. Without it they start MiniStack themselves, and fail where
//! it is not installed: see [`emulator`].

mod contract;
mod doors;
mod emulator;
mod failures;
mod lost;
mod sender;
mod statements;
mod units;
mod world;
