//! One run: the functions, their stores, and the random choices that drive them.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use bytes::Bytes;
use chrono::{DateTime, TimeDelta, Utc};
use futures::executor::block_on;
use riffle_ports::{Clock, ObjectRef, ObjectStore};
use riffle_statements::processing_id;
use riffle_testkit::memory::{FileKey, MemoryMessage, QueuePlace};
use riffle_testkit::simulator::{Control, FaultPlan, TaskId};
use riffle_topology::statements;

use crate::Violation;
use crate::platform::{self, Invocation, SimPlatform, Stepped};
use crate::run::{self, SimWorld as _};

use super::actions::Deed;
use super::checker::Checker;
use super::epilogue::Phase;
use super::functions::{StatementsFunctions, StatementsResponse};
use super::model::{self, ModelKey};
use super::mutants::StatementsMutant;
use super::reader::ObedientReader;
use super::scenario::{LIMIT, RULES, ScenarioUpload, StatementsScenario, TENANTS};
use super::stores::StatementsStores;

/// Shorter than the real interval of one minute, in proportion to the other times.
const SWEEP_EVERY: TimeDelta = TimeDelta::seconds(20);

#[derive(Debug)]
pub(crate) enum StatementsInvocation {
    Batch(QueuePlace, Vec<MemoryMessage>),
    /// A person's request, which is repeated if it fails.
    Asked(Deed),
    Sweep,
}

impl platform::InvocationKind for StatementsInvocation {
    fn place(&self) -> Option<QueuePlace> {
        if let Self::Batch(place, _) = self { Some(*place) } else { None }
    }
}

pub(crate) struct World {
    pub scenario: StatementsScenario,
    pub mutant: Option<StatementsMutant>,
    pub control: Arc<Control>,
    pub stores: StatementsStores,
    pub reader: Arc<ObedientReader>,
    pub functions: StatementsFunctions,
    pub platform: SimPlatform<StatementsInvocation, StatementsResponse>,
    /// Stalled invocations, with the number of steps left.
    stalled: BTreeMap<TaskId, usize>,
    /// Invocations that sleep until a file is deleted.
    asleep: BTreeMap<TaskId, FileKey>,
    /// The invocation that took the last step.
    last: Option<TaskId>,
    /// The planned actions and their times.
    pub deeds: Vec<(DateTime<Utc>, Deed)>,
    /// The object of each upload, once it has been put.
    pub arrived: Vec<Option<ObjectRef>>,
    /// The transactions that each upload shows to either parser, with the line in which each is.
    pub shown: Vec<[BTreeMap<ModelKey, usize>; 2]>,
    /// The upload of each file.
    pub uploads: BTreeMap<FileKey, usize>,
    /// Files whose deletion is on their record or was confirmed to the requester.
    pub unwanted: BTreeSet<FileKey>,
    /// Files whose object was removed without the flow.
    pub vanished: BTreeSet<FileKey>,
    /// Files of which a message was lost or handled as another's.
    pub orphaned: BTreeSet<FileKey>,
    pub checker: Checker,
    pub next_sweep: DateTime<Utc>,
    /// When the deletion of each file was requested.
    pub asked: BTreeMap<FileKey, DateTime<Utc>>,
    /// The latest request time among the deletions that are settled.
    pub settled: Option<DateTime<Utc>>,
    /// Whether an invocation that was running at the time `settled` ended without an answer. Objects it may have left
    /// are never found.
    pub outlived: bool,
    /// The current phase after everything has ended.
    pub phase: Phase,
}

fn shown(scenario: &StatementsScenario, upload: &ScenarioUpload) -> [BTreeMap<ModelKey, usize>; 2] {
    [0, 1].map(|version| model::shown(&scenario.contents[upload.content], upload.account, version))
}

impl World {
    pub fn new(scenario: StatementsScenario, mutant: Option<StatementsMutant>, readable: bool) -> Self {
        let (control, clock, ids) = platform::begin(scenario.seed, &scenario.conditions, readable);
        let stores = StatementsStores::new(&scenario, clock);
        let reader = Arc::new(ObedientReader::new(Arc::clone(&control)));
        let functions = StatementsFunctions::new(&stores, &scenario, &reader, mutant, &control, ids);
        let now = stores.clock.now();
        let world = Self {
            platform: SimPlatform::new(
                &control,
                &stores.clock,
                &stores.queue,
                &scenario.conditions,
                statements::NAME,
            ),
            deeds: Deed::planned(&scenario, now),
            arrived: vec![None; scenario.uploads.len()],
            shown: scenario.uploads.iter().map(|upload| shown(&scenario, upload)).collect(),
            next_sweep: now + SWEEP_EVERY,
            scenario,
            mutant,
            control,
            stores,
            reader,
            functions,
            stalled: BTreeMap::new(),
            asleep: BTreeMap::new(),
            last: None,
            uploads: BTreeMap::new(),
            unwanted: BTreeSet::new(),
            vanished: BTreeSet::new(),
            orphaned: BTreeSet::new(),
            checker: Checker::default(),
            asked: BTreeMap::new(),
            settled: None,
            outlived: false,
            phase: Phase::Redriving(0),
        };
        world.furnish();
        world
    }

    /// Stores the rules if the tenants have some, and the garbage.
    fn furnish(&self) {
        if self.scenario.rules {
            for tenant in TENANTS {
                let key = riffle_statements::rules_key(tenant);
                let put = self.stores.objects.put(&key, Bytes::from(RULES));
                assert_eq!(block_on(put), Ok(()), "the object store in memory accepts every object");
            }
        }
        self.platform.litter();
    }

    pub fn now(&self) -> DateTime<Utc> {
        self.stores.clock.now()
    }

    /// Returns whether the plan lets no call fail in the whole run.
    pub fn is_friendly(&self) -> bool {
        self.scenario.conditions.plan == FaultPlan::Quiet
    }

    pub fn file_of(&self, upload: usize) -> Option<FileKey> {
        let object = self.arrived.get(upload)?.as_ref()?;
        Some((self.scenario.uploads[upload].tenant.to_owned(), processing_id(object)))
    }

    /// Returns whether work is left for a sweep.
    fn has_loose_ends(&self) -> bool {
        self.stores
            .records
            .inspect(|data| !data.outbox.is_empty() || data.records.values().any(|record| record.open))
    }

    /// Does one step.
    fn happen(&mut self) -> Result<(), Violation> {
        self.platform.pass_time(false, [(1_000, 50_000), (40_000, 300_000)]);
        self.do_harm();
        let now = self.now();
        if now >= self.next_sweep {
            self.next_sweep = now + SWEEP_EVERY;
            let sweeps =
                self.platform.running().filter(|running| matches!(running.kind, StatementsInvocation::Sweep));
            if sweeps.count() < 2 {
                let future = self.functions.sweep();
                self.platform.invoke("sweeper", false, StatementsInvocation::Sweep, future);
            }
        }
        let awake = self.awake();
        let tasks = awake.len();
        let deliverable = self.platform.deliverable();
        let due = self.deeds.iter().filter(|(at, _)| *at <= now).count();
        let weights = [if tasks > 0 { 60 } else { 0 }, 10 * deliverable.len(), if due == 0 { 0 } else { 15 }];
        match self.platform.choose(&weights) {
            None if self.stalled.is_empty() => return self.wait(),
            None => self.stalled.clear(),
            Some((0, drawn)) => return self.step_task(awake[drawn * tasks / weights[0]]),
            Some((1, drawn)) => self.deliver(deliverable[drawn / 10]),
            Some(_) => self.act(),
        }
        Ok(())
    }

    /// Returns the indices of the invocations that can continue. An invocation may become stalled here, for so long
    /// that what it has read may be outdated.
    fn awake(&mut self) -> Vec<usize> {
        self.stalled.retain(|_, left| {
            *left -= 1;
            *left > 0
        });
        let running: Vec<TaskId> = self.platform.ids().collect();
        let stalls = self.scenario.stalls;
        if stalls > 0 && self.control.draw(|rng| rng.chance(stalls)) {
            let stalled = self.control.draw(|rng| rng.pick(&running).map(|id| (*id, 20 + rng.below(300))));
            if stalled.is_some() {
                self.control.sometimes("an invocation stalls while others continue");
            }
            self.stalled.extend(stalled);
        }
        let is_awake = |id: &TaskId| !self.stalled.contains_key(id) && !self.asleep.contains_key(id);
        (0..running.len()).filter(|nth| is_awake(&running[*nth])).collect()
    }

    /// Stalls the invocation that took the last step for a while.
    pub fn stand_still(&mut self) {
        if let Some(id) = self.last.filter(|_| self.platform.is_hostile()) {
            let steps = self.control.draw(|rng| 20 + rng.below(180));
            self.control.sometimes("a worker about to write stalls while the file is being deleted");
            self.stalled.insert(id, steps);
        }
    }

    /// Puts the invocation that took the last step to sleep until `file` is deleted.
    pub fn fall_asleep(&mut self, file: &FileKey) {
        if let Some(id) = self.last.filter(|_| self.platform.is_hostile()) {
            self.control.sometimes("a worker about to write stalls until the file is deleted");
            self.asleep.insert(id, file.clone());
        }
    }

    pub fn wake(&mut self, file: &FileKey) {
        self.asleep.retain(|_, of| of != file);
    }

    /// Advances the time to the next event, because nothing can run now.
    fn wait(&mut self) -> Result<(), Violation> {
        let deeds = self.deeds.iter().map(|(at, _)| *at);
        let sweep = self.has_loose_ends().then_some(self.next_sweep);
        let next = self.stores.queue.next_visible_at().into_iter().chain(deeds).chain(sweep).min();
        let Some(next) = next else {
            if self.platform.is_hostile() {
                self.calm_down();
                return Ok(());
            }
            return Err(Violation::new(6, "nothing is left to happen, but work is not finished"));
        };
        self.stores.clock.advance_to(next);
        Ok(())
    }

    fn step_task(&mut self, nth: usize) -> Result<(), Violation> {
        self.last = self.platform.ids().nth(nth);
        match self.platform.step(nth, LIMIT)? {
            Stepped::Pending => Ok(()),
            Stepped::Answered(invocation, answer) => self.ended(invocation, Some(answer)),
            Stepped::Crashed(invocation) | Stepped::TimedOut(invocation) => self.ended(invocation, None),
        }
    }

    /// Handles the end of an invocation, with an answer or without.
    pub fn ended(
        &mut self,
        invocation: Invocation<StatementsInvocation>,
        answer: Option<StatementsResponse>,
    ) -> Result<(), Violation> {
        self.outlived |= answer.is_none() && self.settled.is_some_and(|asked| invocation.since <= asked);
        match invocation.kind {
            StatementsInvocation::Batch(place, received) => {
                self.settle(place, &received, invocation.since, answer)
            }
            StatementsInvocation::Asked(deed) => {
                self.answered(deed, matches!(answer, Some(StatementsResponse::Asked(true))));
                Ok(())
            }
            StatementsInvocation::Sweep => Ok(()),
        }
    }
}

impl run::SimWorld for World {
    type Kind = StatementsInvocation;
    type Response = StatementsResponse;

    fn platform(&self) -> &SimPlatform<StatementsInvocation, StatementsResponse> {
        &self.platform
    }

    fn calm_down(&mut self) {
        self.platform.calm_down();
        self.scenario.stalls = 0;
        self.stalled.clear();
    }

    fn is_over(&self) -> bool {
        self.platform.is_idle()
            && self.deeds.is_empty()
            && self.stores.queue.is_drained()
            && !self.has_loose_ends()
    }

    fn step(&mut self) -> Result<(), Violation> {
        self.happen()?;
        self.watch()
    }

    fn end(&mut self) -> Result<bool, Violation> {
        self.next_phase()
    }
}
