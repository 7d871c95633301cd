//! Functions by name. They are bound once; the consumers of the local platform and the simulator call them by name.

use std::collections::BTreeMap;
use std::pin::Pin;
use std::sync::Arc;

use aws_lambda_events::eventbridge::EventBridgeEvent;
use aws_lambda_events::sqs::{SqsBatchResponse, SqsEvent};
use riffle_ports::Failure;
use riffle_topology::Topology;
use serde_json::Value;

use crate::{FunctionEvent, tick_event};

/// The future of a function's result.
pub type Answering<'a, R> = Pin<Box<dyn Future<Output = R> + Send + 'a>>;

/// The future of a sweeper's result.
pub type Ticked<'a> = Answering<'a, Result<(), Failure>>;
/// The event of a schedule.
pub type Tick = EventBridgeEvent<Value>;

type Batches = Arc<dyn Fn(FunctionEvent<SqsEvent>) -> Answering<'static, SqsBatchResponse> + Send + Sync>;
type Ticks = Arc<dyn Fn(FunctionEvent<Tick>) -> Ticked<'static> + Send + Sync>;

/// The functions of a topology, each with its dependencies. Cheap to clone.
#[derive(Clone)]
pub struct Registry {
    topology: Topology,
    batches: BTreeMap<&'static str, Batches>,
    ticks: BTreeMap<&'static str, Ticks>,
}

impl std::fmt::Debug for Registry {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_set().entries(self.batches.keys().chain(self.ticks.keys())).finish()
    }
}

impl Registry {
    /// Creates a registry without any bound function.
    pub fn new(topology: Topology) -> Self {
        Self { topology, batches: BTreeMap::new(), ticks: BTreeMap::new() }
    }

    pub fn topology(&self) -> Topology {
        self.topology
    }

    /// Binds the function that consumes a queue.
    ///
    /// # Panics
    /// If the topology has no function of this name with a queue, or it is bound already.
    pub fn bind<D: Clone + Send + Sync + 'static>(
        &mut self,
        function: &'static str,
        deps: &D,
        handle: for<'a> fn(&'a D, FunctionEvent<SqsEvent>) -> Answering<'a, SqsBatchResponse>,
    ) {
        assert!(self.topology.consumed_by(function).is_some(), "no queue is consumed by {function}");
        assert!(!self.batches.contains_key(function), "{function} is bound already");
        self.rebind(function, deps, handle);
    }

    /// Replaces a bound function, for test doubles.
    pub fn rebind<D: Clone + Send + Sync + 'static>(
        &mut self,
        function: &'static str,
        deps: &D,
        handle: for<'a> fn(&'a D, FunctionEvent<SqsEvent>) -> Answering<'a, SqsBatchResponse>,
    ) {
        let deps = deps.clone();
        let batches = move |event| -> Answering<'static, SqsBatchResponse> {
            let deps = deps.clone();
            Box::pin(async move { handle(&deps, event).await })
        };
        self.batches.insert(function, Arc::new(batches));
    }

    /// Binds the sweeper of a flow.
    ///
    /// # Panics
    /// As [`bind`](Self::bind).
    pub fn bind_sweeper<D: Clone + Send + Sync + 'static>(
        &mut self,
        function: &'static str,
        deps: &D,
        handle: for<'a> fn(&'a D, FunctionEvent<Tick>) -> Ticked<'a>,
    ) {
        assert!(
            self.topology.0.iter().any(|flow| flow.sweeper == function),
            "no flow is swept by {function}"
        );
        let deps = deps.clone();
        let ticks = move |event| -> Ticked<'static> {
            let deps = deps.clone();
            Box::pin(async move { handle(&deps, event).await })
        };
        assert!(self.ticks.insert(function, Arc::new(ticks)).is_none(), "{function} is bound already");
    }

    /// Returns the functions of the topology's flows that are not bound. Functions of schedules are not included,
    /// because schedules that an operator defines start them.
    pub fn unbound(&self) -> Vec<&'static str> {
        let consumers = self.topology.consumed().map(|consumed| consumed.function);
        let sweepers = self.topology.0.iter().map(|flow| flow.sweeper);
        let consumers = consumers.filter(|function| !self.batches.contains_key(function));
        consumers.chain(sweepers.filter(|function| !self.ticks.contains_key(function))).collect()
    }

    /// Calls the function of this name with a batch.
    ///
    /// # Panics
    /// If it is not bound.
    pub fn call(
        &self,
        function: &str,
        event: FunctionEvent<SqsEvent>,
    ) -> Answering<'static, SqsBatchResponse> {
        let Some(handle) = self.batches.get(function) else { panic!("{function} is not bound") };
        handle(event)
    }

    /// Calls a sweeper.
    ///
    /// # Panics
    /// If it is not bound.
    pub fn tick(&self, function: &str) -> Ticked<'static> {
        let Some(handle) = self.ticks.get(function) else { panic!("{function} is not bound") };
        handle(FunctionEvent::new(tick_event(), "sweep"))
    }
}
