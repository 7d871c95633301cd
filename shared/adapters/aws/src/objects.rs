//! The platform's own objects, in its own bucket.

use std::sync::Arc;

use async_trait::async_trait;
use aws_sdk_s3::Client;
use aws_sdk_s3::error::SdkError;
use aws_sdk_s3::operation::put_object::PutObjectError;
use bytes::Bytes;
use riffle_ports::{Meter, ObjectStore, PortError, Put, ReadError, Usage, is_key};

use crate::download::{Download, download};
use crate::error::{code, failure, status};
use crate::listing::keys_below;

/// Tries of a conditional put that conflicts with another of the same key.
const TRIES: u32 = 5;

/// The objects in `OBJECTS_BUCKET`.
///
/// Without the permission to list the bucket, S3 answers "denied" for a missing key, and so does this adapter: a role
/// that reads keys that may be missing needs `s3:ListBucket` on the bucket.
#[derive(Debug, Clone)]
pub struct S3Objects {
    client: Client,
    bucket: String,
    meter: Arc<Meter>,
}

impl S3Objects {
    pub(crate) fn new(client: Client, bucket: String, meter: Arc<Meter>) -> Self {
        Self { client, bucket, meter }
    }

    fn place(&self, key: &str) -> String {
        format!("{}/{key}", self.bucket)
    }

    fn note_write(&self) {
        self.meter.note(Usage { object_writes: 1, ..Usage::default() });
    }

    fn failed(&self, key: &str, error: &SdkError<PutObjectError>) -> PortError {
        failure("PutObject", &self.place(key), error)
    }
}

#[async_trait]
impl ObjectStore for S3Objects {
    async fn put(&self, key: &str, content: Bytes) -> Result<(), PortError> {
        check(key)?;
        let put = self.client.put_object().bucket(&self.bucket).key(key).body(content.into());
        let outcome = put.send().await.map(drop).map_err(|error| self.failed(key, &error));
        self.note_write();
        outcome
    }

    async fn put_if_absent(&self, key: &str, content: Bytes) -> Result<Put, PortError> {
        check(key)?;
        for _ in 0..TRIES {
            let put = self.client.put_object().bucket(&self.bucket).key(key).if_none_match("*");
            let outcome = put.body(content.clone().into()).send().await;
            self.note_write();
            let Err(error) = outcome else {
                return Ok(Put::Stored);
            };
            match (status(&error), code(&error)) {
                (Some(412), _) => return Ok(Put::Exists),
                // Another put or delete of the key came between: a retry shows which was first.
                (Some(409), Some("ConditionalRequestConflict")) => {}
                _ => return Err(self.failed(key, &error)),
            }
        }
        Err(PortError::Unavailable(format!(
            "PutObject on {}: other processes keep writing it",
            self.place(key)
        )))
    }

    async fn get(&self, key: &str) -> Result<Option<Bytes>, PortError> {
        check(key)?;
        let wanted = Download { bucket: &self.bucket, key, shown: key, version: None };
        match download(&self.client, &self.meter, wanted).await {
            Ok(content) => Ok(Some(content)),
            Err(ReadError::Missing) => Ok(None),
            Err(ReadError::Port(error)) => Err(error),
            Err(other) => Err(PortError::Broken(format!("GetObject on {}: {other}", self.place(key)))),
        }
    }

    async fn list(&self, folder: &str) -> Result<Vec<String>, PortError> {
        keys_below(&self.client, &self.meter, &self.bucket, folder).await
    }

    async fn delete(&self, key: &str) -> Result<(), PortError> {
        check(key)?;
        // Deletes are free of charge.
        let deleted = self.client.delete_object().bucket(&self.bucket).key(key).send().await;
        deleted.map(drop).map_err(|error| failure("DeleteObject", &self.place(key), &error))
    }
}

pub(crate) fn check(key: &str) -> Result<(), PortError> {
    if is_key(key) { Ok(()) } else { Err(PortError::Broken(format!("{key:?} is not an object key"))) }
}
