//! Logs as JSON lines, and metrics as JSON lines in CloudWatch's embedded metric format.

use std::io::Write as _;

use riffle_ports::Clock;
use riffle_runtime::SystemClock;
use serde_json::{Map, Value, json};
use tracing::field::{Field, Visit};
use tracing::{Event, Subscriber};
use tracing_subscriber::filter::{EnvFilter, FilterFn, LevelFilter};
use tracing_subscriber::layer::{Context, Layer, SubscriberExt as _};
use tracing_subscriber::util::SubscriberInitExt as _;

/// The CloudWatch namespace of all metrics.
const NAMESPACE: &str = "Riffle";

/// Starts logging to standard output. `levels` is a filter such as `info,riffle_scan=debug`.
pub(crate) fn start(function: &str, levels: Option<&str>) {
    let levels = EnvFilter::builder()
        .with_default_directive(LevelFilter::INFO.into())
        .parse_lossy(levels.unwrap_or_default());
    let lines = tracing_subscriber::fmt::layer()
        .json()
        .flatten_event(true)
        .with_span_list(false)
        .with_writer(std::io::stdout)
        .with_filter(levels)
        .with_filter(FilterFn::new(|event| event.target() != riffle_scan::metrics::TARGET));
    let metrics = Metrics { function: function.to_owned() }
        .with_filter(FilterFn::new(|event| event.target() == riffle_scan::metrics::TARGET));
    // A second start, as in tests, has no effect.
    if tracing_subscriber::registry().with(lines).with(metrics).try_init().is_err() {
        tracing::debug!("logging was started before");
    }
}

/// Writes the numeric fields of events as metrics.
struct Metrics {
    function: String,
}

impl<S: Subscriber> Layer<S> for Metrics {
    fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
        let mut numbers = NumberFields::default();
        event.record(&mut numbers);
        let line = line(&self.function, SystemClock.now().timestamp_millis(), numbers.0);
        // A single write, so that the lines of several threads do not interleave. If it fails, the error cannot be
        // reported either.
        if std::io::stdout().write_all(line.as_bytes()).is_err() {}
    }
}

#[derive(Default)]
struct NumberFields(Map<String, Value>);

impl Visit for NumberFields {
    fn record_u64(&mut self, field: &Field, value: u64) {
        self.0.insert(field.name().to_owned(), value.into());
    }

    fn record_f64(&mut self, field: &Field, value: f64) {
        self.0.insert(field.name().to_owned(), value.into());
    }

    fn record_debug(&mut self, _: &Field, _: &dyn std::fmt::Debug) {}
}

fn line(function: &str, milliseconds: i64, numbers: Map<String, Value>) -> String {
    let metrics: Vec<Value> =
        numbers.keys().map(|name| json!({ "Name": name, "Unit": unit(name) })).collect();
    let mut line = json!({
        "_aws": {
            "Timestamp": milliseconds,
            "CloudWatchMetrics": [{ "Namespace": NAMESPACE, "Dimensions": [["function"], []], "Metrics": metrics }],
        },
        "function": function,
    });
    if let Some(fields) = line.as_object_mut() {
        fields.extend(numbers);
    }
    format!("{line}\n")
}

fn unit(name: &str) -> &'static str {
    if name.ends_with("Milliseconds") {
        "Milliseconds"
    } else if name.starts_with("Bytes") {
        "Bytes"
    } else {
        "Count"
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_metric_is_a_line_cloudwatch_understands() {
        let numbers = [("FilesProcessed", 10_u64), ("SessionMilliseconds", 7)];
        let numbers = numbers.into_iter().map(|(name, value)| (name.to_owned(), value.into())).collect();
        let line: Value =
            serde_json::from_str(&line("scan-worker", 1_700_000_000_000, numbers)).expect("JSON");
        assert_eq!(
            line,
            json!({
                "_aws": {
                    "Timestamp": 1_700_000_000_000_i64,
                    "CloudWatchMetrics": [{
                        "Namespace": "Riffle",
                        "Dimensions": [["function"], []],
                        "Metrics": [
                            { "Name": "FilesProcessed", "Unit": "Count" },
                            { "Name": "SessionMilliseconds", "Unit": "Milliseconds" },
                        ],
                    }],
                },
                "function": "scan-worker",
                "FilesProcessed": 10,
                "SessionMilliseconds": 7,
            })
        );
    }
}
