//! The writing thread. It commits waiting batches together, because a transaction costs about as much as some spans.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use rusqlite::{Connection, Transaction, TransactionBehavior};
use tokio::sync::{mpsc, oneshot, watch};

use super::encode::{Encoder, Next};
use super::error::SqliteError;
use super::now_ms;
use super::retention::{self, Step};
use super::segment::{self, Retention};
use super::write::{self, Batch, Rows};
use crate::traces::StoreError;

/// The number of spans after which no further batch joins a transaction. The first batch waits until the last one is written.
const SPANS: usize = 2_000;

/// A job for the writing thread, with the sender for its result.
#[derive(Debug)]
pub(super) enum Job {
    Write(Box<Batch>, Reply),
    /// The answer is whether there is more to delete.
    CleanUp(oneshot::Sender<bool>),
}

type Reply = oneshot::Sender<Result<(), StoreError>>;

/// The write connection and its state.
#[derive(Debug)]
pub(super) struct Writer {
    pub(super) connection: Connection,
    /// The path, for messages.
    path: PathBuf,
    retention: Retention,
    encoder: Arc<Encoder>,
    rows: Rows,
    /// Changes when another process writes.
    data_version: i64,
    /// Whether anything was written since the last clean-up.
    busy: bool,
    /// The number of transactions written so far.
    changed: watch::Sender<u64>,
}

/// Why a transaction failed.
#[derive(Debug)]
pub(super) enum Failure {
    /// The transaction did not begin.
    Begin(SqliteError),
    Write(SqliteError),
}

impl Writer {
    pub(super) fn new(
        connection: Connection,
        path: PathBuf,
        retention: Retention,
        changed: watch::Sender<u64>,
    ) -> Self {
        // `prepare` reads the actual numbers before the first batch.
        let encoder = Arc::new(Encoder::new(Next::new(1, 1, 1)));
        Self {
            connection,
            path,
            retention,
            encoder,
            rows: Rows::default(),
            data_version: 0,
            busy: false,
            changed,
        }
    }

    /// Returns the encoder of batches for this writer.
    pub(super) fn encoder(&self) -> &Arc<Encoder> {
        &self.encoder
    }

    /// Writes until the last handle of the store is dropped.
    pub(super) fn run(mut self, mut jobs: mpsc::Receiver<Job>) {
        let mut next = None;
        while let Some(job) = next.take().or_else(|| jobs.blocking_recv()) {
            match job {
                Job::Write(batch, reply) => {
                    let mut spans = batch.spans.len();
                    let mut group = vec![(*batch, reply)];
                    while spans < SPANS {
                        match jobs.try_recv() {
                            Ok(Job::Write(batch, reply)) => {
                                spans += batch.spans.len();
                                group.push((*batch, reply));
                            }
                            other => {
                                next = other.ok();
                                break;
                            }
                        }
                    }
                    let since = Instant::now();
                    self.write_group(group);
                    logged(self.make_room(since.elapsed() / 2));
                }
                Job::CleanUp(reply) => {
                    let more = logged(self.clean_up());
                    _ = reply.send(more);
                }
            }
        }
    }

    /// Deletes a part of the data beyond the limits. Returns whether there may be more.
    pub(super) fn clean_up(&mut self) -> rusqlite::Result<bool> {
        let now_ms = now_ms();
        if segment::is_full(&self.connection, &self.retention, now_ms)? {
            // If no more spans arrive, the last segment must expire too.
            let transaction = self.connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
            prepare(&transaction, &self.encoder, &mut self.rows, &self.retention, &mut self.data_version)?;
            transaction.commit()?;
        }
        let busy = std::mem::take(&mut self.busy);
        // While spans arrive, they use the free pages.
        Ok(self.delete(now_ms)? || (!busy && retention::give_back_pages(&self.connection)?))
    }

    /// Deletes data beyond the size limit for some time. Deletion is faster than writing, so a part of the time for writing is enough.
    fn make_room(&mut self, time: Duration) -> rusqlite::Result<()> {
        self.busy = true;
        let since = Instant::now();
        while since.elapsed() < time && retention::is_too_large(&self.connection, &self.retention)? {
            if !self.delete(now_ms())? {
                break;
            }
        }
        Ok(())
    }

    /// Deletes a chunk. Returns whether there may be more.
    fn delete(&mut self, now_ms: i64) -> rusqlite::Result<bool> {
        let step = retention::enforce(&mut self.connection, &self.retention, now_ms)?;
        if step == Step::Forget {
            self.rows = Rows::default();
        }
        Ok(step != Step::Done)
    }

    /// Writes batches in one transaction. If that fails, writes each in its own transaction, so that an invalid batch fails alone.
    fn write_group(&mut self, group: Vec<(Batch, Reply)>) {
        let (mut batches, replies): (Vec<Batch>, Vec<Reply>) = group.into_iter().unzip();
        let together = self.write(&mut batches);
        let alone = matches!(together, Err(Failure::Write(_))) && batches.len() > 1;
        for (batch, reply) in batches.chunks_mut(1).zip(replies) {
            let written = if alone { &self.write(batch) } else { &together };
            let written = match written {
                Ok(()) => Ok(()),
                Err(Failure::Begin(error) | Failure::Write(error)) => {
                    Err(error.clone().classified(&self.path))
                }
            };
            // The caller may have dropped its receiver.
            _ = reply.send(written);
        }
    }

    /// Writes all of these batches or none.
    pub(super) fn write(&mut self, batches: &mut [Batch]) -> Result<(), Failure> {
        let transaction = self
            .connection
            .transaction_with_behavior(TransactionBehavior::Immediate)
            .map_err(|error| Failure::Begin(error.into()))?;
        let (encoder, rows) = (&self.encoder, &mut self.rows);
        let written = prepare(&transaction, encoder, rows, &self.retention, &mut self.data_version)
            .and_then(|()| batches.iter_mut().try_for_each(|batch| write(&transaction, encoder, rows, batch)))
            .and_then(|()| transaction.commit());
        if let Err(error) = written {
            // The failed transaction may have contained remembered rows and texts.
            self.rows = Rows::default();
            self.encoder.forget();
            return Err(Failure::Write(error.into()));
        }
        for batch in batches {
            self.encoder.is_stored(std::mem::take(&mut batch.encoded));
        }
        self.changed.send_modify(|count| *count += 1);
        Ok(())
    }
}

/// Logs an error of a deletion. Another attempt follows.
fn logged<T: Default>(deleted: rusqlite::Result<T>) -> T {
    deleted.inspect_err(|error| log::warn!("cannot delete old traces: {error}")).unwrap_or_default()
}

/// Forgets remembered rows if another process wrote, and begins a segment if the current one is full.
fn prepare(
    transaction: &Transaction<'_>,
    encoder: &Encoder,
    rows: &mut Rows,
    retention: &Retention,
    data_version: &mut i64,
) -> rusqlite::Result<()> {
    let version = transaction.pragma_query_value(None, "data_version", |row| row.get("data_version"))?;
    if version != *data_version {
        *data_version = version;
        *rows = Rows::default();
        encoder.continue_with(&segment::next(transaction)?);
        encoder.forget();
    }
    let now_ms = now_ms();
    if segment::words(transaction)?.is_empty() || segment::is_full(transaction, retention, now_ms)? {
        segment::begin(transaction, encoder.next(), now_ms)?;
        encoder.forget();
    }
    Ok(())
}

/// Writes a batch. Encodes it again if it was encoded for an earlier segment.
fn write(
    transaction: &Transaction<'_>,
    encoder: &Encoder,
    rows: &mut Rows,
    batch: &mut Batch,
) -> rusqlite::Result<()> {
    if batch.encoded.spans.len() != batch.spans.len() || !encoder.is_current(&batch.encoded) {
        let unstorable = |error| rusqlite::Error::ToSqlConversionFailure(Box::new(error));
        batch.encoded = encoder.encode(&batch.spans).map_err(unstorable)?;
    }
    write::write(transaction, rows, batch, now_ms())
}

#[cfg(test)]
mod tests;
