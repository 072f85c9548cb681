//! Blocks: texts that are compressed together, because small texts compress badly alone.

use std::cell::RefCell;
use std::collections::HashMap;
use std::io;
use std::sync::atomic::{AtomicI64, Ordering};

use rusqlite::{CachedStatement, Connection, named_params};
use zstd::bulk::Compressor;

use super::error::{ReadError, SqliteError};

/// The position of a text: the number of its block, and in the low bits its index in the block.
pub(super) type Position = i64;

const INDEX_BITS: u32 = 16;
const INDEX_MASK: i64 = (1 << INDEX_BITS) - 1;
/// The size in bytes at which a block is full. A block is always read as a whole.
const BYTES: usize = 32 * 1024;
/// The level of zstd. Higher levels save a tenth and take three times as long.
const LEVEL: i32 = 1;
/// The largest block: the largest event that the intake accepts, and the texts before it.
const MAX_BYTES: usize = 128 * 1024 * 1024;
/// The number of blocks that a reader caches.
const KEPT: usize = 64;

/// The number of a block and its compressed data.
pub(super) type Block = (i64, Vec<u8>);

/// Creates blocks from texts.
#[derive(Debug)]
pub(super) struct BlockWriter<'a> {
    numbers: &'a AtomicI64,
    number: i64,
    lengths: Vec<u32>,
    texts: Vec<u8>,
    full: Vec<Block>,
}

impl<'a> BlockWriter<'a> {
    /// Creates a writer that takes the numbers of its blocks from this counter.
    pub(super) fn new(numbers: &'a AtomicI64) -> Self {
        let number = numbers.fetch_add(1, Ordering::Relaxed);
        Self { numbers, number, lengths: Vec::new(), texts: Vec::with_capacity(BYTES), full: Vec::new() }
    }

    /// Adds a text, and returns its position.
    pub(super) fn add(&mut self, text: &[u8]) -> io::Result<Position> {
        if self.texts.len() >= BYTES || self.lengths.len() > usize::from(u16::MAX) {
            self.compress()?;
            self.number = self.numbers.fetch_add(1, Ordering::Relaxed);
        }
        let index = i64::try_from(self.lengths.len()).map_err(io::Error::other)?;
        self.lengths.push(u32::try_from(text.len()).map_err(io::Error::other)?);
        self.texts.extend_from_slice(text);
        Ok(self.number << INDEX_BITS | index)
    }

    /// Returns the blocks.
    pub(super) fn finish(mut self) -> io::Result<Vec<Block>> {
        if !self.lengths.is_empty() {
            self.compress()?;
        }
        Ok(self.full)
    }

    fn compress(&mut self) -> io::Result<()> {
        thread_local! {
            /// Creating a compressor takes longer than compressing a block.
            static COMPRESSOR: RefCell<Option<Compressor<'static>>> = const { RefCell::new(None) };
        }
        let mut bytes = Vec::with_capacity(4 * self.lengths.len() + 4 + self.texts.len());
        bytes.extend(u32::try_from(self.lengths.len()).map_err(io::Error::other)?.to_le_bytes());
        self.lengths.drain(..).for_each(|length| bytes.extend(length.to_le_bytes()));
        bytes.append(&mut self.texts);
        let compressed = COMPRESSOR.with_borrow_mut(|compressor| match compressor {
            Some(compressor) => compressor.compress(&bytes),
            none => none.insert(Compressor::new(LEVEL)?).compress(&bytes),
        })?;
        self.full.push((self.number, compressed));
        Ok(())
    }
}

/// Reads texts from blocks.
pub(super) struct BlockReader<'a> {
    statement: CachedStatement<'a>,
    blocks: HashMap<i64, Vec<u8>>,
}

impl<'a> BlockReader<'a> {
    pub(super) fn new(connection: &'a Connection) -> rusqlite::Result<Self> {
        let statement = connection.prepare_cached("SELECT data FROM block WHERE id = :id")?;
        Ok(Self { statement, blocks: HashMap::new() })
    }

    /// Returns a text.
    pub(super) fn text(&mut self, position: Position) -> Result<&str, ReadError> {
        let number = position >> INDEX_BITS;
        if !self.blocks.contains_key(&number) {
            if self.blocks.len() >= KEPT {
                self.blocks.clear();
            }
            let data: Vec<u8> = self
                .statement
                .query_row(named_params! { ":id": number }, |row| row.get("data"))
                .map_err(|error| io::Error::other(SqliteError::from(error)))?;
            self.blocks.insert(number, decompress(&data)?);
        }
        let block = self.blocks.get(&number).map_or(&[][..], Vec::as_slice);
        let index = usize::try_from(position & INDEX_MASK).map_err(io::Error::other)?;
        Ok(find(block, index).ok_or_else(damaged)?)
    }
}

fn find(block: &[u8], index: usize) -> Option<&str> {
    let (count, rest) = take(block)?;
    let (lengths, texts) = rest.split_at_checked(4 * count)?;
    let length = |index: usize| Some(take(lengths.get(4 * index..)?)?.0);
    let start = (0..index).try_fold(0, |sum: usize, index| sum.checked_add(length(index)?))?;
    std::str::from_utf8(texts.get(start..start.checked_add(length(index)?)?)?).ok()
}

fn take(bytes: &[u8]) -> Option<(usize, &[u8])> {
    let (number, rest) = bytes.split_first_chunk::<4>()?;
    Some((usize::try_from(u32::from_le_bytes(*number)).ok()?, rest))
}

fn decompress(data: &[u8]) -> io::Result<Vec<u8>> {
    let most = zstd::bulk::Decompressor::upper_bound(data).unwrap_or(MAX_BYTES);
    zstd::bulk::decompress(data, MAX_BYTES.min(most))
}

pub(super) fn damaged() -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, "a stored event is damaged")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn store(blocks: Vec<Block>) -> Connection {
        let connection = Connection::open_in_memory().unwrap();
        connection.execute_batch("CREATE TABLE block (id INTEGER PRIMARY KEY, data BLOB)").unwrap();
        for (id, data) in blocks {
            let block = named_params! { ":id": id, ":data": data };
            connection.execute("INSERT INTO block (id, data) VALUES (:id, :data)", block).unwrap();
        }
        connection
    }

    #[test]
    fn texts_are_found_by_their_positions() {
        let numbers = AtomicI64::new(7);
        let mut writer = BlockWriter::new(&numbers);
        let texts: Vec<String> =
            (0..70_000).map(|number| "ä".repeat(number % 3)).chain(["x".repeat(1 << 20)]).collect();
        let positions: Vec<_> = texts.iter().map(|text| writer.add(text.as_bytes()).unwrap()).collect();
        let blocks = writer.finish().unwrap();
        assert!(blocks.len() > 2 && blocks.iter().map(|(id, _)| *id).eq(7..numbers.into_inner()));
        let connection = store(blocks);
        let mut reader = BlockReader::new(&connection).unwrap();
        for (position, text) in positions.into_iter().zip(&texts).rev().step_by(997) {
            assert!(reader.text(position).unwrap() == text, "{position}");
        }
    }

    #[test]
    fn damage_is_an_error() {
        let numbers = AtomicI64::new(1);
        let mut writer = BlockWriter::new(&numbers);
        let position = writer.add(b"text").unwrap();
        let mut blocks = writer.finish().unwrap();
        let data = blocks[0].1.clone();
        blocks.push((2, data[..data.len() - 2].to_vec()));
        blocks.push((3, zstd::bulk::compress(&[9, 0, 0, 0, 1], 1).unwrap()));
        blocks.push((4, zstd::bulk::compress(&[1, 0, 0, 0, 1, 0, 0, 0, 0xff], 1).unwrap()));
        let connection = store(blocks);
        let mut reader = BlockReader::new(&connection).unwrap();
        assert_eq!(reader.text(position).unwrap(), "text");
        for missing in [position + 1, 2 << 16, 3 << 16, 4 << 16, 5 << 16] {
            assert!(reader.text(missing).is_err(), "{missing}");
        }
    }
}
