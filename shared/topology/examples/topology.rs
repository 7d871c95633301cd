//! Prints `shared/contracts/golden/topology.v1.json`.

use std::io::Write as _;

fn main() -> std::io::Result<()> {
    let text = serde_json::to_string_pretty(&riffle_topology::export::document(riffle_topology::RIFFLE))?;
    writeln!(std::io::stdout().lock(), "{text}")
}
