//! Stand-ins for ports that a function does not use: every call is a programming error and fails with a message that
//! says so.

use async_trait::async_trait;
use bytes::Bytes;
use riffle_ports::{
    Announced, ClientNotifier, Connection, ConnectionRegistry, EventPublisher, Fetched, Head, Inbox, Message,
    ObjectRef, ObjectStore, Outgoing, PortError, PostForm, PushResult, Put, SessionId, WorkQueue,
};

/// A port that a function does not use.
#[derive(Debug)]
pub struct Unused;

fn broken<T>() -> Result<T, PortError> {
    Err(PortError::Broken("programming error: this function called a port that it was not given".to_owned()))
}

#[async_trait]
impl EventPublisher for Unused {
    async fn publish(&self, _: &[Outgoing]) -> Result<Vec<usize>, PortError> {
        broken()
    }
}

#[async_trait]
impl WorkQueue for Unused {
    async fn send(&self, _: &str, _: &[Message]) -> Result<Vec<usize>, PortError> {
        broken()
    }
}

#[async_trait]
impl ObjectStore for Unused {
    async fn put(&self, _: &str, _: Bytes) -> Result<(), PortError> {
        broken()
    }

    async fn put_if_absent(&self, _: &str, _: Bytes) -> Result<Put, PortError> {
        broken()
    }

    async fn get(&self, _: &str) -> Result<Option<Bytes>, PortError> {
        broken()
    }

    async fn list(&self, _: &str) -> Result<Vec<String>, PortError> {
        broken()
    }

    async fn delete(&self, _: &str) -> Result<(), PortError> {
        broken()
    }
}

#[async_trait]
impl Inbox for Unused {
    async fn form(&self, _: &Announced) -> Result<PostForm, PortError> {
        broken()
    }

    async fn head(&self, _: &ObjectRef) -> Result<Option<Head>, PortError> {
        broken()
    }

    async fn fetch(&self, _: &ObjectRef) -> Result<Option<Fetched>, PortError> {
        broken()
    }

    async fn delete(&self, _: &ObjectRef) -> Result<(), PortError> {
        broken()
    }
}

#[async_trait]
impl ConnectionRegistry for Unused {
    async fn add(&self, _: Connection) -> Result<(), PortError> {
        broken()
    }

    async fn get(&self, _: &str) -> Result<Option<Connection>, PortError> {
        broken()
    }

    async fn remove(&self, _: &str) -> Result<(), PortError> {
        broken()
    }

    async fn subscribe(&self, _: &SessionId, _: &str) -> Result<(), PortError> {
        broken()
    }

    async fn subscribers(&self, _: &SessionId) -> Result<Vec<String>, PortError> {
        broken()
    }
}

#[async_trait]
impl ClientNotifier for Unused {
    async fn push(&self, _: &str, _: &str) -> Result<PushResult, PortError> {
        broken()
    }
}
