//! Reading one file for codes.

use std::sync::Arc;

use async_trait::async_trait;
use bytes::Bytes;
use riffle_extract::{ExtractError, Extracted, Limits};

use crate::matching::{Findings, Matcher};

/// Searches a file's content. A port of this flow's own: it is where a process, a sandbox or a simulation
/// takes the parser's place.
#[async_trait]
pub trait FileSearch: Send + Sync {
    /// `name` is only a hint of the format.
    async fn search(
        &self,
        name: &str,
        content: Bytes,
        codes: Arc<Matcher>,
    ) -> Result<(Extracted, Findings), ExtractError>;
}

/// Extraction and matching in one pass, on the caller's thread.
pub fn search(
    name: &str,
    content: &Bytes,
    codes: &Matcher,
    limits: &Limits,
) -> Result<(Extracted, Findings), ExtractError> {
    let mut session = codes.session();
    let extracted = riffle_extract::extract(name, content, limits, &mut session)?;
    Ok((extracted, session.finish()))
}
