//! The state shared by executor and ports: the running task, the plan's decision about each call, and the trace.

use std::future::{Future, pending};
use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll};

use chrono::{DateTime, TimeDelta, Utc};
use futures::future::BoxFuture;
use riffle_ports::{Clock, PortError};

use super::faults::{Fault, FaultPlan, FaultPoint};
use super::rng::Rng;
use super::sometimes::Sometimes;
use super::trace::Trace;
use crate::memory::{ManualClock, lock};

/// The id of a task, unique within a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct TaskId(pub u64);

/// The control of one run. All random choices are drawn here, in one order.
#[derive(Debug)]
pub struct Control {
    state: Mutex<Judge>,
    clock: Arc<ManualClock>,
}

#[derive(Debug)]
struct Judge {
    rng: Rng,
    plan: FaultPlan,
    running: Option<RunningTask>,
    calls: u64,
    points: Option<Vec<FaultPoint>>,
    sometimes: Sometimes,
    trace: Trace,
    /// The maximum difference between a machine's clock and the true time.
    skew: TimeDelta,
}

#[derive(Debug)]
struct RunningTask {
    task: TaskId,
    name: &'static str,
    /// Whether the plan injects no faults into it.
    spared: bool,
    /// Whether it has crashed. It takes no further step, even if the current one is not finished.
    doomed: bool,
}

impl Control {
    pub fn new(rng: Rng, plan: FaultPlan, trace: Trace, clock: Arc<ManualClock>) -> Self {
        Self {
            state: Mutex::new(Judge {
                rng,
                plan,
                running: None,
                calls: 0,
                points: None,
                sometimes: Sometimes::default(),
                trace,
                skew: TimeDelta::zero(),
            }),
            clock,
        }
    }

    /// Draws from the run's random generator.
    pub fn draw<T>(&self, draw: impl FnOnce(&mut Rng) -> T) -> T {
        draw(&mut lock(&self.state).rng)
    }

    /// From now on, injects faults as `plan` says.
    pub fn follow(&self, plan: FaultPlan) {
        lock(&self.state).plan = plan;
    }

    /// From now on, each task's clock is off by up to `skew`, in either direction.
    pub fn skew_clocks(&self, skew: TimeDelta) {
        lock(&self.state).skew = skew;
    }

    /// From now on, records every call, for a run that enumerates where faults can be placed.
    pub fn record_points(&self) {
        lock(&self.state).points = Some(Vec::new());
    }

    /// Returns the calls recorded since [`Control::record_points`].
    pub fn take_points(&self) -> Vec<FaultPoint> {
        lock(&self.state).points.take().unwrap_or_default()
    }

    /// Counts one occurrence of a named event.
    pub fn sometimes(&self, event: &'static str) {
        lock(&self.state).sometimes.note(event);
    }

    /// Returns the counts of the named events so far.
    pub fn occurred(&self) -> Sometimes {
        lock(&self.state).sometimes.clone()
    }

    /// Notes an event in the trace. `text` must not call the control, which is locked meanwhile.
    pub fn note(&self, what: &str, detail: &[u8], text: impl FnOnce() -> String) {
        let at = self.clock.now();
        let mut judge = lock(&self.state);
        judge.trace.note(what, detail, || format!("{} {what} {}", at.format("%H:%M:%S%.3f"), text()));
    }

    /// Gives read access to the trace.
    pub fn trace<T>(&self, look: impl FnOnce(&Trace) -> T) -> T {
        look(&lock(&self.state).trace)
    }

    /// Ends the running task's invocation, as if its process had crashed.
    pub fn crash_running(&self) {
        if let Some(running) = &mut lock(&self.state).running {
            running.doomed = true;
        }
    }

    pub(super) fn enter(&self, task: TaskId, name: &'static str, spared: bool) {
        lock(&self.state).running = Some(RunningTask { task, name, spared, doomed: false });
    }

    /// Clears the running task. Returns whether it crashed.
    pub(super) fn leave(&self) -> bool {
        let running = lock(&self.state).running.take();
        running.is_some_and(|running| running.doomed)
    }

    /// Lets other tasks run, then asks the plan for the fault of this call. Does not return if the task crashes here.
    pub(super) async fn arrive(&self, point: FaultPoint, detail: impl FnOnce() -> String) -> Option<Fault> {
        self.pause().await;
        if self.is_doomed() {
            return pending().await;
        }
        let fault = self.decide(point, detail);
        if fault == Some(Fault::CrashBefore) {
            self.crash_running();
            return pending().await;
        }
        fault
    }

    /// Makes the call with `effect`, or fails it, as `fault` says.
    pub(super) async fn perform<'a, T>(
        &self,
        point: FaultPoint,
        fault: Option<Fault>,
        mut effect: impl FnMut() -> BoxFuture<'a, Result<T, PortError>>,
    ) -> Result<T, PortError> {
        match fault {
            None | Some(Fault::CrashBefore | Fault::PartlyRefused) => effect().await,
            Some(Fault::Throttled) => {
                self.resume().await;
                effect().await
            }
            Some(Fault::Unavailable) => {
                self.resume().await;
                Err(PortError::Unavailable(format!("{}: throttled", point.name)))
            }
            Some(Fault::LostThenAnswered) => {
                drop(effect().await);
                self.resume().await;
                effect().await
            }
            Some(Fault::LostThenUnavailable) => {
                drop(effect().await);
                self.resume().await;
                Err(PortError::Unavailable(format!("{}: timed out", point.name)))
            }
            Some(Fault::CrashAfter) => {
                drop(effect().await);
                self.crash_running();
                pending().await
            }
        }
    }

    /// Combines [`Control::arrive`] and [`Control::perform`].
    pub(super) async fn call<'a, T>(
        &self,
        point: FaultPoint,
        detail: impl FnOnce() -> String,
        effect: impl FnMut() -> BoxFuture<'a, Result<T, PortError>>,
    ) -> Result<T, PortError> {
        let fault = self.arrive(point, detail).await;
        self.perform(point, fault, effect).await
    }

    fn decide(&self, point: FaultPoint, detail: impl FnOnce() -> String) -> Option<Fault> {
        let at = self.clock.now();
        let mut judge = lock(&self.state);
        let Judge { rng, plan, running, calls, points, sometimes, trace, .. } = &mut *judge;
        let nth = *calls;
        *calls += 1;
        if let Some(points) = points {
            points.push(point);
        }
        let (task, name, spared) =
            running.as_ref().map_or((0, "?", true), |running| (running.task.0, running.name, running.spared));
        let fault = if spared { None } else { plan.decide(nth, point, rng) };
        if let Some(fault) = fault {
            sometimes.struck(point.name, fault);
        }
        let code = fault.map_or(0, |fault| fault as u8 + 1);
        let mut hashed = [0; 9];
        hashed[..8].copy_from_slice(&task.to_le_bytes());
        hashed[8] = code;
        trace.note(point.name, &hashed, || {
            let struck = fault.map_or(String::new(), |fault| format!("  !! {fault:?}"));
            format!("{} {name}#{task} [{nth}] {} {}{struck}", at.format("%H:%M:%S%.3f"), point.name, detail())
        });
        fault
    }

    fn is_doomed(&self) -> bool {
        lock(&self.state).running.as_ref().is_some_and(|running| running.doomed)
    }

    /// Lets other tasks run, once or a few times, so that concurrent calls of one task finish in any order.
    fn pause(&self) -> Pause {
        const TURNS: [u8; 8] = [1, 1, 1, 1, 1, 2, 2, 4];
        Pause { turns: self.draw(|rng| rng.pick(&TURNS).copied().unwrap_or(1)) }
    }

    /// Pauses between two tries. Does not return if the task has crashed meanwhile.
    async fn resume(&self) {
        self.pause().await;
        if self.is_doomed() {
            pending::<()>().await;
        }
    }
}

/// The time on the clock of the running task's machine.
impl Clock for Control {
    fn now(&self) -> DateTime<Utc> {
        let judge = lock(&self.state);
        let reach = judge.skew.num_milliseconds();
        let off = match &judge.running {
            Some(running) if reach > 0 => Rng::new(running.task.0).between(-reach, reach),
            _ => 0,
        };
        self.clock.now() + TimeDelta::milliseconds(off)
    }
}

/// A future that is pending a few times and wakes itself at once.
struct Pause {
    turns: u8,
}

impl Future for Pause {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        if self.turns == 0 {
            return Poll::Ready(());
        }
        self.turns -= 1;
        context.waker().wake_by_ref();
        Poll::Pending
    }
}
