//! Faulty buses, dead letters and inboxes.

use async_trait::async_trait;
use riffle_contracts::BusEvent;
use riffle_ports::{
    Announced, DeadLetter, DeadLetterStore, EventPublisher, Fetched, Head, Inbox, ObjectRef, Outgoing,
    PortError, PostForm,
};
use riffle_topology::RIFFLE;
use riffle_topology::statements::{AUDIT, AUDITOR, ERRORS, FIGURES, NOTER};

use super::super::over_memory_statements::World;
use super::super::{BusHarness, DeadLetterHarness, InboxHarness, dead_letters, event_bus, inbox};
use super::{FaultName, assert_noticed};
use crate::memory::{QueuePlace, SeededIds};

struct FaultyPlatform {
    inner: World,
    fault: FaultName,
}

#[async_trait]
impl EventPublisher for FaultyPlatform {
    async fn publish(&self, events: &[Outgoing]) -> Result<Vec<usize>, PortError> {
        let mut events = events.to_vec();
        match self.fault {
            "the rest of a batch is lost" => events.truncate(10),
            "large events are lost" => events.retain(|event| event.detail.len() < 200_000),
            _ => {}
        }
        if self.fault == "flows are one" {
            for event in &mut events {
                event.detail = event.detail.replace("\"another\"", "\"statements\"");
            }
        }
        let refused = self.inner.bus.publish(&events).await?;
        Ok(if self.fault == "all are refused" { (0..events.len()).collect() } else { refused })
    }
}

#[async_trait]
impl BusHarness for FaultyPlatform {
    fn publisher(&self) -> &dyn EventPublisher {
        self
    }

    async fn take(&self, queue: &str) -> Vec<String> {
        let mut bodies = BusHarness::take(&self.inner, queue).await;
        let delivered =
            bodies.iter().map(|body| serde_json::from_str::<BusEvent>(body).expect("an event of the bus"));
        match self.fault {
            "everybody listens to everything" if queue == ERRORS => {
                bodies = BusHarness::take(&self.inner, AUDIT).await;
            }
            "one consumer hears nothing" if queue == FIGURES => bodies.clear(),
            "the event comes alone" => {
                bodies = delivered
                    .map(|delivered| serde_json::to_string(&delivered.detail).expect("an event is JSON"))
                    .collect();
            }
            "every event is a replay" => {
                let replayed =
                    delivered.map(|delivered| BusEvent { replay_name: Some("r".to_owned()), ..delivered });
                bodies = replayed
                    .map(|delivered| serde_json::to_string(&delivered).expect("an event is JSON"))
                    .collect();
            }
            _ => {}
        }
        bodies
    }
}

#[test]
fn every_faulty_bus_is_noticed() {
    for fault in [
        "the rest of a batch is lost",
        "large events are lost",
        "all are refused",
        "everybody listens to everything",
        "one consumer hears nothing",
        "flows are one",
        "the event comes alone",
        "every event is a replay",
    ] {
        assert_noticed(fault, event_bus(&FaultyPlatform { inner: World::new(), fault }, &SeededIds::new(1)));
    }
}

#[async_trait]
impl DeadLetterStore for FaultyPlatform {
    async fn list(&self, flow: Option<&str>, limit: u32) -> Result<(Vec<DeadLetter>, bool), PortError> {
        let flow = flow.filter(|_| self.fault != "flows are one");
        let (mut dead_letters, mut more) = self.inner.queue.list(flow, limit).await?;
        match self.fault {
            "there is never more" => more = false,
            "all failed in one place" => {
                for dead_letter in &mut dead_letters {
                    AUDITOR.clone_into(&mut dead_letter.function);
                }
            }
            "one queue is not looked into" => {
                dead_letters.retain(|dead_letter| dead_letter.function != NOTER);
            }
            "limits are ignored" => dead_letters = self.inner.queue.list(flow, 1_000).await?.0,
            _ => {}
        }
        Ok((dead_letters, more))
    }

    async fn redrive(&self, dead_letters: &[DeadLetter]) -> Result<u64, PortError> {
        match self.fault {
            "more are counted" => Ok(self.inner.queue.redrive(dead_letters).await? + 1),
            "letters are thrown away" => {
                self.inner.queue.redrive(dead_letters).await?;
                for consumed in RIFFLE.consumed() {
                    let place = QueuePlace::of(consumed.queue.name);
                    self.inner.queue.receive(place).iter().for_each(|dead| self.inner.queue.delete(dead));
                }
                Ok(dead_letters.len() as u64)
            }
            "all are handed out" if !dead_letters.is_empty() => {
                let (all, _) = self.inner.queue.list(None, 100).await?;
                self.inner.queue.redrive(&all).await
            }
            "what has left is an error" => match self.inner.queue.redrive(dead_letters).await? {
                0 if !dead_letters.is_empty() => Err(PortError::Broken("no such letter".to_owned())),
                count => Ok(count),
            },
            _ => self.inner.queue.redrive(dead_letters).await,
        }
    }
}

#[async_trait]
impl DeadLetterHarness for FaultyPlatform {
    fn dead_letters(&self) -> &dyn DeadLetterStore {
        self
    }

    async fn kill(&self, queue: &str, body: &str) {
        self.inner.kill(queue, body).await;
    }

    async fn take(&self, queue: &str) -> Vec<String> {
        DeadLetterHarness::take(&self.inner, queue).await
    }
}

#[test]
fn every_faulty_list_of_dead_letters_is_noticed() {
    for fault in [
        "there is never more",
        "all failed in one place",
        "one queue is not looked into",
        "flows are one",
        "limits are ignored",
        "more are counted",
        "letters are thrown away",
        "all are handed out",
        "what has left is an error",
    ] {
        assert_noticed(
            fault,
            dead_letters(&FaultyPlatform { inner: World::new(), fault }, &SeededIds::new(1)),
        );
    }
}

#[async_trait]
impl Inbox for FaultyPlatform {
    async fn form(&self, upload: &Announced) -> Result<PostForm, PortError> {
        let mut form = self.inner.inbox.form(upload).await?;
        match self.fault {
            "any size is taken" => form.fields.insert("size".to_owned(), "0".to_owned()),
            "names are keys" => {
                form.fields.insert("key".to_owned(), format!("statements/{}/{}", upload.tenant, upload.name))
            }
            "tenants are one" => form.fields.insert("key".to_owned(), format!("statements/{}", upload.size)),
            "accounts are lost" => form.fields.remove("account"),
            "names are cut" => {
                form.fields.insert("name".to_owned(), upload.name.replace(|c: char| !c.is_ascii(), ""))
            }
            _ => None,
        };
        Ok(form)
    }

    async fn head(&self, object: &ObjectRef) -> Result<Option<Head>, PortError> {
        self.inner.inbox.head(object).await
    }

    async fn fetch(&self, object: &ObjectRef) -> Result<Option<Fetched>, PortError> {
        let fetched = self.inner.inbox.fetch(object).await?;
        if self.fault != "content is read once" {
            return Ok(fetched);
        }
        Ok(fetched.map(|fetched| {
            let opened = std::sync::Mutex::new(false);
            Fetched::new(move || {
                let again = std::mem::replace(&mut *opened.lock().expect("no panic"), true);
                if again { Ok(Box::new(std::io::empty())) } else { fetched.open() }
            })
        }))
    }

    async fn delete(&self, object: &ObjectRef) -> Result<(), PortError> {
        match self.fault {
            "nothing is deleted" => Ok(()),
            "all versions are deleted" => {
                for (key, version) in self.inner.inbox.stored() {
                    let version = Some(version);
                    if key == object.key {
                        self.inner.inbox.delete(&ObjectRef { version, ..object.clone() }).await?;
                    }
                }
                Ok(())
            }
            _ => self.inner.inbox.delete(object).await,
        }
    }
}

#[async_trait]
impl InboxHarness for FaultyPlatform {
    fn inbox(&self) -> &dyn Inbox {
        self
    }

    async fn send(&self, form: &PostForm, content: Vec<u8>) -> Option<ObjectRef> {
        let mut form = form.clone();
        if self.fault == "any size is taken" {
            form.fields.insert("size".to_owned(), content.len().to_string());
        }
        self.inner.send(&form, content).await
    }

    async fn put_twice(&self, key: &str, contents: [Vec<u8>; 2]) -> [ObjectRef; 2] {
        let key = if self.fault == "keys stay encoded" { key.replace(' ', "+") } else { key.to_owned() };
        self.inner.put_twice(&key, contents).await
    }
}

#[test]
fn every_faulty_inbox_is_noticed() {
    for fault in [
        "any size is taken",
        "names are keys",
        "tenants are one",
        "accounts are lost",
        "names are cut",
        "content is read once",
        "nothing is deleted",
        "all versions are deleted",
        "keys stay encoded",
    ] {
        assert_noticed(fault, inbox(&FaultyPlatform { inner: World::new(), fault }, &SeededIds::new(1)));
    }
}
