//! The clients' actions, and the network between clients and server.

use riffle_contracts::{ErrorCode, Frame, FrameBody};

use super::client::Ask;
use super::mutants::ScanMutant;
use super::world::{ScanInvocation, World};
use crate::Violation;

impl World {
    /// Lets a client do its next action.
    pub fn client_acts(&mut self, number: usize) {
        let now = self.now();
        let before = self.clients[number].connection().map(str::to_owned);
        let ask = self.control.draw(|rng| self.clients[number].act(now, rng));
        let connection = self.clients[number].connection().map(str::to_owned);
        if let Some(before) = before
            && connection.as_ref() != Some(&before)
        {
            self.cut(&before, self.clients[number].plan.tenant);
        }
        let (Some(ask), Some(connection)) = (ask, connection) else {
            return;
        };
        let tenant = self.clients[number].plan.tenant;
        if ask == Ask::Connect {
            let future = self.functions.connect(&connection, tenant);
            let client = number;
            self.platform.invoke("connect", false, ScanInvocation::Connect { client, connection }, future);
            return;
        }
        if ask == Ask::Start && self.mutant == Some(ScanMutant::RandomSessionId) {
            let other = self.control.draw(|rng| format!("{:016x}", rng.next()));
            self.clients[number].forget_request_id(other);
        }
        if ask == Ask::Renew {
            let stale = self.scenario.drive.as_ref().map_or(0, |drive| drive.stale);
            let is_stale = self.control.draw(|rng| rng.chance(stale));
            let token = if is_stale { "expired".to_owned() } else { self.stores.google.issue() };
            self.clients[number].borrow_token(token);
        }
        if let Some(message) = self.clients[number].message(&ask) {
            let future = self.functions.act(&connection, tenant, &message);
            self.platform.invoke("default", false, ScanInvocation::Act, future);
        }
    }

    /// Handles a successful handshake.
    pub fn connected(&mut self, number: usize, connection: &str) {
        self.clients[number].connected(connection);
        if self.clients[number].is_up() && self.clients[number].connection() == Some(connection) {
            self.stores.notifier.open(connection);
        }
    }

    /// Breaks a client's connection, if it has one.
    pub fn hang_up(&mut self, number: usize) {
        let client = &mut self.clients[number];
        if client.settled {
            return;
        }
        let tenant = client.plan.tenant;
        let connection = client.connection().map(str::to_owned);
        client.disconnected();
        if let Some(connection) = connection {
            self.cut(&connection, tenant);
        }
    }

    /// Removes a connection. The gateway may or may not notify the functions of it.
    fn cut(&mut self, connection: &str, tenant: &str) {
        self.control.note("cut", connection.as_bytes(), || connection.to_owned());
        self.stores.notifier.close(connection);
        self.wire.retain(|pushed| pushed.connection != connection);
        if self.control.draw(|rng| rng.chance(7_000)) {
            let future = self.functions.disconnect(connection, tenant);
            self.platform.invoke("disconnect", false, ScanInvocation::Disconnect, future);
        }
    }

    /// Carries one frame, which may be lost, duplicated or reordered.
    pub fn carry_frame(&mut self) -> Result<(), Violation> {
        let network = self.scenario.network;
        let (nth, lost, double) = self.control.draw(|rng| {
            let nth = if rng.chance(network.reorder) { rng.below(self.wire.len()) } else { 0 };
            (nth, rng.chance(network.lose), rng.chance(network.double))
        });
        let pushed = if double { self.wire[nth].clone() } else { self.wire.remove(nth) };
        if lost {
            return Ok(());
        }
        let Some(client) = self
            .clients
            .iter_mut()
            .find(|client| client.is_up() && client.connection() == Some(pushed.connection.as_str()))
        else {
            return Ok(());
        };
        let frame: Frame = serde_json::from_str(&pushed.frame).map_err(|error| {
            Violation::new(0, format!("a frame cannot be read: {error}: {}", pushed.frame))
        })?;
        self.control.note("frame", pushed.frame.as_bytes(), || {
            format!("{} gets {}", pushed.connection, pushed.frame)
        });
        let (pries, retries) = (client.plan.pries, client.plan.retries);
        let refused = matches!(frame.body, FrameBody::Error { code: ErrorCode::WrongState, .. });
        let received = client.receive(frame.clone());
        self.count_frame(&frame);
        self.checker.dated(&frame)?;
        if retries && refused {
            self.control.sometimes("a retry of an incomplete session is requested");
        }
        if pries {
            self.control.sometimes("another tenant requests a session");
        }
        received
    }
}
