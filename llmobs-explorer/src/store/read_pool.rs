//! A pool of read connections. Queries are interrupted after a timeout, or when their caller drops them.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use rusqlite::Connection;
use tokio::sync::Semaphore;

use super::error::ReadError;
use super::reader::Reader;
use super::schema::Database;
use crate::traces::{Answer, StoreError};

/// The most concurrent queries. Each connection has its own cache and sorts in memory.
const CONNECTIONS: usize = 4;
/// How long a query may take.
const TIMEOUT: Duration = Duration::from_secs(5);
/// The number of instructions of SQLite's virtual machine between two checks of the timeout: some microseconds.
const STEPS: i32 = 4_000;

/// The idle connections, and the database to open further ones.
#[derive(Debug)]
pub(super) struct ReadPool {
    database: Database,
    idle: Mutex<Vec<Connection>>,
    permits: Arc<Semaphore>,
}

/// Interrupts the query when the caller drops it.
struct CancelOnDrop(Arc<AtomicBool>);

impl Drop for CancelOnDrop {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

impl ReadPool {
    pub(super) fn new(database: Database) -> Self {
        Self { database, idle: Mutex::default(), permits: Arc::new(Semaphore::new(CONNECTIONS)) }
    }

    /// Runs a query on a thread where it may block.
    pub(super) async fn read<T: Send + 'static>(
        this: &Arc<Self>,
        query: impl FnOnce(&Reader<'_>) -> Answer<T> + Send + 'static,
    ) -> Answer<T> {
        let permit = Arc::clone(&this.permits).acquire_owned().await.map_err(|_| StoreError::Closed)?;
        let guard = CancelOnDrop(Arc::default());
        let cancelled = Arc::clone(&guard.0);
        let pool = Arc::clone(this);
        let answered = tokio::task::spawn_blocking(move || {
            let answer = pool.run(cancelled, query);
            drop(permit);
            answer
        });
        let answer = answered.await.map_err(|_| StoreError::Closed)?;
        drop(guard);
        answer
    }

    fn run<T>(&self, cancelled: Arc<AtomicBool>, query: impl FnOnce(&Reader<'_>) -> Answer<T>) -> Answer<T> {
        let path = self.database.path();
        let classified = |error| ReadError::Sqlite(error).classified(path);
        let connection = self.take().map_err(classified)?;
        let until = Instant::now() + TIMEOUT;
        let interrupt = move || cancelled.load(Ordering::Relaxed) || Instant::now() >= until;
        connection.progress_handler(STEPS, Some(interrupt)).map_err(classified)?;
        // All reads of one query see the same state.
        let transaction = connection.unchecked_transaction().map_err(classified)?;
        let answer = query(&Reader { connection: &transaction, path });
        drop(transaction);
        connection.progress_handler(0, None::<fn() -> bool>).map_err(classified)?;
        // A connection is not reused after an error, because it may have cached damaged pages.
        if answer.is_ok() {
            self.give_back(connection);
        }
        answer
    }

    fn take(&self) -> rusqlite::Result<Connection> {
        let idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner).pop();
        idle.map_or_else(|| self.database.reader(), Ok)
    }

    fn give_back(&self, connection: Connection) {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner).push(connection);
    }
}

#[cfg(test)]
mod tests;
