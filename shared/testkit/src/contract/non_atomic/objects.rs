//! Object stores whose writes are not atomic.

use async_trait::async_trait;
use bytes::Bytes;
use riffle_ports::{ObjectStore, PortError, Put};

use super::super::object_store;
use super::{assert_noticed, give_way, run};
use crate::memory::{MemoryObjects, SeededIds};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum ObjectFault {
    None,
    /// Readers see half of the content for a moment.
    PutInHalves,
    /// A conditional put is a read and a write.
    PutIfAbsentIsTwoSteps,
}

struct FaultyObjects {
    inner: MemoryObjects,
    fault: ObjectFault,
}

impl FaultyObjects {
    fn new(fault: ObjectFault) -> Self {
        Self { inner: MemoryObjects::new(), fault }
    }
}

#[async_trait]
impl ObjectStore for FaultyObjects {
    async fn put(&self, key: &str, content: Bytes) -> Result<(), PortError> {
        if self.fault == ObjectFault::PutInHalves {
            self.inner.put(key, content.slice(..content.len() / 2)).await?;
            give_way().await;
        }
        self.inner.put(key, content).await
    }

    async fn put_if_absent(&self, key: &str, content: Bytes) -> Result<Put, PortError> {
        if self.fault != ObjectFault::PutIfAbsentIsTwoSteps {
            return self.inner.put_if_absent(key, content).await;
        }
        let taken = self.inner.get(key).await?.is_some();
        give_way().await;
        if taken {
            return Ok(Put::Exists);
        }
        self.inner.put(key, content).await?;
        Ok(Put::Stored)
    }

    async fn get(&self, key: &str) -> Result<Option<Bytes>, PortError> {
        self.inner.get(key).await
    }

    async fn list(&self, folder: &str) -> Result<Vec<String>, PortError> {
        self.inner.list(folder).await
    }

    async fn delete(&self, key: &str) -> Result<(), PortError> {
        self.inner.delete(key).await
    }
}

#[test]
fn every_object_store_that_is_not_atomic_is_noticed() {
    run(object_store(&FaultyObjects::new(ObjectFault::None), &SeededIds::new(1)));
    for fault in [ObjectFault::PutInHalves, ObjectFault::PutIfAbsentIsTwoSteps] {
        assert_noticed(fault, object_store(&FaultyObjects::new(fault), &SeededIds::new(1)));
    }
}
