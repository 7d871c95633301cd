//! The actions of people and programs: putting files into the bucket, requesting deletions, redriving dead letters,
//! replays.

use chrono::{DateTime, TimeDelta, Utc};
use futures::executor::block_on;
use riffle_ports::Inbox;
use riffle_testkit::memory::{FileKey, MemoryInbox, NewObject};
use riffle_topology::{Consumed, RIFFLE};

use super::scenario::{StatementsScenario, TENANTS, When};
use super::world::{StatementsInvocation, World};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Deed {
    Upload(usize),
    /// The bucket sends the notification of an upload once more.
    Tell(usize),
    Delete(usize),
    Vanish(usize),
    Redrive(&'static str),
    /// A replay to the function that consumes this queue.
    Replay(&'static str),
    /// Another parser is deployed.
    Deploy,
}

impl Deed {
    /// Returns the actions that the scenario plans for fixed times.
    pub fn planned(scenario: &StatementsScenario, now: DateTime<Utc>) -> Vec<(DateTime<Utc>, Self)> {
        let after = |milliseconds: i64| now + TimeDelta::milliseconds(milliseconds);
        let mut deeds = Vec::new();
        for (number, upload) in scenario.uploads.iter().enumerate() {
            deeds.push((after(upload.at), Self::Upload(number)));
            deeds.extend(upload.notified_again.iter().map(|by| (after(upload.at + by), Self::Tell(number))));
            for (when, deed) in
                [(upload.deletion, Self::Delete(number)), (upload.vanishes, Self::Vanish(number))]
            {
                if let Some(When::After(by)) = when {
                    deeds.push((after(upload.at + by), deed));
                }
            }
        }
        deeds.extend(
            scenario.replays.iter().map(|(consumer, by)| (after(*by), Self::Replay(consumer.queue.name))),
        );
        deeds.extend(scenario.deploy.map(|by| (after(by), Self::Deploy)));
        deeds.extend(scenario.redrives.iter().map(|by| (after(*by), Self::Redrive(TENANTS[0]))));
        deeds
    }
}

fn put(inbox: &MemoryInbox, object: NewObject) -> riffle_ports::ObjectRef {
    block_on(inbox.put(object)).expect("the bucket in memory accepts every object")
}

impl World {
    /// Carries out one of the actions that are due.
    pub fn act(&mut self) {
        let now = self.now();
        let due: Vec<usize> = (0..self.deeds.len()).filter(|nth| self.deeds[*nth].0 <= now).collect();
        let Some(nth) = self.control.draw(|rng| rng.pick(&due).copied()) else { return };
        let (_, deed) = self.deeds.swap_remove(nth);
        self.control.note("deed", &[], || format!("{deed:?}"));
        match deed {
            Deed::Upload(number) => self.upload(number),
            Deed::Tell(number) => self.notify_again(number),
            Deed::Delete(number) => self.ask_for_deletion(number),
            Deed::Vanish(number) => self.vanish(number),
            Deed::Redrive(tenant) => {
                let future = self.functions.redrive(tenant);
                self.platform.invoke("redrive", false, StatementsInvocation::Asked(deed), future);
            }
            Deed::Deploy => self.deploy(),
            Deed::Replay(queue) => {
                self.control.sometimes("events are replayed during processing");
                self.replay(&RIFFLE.queue(queue).expect("the queue has a consumer"));
            }
        }
    }

    fn upload(&mut self, number: usize) {
        let upload = &self.scenario.uploads[number];
        let tags = if upload.skipped { vec![("riffle-skip".to_owned(), "1".to_owned())] } else { Vec::new() };
        let object = NewObject {
            key: upload.key.clone(),
            content: self.scenario.contents[upload.content].written(),
            name: None,
            account: upload.account.map(str::to_owned),
            tags: tags.into_iter().collect(),
        };
        self.arrived[number] = Some(put(&self.stores.inbox, object));
        if let Some(key) = self.file_of(number) {
            self.uploads.insert(key, number);
        }
    }

    fn notify_again(&mut self, number: usize) {
        if let Some(object) = &self.arrived[number] {
            let size = self.scenario.contents[self.scenario.uploads[number].content].written().len();
            block_on(self.stores.inbox.notify(object, size))
                .expect("the queue in memory accepts every message");
            self.control.sometimes("a notification is delivered twice");
        }
    }

    fn ask_for_deletion(&mut self, number: usize) {
        let Some(key) = self.file_of(number) else {
            return;
        };
        // If the file has no record yet, the request is repeated later. An object that never gets one is not of this
        // flow.
        if self.file(&key).is_none() {
            if self.platform.is_hostile() {
                self.later(Deed::Delete(number));
            }
            return;
        }
        let future = self.functions.delete(self.scenario.uploads[number].tenant, key.1);
        self.platform.invoke("delete", false, StatementsInvocation::Asked(Deed::Delete(number)), future);
    }

    /// On the platform the old invocations continue until they end; on a laptop they are ended first.
    fn deploy(&mut self) {
        if !self.scenario.conditions.timeouts {
            self.cut_power();
        }
        self.reader.deploy();
        self.control.sometimes("a new parser is deployed during processing");
    }

    fn vanish(&mut self, number: usize) {
        if let (Some(object), Some(key)) = (self.arrived[number].clone(), self.file_of(number)) {
            block_on(self.stores.inbox.delete(&object)).expect("the bucket in memory accepts every object");
            self.vanished.insert(key);
        }
    }

    fn later(&mut self, deed: Deed) {
        self.deeds.push((self.now() + TimeDelta::seconds(5), deed));
    }

    /// Handles the answer to a person's request. Without success, the request is repeated later.
    pub fn answered(&mut self, deed: Deed, done: bool) {
        match deed {
            Deed::Delete(number) if done => {
                self.unwanted.extend(self.file_of(number));
            }
            _ if done => {}
            _ => self.later(deed),
        }
    }

    /// Sends all events published so far to one consumer again.
    pub fn replay(&mut self, consumer: &Consumed) {
        let (from, to) = (DateTime::<Utc>::MIN_UTC, self.now() + TimeDelta::seconds(1));
        let replayed = block_on(self.stores.bus.replay("replay", consumer, from, to));
        assert!(replayed.is_ok(), "the queue in memory accepts every message");
    }

    /// Schedules the actions planned for this moment of a file.
    pub fn moment(&mut self, file: &FileKey, moment: When) {
        let Some(number) = self.uploads.get(file).copied() else { return };
        let now = self.now();
        let upload = &self.scenario.uploads[number];
        let mut deeds = Vec::new();
        if upload.deletion == Some(moment) {
            deeds.push(Deed::Delete(number));
        }
        if upload.vanishes == Some(moment) {
            deeds.push(Deed::Vanish(number));
        }
        if moment == When::Finished {
            for (other, neighbour) in self.scenario.uploads.iter().enumerate() {
                let waits = neighbour.deletion == Some(When::NeighbourFinished);
                if waits && other != number && neighbour.tenant == upload.tenant {
                    deeds.push(Deed::Delete(other));
                }
            }
        }
        if !deeds.is_empty() {
            match moment {
                When::Writing => self.stand_still(),
                When::Asleep => self.fall_asleep(file),
                _ => {}
            }
        }
        self.deeds.extend(deeds.into_iter().map(|deed| (now, deed)));
    }
}
