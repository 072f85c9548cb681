//! The limit of connections. Connections beyond it wait for a place, and idle connections are closed to make room.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use tokio::sync::{Notify, OwnedSemaphorePermit, Semaphore};

/// How long a connection must have been idle before it is closed for another. A busy client sends its next request sooner.
const IDLE: Duration = Duration::from_millis(250);
/// How often to look for idle connections while another waits.
const INTERVAL: Duration = Duration::from_millis(50);

/// The open connections, up to a limit. Cheap to clone.
#[derive(Clone, Debug)]
pub(crate) struct ConnectionLimit {
    permits: Arc<Semaphore>,
    most: u32,
    open: Arc<Mutex<Open>>,
}

#[derive(Debug, Default)]
struct Open {
    next: u64,
    /// Whether a connection waits.
    waiting: bool,
    connections: HashMap<u64, Connection>,
}

#[derive(Debug)]
struct Connection {
    /// `None` during a request.
    idle_since: Option<Instant>,
    close: Arc<Notify>,
}

/// The place of one connection. Dropping it frees the place.
#[derive(Debug)]
pub(crate) struct Place {
    limit: ConnectionLimit,
    number: u64,
    close: Arc<Notify>,
    _permit: OwnedSemaphorePermit,
}

impl ConnectionLimit {
    pub(crate) fn new(most: u32) -> Self {
        Self { permits: Arc::new(Semaphore::new(most as usize)), most, open: Arc::default() }
    }

    /// Waits until there is a place for a connection.
    pub(crate) async fn place(&self) -> Place {
        let permit = match Arc::clone(&self.permits).try_acquire_owned() {
            Ok(permit) => permit,
            Err(_) => self.wait().await,
        };
        let mut open = self.open();
        open.waiting = false;
        let (number, close) = (open.next, Arc::new(Notify::new()));
        open.next += 1;
        let connection = Connection { idle_since: Some(Instant::now()), close: Arc::clone(&close) };
        open.connections.insert(number, connection);
        Place { limit: self.clone(), number, close, _permit: permit }
    }

    async fn wait(&self) -> OwnedSemaphorePermit {
        let permit = Arc::clone(&self.permits).acquire_owned();
        tokio::pin!(permit);
        loop {
            self.open().make_room();
            match tokio::time::timeout(INTERVAL, &mut permit).await {
                Ok(Ok(permit)) => return permit,
                // Nothing closes the semaphore.
                Ok(Err(_)) => std::future::pending().await,
                Err(_) => {}
            }
        }
    }

    /// Closes each connection after its current request, and waits until all are closed.
    pub(crate) async fn close(&self) {
        self.open().connections.values().for_each(|connection| connection.close.notify_one());
        drop(self.permits.acquire_many(self.most).await);
    }

    fn open(&self) -> MutexGuard<'_, Open> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Open {
    /// Closes the connection that has been idle longest, if it is idle for long enough.
    fn make_room(&mut self) {
        self.waiting = true;
        let idle =
            self.connections.values().filter_map(|connection| Some((connection.idle_since?, connection)));
        if let Some((since, connection)) = idle.min_by_key(|(since, _)| *since)
            && since.elapsed() >= IDLE
        {
            connection.close.notify_one();
        }
    }
}

impl Place {
    /// Records that a request begins.
    pub(crate) fn request_begins(&self) {
        self.set_idle_since(None);
    }

    /// Records that a request has been answered. Returns whether the connection should close because another waits.
    pub(crate) fn request_ends(&self) -> bool {
        self.set_idle_since(Some(Instant::now()));
        self.limit.open().waiting
    }

    /// Waits until the connection should close.
    pub(crate) async fn closing(&self) {
        self.close.notified().await;
    }

    fn set_idle_since(&self, since: Option<Instant>) {
        if let Some(connection) = self.limit.open().connections.get_mut(&self.number) {
            connection.idle_since = since;
        }
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.limit.open().connections.remove(&self.number);
    }
}
