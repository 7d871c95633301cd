//! The questions that people ask: the answers of the API, and the lists behind them.

pub(crate) mod answers;
pub(crate) mod transactions;
