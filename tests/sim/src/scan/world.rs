//! One run: the functions, what they stand on, and the chance that drives them.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};
use riffle_contracts::{Secret, StartScan};
use riffle_ports::{Clock, Queue, SessionId};
use riffle_testkit::memory::{ManualClock, Place, Pushed, Received};
use riffle_testkit::simulator::{Control, Plan, Rng, Trace};

use crate::Violation;
use crate::platform::{self, Invocation, Kind as _, Platform, Stepped};
use crate::run::{self, World as _};

use super::client::Client;
use super::functions::{Answer, Functions};
use super::google::folder_id;
use super::invariants::{BookChecker, Ending};
use super::mutants::Mutant;
use super::scenario::{CODES, Delivery, Network, Scenario};
use super::stores::{Stores, folder};

/// What no decoder takes.
pub const GARBAGE: &str = "{\"session_id\":";
const SWEEP_EVERY: TimeDelta = TimeDelta::minutes(1);

#[derive(Debug)]
pub(crate) enum Kind {
    Batch(Place, Vec<Received>),
    Connect { client: usize, connection: String },
    Act,
    Disconnect,
    Sweep,
}

impl platform::Kind for Kind {
    fn place(&self) -> Option<Place> {
        if let Self::Batch(place, _) = self { Some(*place) } else { None }
    }
}

pub(crate) struct World {
    pub scenario: Scenario,
    pub mutant: Option<Mutant>,
    pub control: Arc<Control>,
    pub stores: Stores,
    pub functions: Functions,
    pub platform: Platform<Kind, Answer>,
    pub clients: Vec<Client>,
    /// Frames on their way.
    pub wire: Vec<Pushed>,
    pub checker: BookChecker,
    pub next_sweep: DateTime<Utc>,
    /// Since when nothing goes wrong any more.
    pub calm_since: Option<DateTime<Utc>>,
    pub meddled: bool,
    /// Quarantined files whose attempt was found by another delivery.
    pub attempted: BTreeSet<(SessionId, u32)>,
    /// How often tokens had been kept for a session when its end began.
    pub kept: BTreeMap<SessionId, u32>,
    /// Idle connections were closed once.
    pub reconnected: bool,
    /// Whose invocation the last step was, if it was one of a batch with a message that came back.
    pub redelivered: bool,
}

impl World {
    pub fn new(scenario: Scenario, mutant: Option<Mutant>, readable: bool) -> Self {
        let clock = Arc::new(ManualClock::new());
        let mut rng = Rng::new(scenario.seed);
        let ids = rng.next();
        let control =
            Arc::new(Control::new(rng, scenario.plan.clone(), Trace::new(readable), Arc::clone(&clock)));
        control.skew_clocks(scenario.skew);
        let stores = Stores::new(&scenario, clock);
        let functions = Functions::new(
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
                    return Client::new(number, *plan, StartScan { request_id, ..StartScan::default() }, now);
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
                Client::new(number, *plan, start, now)
            })
            .collect();
        let next_sweep = stores.clock.now() + SWEEP_EVERY;
        let progress_every = TimeDelta::from_std(scenario.settings.progress_every).unwrap_or_default();
        let world = Self {
            platform: Platform::new(&control, &stores.clock, &stores.queue),
            scenario,
            mutant,
            control,
            stores,
            functions,
            clients,
            wire: Vec::new(),
            checker: BookChecker::new(progress_every),
            next_sweep,
            calm_since: None,
            meddled: false,
            attempted: BTreeSet::new(),
            kept: BTreeMap::new(),
            reconnected: false,
            redelivered: false,
        };
        if world.scenario.garbage {
            let queues = [Queue::ScanDispatch, Queue::ScanWork, Queue::ScanFinish];
            world.platform.litter(queues, GARBAGE);
        }
        world
    }

    pub fn now(&self) -> DateTime<Utc> {
        self.platform.now()
    }

    pub fn open_sessions(&self) -> usize {
        self.stores.ledger.inspect(|books| {
            let sessions = books.sessions.values();
            sessions.filter(|session| !session.state.is_terminal()).count()
        })
    }

    /// Something happens.
    fn happen(&mut self) -> Result<(), Violation> {
        self.redelivered = false;
        self.pass_time();
        self.do_harm();
        let now = self.now();
        if now >= self.next_sweep && self.mutant != Some(Mutant::NoSweep) {
            self.next_sweep = now + SWEEP_EVERY;
            let future = self.functions.sweep();
            self.platform.invoke("sweeper", false, Kind::Sweep, future);
        }
        let tasks = self.platform.len();
        let deliverable = self.deliverable();
        let due: Vec<usize> = (0..self.clients.len())
            .filter(|client| self.clients[*client].due(now).is_some_and(|due| due <= now))
            .collect();
        let weights = [
            if tasks > 0 { 60 } else { 0 },
            10 * deliverable.len(),
            if due.is_empty() { 0 } else { 6 },
            if self.wire.is_empty() { 0 } else { 15 },
        ];
        let total: usize = weights.iter().sum();
        if total == 0 {
            return self.wait();
        }
        let mut drawn = self.control.draw(|rng| rng.below(total));
        for (choice, weight) in weights.into_iter().enumerate() {
            if drawn >= weight {
                drawn -= weight;
                continue;
            }
            return match choice {
                0 => self.step_task(drawn * tasks / weight),
                1 => {
                    self.deliver(deliverable[drawn / 10]);
                    Ok(())
                }
                2 => {
                    let client = self.control.draw(|rng| due[rng.below(due.len())]);
                    self.client_acts(client);
                    Ok(())
                }
                _ => self.carry_frame(),
            };
        }
        Ok(())
    }

    /// Nothing can run: time goes on to when something can.
    fn wait(&mut self) -> Result<(), Violation> {
        let clients = self.clients.iter().filter_map(|client| client.due(self.now()));
        let sweep =
            (self.mutant != Some(Mutant::NoSweep) && self.open_sessions() > 0).then_some(self.next_sweep);
        let next = self.stores.queue.next_visible_at().into_iter().chain(clients).chain(sweep).min();
        let Some(next) = next else {
            if self.is_hostile() {
                self.calm_down();
                return Ok(());
            }
            let given_up = self.stores.queue.len(Place::Dead) > 0;
            // A cancel that crashes between the books and the frames tells nobody, and none comes after it.
            let cancelled = self.clients.iter().any(|client| client.plan.cancel_after.is_some());
            if (self.scenario.plan.is_placed() || given_up || cancelled) && !self.reconnected {
                // A frame was lost for good, or a message that would have led to one given up: the gateway
                // closes idle connections, and clients come back.
                self.reconnected = true;
                (0..self.clients.len()).for_each(|client| self.hang_up(client));
                return Ok(());
            }
            let open = self.open_sessions();
            let waiting = self.clients.iter().filter(|client| !client.settled).count();
            let what = format!("nothing is left to happen; {open} sessions are open, {waiting} clients wait");
            return Err(Violation::new(if open > 0 { 6 } else { 9 }, what));
        };
        self.stores.clock.advance_to(next);
        Ok(())
    }

    fn pass_time(&mut self) {
        let jumps = if self.is_spared() { 0 } else { self.scenario.jumps };
        self.platform.pass_time(jumps, [(1_000, 70_000), (60_000, 400_000)]);
    }

    /// Whether somebody is at work in a quarantine that harm must spare.
    pub fn is_spared(&self) -> bool {
        let is_quarantine = |running: &Invocation<Kind>| running.kind.place() == Some(Place::Quarantine);
        self.scenario.calm_quarantine && self.platform.running().any(is_quarantine)
    }

    fn step_task(&mut self, nth: usize) -> Result<(), Violation> {
        let limit = TimeDelta::from_std(self.scenario.settings.attempt).unwrap_or_default();
        let redelivered = self.platform.nth(nth).is_some_and(|running| match &running.kind {
            Kind::Batch(_, received) => received.iter().any(|received| received.receive_count > 1),
            _ => false,
        });
        match self.platform.step(nth, self.scenario.timeouts.then_some(limit))? {
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

    /// An invocation has ended, with an answer or without.
    pub fn ended(&mut self, invocation: Invocation<Kind>, answer: Option<Answer>) {
        match (invocation.kind, answer) {
            (Kind::Batch(place, received), answer) => {
                self.settle(place, &received, answer);
            }
            (Kind::Connect { client, connection }, Some(Answer::Status(200))) => {
                self.connected(client, &connection);
            }
            (Kind::Connect { client, connection }, _) => {
                if self.clients[client].connection() == Some(connection.as_str()) {
                    self.clients[client].disconnected();
                }
            }
            (Kind::Act | Kind::Disconnect | Kind::Sweep, _) => {}
        }
    }
}

impl run::World for World {
    fn control(&self) -> &Control {
        &self.control
    }

    fn plan(&self) -> &Plan {
        &self.scenario.plan
    }

    fn hostile_steps(&self) -> u64 {
        self.scenario.hostile_steps
    }

    fn is_hostile(&self) -> bool {
        self.calm_since.is_none()
    }

    /// Every client begins anew: what it missed until now, it was not told.
    fn calm_down(&mut self) {
        self.calm_since = Some(self.now());
        self.platform.calm_down(&self.scenario.plan);
        self.scenario.delivery = Delivery::default();
        self.scenario.network = Network::default();
        self.scenario.jumps = 0;
        self.scenario.meddling = 0;
        self.scenario.power_cuts = 0;
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
