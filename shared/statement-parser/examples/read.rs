//! Reads a statement and prints its properties, the reading speed and the memory used:
//! `cargo run -p riffle-statement-parser --release --example read FILE`.

#![expect(clippy::print_stdout, reason = "it is a program for a terminal")]

use std::ops::ControlFlow;
use std::path::PathBuf;
use std::time::Instant;

use riffle_statement_parser::{FileInput, ParseLimits, Row, RowSink, read};

/// A sink that prints the first five rows and keeps none.
struct Shown(u64);

impl RowSink for Shown {
    fn row(&mut self, row: Row) -> ControlFlow<()> {
        self.0 += 1;
        if self.0 <= 5 {
            let currency = row.currency.as_deref().unwrap_or_default();
            println!("{}: {} {} {currency} {}", row.place, row.date, row.amount, row.clean);
        }
        ControlFlow::Continue(())
    }
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let file = PathBuf::from(std::env::args_os().nth(1).ok_or("name a file")?);
    let name = file.to_string_lossy().into_owned();
    #[expect(clippy::disallowed_methods, reason = "this program measures real time")]
    let began = Instant::now();
    let statement = read(&name, &mut FileInput(file), &ParseLimits::default(), &mut Shown(0))?;
    let seconds = began.elapsed().as_secs_f64();
    println!("{:?} {:#?}", statement.format, statement.dialect);
    for account in statement.accounts.iter().take(10) {
        println!("{account:?}");
    }
    for warning in statement.warnings.iter().take(10) {
        println!("{}: {}", warning.place, warning.what);
    }
    let warnings = statement.warnings.len() as u64 + statement.more_warnings;
    #[expect(clippy::cast_precision_loss, reason = "a speed for display")]
    let speed = statement.rows as f64 / seconds;
    println!("{} rows, {warnings} warnings, {seconds:.2} s, {speed:.0} rows/s, {}", statement.rows, peak());
    Ok(())
}

/// Returns the peak memory of the process, if the system reports it.
fn peak() -> String {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    line.map_or_else(|| "memory not known".to_owned(), |peak| format!("at most {} resident", peak.trim()))
}
