//! The function on AWS Lambda.

use std::process::ExitCode;

use axum::body::Body;
use riffle_lambda::signed_in;

mod deployed;

fn main() -> ExitCode {
    riffle_lambda::run_http(deployed::deps, async |api, request: lambda_http::Request| {
        let tenant = signed_in(&request);
        let request = request.map(|body| Body::from(body.to_vec()));
        api::handle(&api, tenant.as_deref(), request).await
    })
}
