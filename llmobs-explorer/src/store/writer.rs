//! The thread that writes. Batches that wait are committed together, since a transaction costs about as much as some spans.

use std::path::PathBuf;

use rusqlite::{Connection, TransactionBehavior};
use tokio::sync::{mpsc, oneshot, watch};

use super::error::SqliteError;
use super::retention::{self, Retention};
use super::write::{self, Batch};
use super::{StoreError, now_ms};

/// After how many spans no further batch joins a transaction. The first batch waits until the last is written.
const SPANS: usize = 2_000;

/// A job for the thread that writes, with the sender for its result.
#[derive(Debug)]
pub(super) enum Job {
    Write(Batch, Reply),
    /// Answered by whether there is more to delete.
    CleanUp(Retention, oneshot::Sender<bool>),
}

type Reply = oneshot::Sender<Result<(), StoreError>>;

/// The connection that writes.
#[derive(Debug)]
pub(super) struct Writer {
    pub(super) connection: Connection,
    /// The path, for messages.
    pub(super) path: PathBuf,
    /// How many transactions have been written.
    pub(super) changed: watch::Sender<u64>,
}

/// Why a transaction failed.
enum Failure {
    /// It did not begin.
    Begin(SqliteError),
    Write(SqliteError),
}

impl Writer {
    /// Writes until the last handle of the store is dropped.
    pub(super) fn run(mut self, mut jobs: mpsc::Receiver<Job>) {
        let mut next = None;
        while let Some(job) = next.take().or_else(|| jobs.blocking_recv()) {
            match job {
                Job::Write(batch, reply) => {
                    let mut spans = batch.spans.len();
                    let mut group = vec![(batch, reply)];
                    while spans < SPANS {
                        match jobs.try_recv() {
                            Ok(Job::Write(batch, reply)) => {
                                spans += batch.spans.len();
                                group.push((batch, reply));
                            }
                            other => {
                                next = other.ok();
                                break;
                            }
                        }
                    }
                    self.write_group(group);
                }
                Job::CleanUp(retention, reply) => {
                    let more = retention::enforce(&mut self.connection, &retention, now_ms()).unwrap_or_else(
                        |error| {
                            log::warn!("old traces cannot be deleted: {error}");
                            false
                        },
                    );
                    _ = reply.send(more);
                }
            }
        }
    }

    /// Writes batches in one transaction, or each in its own if that fails, so that a batch fails alone.
    fn write_group(&mut self, group: Vec<(Batch, Reply)>) {
        let (batches, replies): (Vec<Batch>, Vec<Reply>) = group.into_iter().unzip();
        let together = self.write(&batches);
        let alone = matches!(together, Err(Failure::Write(_))) && batches.len() > 1;
        for (batch, reply) in batches.chunks(1).zip(replies) {
            let written = if alone { &self.write(batch) } else { &together };
            let written = match written {
                Ok(()) => Ok(()),
                Err(Failure::Begin(error) | Failure::Write(error)) => {
                    Err(StoreError::classified(error.clone(), &self.path))
                }
            };
            // The caller may be gone.
            _ = reply.send(written);
        }
    }

    /// Writes all of these batches or nothing.
    fn write(&mut self, batches: &[Batch]) -> Result<(), Failure> {
        let failed = |error: rusqlite::Error| Failure::Write(error.into());
        let transaction = self
            .connection
            .transaction_with_behavior(TransactionBehavior::Immediate)
            .map_err(|error| Failure::Begin(error.into()))?;
        let now_ms = now_ms();
        for batch in batches {
            write::write(&transaction, batch, now_ms).map_err(failed)?;
        }
        transaction.commit().map_err(failed)?;
        self.changed.send_modify(|count| *count += 1);
        Ok(())
    }
}

#[cfg(test)]
mod tests;
