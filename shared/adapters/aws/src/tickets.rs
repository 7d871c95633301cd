//! One-time tickets in a table: taking a ticket deletes it.

use async_trait::async_trait;
use data_encoding::HEXLOWER;
use riffle_ports::{PortError, StoredTicket, TicketHash, TicketStore};

use crate::change::ItemChange;
use crate::item::{Item, ItemReader, number, text, time};
use crate::table::{EXPIRES_AT, Table, key};

const TENANT: &str = "tenant";
/// With nanoseconds; [`EXPIRES_AT`] is for the table's expiry.
const UNTIL: &str = "until";

/// The tickets in `TICKETS_TABLE`, which removes them some time after they expired.
///
/// If the answer to [`take`](TicketStore::take) is lost, the SDK sends the request again and finds nothing: the ticket
/// is used up, and its owner requests another.
#[derive(Debug, Clone)]
pub struct DynamoTickets {
    pub(crate) table: Table,
}

fn ticket_key(hash: TicketHash) -> Item {
    key(format!("T#{}", HEXLOWER.encode(&hash.0)), "TICKET")
}

#[async_trait]
impl TicketStore for DynamoTickets {
    async fn put(&self, hash: TicketHash, ticket: StoredTicket) -> Result<(), PortError> {
        let mut item = ticket_key(hash);
        item.insert(TENANT.to_owned(), text(ticket.tenant));
        item.insert(UNTIL.to_owned(), time(ticket.expires_at));
        item.insert(EXPIRES_AT.to_owned(), number(ticket.expires_at.timestamp() + 1));
        self.table.put(item).await
    }

    async fn take(&self, hash: TicketHash) -> Result<Option<StoredTicket>, PortError> {
        let Some(item) = self.table.delete(ticket_key(hash), ItemChange::default()).await? else {
            return Ok(None);
        };
        let reading = ItemReader { item: &item, what: "a ticket" };
        Ok(Some(StoredTicket { tenant: reading.text(TENANT)?, expires_at: reading.time(UNTIL)? }))
    }
}
