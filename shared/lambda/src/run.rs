//! Runs a function, from the start of the process to its last invocation.

use std::collections::BTreeMap;
use std::fmt::Debug;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use aws_lambda_events::sqs::{SqsBatchResponse, SqsEvent};
use chrono::DateTime;
use lambda_runtime::{Context, Diagnostic, LambdaEvent, service_fn};
use riffle_ports::{Clock as _, Failure};
use riffle_runtime::{Deadline, FunctionEvent, SystemClock, receive_count};
use riffle_topology::{MAX_RECEIVES, RIFFLE};
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::{Cloud, ConfigError, Env, logs};

/// A failed message is visible again after this delay, then after this delay times [`LONGER`], and so on. Before the
/// last attempt the delay is [`LONGEST`] seconds, unless `LONGEST_RETRY_SECONDS` sets another value. A short fault thus
/// delays work by seconds, and a fault of a quarter of an hour causes neither dead letters nor quarantined files.
const SHORTEST: Duration = Duration::from_secs(5);
const LONGER: u32 = 6;
pub(crate) const LONGEST: u64 = 15 * 60;

/// If less time than this is left after a batch, most of its failed messages were not started. Longer than the minimum
/// that any function requires to start a message.
const NEARLY_OUT_OF_TIME: Duration = Duration::from_secs(45);
/// The time limit for changing the visibility of failed messages.
const VISIBILITY_CALL_LIMIT: Duration = Duration::from_secs(2);

/// Builds the function's dependencies once, and serves invocations with them until the platform ends the process.
#[expect(clippy::needless_pass_by_value, reason = "callers pass functions by value")]
pub fn run<D, P, R>(
    build: impl FnOnce(&Cloud) -> Result<D, ConfigError>,
    handle: impl AsyncFn(&D, FunctionEvent<P>) -> Result<R, Failure>,
) -> ExitCode
where
    P: DeserializeOwned,
    R: Serialize,
{
    start(build, async |cloud, deps| {
        let (cloud, deps, handle) = (&cloud, &deps, &handle);
        lambda_runtime::run(service_fn(async move |event: LambdaEvent<P>| {
            let event = cloud.event(event.payload, event.context);
            cloud.metered(handle(deps, event)).await.map_err(|failure| diagnosed(&failure))
        }))
        .await
    })
}

/// Like [`run`], for a function that consumes a queue. Messages that it returns become visible again soon. Without this
/// they would stay invisible for the queue's visibility timeout, which is six times the time limit of an invocation.
#[expect(clippy::needless_pass_by_value, reason = "callers pass functions by value")]
pub fn run_queue<D>(
    build: impl FnOnce(&Cloud) -> Result<D, ConfigError>,
    handle: impl AsyncFn(&D, FunctionEvent<SqsEvent>) -> SqsBatchResponse,
) -> ExitCode {
    start(build, async |cloud, deps| {
        let (cloud, deps, handle) = (&cloud, &deps, &handle);
        lambda_runtime::run(service_fn(async move |event: LambdaEvent<SqsEvent>| {
            let event = cloud.event(event.payload, event.context);
            let (received, deadline) = (ReceivedBatch::of(&event.payload), event.deadline.clone());
            let answer = cloud.metered(handle(deps, event)).await;
            // Near the end of an invocation most of the returned messages were not started, so they need no long delay.
            let longest = if deadline.leaves(NEARLY_OUT_OF_TIME) { cloud.longest_retry } else { SHORTEST };
            // The response must not miss the deadline because of this call.
            let shown =
                tokio::time::timeout(VISIBILITY_CALL_LIMIT, received.show_again(cloud, &answer, longest))
                    .await;
            if shown.is_err() {
                tracing::warn!(
                    "failed messages stay hidden until the visibility timeout: changing it took too long"
                );
            }
            Ok::<_, Diagnostic>(answer)
        }))
        .await
    })
}

/// The data of a batch that is needed to return some of its messages.
struct ReceivedBatch {
    queue_url: Option<String>,
    /// The queue's limit of receives.
    max_receives: u32,
    /// Receipt handle and receive count, by message id.
    messages: BTreeMap<String, (String, u32)>,
}

impl ReceivedBatch {
    fn of(event: &SqsEvent) -> Self {
        let arn = event.records.first().and_then(|message| message.event_source_arn.as_deref());
        let messages = event.records.iter().filter_map(|message| {
            let (id, receipt) = (message.message_id.clone()?, message.receipt_handle.clone()?);
            Some((id, (receipt, receive_count(message))))
        });
        Self {
            queue_url: arn.and_then(queue_url),
            max_receives: arn.map_or(MAX_RECEIVES, max_receives),
            messages: messages.collect(),
        }
    }

    /// Makes failed messages visible again after a delay. An error here does not fail the invocation: the messages
    /// become visible later, after the queue's visibility timeout.
    async fn show_again(&self, cloud: &Cloud, answer: &SqsBatchResponse, longest: Duration) {
        let failed = answer.batch_item_failures.iter();
        let failed: Vec<_> = failed
            .filter_map(|failure| self.messages.get(&failure.item_identifier))
            .map(|(receipt, receives)| (receipt.as_str(), pause(*receives, self.max_receives, longest)))
            .collect();
        let Some(url) = self.queue_url.as_deref().filter(|_| !failed.is_empty()) else { return };
        if let Err(error) = cloud.aws.visibility().show_again(url, failed).await {
            tracing::warn!(%error, "failed messages stay hidden until the visibility timeout");
        }
    }
}

/// Returns the URL of the queue with this ARN.
fn queue_url(arn: &str) -> Option<String> {
    let mut parts = arn.split(':').skip(1);
    let (partition, _, region) = (parts.next()?, parts.next()?, parts.next()?);
    let (account, name) = (parts.next()?, parts.next()?);
    let domain = if partition == "aws-cn" { "amazonaws.com.cn" } else { "amazonaws.com" };
    Some(format!("https://sqs.{region}.{domain}/{account}/{name}"))
}

/// Returns how often the queue with this ARN delivers a message. The name in the ARN ends with the name in the
/// topology.
fn max_receives(arn: &str) -> u32 {
    let is_it = |name: &str| arn.strip_suffix(name).is_some_and(|before| before.ends_with(['-', ':']));
    let consumed = RIFFLE.consumed().find(|consumed| is_it(consumed.queue.name));
    consumed.map_or(MAX_RECEIVES, |consumed| consumed.queue.max_receives)
}

/// Returns the delay after `receives` receives, of at most `most`.
fn pause(receives: u32, most: u32, longest: Duration) -> Duration {
    if receives.saturating_add(1) >= most {
        return longest;
    }
    SHORTEST.saturating_mul(LONGER.saturating_pow(receives.saturating_sub(1))).min(longest)
}

/// Like [`run`], for a function that serves HTTP.
pub fn run_http<D, R, F>(
    build: impl FnOnce(&Cloud) -> Result<D, ConfigError>,
    handle: impl Fn(D, lambda_http::Request) -> F + Send + Sync,
) -> ExitCode
where
    D: Clone + Send + Sync,
    R: lambda_http::IntoResponse,
    F: Future<Output = R> + Send,
{
    start(build, async |cloud, deps| {
        let (cloud, deps, handle) = (&cloud, &deps, &handle);
        lambda_http::run(service_fn(async move |request| {
            Ok::<_, lambda_http::Error>(cloud.metered(handle(deps.clone(), request)).await)
        }))
        .await
    })
}

fn start<D, E: Debug>(
    build: impl FnOnce(&Cloud) -> Result<D, ConfigError>,
    serve: impl AsyncFnOnce(Cloud, D) -> Result<(), E>,
) -> ExitCode {
    // A process that was started to parse files does nothing else.
    if let Some(code) = riffle_reader::sandbox::main() {
        return code;
    }
    let env = Env::of_process();
    let function = env.optional("AWS_LAMBDA_FUNCTION_NAME").unwrap_or_default();
    logs::start(&function, env.optional("RUST_LOG").as_deref());
    // The process serves one invocation at a time: one thread is enough, with further threads only for blocking calls.
    let runtime = match tokio::runtime::Builder::new_current_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => return refuse(&error.to_string()),
    };
    runtime.block_on(async {
        let cloud = match Cloud::new(env).await {
            Ok(cloud) => cloud,
            Err(error) => return refuse(&error.to_string()),
        };
        match build(&cloud) {
            Ok(deps) => match serve(cloud, deps).await {
                Ok(()) => ExitCode::SUCCESS,
                Err(error) => refuse(&format!("{error:?}")),
            },
            Err(error) => refuse(&error.to_string()),
        }
    })
}

fn refuse(why: &str) -> ExitCode {
    tracing::error!(why, "the function cannot start");
    ExitCode::FAILURE
}

/// Converts a failure to the error that the platform receives.
fn diagnosed(failure: &Failure) -> Diagnostic {
    tracing::error!(%failure, "the invocation failed");
    let error_type = match failure {
        Failure::Retry(_) => "Retry",
        Failure::Reject(_) => "Reject",
    };
    Diagnostic { error_type: error_type.to_owned(), error_message: failure.to_string() }
}

impl Cloud {
    fn event<P>(&self, payload: P, context: Context) -> FunctionEvent<P> {
        let deadline = i64::try_from(context.deadline).ok().and_then(DateTime::from_timestamp_millis);
        let deadline = deadline.map_or_else(Deadline::none, |at| Deadline::new(Arc::clone(&self.clock), at));
        FunctionEvent::new(payload, context.request_id).until(deadline)
    }

    /// Runs an invocation and measures its time.
    async fn metered<T>(&self, invocation: impl Future<Output = T>) -> T {
        self.meter.begin(self.megabytes, SystemClock.now());
        let outcome = invocation.await;
        self.meter.end(SystemClock.now());
        outcome
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_queue_s_address_follows_from_its_arn() {
        let url = queue_url("arn:aws:sqs:eu-central-1:123456789012:riffle-scan-work");
        assert_eq!(
            url.as_deref(),
            Some("https://sqs.eu-central-1.amazonaws.com/123456789012/riffle-scan-work")
        );
        let url = queue_url("arn:aws-cn:sqs:cn-north-1:1:q");
        assert_eq!(url.as_deref(), Some("https://sqs.cn-north-1.amazonaws.com.cn/1/q"));
        assert_eq!(queue_url("no arn"), None);
    }

    #[test]
    fn what_fails_again_waits_longer() {
        let longest = Duration::from_secs(LONGEST);
        let of = |most| [1, 2, 3, 4, 5, u32::MAX].map(|receives| pause(receives, most, longest).as_secs());
        assert_eq!(of(MAX_RECEIVES), [5, 30, 180, 900, 900, 900]);
        assert_eq!(of(3), [5, 900, 900, 900, 900, 900]);
    }

    #[test]
    fn a_queue_is_known_by_the_end_of_its_arn() {
        let arn = |name: &str| format!("arn:aws:sqs:eu-central-1:123456789012:Riffle-{name}");
        assert_eq!(max_receives(&arn("scan-work")), 3);
        assert_eq!(max_receives(&arn("scan-quarantine")), MAX_RECEIVES);
        assert_eq!(max_receives(&arn("another")), MAX_RECEIVES);
    }
}
