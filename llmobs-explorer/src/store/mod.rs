//! The store of traces in SQLite: one thread that writes, and a pool of connections that read.

mod columns;
mod error;
pub(crate) mod evaluations;
mod event_encoding;
mod facets;
pub(crate) mod finished;
pub(crate) mod list;
mod read_pool;
pub(crate) mod rejections;
mod retention;
mod schema;
pub(crate) mod sessions;
#[cfg(test)]
mod testing;
mod totals;
pub(crate) mod trace;
pub(crate) mod unfinished;
mod write;

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::thread;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use rusqlite::Connection;
use tokio::sync::{mpsc, oneshot, watch};

pub(crate) use error::{SqliteError, StoreError};
pub(crate) use rejections::Rejection;
pub(crate) use retention::Retention;
pub(crate) use schema::{Location, OpenError};
pub(crate) use write::Batch;

use read_pool::ReadPool;
use schema::Database;

/// How many requests the queue of the writer holds. Other requests wait in their connection.
const WAITING: usize = 64;
/// How often retention is enforced.
const RETENTION_EVERY: Duration = Duration::from_secs(30);

/// A handle to the store, which is cheap to clone.
#[derive(Clone, Debug)]
pub(crate) struct Store {
    jobs: mpsc::Sender<Job>,
    read_pool: Arc<ReadPool>,
    /// How many batches have been written.
    changes: watch::Receiver<u64>,
}

/// A job for the thread that writes, with the sender for its result.
#[derive(Debug)]
enum Job {
    Write(Batch, oneshot::Sender<Result<(), StoreError>>),
    /// Answered by whether there is more to delete.
    CleanUp(Retention, oneshot::Sender<bool>),
}

/// A store that was opened.
#[derive(Debug)]
pub(crate) struct Opened {
    /// The store.
    pub(crate) store: Store,
    /// What a damaged database was renamed to.
    pub(crate) set_aside: Option<PathBuf>,
}

impl Store {
    /// Opens the store, and starts the thread that writes to it. Needs a tokio runtime.
    pub(crate) fn open(location: &Location, retention: Retention) -> Result<Opened, OpenError> {
        let (database, connection, set_aside) = Database::open(location)?;
        let (jobs, received) = mpsc::channel(WAITING);
        let (written, changes) = watch::channel(0);
        let path = database.path().to_owned();
        thread::spawn(move || run_writer(connection, &path, received, &written));
        tokio::spawn(clean_up(jobs.downgrade(), retention));
        let read_pool = Arc::new(ReadPool::new(database));
        Ok(Opened { store: Self { jobs, read_pool, changes }, set_aside })
    }

    /// Stores a batch, all of it or nothing. After `Ok` the batch is durable.
    pub(crate) async fn write(&self, batch: Batch) -> Result<(), StoreError> {
        let (reply, answer) = oneshot::channel();
        self.jobs.send(Job::Write(batch, reply)).await.map_err(|_| StoreError::Closed)?;
        answer.await.map_err(|_| StoreError::Closed)?
    }

    /// Runs a query on a thread where it may block. The query is interrupted after some seconds, or when the future is dropped.
    pub(crate) async fn read<T: Send + 'static>(
        &self,
        query: impl FnOnce(&Connection) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        ReadPool::read(&self.read_pool, query).await
    }

    /// Counts the batches that have been written. Changes when there is something new to see.
    pub(crate) fn changes(&self) -> watch::Receiver<u64> {
        self.changes.clone()
    }
}

/// The thread that writes. It ends when the last handle is dropped.
fn run_writer(
    mut connection: Connection,
    path: &Path,
    mut jobs: mpsc::Receiver<Job>,
    changed: &watch::Sender<u64>,
) {
    while let Some(job) = jobs.blocking_recv() {
        match job {
            Job::Write(batch, reply) => {
                let written = write::write(&mut connection, &batch, now_ms())
                    .map_err(|error| StoreError::classified(error, path));
                if written.is_ok() {
                    changed.send_modify(|count| *count += 1);
                }
                // The caller may be gone.
                _ = reply.send(written);
            }
            Job::CleanUp(retention, reply) => {
                let more =
                    retention::enforce(&mut connection, &retention, now_ms()).unwrap_or_else(|error| {
                        log::warn!("old traces cannot be deleted: {error}");
                        false
                    });
                _ = reply.send(more);
            }
        }
    }
}

/// Deletes old traces from time to time, in small chunks between which other jobs can run.
async fn clean_up(jobs: mpsc::WeakSender<Job>, retention: Retention) {
    loop {
        let (reply, answer) = oneshot::channel();
        let Some(jobs) = jobs.upgrade() else { return };
        let sent = jobs.send(Job::CleanUp(retention, reply)).await;
        drop(jobs);
        match answer.await {
            Ok(true) => {}
            Ok(false) => tokio::time::sleep(RETENTION_EVERY).await,
            Err(_) => return,
        }
        if sent.is_err() {
            return;
        }
    }
}

/// Milliseconds since the Unix epoch.
pub(crate) fn now_ms() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::span::Span;

    fn batch(id: usize) -> Batch {
        let event =
            format!("{{\"id\":{id},\"text\":\"{}\"}}", blake3::hash(&id.to_le_bytes()).to_hex().repeat(20));
        let span = Span { trace_id: id.to_string(), span_id: id.to_string(), event, ..Span::default() };
        Batch { spans: vec![span], ..Batch::default() }
    }

    #[test]
    fn on_a_full_disk_nothing_is_lost_and_a_retry_may_succeed() {
        let (database, mut connection, _) = Database::open(&Location::Memory).unwrap();
        let pages: i64 =
            connection.pragma_query_value(None, "page_count", |row| row.get("page_count")).unwrap();
        connection.pragma_update(None, "max_page_count", pages + 8).unwrap();
        let write = |connection: &mut Connection, id| {
            write::write(connection, &batch(id), 5)
                .map_err(|error| StoreError::classified(error, database.path()))
        };
        let (stored, error) = (0..)
            .find_map(|id| write(&mut connection, id).err().map(|error| (id, error)))
            .expect("there is an end");
        assert!(matches!(error, StoreError::Unavailable(_)), "{error}");
        let count = |connection: &Connection| {
            let count = connection
                .query_row("SELECT count(*) AS events FROM event", [], |row| row.get::<_, u32>("events"));
            usize::try_from(count.unwrap()).unwrap()
        };
        assert_eq!((stored > 0, count(&connection)), (true, stored));
        connection.pragma_update(None, "max_page_count", pages + 100).unwrap();
        write(&mut connection, stored).unwrap();
        assert_eq!(count(&connection), stored + 1);
    }
}
