//! The uploads bucket as the statements flow sees it: people and programs put statements there.

use std::collections::BTreeMap;
use std::fmt;
use std::io::{self, Read};
use std::sync::Arc;

use async_trait::async_trait;
use serde::{Deserialize, Serialize};

use crate::{PortError, PostForm};

/// One version of one object of the uploads bucket.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct ObjectRef {
    pub bucket: String,
    pub key: String,
    /// Where the bucket keeps versions.
    pub version: Option<String>,
    pub etag: String,
}

/// What is known of an object without reading it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Head {
    pub size: u64,
    pub content_type: Option<String>,
    /// As its owner calls it, where the upload told.
    pub name: Option<String>,
    /// The account its owner named for rows that name none.
    pub account: Option<String>,
    pub tags: BTreeMap<String, String>,
}

/// Content that is at hand, to be read from the beginning as often as needed.
#[derive(Clone)]
pub struct Fetched(Arc<dyn Fn() -> io::Result<Box<dyn Read + Send>> + Send + Sync>);

impl Fetched {
    pub fn new(open: impl Fn() -> io::Result<Box<dyn Read + Send>> + Send + Sync + 'static) -> Self {
        Self(Arc::new(open))
    }

    pub fn open(&self) -> io::Result<Box<dyn Read + Send>> {
        (self.0)()
    }
}

impl fmt::Debug for Fetched {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Fetched")
    }
}

/// An upload that is about to come.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Announced {
    pub tenant: String,
    pub name: String,
    pub account: Option<String>,
    pub size: u64,
}

/// Holds uploaded files. That one has come is told by the platform: a notification in the queue of uploads, at least
/// once.
#[async_trait]
pub trait Inbox: Send + Sync {
    /// Lets whoever has it send the file, under a key of the tenant's own, for an hour. A bigger or smaller file is
    /// refused.
    async fn form(&self, upload: &Announced) -> Result<PostForm, PortError>;

    /// `None`: this version is not there.
    async fn head(&self, object: &ObjectRef) -> Result<Option<Head>, PortError>;

    /// Brings this version close, without holding it in memory. `None`: it is not there.
    async fn fetch(&self, object: &ObjectRef) -> Result<Option<Fetched>, PortError>;

    /// Removes this version for good. One that is not there is no error.
    async fn delete(&self, object: &ObjectRef) -> Result<(), PortError>;
}
