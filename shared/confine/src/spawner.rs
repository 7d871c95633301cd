//! The thread that starts children.
//!
//! The signal that ends a child with its parent is sent when the *thread* that started the child ends. Threads for
//! blocking work come and go, so one thread that lives as long as the process starts all children.

use std::io;
use std::process::{Child, Command};
use std::sync::mpsc::{Sender, SyncSender, channel, sync_channel};
use std::sync::{Mutex, PoisonError};
use std::thread;

type Order = (Command, SyncSender<io::Result<Child>>);

static SPAWNER: Mutex<Option<Sender<Order>>> = Mutex::new(None);

pub fn spawn(command: Command) -> io::Result<Child> {
    let (give, take) = sync_channel(1);
    spawner()?.send((command, give)).map_err(|_| gone())?;
    take.recv().map_err(|_| gone())?
}

fn spawner() -> io::Result<Sender<Order>> {
    let mut spawner = SPAWNER.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(spawner) = &*spawner {
        return Ok(spawner.clone());
    }
    let (order, orders) = channel::<Order>();
    thread::Builder::new().name("children".to_owned()).spawn(move || {
        for (mut command, give) in orders {
            // The caller waits for it.
            give.send(command.spawn()).ok();
        }
    })?;
    *spawner = Some(order.clone());
    Ok(order)
}

fn gone() -> io::Error {
    io::Error::other("the thread that starts children has ended")
}
