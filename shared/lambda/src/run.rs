//! From the start of the process to the last invocation.

use std::fmt::Debug;
use std::process::ExitCode;

use lambda_runtime::{Diagnostic, LambdaEvent, service_fn};
use riffle_ports::{Clock as _, Failure};
use riffle_runtime::{Event, SystemClock};
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::{Cloud, ConfigError, Env, logs};

/// Builds what the function stands on, once, and serves invocations with it until the platform ends the process.
#[expect(clippy::needless_pass_by_value, reason = "functions are handed over as they are, not by reference")]
pub fn run<D, P, R>(
    build: impl FnOnce(&Cloud) -> Result<D, ConfigError>,
    handle: impl AsyncFn(&D, Event<P>) -> Result<R, Failure>,
) -> ExitCode
where
    P: DeserializeOwned,
    R: Serialize,
{
    start(build, async |cloud, deps| {
        let (cloud, deps, handle) = (&cloud, &deps, &handle);
        lambda_runtime::run(service_fn(async move |event: LambdaEvent<P>| {
            let event = Event::new(event.payload, event.context.request_id);
            cloud.metered(handle(deps, event)).await.map_err(|failure| diagnosed(&failure))
        }))
        .await
    })
}

/// As [`run`], for a function that answers HTTP.
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
    // A process that was started to parse files does only that.
    if let Some(code) = riffle_reader::sandbox::main() {
        return code;
    }
    let env = Env::of_process();
    let function = env.optional("AWS_LAMBDA_FUNCTION_NAME").unwrap_or_default();
    logs::start(&function, env.optional("RUST_LOG").as_deref());
    // One invocation at a time: one thread, and others only for what waits.
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

/// What the platform is told of a failed invocation.
fn diagnosed(failure: &Failure) -> Diagnostic {
    tracing::error!(%failure, "the invocation failed");
    let error_type = match failure {
        Failure::Retry(_) => "Retry",
        Failure::Reject(_) => "Reject",
    };
    Diagnostic { error_type: error_type.to_owned(), error_message: failure.to_string() }
}

impl Cloud {
    /// Runs an invocation whose time is noted.
    async fn metered<T>(&self, invocation: impl Future<Output = T>) -> T {
        self.meter.begin(self.megabytes, SystemClock.now());
        let outcome = invocation.await;
        self.meter.end(SystemClock.now());
        outcome
    }
}
