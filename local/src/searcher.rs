//! Parsing off the threads that keep the platform moving.

use std::sync::Arc;

use async_trait::async_trait;
use bytes::Bytes;
use riffle_extract::{ExtractError, Extracted, Limits};
use riffle_scan::FileSearch;
use riffle_scan::matching::{Findings, Matcher};

/// Reads files on threads of their own, within this process.
#[derive(Debug, Default)]
pub struct Searcher {
    limits: Limits,
}

#[async_trait]
impl FileSearch for Searcher {
    async fn search(
        &self,
        name: &str,
        content: Bytes,
        codes: Arc<Matcher>,
    ) -> Result<(Extracted, Findings), ExtractError> {
        let (name, limits) = (name.to_owned(), self.limits);
        tokio::task::spawn_blocking(move || riffle_scan::search(&name, &content, &codes, &limits))
            .await
            .unwrap_or_else(|error| Err(ExtractError::Panicked(error.to_string())))
    }
}
