//! No clients: what a function is given that has none to tell.

use async_trait::async_trait;
use riffle_ports::{ClientNotifier, Connection, ConnectionRegistry, Delivery, PortError, SessionId};

pub(crate) struct Nobody;

fn broken<T>() -> Result<T, PortError> {
    Err(PortError::Broken("this function has no clients".to_owned()))
}

#[async_trait]
impl ConnectionRegistry for Nobody {
    async fn add(&self, _: Connection) -> Result<(), PortError> {
        broken()
    }

    async fn get(&self, _: &str) -> Result<Option<Connection>, PortError> {
        broken()
    }

    async fn remove(&self, _: &str) -> Result<(), PortError> {
        broken()
    }

    async fn subscribe(&self, _: &SessionId, _: &str) -> Result<(), PortError> {
        broken()
    }

    async fn subscribers(&self, _: &SessionId) -> Result<Vec<String>, PortError> {
        broken()
    }
}

#[async_trait]
impl ClientNotifier for Nobody {
    async fn push(&self, _: &str, _: &str) -> Result<Delivery, PortError> {
        broken()
    }
}
