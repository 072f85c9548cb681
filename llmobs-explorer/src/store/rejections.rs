//! What the intake refused lately.

use rusqlite::Connection;

use super::{Rejection, StoreError};

/// The refused requests that are remembered, the latest first.
///
/// # Errors
/// What SQLite says.
pub fn rejections(connection: &Connection) -> Result<Vec<Rejection>, StoreError> {
    let mut statement =
        connection.prepare_cached("SELECT at_ms, path, reason FROM rejection ORDER BY id DESC")?;
    let rows = statement
        .query_map([], |row| Ok(Rejection { at_ms: row.get(0)?, path: row.get(1)?, reason: row.get(2)? }))?;
    Ok(rows.collect::<Result<_, _>>()?)
}
