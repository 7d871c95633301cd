//! An executor that runs tasks one step at a time, in the order in which its caller chooses them.

use std::future::Future;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, Wake, Waker};

use super::control::{Control, TaskId};

/// The result of one step of a task.
#[derive(Debug, PartialEq, Eq)]
pub enum Polled<T> {
    /// It is not finished.
    Pending,
    Done(T),
    /// Its invocation ended; everything it held is dropped.
    Crashed,
    /// It panicked, with this message.
    Panicked(String),
    /// It waits for something outside this world: a timer, a thread, a socket.
    Stuck,
}

/// The tasks of one run.
pub struct Executor<T> {
    tasks: Vec<SpawnedTask<T>>,
    next: u64,
    control: Arc<Control>,
}

struct SpawnedTask<T> {
    id: TaskId,
    name: &'static str,
    spared: bool,
    future: Pin<Box<dyn Future<Output = T>>>,
    woken: Arc<WakeFlag>,
    waker: Waker,
}

#[derive(Debug)]
struct WakeFlag(AtomicBool);

impl Wake for WakeFlag {
    fn wake(self: Arc<Self>) {
        self.0.store(true, Ordering::Relaxed);
    }

    fn wake_by_ref(self: &Arc<Self>) {
        self.0.store(true, Ordering::Relaxed);
    }
}

impl<T> std::fmt::Debug for Executor<T> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Executor").field("tasks", &self.tasks.len()).finish_non_exhaustive()
    }
}

impl<T> Executor<T> {
    pub fn new(control: Arc<Control>) -> Self {
        Self { tasks: Vec::new(), next: 1, control }
    }

    /// Adds a task. It takes its first step when it is chosen. The plan injects no faults into a `spared` one.
    pub fn spawn(
        &mut self,
        name: &'static str,
        spared: bool,
        future: impl Future<Output = T> + 'static,
    ) -> TaskId {
        let id = TaskId(self.next);
        self.next += 1;
        let woken = Arc::new(WakeFlag(AtomicBool::new(true)));
        self.tasks.push(SpawnedTask {
            id,
            name,
            spared,
            future: Box::pin(future),
            waker: Waker::from(Arc::clone(&woken)),
            woken,
        });
        id
    }

    pub fn len(&self) -> usize {
        self.tasks.len()
    }

    pub fn is_empty(&self) -> bool {
        self.tasks.is_empty()
    }

    /// Returns the ids of the unfinished tasks, in no meaningful order.
    pub fn ids(&self) -> impl Iterator<Item = TaskId> {
        self.tasks.iter().map(|task| task.id)
    }

    /// Polls the `nth` task once; other tasks run only between such steps. A task that is not pending afterwards is
    /// removed. Returns `None` if there is no such task.
    pub fn step(&mut self, nth: usize) -> Option<(TaskId, &'static str, Polled<T>)> {
        let task = self.tasks.get_mut(nth)?;
        let (id, name) = (task.id, task.name);
        if !task.woken.0.swap(false, Ordering::Relaxed) {
            self.tasks.swap_remove(nth);
            return Some((id, name, Polled::Stuck));
        }
        self.control.enter(id, name, task.spared);
        let mut context = Context::from_waker(&task.waker);
        let polled = catch_unwind(AssertUnwindSafe(|| task.future.as_mut().poll(&mut context)));
        let crashed = self.control.leave();
        let polled = match polled {
            _ if crashed => Polled::Crashed,
            Ok(Poll::Pending) => return Some((id, name, Polled::Pending)),
            Ok(Poll::Ready(output)) => Polled::Done(output),
            Err(panic) => Polled::Panicked(message(panic.as_ref())),
        };
        self.tasks.swap_remove(nth);
        Some((id, name, polled))
    }

    /// Drops one task. Returns whether it was unfinished.
    pub fn crash(&mut self, task: TaskId) -> bool {
        let before = self.tasks.len();
        self.tasks.retain(|other| other.id != task);
        self.tasks.len() < before
    }

    /// Drops all tasks, as in a power failure. Returns their ids.
    pub fn crash_all(&mut self) -> Vec<TaskId> {
        self.tasks.drain(..).map(|task| task.id).collect()
    }
}

fn message(panic: &(dyn std::any::Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().map(|text| (*text).to_owned());
    text.or_else(|| panic.downcast_ref::<String>().cloned())
        .unwrap_or_else(|| "a panic without a message".to_owned())
}
