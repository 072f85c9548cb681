//! The store of traces in SQLite: a thread that writes, and a pool of connections that read.

mod activity;
mod block;
mod columns;
mod condition;
mod encode;
mod error;
mod evaluations;
mod event_text;
mod facets;
mod finished;
mod head;
mod histogram;
mod key;
mod list;
mod migration;
mod page;
mod read_pool;
mod reader;
mod rejections;
mod retention;
mod rows;
mod schema;
mod segment;
mod sessions;
mod span_set;
#[cfg(test)]
mod testing;
mod totals;
mod trace;
mod unfinished;
mod write;
mod writer;
mod zones;

use std::path::PathBuf;
use std::sync::Arc;
use std::thread;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use tokio::sync::{mpsc, oneshot, watch};

pub(crate) use schema::{Location, OpenError};
pub(crate) use segment::Retention;
pub(crate) use write::Batch;

use encode::Encoder;
use read_pool::ReadPool;
use schema::Database;
use writer::{Job, Writer};

use crate::traces::{Answer, StoreError, Traces};

/// The capacity of the queue of the writer, in requests. Further requests wait in their connections.
const WAITING: usize = 64;
/// How often to enforce retention.
const RETENTION_EVERY: Duration = Duration::from_secs(30);

/// A handle to the store. Cheap to clone.
#[derive(Clone, Debug)]
pub(crate) struct Store {
    jobs: mpsc::Sender<Job>,
    encoder: Arc<Encoder>,
    read_pool: Arc<ReadPool>,
    /// The number of transactions written so far.
    changes: watch::Receiver<u64>,
}

/// An opened store.
#[derive(Debug)]
pub(crate) struct Opened {
    /// The store.
    pub(crate) store: Store,
    /// The new name of a damaged database.
    pub(crate) set_aside: Option<PathBuf>,
}

impl Store {
    /// Opens the store, and starts its writing thread. Requires a tokio runtime.
    pub(crate) fn open(location: &Location, retention: Retention) -> Result<Opened, OpenError> {
        let (database, connection, set_aside) = Database::open(location)?;
        let (jobs, received) = mpsc::channel(WAITING);
        let (written, changes) = watch::channel(0);
        let writer = Writer::new(connection, database.path().to_owned(), retention, written);
        let encoder = Arc::clone(writer.encoder());
        thread::spawn(move || writer.run(received));
        tokio::spawn(clean_up(jobs.downgrade()));
        let read_pool = Arc::new(ReadPool::new(database));
        Ok(Opened { store: Self { jobs, encoder, read_pool, changes }, set_aside })
    }

    /// Does a part of the work of [`write`](Self::write) on this thread, which may block. Without this call, the writing thread does it.
    pub(crate) fn encode(&self, batch: &mut Batch) {
        // After a failure, the writing thread tries again and reports the error.
        batch.encoded = self.encoder.encode(&batch.spans).unwrap_or_default();
    }

    /// Stores a batch completely or not at all. After `Ok`, the batch is durable.
    pub(crate) async fn write(&self, batch: Batch) -> Result<(), StoreError> {
        let (reply, answer) = oneshot::channel();
        self.jobs.send(Job::Write(Box::new(batch), reply)).await.map_err(|_| StoreError::Closed)?;
        answer.await.map_err(|_| StoreError::Closed)?
    }

    /// Runs a query on a thread where it may block. The query is interrupted after some seconds, or when the future is dropped.
    pub(crate) async fn read<T: Send + 'static>(
        &self,
        ask: impl FnOnce(&dyn Traces) -> Answer<T> + Send + 'static,
    ) -> Answer<T> {
        ReadPool::read(&self.read_pool, |reader| ask(reader)).await
    }

    /// Returns the number of transactions written so far. It changes with each new transaction.
    pub(crate) fn changes(&self) -> watch::Receiver<u64> {
        self.changes.clone()
    }
}

/// Deletes old traces periodically, in small chunks. Other jobs can run between chunks.
async fn clean_up(jobs: mpsc::WeakSender<Job>) {
    loop {
        let (reply, answer) = oneshot::channel();
        let Some(jobs) = jobs.upgrade() else { return };
        let sent = jobs.send(Job::CleanUp(reply)).await;
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

/// Returns the current time in milliseconds since the Unix epoch.
pub(crate) fn now_ms() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
}
