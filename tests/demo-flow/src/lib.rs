//! The flow of `docs/adding-a-flow.md`: notes. A text below `notes/TENANT/` is received, and its words are counted.
//!
//! It is not part of the product. Each module here stands for one file of a real flow; that document says for which,
//! and quotes it. The tests run the flow on ports in memory, on the local platform and in the simulator, each time with
//! the topology of the product extended by this flow.

pub mod bind;
pub mod flow;
pub mod functions;
pub mod topology;

use riffle_topology::{FLOWS, Flow, Topology};

const COUNT: usize = FLOWS.len() + 1;

static WITH_NOTES: [Flow; COUNT] = {
    let mut flows = [topology::FLOW; COUNT];
    let mut nth = 0;
    while nth < FLOWS.len() {
        flows[nth] = FLOWS[nth];
        nth += 1;
    }
    flows
};

/// The flows of the product, and notes.
pub static TOPOLOGY: Topology = Topology(&WITH_NOTES);
