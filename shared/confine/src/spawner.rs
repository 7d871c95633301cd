//! The thread that starts children.
//!
//! A child that ends with its parent ends with the *thread* that started it. Threads that block come and go, so one that
//! stays as long as the process starts them all.

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
            // Who asked waits for it.
            give.send(command.spawn()).ok();
        }
    })?;
    *spawner = Some(order.clone());
    Ok(order)
}

fn gone() -> io::Error {
    io::Error::other("the thread that starts children has ended")
}
