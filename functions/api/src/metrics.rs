//! Metrics of the platform in the text format of Prometheus.

use std::fmt::Write;
use std::time::Duration;

use axum::extract::State;
use axum::http::header;
use axum::response::IntoResponse;
use riffle_ports::{Timing, Vitals};
use serde_json::json;

use crate::answer::Answer;
use crate::{ApiDeps, Refusal};

/// Returns metrics of the platform in the text format of Prometheus.
#[utoipa::path(
    get,
    path = "/api/metrics",
    operation_id = "get_metrics",
    tag = "platform",
    responses(
        (status = 200, body = String, content_type = "text/plain"),
        (status = 404, description = "This deployment is measured by the cloud instead.")
    )
)]
pub async fn metrics(State(deps): State<ApiDeps>) -> Answer<impl IntoResponse> {
    let Some(probe) = &deps.probe else {
        return Err(Refusal::not_found("This deployment has no metrics here: see the metrics of the cloud."));
    };
    let vitals = probe.vitals().await?;
    let up = (deps.clock.now() - deps.started_at).num_seconds().max(0).unsigned_abs();
    let text = text(&vitals, &deps.config.version, up);
    Ok(([(header::CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")], text))
}

/// Metrics as text. Labels are fixed words, which need no escaping.
struct MetricsText(String);

impl MetricsText {
    fn metric(&mut self, name: &str, kind: &str, help: &str, samples: &[(String, u64)]) {
        write!(self.0, "# HELP {name} {help}\n# TYPE {name} {kind}\n").expect("a String takes everything");
        for (labels, value) in samples {
            writeln!(self.0, "{name}{labels} {value}").expect("a String takes everything");
        }
    }

    fn gauge(&mut self, name: &str, help: &str, samples: &[(String, u64)]) {
        self.metric(name, "gauge", help, samples);
    }

    /// Writes the timings, which are sorted by name: the format wants all samples of a metric together.
    fn timings(&mut self, timings: &[Timing]) {
        let mut last = "";
        for Timing { name, of, count, sum, p50, p99 } in timings {
            if *name != last {
                write!(self.0, "# HELP {name} {}\n# TYPE {name} summary\n", help(name))
                    .expect("a String takes everything");
                last = name;
            }
            let [p50, p99, sum] = [p50, p99, sum].map(Duration::as_secs_f64);
            write!(
                self.0,
                "{name}{{of=\"{of}\",quantile=\"0.5\"}} {p50}\n{name}{{of=\"{of}\",quantile=\"0.99\"}} {p99}\n\
                 {name}_sum{{of=\"{of}\"}} {sum}\n{name}_count{{of=\"{of}\"}} {count}\n"
            )
            .expect("a String takes everything");
        }
    }

    /// A counter only rises.
    fn counter(&mut self, name: &str, help: &str, value: u64) {
        self.metric(name, "counter", help, &[(String::new(), value)]);
    }
}

fn help(timing: &str) -> &'static str {
    match timing {
        "riffle_stage_seconds" => "Time from sending a message until it was processed.",
        "riffle_since_upload_seconds" => "Time from receiving a file until a stage finished it.",
        "riffle_publish_seconds" => "Time of each call that publishes events.",
        _ => "How long it took.",
    }
}

fn text(vitals: &Vitals, version: &str, up: u64) -> String {
    let mut text = MetricsText(String::new());
    let one = |value: u64| vec![(String::new(), value)];
    text.gauge("riffle_build_info", "Version of this riffle.", &[(format!("{{version=\"{version}\"}}"), 1)]);
    text.gauge("riffle_uptime_seconds", "Time since this process started.", &one(up));
    let mut messages = Vec::new();
    for depth in &vitals.queues {
        for (state, count) in
            [("ready", depth.ready), ("in_flight", depth.in_flight), ("waiting", depth.waiting)]
        {
            messages.push((format!("{{queue=\"{}\",state=\"{state}\"}}", depth.queue), count));
        }
    }
    text.gauge("riffle_queue_messages", "Messages by queue and state.", &messages);
    text.gauge(
        "riffle_dead_letters",
        "Messages that failed too many times. Above 0, an operator must check them.",
        &one(vitals.dead_letters),
    );
    let sessions: Vec<_> = vitals
        .sessions
        .iter()
        .map(|(state, count)| (format!("{{state={}}}", json!(state)), *count))
        .collect();
    text.gauge("riffle_sessions", "Sessions by state.", &sessions);
    text.counter(
        "riffle_files_total",
        "Files with a result, including failed ones.",
        vitals.counts.processed,
    );
    text.counter("riffle_files_failed_total", "Files that could not be read.", vitals.counts.failed);
    text.counter("riffle_matches_total", "Matches found.", vitals.counts.matches);
    text.timings(&vitals.timings);
    text.gauge("riffle_websocket_connections", "Open WebSocket connections.", &one(vitals.connections));
    text.0
}

#[cfg(test)]
mod tests {
    use riffle_ports::{Counts, QueueDepth, State};

    use super::*;

    #[test]
    fn metrics_are_in_the_form_prometheus_reads() {
        let queue = QueueDepth { queue: "scan-work".into(), ready: 1, in_flight: 2, waiting: 3 };
        let vitals = Vitals {
            queues: vec![queue],
            dead_letters: 0,
            sessions: vec![(State::Complete, 4)],
            counts: Counts { processed: 10, failed: 1, matches: 99 },
            connections: 2,
            timings: vec![Timing {
                name: "riffle_stage_seconds",
                of: "audit-consumer",
                count: 3,
                sum: Duration::from_millis(45),
                p50: Duration::from_millis(10),
                p99: Duration::from_millis(25),
            }],
        };
        let text = text(&vitals, "0.1.0", 60);
        for line in [
            "riffle_build_info{version=\"0.1.0\"} 1",
            "riffle_queue_messages{queue=\"scan-work\",state=\"in_flight\"} 2",
            "riffle_sessions{state=\"COMPLETE\"} 4",
            "riffle_files_total 10",
            "riffle_uptime_seconds 60",
            "# TYPE riffle_stage_seconds summary",
            "riffle_stage_seconds{of=\"audit-consumer\",quantile=\"0.99\"} 0.025",
            "riffle_stage_seconds_count{of=\"audit-consumer\"} 3",
        ] {
            assert!(text.lines().any(|it| it == line), "{line} in\n{text}");
        }
        assert!(text.ends_with('\n'));
    }
}
