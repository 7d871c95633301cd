//! One run: the functions, their stores, and the random choices that drive them.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};
use riffle_contracts::{Secret, StartScan};
use riffle_ports::{Clock, SessionId};
use riffle_testkit::memory::{MemoryMessage, Pushed, QueuePlace};
use riffle_testkit::simulator::Control;
use riffle_topology::scan;

use crate::Violation;
use crate::platform::{self, Invocation, InvocationKind as _, SimPlatform, Stepped};
use crate::run::{self, SimWorld as _};

use super::client::SimClient;
use super::faults::QUARANTINE;
use super::functions::{ScanFunctions, ScanResponse};
use super::google::folder_id;
use super::invariants::{Ending, LedgerChecker};
use super::mutants::ScanMutant;
use super::scenario::{CODES, Network, ScanScenario};
use super::stores::{ScanStores, folder};

const SWEEP_EVERY: TimeDelta = TimeDelta::minutes(1);

#[derive(Debug)]
pub(crate) enum ScanInvocation {
    Batch(QueuePlace, Vec<MemoryMessage>),
    Connect { client: usize, connection: String },
    Act,
    Disconnect,
    Sweep,
}

impl platform::InvocationKind for ScanInvocation {
    fn place(&self) -> Option<QueuePlace> {
        if let Self::Batch(place, _) = self { Some(*place) } else { None }
    }
}

pub(crate) struct World {
    pub scenario: ScanScenario,
    pub mutant: Option<ScanMutant>,
    pub control: Arc<Control>,
    pub stores: ScanStores,
    pub functions: ScanFunctions,
    pub platform: SimPlatform<ScanInvocation, ScanResponse>,
    pub clients: Vec<SimClient>,
    /// Frames under way.
    pub wire: Vec<Pushed>,
    pub checker: LedgerChecker,
    pub next_sweep: DateTime<Utc>,
    pub meddled: bool,
    /// Quarantined files whose attempt another delivery has found.
    pub attempted: BTreeSet<(SessionId, u32)>,
    /// How often a token had been stored for a session when its end began, that is, when a finisher took its lease.
    pub kept: BTreeMap<SessionId, u32>,
    /// Whether idle connections were closed once.
    pub reconnected: bool,
    /// Whether the last step was one of an invocation whose batch holds a redelivered message.
    pub redelivered: bool,
}

impl World {
    pub fn new(scenario: ScanScenario, mutant: Option<ScanMutant>, readable: bool) -> Self {
        let conditions = &scenario.conditions;
        let (control, clock, ids) = platform::begin(scenario.seed, conditions, readable);
        let stores = ScanStores::new(&scenario, clock);
        let functions = ScanFunctions::new(
            &stores,
            scenario.settings.clone(),
            mutant,
            &control,
            ids,
            scenario.has_workbooks(),
        );
        let now = stores.clock.now();
        let clients = scenario.clients.iter().enumerate();
        let clients = clients
            .map(|(number, plan)| {
                if plan.retries {
                    let request_id = Some(format!("retry-{}", plan.folder));
                    return SimClient::new(
                        number,
                        *plan,
                        StartScan { request_id, ..StartScan::default() },
                        now,
                    );
                }
                let drive = scenario.drive.is_some();
                let start = StartScan {
                    request_id: Some(format!("request-{}", plan.folder)),
                    folders: if drive { Vec::new() } else { vec![folder(plan.folder)] },
                    folder_id: drive.then(|| folder_id(plan.folder)),
                    token: drive.then(|| Secret(stores.google.issue())),
                    target_hole_codes: CODES.map(str::to_owned).to_vec(),
                    ..StartScan::default()
                };
                SimClient::new(number, *plan, start, now)
            })
            .collect();
        let next_sweep = now + SWEEP_EVERY;
        let progress_every = TimeDelta::from_std(scenario.settings.progress_every).unwrap_or_default();
        let world = Self {
            platform: SimPlatform::new(
                &control,
                &stores.clock,
                &stores.queue,
                &scenario.conditions,
                scan::NAME,
            ),
            scenario,
            mutant,
            control,
            stores,
            functions,
            clients,
            wire: Vec::new(),
            checker: LedgerChecker::new(progress_every),
            next_sweep,
            meddled: false,
            attempted: BTreeSet::new(),
            kept: BTreeMap::new(),
            reconnected: false,
            redelivered: false,
        };
        world.platform.litter();
        world
    }

    pub fn now(&self) -> DateTime<Utc> {
        self.platform.now()
    }

    pub fn open_sessions(&self) -> usize {
        self.stores.ledger.inspect(|data| {
            let sessions = data.sessions.values();
            sessions.filter(|session| !session.state.is_terminal()).count()
        })
    }

    /// Does one step.
    fn happen(&mut self) -> Result<(), Violation> {
        self.redelivered = false;
        self.pass_time();
        self.do_harm();
        let now = self.now();
        if now >= self.next_sweep && self.mutant != Some(ScanMutant::NoSweep) {
            self.next_sweep = now + SWEEP_EVERY;
            let future = self.functions.sweep();
            self.platform.invoke("sweeper", false, ScanInvocation::Sweep, future);
        }
        let tasks = self.platform.invocations();
        let deliverable = self.platform.deliverable();
        let due: Vec<usize> = (0..self.clients.len())
            .filter(|client| self.clients[*client].due(now).is_some_and(|due| due <= now))
            .collect();
        let weights = [
            if tasks > 0 { 60 } else { 0 },
            10 * deliverable.len(),
            if due.is_empty() { 0 } else { 6 },
            if self.wire.is_empty() { 0 } else { 15 },
        ];
        match self.platform.choose(&weights) {
            None => return self.wait(),
            Some((0, drawn)) => return self.step_task(drawn * tasks / weights[0]),
            Some((1, drawn)) => self.deliver(deliverable[drawn / 10]),
            Some((2, _)) => {
                let client = self.control.draw(|rng| due[rng.below(due.len())]);
                self.client_acts(client);
            }
            Some(_) => return self.carry_frame(),
        }
        Ok(())
    }

    /// Advances the time to the next event, because nothing can run now.
    fn wait(&mut self) -> Result<(), Violation> {
        let clients = self.clients.iter().filter_map(|client| client.due(self.now()));
        let sweep =
            (self.mutant != Some(ScanMutant::NoSweep) && self.open_sessions() > 0).then_some(self.next_sweep);
        let next = self.stores.queue.next_visible_at().into_iter().chain(clients).chain(sweep).min();
        let Some(next) = next else {
            if self.platform.is_hostile() {
                self.calm_down();
                return Ok(());
            }
            let given_up = !self.stores.queue.dead().is_empty();
            // A cancel that crashes between the ledger and the frames notifies no client, and no further frame follows.
            let cancelled = self.clients.iter().any(|client| client.plan.cancel_after.is_some());
            if (self.scenario.conditions.plan.is_placed() || given_up || cancelled) && !self.reconnected {
                // A frame was permanently lost, or a message that would have led to one became a dead letter: the
                // gateway closes idle connections, and clients reconnect.
                self.reconnected = true;
                (0..self.clients.len()).for_each(|client| self.hang_up(client));
                return Ok(());
            }
            let open = self.open_sessions();
            let waiting = self.clients.iter().filter(|client| !client.settled).count();
            let what =
                format!("nothing is left to happen, but {open} sessions are open and {waiting} clients wait");
            return Err(Violation::new(if open > 0 { 6 } else { 9 }, what));
        };
        self.stores.clock.advance_to(next);
        Ok(())
    }

    fn pass_time(&mut self) {
        self.platform.pass_time(self.is_spared(), [(1_000, 70_000), (60_000, 400_000)]);
    }

    /// Returns whether an invocation is running in a quarantine that harm must spare.
    pub fn is_spared(&self) -> bool {
        let is_quarantine = |running: &Invocation<ScanInvocation>| running.kind.place() == Some(QUARANTINE);
        self.scenario.calm_quarantine && self.platform.running().any(is_quarantine)
    }

    fn step_task(&mut self, nth: usize) -> Result<(), Violation> {
        let limit = TimeDelta::from_std(self.scenario.settings.attempt).unwrap_or_default();
        let redelivered = self.platform.nth(nth).is_some_and(|running| match &running.kind {
            ScanInvocation::Batch(_, received) => received.iter().any(|received| received.receive_count > 1),
            _ => false,
        });
        match self.platform.step(nth, limit)? {
            Stepped::TimedOut(invocation) => {
                self.ended(invocation, None);
                return Ok(());
            }
            Stepped::Pending => {}
            Stepped::Answered(invocation, answer) => self.ended(invocation, Some(answer)),
            Stepped::Crashed(invocation) => {
                // The platform finds another warm process, or starts one.
                if self.control.draw(|rng| rng.chance(2_000)) {
                    self.functions.restart();
                }
                self.ended(invocation, None);
            }
        }
        self.redelivered = redelivered;
        Ok(())
    }

    /// Handles the end of an invocation, with an answer or without.
    pub fn ended(&mut self, invocation: Invocation<ScanInvocation>, answer: Option<ScanResponse>) {
        match (invocation.kind, answer) {
            (ScanInvocation::Batch(place, received), answer) => {
                self.settle(place, &received, answer);
            }
            (ScanInvocation::Connect { client, connection }, Some(ScanResponse::Status(200))) => {
                self.connected(client, &connection);
            }
            (ScanInvocation::Connect { client, connection }, _) => {
                if self.clients[client].connection() == Some(connection.as_str()) {
                    self.clients[client].disconnected();
                }
            }
            (ScanInvocation::Act | ScanInvocation::Disconnect | ScanInvocation::Sweep, _) => {}
        }
    }
}

impl run::SimWorld for World {
    type Kind = ScanInvocation;
    type Response = ScanResponse;

    fn platform(&self) -> &SimPlatform<ScanInvocation, ScanResponse> {
        &self.platform
    }

    /// Disconnects all clients, so that they reconnect and catch up on frames missed so far.
    fn calm_down(&mut self) {
        self.platform.calm_down();
        self.scenario.network = Network::default();
        self.scenario.meddling = 0;
        let now = self.now();
        self.clients.iter_mut().for_each(|client| client.join(now));
        if !self.scenario.clear_line {
            (0..self.clients.len()).for_each(|client| self.hang_up(client));
        }
    }

    fn is_over(&self) -> bool {
        self.platform.is_idle()
            && self.wire.is_empty()
            && self.stores.queue.is_drained()
            && self.clients.iter().all(|client| client.settled || client.plan.pries || client.is_idle())
            && self.open_sessions() == 0
    }

    fn step(&mut self) -> Result<(), Violation> {
        self.happen()?;
        self.watch()
    }

    fn end(&mut self) -> Result<bool, Violation> {
        Ending::check(self).map(|()| false)
    }
}
