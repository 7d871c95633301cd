//! The uploads bucket as the statements flow sees it: people and programs upload statements to it.

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
    /// `None` if the bucket does not keep versions.
    pub version: Option<String>,
    pub etag: String,
}

/// The metadata of an object, known without reading its content.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Head {
    pub size: u64,
    pub content_type: Option<String>,
    /// The file's name, if the upload states it.
    pub name: Option<String>,
    /// The account for rows that name none, as the owner chose it.
    pub account: Option<String>,
    pub tags: BTreeMap<String, String>,
}

/// Fetched content. It can be read from the beginning any number of times.
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

/// An upload that is about to be made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Announced {
    pub tenant: String,
    pub name: String,
    pub account: Option<String>,
    pub size: u64,
}

/// A store of uploaded files. The platform reports each upload: a notification in the queue of uploads, at least once.
#[async_trait]
pub trait Inbox: Send + Sync {
    /// Returns a form that lets its holder upload the file, under a key of the tenant's, for an hour. A file of another
    /// size is refused.
    async fn form(&self, upload: &Announced) -> Result<PostForm, PortError>;

    /// Returns the metadata of this version, or `None` if it does not exist.
    async fn head(&self, object: &ObjectRef) -> Result<Option<Head>, PortError>;

    /// Fetches this version without holding it in memory. `None` if it does not exist.
    async fn fetch(&self, object: &ObjectRef) -> Result<Option<Fetched>, PortError>;

    /// Removes this version permanently. A missing one is not an error.
    async fn delete(&self, object: &ObjectRef) -> Result<(), PortError>;
}
