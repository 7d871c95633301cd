//! The topology as JSON for programs in other languages, with the derived values included.

use serde::Serialize;

use crate::{
    COMMON, Consumers, Flow, QueueSpec, Stage, Then, Topology, Trigger, dead_letters_of, url_output,
};

#[derive(Debug, Serialize)]
pub struct TopologyDocument {
    event_source: &'static str,
    sweep_seconds: u64,
    /// Functions that belong to no flow.
    common: Vec<StageDocument>,
    flows: Vec<FlowDocument>,
}

#[derive(Debug, Serialize)]
struct FlowDocument {
    name: &'static str,
    title: &'static str,
    stages: Vec<StageDocument>,
    sweeper: &'static str,
    schedules: Vec<ScheduleDocument>,
}

#[derive(Debug, Serialize)]
struct StageDocument {
    function: &'static str,
    trigger: TriggerDocument,
    #[serde(skip_serializing_if = "Option::is_none")]
    queue: Option<QueueDocument>,
}

#[derive(Debug, Serialize)]
struct ScheduleDocument {
    function: &'static str,
    dead_letters: DeadLettersDocument,
}

#[derive(Debug, Serialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
enum TriggerDocument {
    Queue,
    Bus { flow: &'static str, types: &'static [&'static str] },
    Bucket { prefix: &'static str },
    Http,
    Socket { route: &'static str },
}

#[derive(Debug, Serialize)]
struct QueueDocument {
    name: &'static str,
    /// The name of the stack output that holds the queue's address.
    url_output: String,
    batch: u32,
    local_consumers: ConsumersDocument,
    max_receives: u32,
    /// Present if the queue has its own dead-letter queue.
    #[serde(skip_serializing_if = "Option::is_none")]
    dead_letters: Option<DeadLettersDocument>,
    /// Present if failed messages move to the queue of another function.
    #[serde(skip_serializing_if = "Option::is_none")]
    move_to: Option<MoveDocument>,
    alone: bool,
}

#[derive(Debug, Serialize)]
struct DeadLettersDocument {
    name: String,
    /// The name of the stack output that holds the queue's address.
    url_output: String,
}

#[derive(Debug, Serialize)]
struct MoveDocument {
    function: &'static str,
    queue: &'static str,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "snake_case")]
enum ConsumersDocument {
    Fixed(u32),
    PerJob(u32),
}

/// Returns the content of `topology.v1.json`.
pub fn document(topology: Topology) -> TopologyDocument {
    let flow = |flow: &Flow| FlowDocument {
        name: flow.name,
        title: flow.title,
        stages: flow.stages.iter().map(|one| stage(topology, one)).collect(),
        sweeper: flow.sweeper,
        schedules: flow
            .schedules
            .iter()
            .map(|function| ScheduleDocument { function, dead_letters: dead_letters(function) })
            .collect(),
    };
    TopologyDocument {
        event_source: crate::EVENT_SOURCE,
        sweep_seconds: crate::SWEEP_SECONDS,
        common: COMMON.iter().map(|one| stage(topology, one)).collect(),
        flows: topology.0.iter().map(flow).collect(),
    }
}

fn stage(topology: Topology, stage: &Stage) -> StageDocument {
    let trigger = match stage.trigger {
        Trigger::Queue => TriggerDocument::Queue,
        Trigger::Bus(flow, types) => TriggerDocument::Bus { flow, types },
        Trigger::Bucket(prefix) => TriggerDocument::Bucket { prefix },
        Trigger::Http => TriggerDocument::Http,
        Trigger::Socket(route) => TriggerDocument::Socket { route },
    };
    let queue = stage.queue.as_ref().map(|spec| queue(topology, spec));
    StageDocument { function: stage.function, trigger, queue }
}

fn queue(topology: Topology, spec: &QueueSpec) -> QueueDocument {
    let (own, move_to) = match spec.then {
        Then::DeadLetter => (Some(dead_letters(spec.name)), None),
        Then::MoveTo(function) => {
            let to = topology.consumed_by(function);
            (None, to.map(|to| MoveDocument { function, queue: to.queue.name }))
        }
    };
    QueueDocument {
        name: spec.name,
        url_output: url_output(spec.name),
        batch: spec.batch,
        local_consumers: match spec.local_consumers {
            Consumers::Fixed(count) => ConsumersDocument::Fixed(count),
            Consumers::PerJob(each) => ConsumersDocument::PerJob(each),
        },
        max_receives: spec.max_receives,
        dead_letters: own,
        move_to,
        alone: spec.alone,
    }
}

fn dead_letters(of: &str) -> DeadLettersDocument {
    let name = dead_letters_of(of);
    DeadLettersDocument { url_output: url_output(&name), name }
}
