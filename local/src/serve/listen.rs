//! The listener, with limits on everything that a client could prolong or exhaust: the number of connections, the time
//! to send a request's head and each piece of its body, and the time to accept an answer.

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tower_http::timeout::RequestBodyTimeoutLayer;

/// The time to send a request's head. An idle kept-alive connection is closed after the same time.
const HEAD: Duration = Duration::from_secs(15);
/// The maximum time between two pieces of a request's body.
const BODY: Duration = Duration::from_secs(30);
/// The time for a client to acknowledge data that was sent to it.
const ANSWER: Duration = Duration::from_mins(2);
/// The maximum number of open connections. Further ones wait in the system's queue.
const CONNECTIONS: usize = 4_096;
/// The pause before the next attempt after a connection could not be accepted for lack of descriptors.
const AGAIN: Duration = Duration::from_millis(50);

/// Serves forever.
pub async fn serve(listener: TcpListener, routes: Router) {
    let routes = routes.layer(RequestBodyTimeoutLayer::new(BODY));
    let free = Arc::new(Semaphore::new(connections(raise_descriptors())));
    loop {
        let slot = Arc::clone(&free).acquire_owned().await.expect("the semaphore is never closed");
        match listener.accept().await {
            Ok((stream, _)) => {
                let routes = routes.clone();
                tokio::spawn(async move {
                    serve_one(stream, routes).await;
                    drop(slot);
                });
            }
            Err(error) => {
                tracing::warn!(%error, "a connection was not accepted");
                tokio::time::sleep(AGAIN).await;
            }
        }
    }
}

async fn serve_one(stream: TcpStream, routes: Router) {
    if let Err(error) = give_up_on(&stream) {
        tracing::debug!(%error, "a connection has no time limit");
    }
    let served = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEAD)
        .serve_connection(TokioIo::new(stream), TowerToHyperService::new(routes))
        .with_upgrades()
        .await;
    if let Err(error) = served {
        tracing::debug!(%error, "a connection ended");
    }
}

/// Makes the system close the connection of a client that accepts no data.
#[cfg(target_os = "linux")]
fn give_up_on(stream: &TcpStream) -> rustix::io::Result<()> {
    let milliseconds = u32::try_from(ANSWER.as_millis()).unwrap_or(u32::MAX);
    rustix::net::sockopt::set_tcp_user_timeout(stream, milliseconds)
}

#[cfg(not(target_os = "linux"))]
fn give_up_on(_: &TcpStream) -> rustix::io::Result<()> {
    Ok(())
}

/// Raises the limit of open descriptors to the maximum that this process may have, and returns it.
fn raise_descriptors() -> Option<u64> {
    let limit = getrlimit(Resource::Nofile);
    let raised = Rlimit { current: limit.maximum, ..limit };
    match setrlimit(Resource::Nofile, raised) {
        Ok(()) => raised.current,
        Err(error) => {
            tracing::warn!(%error, "the limit of open files was not raised");
            limit.current
        }
    }
}

/// Returns the maximum number of connections. Half of the descriptors are kept for files.
fn connections(descriptors: Option<u64>) -> usize {
    let half = descriptors.and_then(|descriptors| usize::try_from(descriptors / 2).ok());
    half.unwrap_or(CONNECTIONS).clamp(1, CONNECTIONS)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_have_room_beside_connections() {
        assert_eq!(connections(Some(256)), 128);
        assert_eq!(connections(Some(1 << 20)), CONNECTIONS);
        assert_eq!(connections(None), CONNECTIONS);
    }
}
