//! The errors of a store.

use std::io;
use std::path::PathBuf;

/// An error of the engine of a store. It has no source, because its text contains all causes.
#[derive(Clone, Debug, thiserror::Error)]
#[error("{0}")]
pub(crate) struct EngineError(pub(crate) String);

/// The error of a write or a query.
#[derive(Debug, thiserror::Error)]
pub(crate) enum StoreError {
    /// The disk is full. No stored data is lost, and a retry succeeds after space is freed.
    #[error("the disk of the store is full: free some space, or name another file with --store")]
    Full(#[source] EngineError),
    /// Another process locks the store, or the disk fails. No stored data is lost, and a retry may succeed.
    #[error("cannot write to the store now")]
    Unavailable(#[source] EngineError),
    /// The query was interrupted after the timeout.
    #[error("the query took too long; use a shorter time range, or fewer words with *")]
    TooLong,
    /// The file is corrupt.
    #[error(
        "the store {} is damaged (stop llmobs, move the file away, and start llmobs again to begin a new one)",
        path.display()
    )]
    Damaged {
        /// The file.
        path: PathBuf,
        /// The error of the engine.
        source: EngineError,
    },
    /// Any other error.
    #[error("the store failed")]
    Failed(#[source] EngineError),
    /// A stored event cannot be read.
    #[error(transparent)]
    Content(#[from] io::Error),
    /// The program is shutting down.
    #[error("the store is closed")]
    Closed,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::Report;

    #[test]
    fn each_cause_is_reported_once() {
        let locked = || EngineError("database is locked".to_owned());
        for (error, text) in [
            (StoreError::Unavailable(locked()), "cannot write to the store now: database is locked"),
            (StoreError::Failed(locked()), "the store failed: database is locked"),
            (
                StoreError::Damaged { path: "x".into(), source: locked() },
                "the store x is damaged (stop llmobs, move the file away, and start llmobs again to begin a new one): \
                 database is locked",
            ),
            // This error has only the text of its cause.
            (StoreError::from(io::Error::other(locked())), "database is locked"),
            (StoreError::Closed, "the store is closed"),
        ] {
            assert_eq!(Report(&error).to_string(), text);
        }
    }
}
