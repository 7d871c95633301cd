//! The flow of `docs/adding-a-flow.md`: notes. A text below `notes/TENANT/` is received, and its words are counted.
//!
//! It is no part of the product. Each module here is what a file of a real flow would be; the page says which, and quotes
//! it. The tests run it on ports in memory, on the local platform and in the simulator, each with the topology of the
//! product and this flow added.

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
