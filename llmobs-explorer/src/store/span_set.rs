//! A set of spans by their numbers, with one bit per span.

use rusqlite::Connection;

/// A set of spans.
#[derive(Debug)]
pub(super) struct SpanSet {
    /// The number of the first bit.
    first: i64,
    bits: Vec<u64>,
    len: usize,
}

impl SpanSet {
    /// Creates an empty set for the spans that are stored now.
    pub(super) fn new(connection: &Connection) -> rusqlite::Result<Self> {
        let (first, last): (i64, i64) = connection
            .prepare_cached(
                "SELECT coalesce((SELECT min(id) FROM span), 0) AS first, coalesce((SELECT max(id) FROM span), -1) AS last",
            )?
            .query_row([], |row| Ok((row.get("first")?, row.get("last")?)))?;
        let spans = usize::try_from(last - first + 1).unwrap_or_default();
        Ok(Self { first, bits: vec![0; spans.div_ceil(64)], len: 0 })
    }

    /// Adds a span. Ignores a span that is no longer stored.
    pub(super) fn insert(&mut self, span: i64) {
        let (at, bit) = self.place(span);
        if let Some(bits) = self.bits.get_mut(at) {
            self.len += usize::from(*bits & bit == 0);
            *bits |= bit;
        }
    }

    /// Whether a span is in the set.
    pub(super) fn contains(&self, span: i64) -> bool {
        let (at, bit) = self.place(span);
        self.bits.get(at).is_some_and(|bits| bits & bit != 0)
    }

    /// The number of spans in the set.
    pub(super) fn len(&self) -> usize {
        self.len
    }

    fn place(&self, span: i64) -> (usize, u64) {
        let offset = usize::try_from(span - self.first).unwrap_or(usize::MAX);
        (offset / 64, 1 << (offset % 64))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_set_can_contain_stored_spans() {
        let connection = Connection::open_in_memory().unwrap();
        connection.execute_batch("CREATE TABLE span (id INTEGER PRIMARY KEY)").unwrap();
        assert!(!SpanSet::new(&connection).unwrap().contains(0));
        connection.execute_batch("INSERT INTO span VALUES (100), (230)").unwrap();
        let mut set = SpanSet::new(&connection).unwrap();
        for span in [100, 163, 164, 230, 230, 99, 1_000, i64::MAX / 2] {
            set.insert(span);
        }
        let found: Vec<i64> = (0..2_000).filter(|span| set.contains(*span)).collect();
        assert_eq!((found, set.len()), (vec![100, 163, 164, 230], 4));
    }
}
