//! An upload storage that never receives anything.

use std::collections::BTreeMap;

use async_trait::async_trait;
use riffle_ports::{Completed, Entry, Opened, PortError, PostForm, ReadError, ReceivedFile, UploadStorage};

/// An [`UploadStorage`] that accepts nothing, for tests that send no files.
#[derive(Debug, Clone, Copy, Default)]
pub struct NoUploads;

#[async_trait]
impl UploadStorage for NoUploads {
    async fn form(&self, key: &str, _: u64) -> Result<PostForm, PortError> {
        Ok(PostForm { url: format!("/{key}"), fields: BTreeMap::new() })
    }
    async fn begin(&self, _: &str) -> Result<String, PortError> {
        Err(PortError::Unavailable("there is no storage".to_owned()))
    }
    async fn part(&self, _: &str, _: &str, _: u32, _: u64) -> Result<String, PortError> {
        Err(PortError::Broken("a secret of ours".to_owned()))
    }
    async fn complete(&self, _: &str, _: &str, _: &[(u32, String)], _: u64) -> Result<Completed, PortError> {
        Ok(Completed::Refused("there is no storage".to_owned()))
    }
    async fn abort(&self, _: &str, _: &str) -> Result<(), PortError> {
        Ok(())
    }
    async fn received(&self, _: &str) -> Result<Option<ReceivedFile>, PortError> {
        Ok(None)
    }
    async fn all_received(&self, _: &str) -> Result<BTreeMap<String, ReceivedFile>, PortError> {
        Ok(BTreeMap::new())
    }
    async fn remove(&self, _: &str) -> Result<(), PortError> {
        Ok(())
    }
    async fn open(&self, _: &str, _: &Entry) -> Result<Box<dyn Opened>, ReadError> {
        Err(ReadError::Missing)
    }
}
