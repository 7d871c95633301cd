//! Faulty stores, queues and registries.

use std::sync::Mutex;

use async_trait::async_trait;
use bytes::Bytes;
use riffle_ports::{
    Connection, ConnectionRegistry, Message, ObjectStore, PortError, Put, SessionId, WorkQueue, is_key,
};
use riffle_topology::RIFFLE;
use riffle_topology::scan::WORK;

use super::super::over_memory::MemoryConsumer;
use super::super::{ConsumedMessage, QueueHarness, connection_registry, object_store, work_queue};
use super::{FaultName, assert_noticed, give_way, run};
use crate::memory::{MemoryConnections, MemoryObjects, SeededIds};

struct FaultyObjects {
    inner: MemoryObjects,
    fault: FaultName,
}

#[async_trait]
impl ObjectStore for FaultyObjects {
    async fn put(&self, key: &str, content: Bytes) -> Result<(), PortError> {
        match self.fault {
            "puts never replace" => self.inner.put_if_absent(key, content).await.map(drop),
            "puts show halves" => {
                let half = content.slice(..content.len() / 2);
                self.inner.put(key, half).await?;
                give_way().await;
                self.inner.put(key, content).await
            }
            "long keys are cut" if is_key(key) => self.inner.put(&key[..key.len().min(300)], content).await,
            "bad keys are taken" if !is_key(key) => Ok(()),
            _ => self.inner.put(key, content).await,
        }
    }

    async fn put_if_absent(&self, key: &str, content: Bytes) -> Result<Put, PortError> {
        match self.fault {
            "conditional puts replace" => {
                let put = self.inner.put_if_absent(key, content.clone()).await?;
                self.inner.put(key, content).await?;
                Ok(put)
            }
            "conditional puts are two steps" => {
                let taken = self.inner.get(key).await?.is_some();
                give_way().await;
                if taken {
                    return Ok(Put::Exists);
                }
                self.inner.put(key, content).await?;
                Ok(Put::Stored)
            }
            "conditional puts always say stored" => {
                self.inner.put_if_absent(key, content).await?;
                Ok(Put::Stored)
            }
            "long keys are cut" if is_key(key) => {
                self.inner.put_if_absent(&key[..key.len().min(300)], content).await
            }
            "folders hide files" => {
                let folder = key.rsplit_once('/').map_or("", |(folder, _)| folder);
                if self.inner.get(folder).await.is_ok_and(|found| found.is_some()) {
                    return Err(PortError::Unavailable("not a directory".to_owned()));
                }
                self.inner.put_if_absent(key, content).await
            }
            _ => self.inner.put_if_absent(key, content).await,
        }
    }

    async fn get(&self, key: &str) -> Result<Option<Bytes>, PortError> {
        let found = match self.fault {
            "long keys are cut" if is_key(key) => self.inner.get(&key[..key.len().min(300)]).await?,
            "bad keys are just missing" if !is_key(key) => None,
            _ => self.inner.get(key).await?,
        };
        match self.fault {
            "missing is empty" => Ok(Some(found.unwrap_or_default())),
            "empty is missing" => Ok(found.filter(|content| !content.is_empty())),
            _ => Ok(found),
        }
    }

    async fn list(&self, folder: &str) -> Result<Vec<String>, PortError> {
        let listed = self.inner.list(folder).await?;
        Ok(match self.fault {
            "lists show neighbours" => {
                self.inner.keys().into_iter().filter(|key| key.starts_with(folder)).collect()
            }
            "lists end early" => listed.into_iter().take(1_000).collect(),
            "lists are one folder deep" => {
                let below = |key: &String| !key[folder.len() + 1..].contains('/');
                listed.into_iter().filter(below).collect()
            }
            _ => listed,
        })
    }

    async fn delete(&self, key: &str) -> Result<(), PortError> {
        match self.fault {
            "nothing is deleted" if is_key(key) => Ok(()),
            "folders are deleted whole" => {
                for below in self.inner.keys().iter().filter(|below| below.starts_with(&format!("{key}/"))) {
                    self.inner.delete(below).await?;
                }
                self.inner.delete(key).await
            }
            "missing is an error" if is_key(key) && self.inner.peek(key).is_none() => {
                Err(PortError::Broken("no such key".to_owned()))
            }
            _ => self.inner.delete(key).await,
        }
    }
}

#[test]
fn every_faulty_object_store_is_noticed() {
    for fault in [
        "puts never replace",
        "puts show halves",
        "lists show neighbours",
        "lists end early",
        "lists are one folder deep",
        "long keys are cut",
        "bad keys are taken",
        "bad keys are just missing",
        "conditional puts replace",
        "conditional puts are two steps",
        "conditional puts always say stored",
        "folders hide files",
        "missing is empty",
        "empty is missing",
        "nothing is deleted",
        "folders are deleted whole",
        "missing is an error",
    ] {
        let inner = MemoryObjects::new();
        assert_noticed(fault, object_store(&FaultyObjects { inner, fault }, &SeededIds::new(1)));
    }
}

struct FaultyQueues {
    inner: MemoryConsumer,
    fault: FaultName,
    deleted: Mutex<Vec<Message>>,
}

#[async_trait]
impl WorkQueue for FaultyQueues {
    async fn send(&self, queue: &str, messages: &[Message]) -> Result<Vec<usize>, PortError> {
        let mut messages = messages.to_vec();
        match self.fault {
            "the rest of a batch is lost" => messages.truncate(10),
            "equal messages are one" => messages.dedup(),
            "long bodies are cut" => messages.iter_mut().for_each(|message| message.body.truncate(100_000)),
            "groups are lost" => messages.iter_mut().for_each(|message| message.group.clear()),
            _ => {}
        }
        let queue = match self.fault {
            "queues are one" => WORK,
            "unknown queues swallow" if RIFFLE.queue(queue).is_none() => return Ok(Vec::new()),
            _ => queue,
        };
        self.inner.queue().send(queue, &messages).await
    }
}

#[async_trait]
impl QueueHarness for FaultyQueues {
    fn queue(&self) -> &dyn WorkQueue {
        self
    }

    async fn receive(&self, queue: &str) -> Vec<ConsumedMessage> {
        let queue = if self.fault == "queues are one" { WORK } else { queue };
        let mut received = self.inner.receive(queue).await;
        match self.fault {
            "messages stay visible" => self.inner.expire().await,
            "receives are not counted" => {
                for delivered in &mut received {
                    delivered.receive_count = 1;
                }
            }
            "receipts stay" => {
                for delivered in &mut received {
                    delivered.receipt = "same".to_owned();
                }
            }
            _ => {}
        }
        received
    }

    async fn delete(&self, queue: &str, delivered: ConsumedMessage) {
        if self.fault == "receipts stay" {
            return;
        }
        if self.fault == "the deleted come back" {
            self.deleted
                .lock()
                .expect("no panic")
                .push(Message { group: delivered.group.clone(), body: delivered.body.clone() });
        }
        self.inner.delete(queue, delivered).await;
    }

    async fn expire(&self) {
        if self.fault == "nothing is redelivered" {
            return;
        }
        let deleted: Vec<Message> = self.deleted.lock().expect("no panic").drain(..).collect();
        self.inner.queue().send(WORK, &deleted).await.expect("memory does not fail");
        self.inner.expire().await;
    }
}

#[test]
fn every_faulty_queue_is_noticed() {
    for fault in [
        "the rest of a batch is lost",
        "equal messages are one",
        "long bodies are cut",
        "groups are lost",
        "queues are one",
        "unknown queues swallow",
        "messages stay visible",
        "receives are not counted",
        "receipts stay",
        "the deleted come back",
        "nothing is redelivered",
    ] {
        let queues = FaultyQueues { inner: MemoryConsumer::new(), fault, deleted: Mutex::default() };
        assert_noticed(fault, work_queue(&queues, &SeededIds::new(1)));
    }
}

struct FaultyRegistry {
    inner: MemoryConnections,
    fault: FaultName,
}

#[async_trait]
impl ConnectionRegistry for FaultyRegistry {
    async fn add(&self, connection: Connection) -> Result<(), PortError> {
        let known = self.inner.get(&connection.id).await?.is_some();
        if self.fault == "the first stays" && known {
            return Ok(());
        }
        self.inner.add(connection).await
    }

    async fn get(&self, id: &str) -> Result<Option<Connection>, PortError> {
        let mut found = self.inner.get(id).await?;
        if self.fault == "times are lost"
            && let Some(connection) = &mut found
        {
            connection.connected_at = chrono::DateTime::UNIX_EPOCH;
        }
        Ok(found)
    }

    async fn remove(&self, id: &str) -> Result<(), PortError> {
        match self.fault {
            "nobody is removed" => Ok(()),
            "unknown is an error" if self.inner.get(id).await?.is_none() => {
                Err(PortError::Broken("unknown".to_owned()))
            }
            "the removed go on listening" => {
                // The connection is not removed but replaced by one of another tenant, so that it keeps its
                // subscriptions.
                let gone = Connection {
                    id: id.to_owned(),
                    tenant: "gone".to_owned(),
                    connected_at: chrono::DateTime::UNIX_EPOCH,
                };
                self.inner.add(gone).await
            }
            _ => self.inner.remove(id).await,
        }
    }

    async fn subscribe(&self, session: &SessionId, connection: &str) -> Result<(), PortError> {
        match self.fault {
            "strangers are remembered" if self.inner.get(connection).await?.is_none() => {
                let stranger = Connection {
                    id: connection.to_owned(),
                    tenant: String::new(),
                    connected_at: chrono::DateTime::UNIX_EPOCH,
                };
                self.inner.add(stranger).await?;
                self.inner.subscribe(session, connection).await
            }
            "sessions are one" => self.inner.subscribe(&SessionId(String::new()), connection).await,
            _ => self.inner.subscribe(session, connection).await,
        }
    }

    async fn subscribers(&self, session: &SessionId) -> Result<Vec<String>, PortError> {
        let one = SessionId(String::new());
        let session = if self.fault == "sessions are one" { &one } else { session };
        let mut subscribers = self.inner.subscribers(session).await?;
        match self.fault {
            "listeners descend" => subscribers.reverse(),
            "listeners come twice" => subscribers.extend(subscribers.clone()),
            "one listener is left out" => drop(subscribers.pop()),
            _ => {}
        }
        Ok(subscribers)
    }
}

#[test]
fn every_faulty_registry_is_noticed() {
    run(connection_registry(
        &FaultyRegistry { inner: MemoryConnections::new(), fault: "none" },
        &SeededIds::new(1),
    ));
    for fault in [
        "the first stays",
        "times are lost",
        "nobody is removed",
        "unknown is an error",
        "the removed go on listening",
        "strangers are remembered",
        "sessions are one",
        "listeners descend",
        "listeners come twice",
        "one listener is left out",
    ] {
        let inner = MemoryConnections::new();
        assert_noticed(fault, connection_registry(&FaultyRegistry { inner, fault }, &SeededIds::new(1)));
    }
}
