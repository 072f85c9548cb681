//! Opens the database: settings, migrations, and the replacement of a damaged file.

use std::fs::{self, OpenOptions};
use std::io;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use etcetera::BaseStrategy as _;
use rusqlite::{Connection, ErrorCode, OpenFlags, TransactionBehavior};

use super::error::SqliteError;
use super::migration;

/// The version of the schema.
const VERSION: usize = 5;
/// The tables and indexes of an empty store.
pub(super) const SCHEMA: &str = concat!(
    include_str!("schema.sql"),
    "\n",
    include_str!("version_3.sql"),
    "\n",
    include_str!("version_4.sql"),
    "\n",
    include_str!("version_5.sql")
);
/// The size of a page. Rows of several kilobytes fit into it.
const PAGE_BYTES: i64 = 8 * 1024;
/// The size of the write-ahead log after a checkpoint.
const LOG_BYTES: i64 = 16 * 1024 * 1024;
/// The application id of SQLite files of llmobs: "llmo".
const APPLICATION_ID: i64 = 0x6c6c_6d6f;
/// The cache of a connection, in KiB. The pages for lists of 100,000 traces fit into it, and the system caches further pages.
const CACHE_KIB: i64 = 12 * 1024;
/// How long a connection waits while another process writes. SDKs wait five seconds for an answer.
const BUSY: Duration = Duration::from_secs(3);

/// The location of the store.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Location {
    /// In a file.
    File(PathBuf),
    /// In memory, until the program ends.
    Memory,
}

impl Location {
    /// Returns the file `llmobs/traces.db` in the data directory of the user, if the directory is known.
    pub(crate) fn default_file() -> Option<Self> {
        let folders = etcetera::choose_base_strategy().ok()?;
        Some(Self::File(folders.data_dir().join("llmobs").join("traces.db")))
    }
}

impl From<&str> for Location {
    fn from(text: &str) -> Self {
        match text {
            ":memory:" => Self::Memory,
            path => Self::File(path.into()),
        }
    }
}

/// The error of opening a store.
#[derive(Debug, thiserror::Error)]
pub(crate) enum OpenError {
    /// The file or its folder cannot be created.
    #[error("cannot open the store {} (name another file with --store)", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// The error of the system.
        source: io::Error,
    },
    /// The file belongs to another program.
    #[error("{} is not a store of llmobs; move the file away, or name another file with --store", .0.display())]
    Foreign(PathBuf),
    /// The file was written by a later version.
    #[error(
        "{} was written by a later version of llmobs; update llmobs, or name another file with --store",
        .0.display()
    )]
    Newer(PathBuf),
    /// Any other error of SQLite.
    #[error("cannot open the store {}", path.display())]
    Sqlite {
        /// The file.
        path: PathBuf,
        /// The error of SQLite.
        source: SqliteError,
    },
}

/// A database with the current schema.
#[derive(Clone, Debug)]
pub(crate) struct Database {
    /// The path, or the name of a database in memory that the connections of this process share.
    path: PathBuf,
    in_memory: bool,
}

impl Database {
    /// Creates or migrates the database. Renames a damaged file, and returns its new name.
    pub(crate) fn open(location: &Location) -> Result<(Self, Connection, Option<PathBuf>), OpenError> {
        static MEMORIES: AtomicU64 = AtomicU64::new(0);
        let Location::File(path) = location else {
            let number = MEMORIES.fetch_add(1, Ordering::Relaxed);
            let database = Self { path: format!("file:/llmobs-{number}?vfs=memdb").into(), in_memory: true };
            return database.ready().map(|connection| (database, connection, None));
        };
        private_file(path).map_err(|source| OpenError::File { path: path.clone(), source })?;
        let database = Self { path: path.clone(), in_memory: false };
        match database.ready() {
            Err(OpenError::Sqlite { source, .. }) if is_damage(&source) => {
                // The user may have named another file by mistake.
                if source.code() == Some(ErrorCode::NotADatabase) {
                    return Err(OpenError::Foreign(path.clone()));
                }
                let aside =
                    set_aside(path).map_err(|source| OpenError::File { path: path.clone(), source })?;
                private_file(path).map_err(|source| OpenError::File { path: path.clone(), source })?;
                let connection = database.ready()?;
                Ok((database, connection, Some(aside)))
            }
            ready => Ok((database, ready?, None)),
        }
    }

    /// The path, for messages.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// Opens a connection that can write, and migrates the database.
    fn ready(&self) -> Result<Connection, OpenError> {
        let failed =
            |error: rusqlite::Error| OpenError::Sqlite { path: self.path.clone(), source: error.into() };
        let mut connection = self.connect(OpenFlags::SQLITE_OPEN_READ_WRITE).map_err(failed)?;
        let (version, application, tables) = state(&connection).map_err(failed)?;
        let version = usize::try_from(version).unwrap_or(usize::MAX);
        if application != APPLICATION_ID && tables > 0 {
            return Err(OpenError::Foreign(self.path.clone()));
        }
        if version > VERSION {
            return Err(OpenError::Newer(self.path.clone()));
        }
        if version == 0 {
            connection.pragma_update(None, "page_size", PAGE_BYTES).map_err(failed)?;
            connection.pragma_update(None, "auto_vacuum", "INCREMENTAL").map_err(failed)?;
        }
        let journal = if self.in_memory { "MEMORY" } else { "WAL" };
        retry_while_busy(|| connection.pragma_update(None, "journal_mode", journal)).map_err(failed)?;
        connection.pragma_update(None, "journal_size_limit", LOG_BYTES).map_err(failed)?;
        // With a write-ahead log, transactions survive the end of the process at any moment.
        connection.pragma_update(None, "synchronous", "NORMAL").map_err(failed)?;
        if version < VERSION {
            migrate(&mut connection).map_err(failed)?;
        }
        Ok(connection)
    }

    /// Opens a connection that only reads.
    pub(crate) fn reader(&self) -> rusqlite::Result<Connection> {
        // A database in memory has no write-ahead log, so readers must be able to wait for the lock of the writer.
        let flags =
            if self.in_memory { OpenFlags::SQLITE_OPEN_READ_WRITE } else { OpenFlags::SQLITE_OPEN_READ_ONLY };
        let connection = self.connect(flags)?;
        connection.pragma_update(None, "query_only", true)?;
        Ok(connection)
    }

    fn connect(&self, access: OpenFlags) -> rusqlite::Result<Connection> {
        let flags = access | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let flags = if self.in_memory {
            flags | OpenFlags::SQLITE_OPEN_URI | OpenFlags::SQLITE_OPEN_CREATE
        } else {
            flags
        };
        let connection = Connection::open_with_flags(&self.path, flags)?;
        connection.busy_timeout(BUSY)?;
        connection.set_prepared_statement_cache_capacity(64);
        connection.pragma_update(None, "cache_size", -CACHE_KIB)?;
        connection.pragma_update(None, "temp_store", "MEMORY")?;
        // The bundled SQLite checks references by default, and would read all spans to delete a session or a row of facets.
        connection.pragma_update(None, "foreign_keys", false)?;
        Ok(connection)
    }
}

/// Reads the version, the application id and the number of tables in one transaction, since another process may migrate the database.
fn state(connection: &Connection) -> rusqlite::Result<(i64, i64, i64)> {
    let transaction = connection.unchecked_transaction()?;
    let tables =
        transaction.query_row("SELECT count(*) AS tables FROM sqlite_schema", [], |row| row.get("tables"))?;
    Ok((pragma(&transaction, "user_version")?, pragma(&transaction, "application_id")?, tables))
}

/// Creates the current schema and sets its version in one transaction. The version is read in the transaction, since another process may
/// migrate the database at the same time.
fn migrate(connection: &mut Connection) -> rusqlite::Result<()> {
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    match usize::try_from(pragma::<i64>(&transaction, "user_version")?).unwrap_or(VERSION) {
        0 => transaction.execute_batch(SCHEMA)?,
        1 => migration::from_version_1(&transaction, SCHEMA)?,
        version @ 2..VERSION => {
            if version <= 2 {
                migration::from_version_2(&transaction, include_str!("version_3.sql"))?;
            }
            if version <= 3 {
                migration::from_version_3(&transaction, include_str!("version_4.sql"))?;
            }
            if version <= 4 {
                transaction.execute_batch(include_str!("version_5.sql"))?;
            }
        }
        _ => return Ok(()),
    }
    transaction.pragma_update(None, "application_id", APPLICATION_ID)?;
    transaction.pragma_update(None, "user_version", i64::try_from(VERSION).unwrap_or(i64::MAX))?;
    transaction.commit()
}

/// Retries while the database is busy, for operations in which SQLite itself does not wait.
fn retry_while_busy(mut attempt: impl FnMut() -> rusqlite::Result<()>) -> rusqlite::Result<()> {
    let until = Instant::now() + BUSY;
    loop {
        match attempt() {
            Err(error)
                if error.sqlite_error_code() == Some(ErrorCode::DatabaseBusy) && Instant::now() < until =>
            {
                thread::sleep(Duration::from_millis(10));
            }
            done => return done,
        }
    }
}

fn pragma<T: rusqlite::types::FromSql>(connection: &Connection, name: &str) -> rusqlite::Result<T> {
    connection.pragma_query_value(None, name, |row| row.get(name))
}

/// Creates the file if it is missing. Only the user can read it. SQLite gives the files beside it the same permissions.
fn private_file(path: &Path) -> io::Result<()> {
    if let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
        fs::create_dir_all(folder)?;
    }
    OpenOptions::new().create(true).append(true).mode(0o600).open(path).map(drop)
}

fn is_damage(error: &SqliteError) -> bool {
    matches!(error.code(), Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase))
}

/// Renames a damaged database. A new one can replace it, and no data is deleted.
fn set_aside(path: &Path) -> io::Result<PathBuf> {
    let with = |suffix: &str| {
        let mut name = path.as_os_str().to_owned();
        name.push(suffix);
        PathBuf::from(name)
    };
    let mut asides = (0..1000).map(|number| with(&format!(".damaged-{number}")));
    let aside = asides.find(|path| !path.exists()).unwrap_or_else(|| with(".damaged"));
    fs::rename(path, &aside)?;
    for suffix in ["-wal", "-shm"] {
        // These files exist only if the last process was killed.
        let mut name = aside.as_os_str().to_owned();
        name.push(suffix);
        drop(fs::rename(with(suffix), name));
    }
    Ok(aside)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A database in memory that a migration of this version begins with.
    fn store(version: usize, undo: &str) -> Connection {
        let connection = Connection::open_in_memory().unwrap();
        connection.execute_batch(&format!("{SCHEMA}; {undo}; PRAGMA user_version = {version}")).unwrap();
        connection
    }

    /// The version of a database, and the names in its schema.
    fn schema(connection: &Connection) -> (i64, String) {
        let sql = "SELECT group_concat(name, ' ' ORDER BY name) || (SELECT count(*) FROM pragma_table_info('activity')) AS names
            FROM sqlite_schema";
        let names = connection.query_row(sql, [], |row| row.get("names")).unwrap();
        (pragma(connection, "user_version").unwrap(), names)
    }

    #[test]
    fn a_store_of_an_earlier_version_gets_what_it_misses() {
        let current = schema(&store(VERSION, ""));
        let without_index = "DROP INDEX span_by_facets";
        let without_heads = format!("{without_index}; ALTER TABLE activity DROP COLUMN heads");
        for (version, undo) in [(4, without_index), (3, without_heads.as_str())] {
            let mut earlier = store(version, undo);
            assert_ne!(schema(&earlier).1, current.1);
            migrate(&mut earlier).unwrap();
            assert_eq!(schema(&earlier), current, "{version}");
        }
    }

    #[test]
    fn a_store_that_another_process_has_migrated_is_left_unchanged() {
        for version in [VERSION, VERSION + 1] {
            let mut migrated = store(version, "");
            let before = schema(&migrated);
            migrate(&mut migrated).unwrap();
            assert_eq!(schema(&migrated), before, "{version}");
        }
    }
}
