//! The connections that read: a few, each for one question at a time, and none for longer than somebody waits.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use rusqlite::Connection;
use tokio::sync::Semaphore;

use super::schema::Database;
use super::{StoreError, sort};

/// How many questions are looked into at a time. A browser asks six, and each connection has a cache of its own.
const SEATS: usize = 6;
/// How long a question may take.
const PATIENCE: Duration = Duration::from_secs(5);
/// After how many steps of SQLite's machine is looked at the clock: some microseconds.
const STEPS: i32 = 4_000;

/// The connections that are not in use, and where more come from.
#[derive(Debug)]
pub(super) struct Readers {
    database: Database,
    idle: Mutex<Vec<Connection>>,
    seats: Arc<Semaphore>,
}

/// Says, when it is dropped, that nobody waits any more.
struct Waiting(Arc<AtomicBool>);

impl Drop for Waiting {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

impl Readers {
    pub(super) fn new(database: Database) -> Self {
        Self { database, idle: Mutex::default(), seats: Arc::new(Semaphore::new(SEATS)) }
    }

    /// Asks a question on a thread where it may block.
    pub(super) async fn read<T: Send + 'static>(
        this: &Arc<Self>,
        question: impl FnOnce(&Connection) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        let seat = Arc::clone(&this.seats).acquire_owned().await.map_err(|_| StoreError::Closed)?;
        let waiting = Waiting(Arc::default());
        let gone = Arc::clone(&waiting.0);
        let readers = Arc::clone(this);
        let answered = tokio::task::spawn_blocking(move || {
            let answer = readers.ask(gone, question);
            drop(seat);
            answer
        });
        let answer = answered.await.map_err(|_| StoreError::Closed)?;
        drop(waiting);
        answer
    }

    fn ask<T>(
        &self,
        gone: Arc<AtomicBool>,
        question: impl FnOnce(&Connection) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        let sorted = |error| sort(error, self.database.path());
        let connection = self.take().map_err(sorted)?;
        let until = Instant::now() + PATIENCE;
        let enough = move || gone.load(Ordering::Relaxed) || Instant::now() >= until;
        connection.progress_handler(STEPS, Some(enough)).map_err(sorted)?;
        // All that one question reads is of one moment.
        let transaction = connection.unchecked_transaction().map_err(sorted)?;
        let answer = question(&transaction);
        drop(transaction);
        connection.progress_handler(0, None::<fn() -> bool>).map_err(sorted)?;
        match answer {
            // A connection that met damage remembers pages of it.
            Err(StoreError::Sqlite(error)) => Err(sorted(error)),
            answer => {
                self.give_back(connection);
                answer
            }
        }
    }

    fn take(&self) -> rusqlite::Result<Connection> {
        let idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner).pop();
        idle.map_or_else(|| self.database.reader(), Ok)
    }

    fn give_back(&self, connection: Connection) {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner).push(connection);
    }
}
