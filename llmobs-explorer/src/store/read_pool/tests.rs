use std::time::{Duration, Instant};

use tempfile::TempDir;

use super::ReadPool;
use crate::store::{Location, Retention, Store};
use crate::traces::{Answer, StoreError};

const KEEP: Retention = Retention { age: Duration::from_secs(86_400), bytes: 1 << 30 };
const WITHOUT_END: &str =
    "WITH RECURSIVE n (x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n) SELECT count(*) AS number FROM n";

/// Runs a query that returns a number.
async fn number(store: &Store, sql: &'static str) -> Answer<i64> {
    ReadPool::read(&store.read_pool, move |reader| {
        reader.answer(|connection| Ok(connection.query_row(sql, [], |row| row.get("number"))?))
    })
    .await
}

async fn endless_query(store: &Store) -> Answer<i64> {
    number(store, WITHOUT_END).await
}

async fn ask(store: &Store) -> Answer<i64> {
    number(store, "SELECT 7 AS number").await
}

#[tokio::test]
async fn endless_queries_are_interrupted() {
    let folder = TempDir::new().unwrap();
    let in_memory = Store::open(&Location::Memory, KEEP).unwrap().store;
    let in_file = Store::open(&Location::File(folder.path().join("traces.db")), KEEP).unwrap().store;
    let since = Instant::now();
    let answers = tokio::join!(endless_query(&in_memory), endless_query(&in_file));
    assert!(matches!(answers, (Err(StoreError::TooLong), Err(StoreError::TooLong))), "{answers:?}");
    assert!(since.elapsed() > Duration::from_secs(2), "{:?}", since.elapsed());
    assert_eq!((ask(&in_memory).await.unwrap(), ask(&in_file).await.unwrap()), (7, 7));
}

#[tokio::test]
async fn queries_without_a_caller_are_interrupted() {
    let store = Store::open(&Location::Memory, KEEP).unwrap().store;
    let tasks: Vec<_> = (0..50)
        .map(|_| {
            let store = store.clone();
            tokio::spawn(async move { endless_query(&store).await })
        })
        .collect();
    // After this time, all connections are in use and the other queries wait.
    tokio::time::sleep(Duration::from_millis(200)).await;
    for task in &tasks {
        task.abort();
    }
    let since = Instant::now();
    assert_eq!(ask(&store).await.unwrap(), 7);
    assert!(since.elapsed() < Duration::from_secs(4), "{:?}", since.elapsed());
}

#[tokio::test]
async fn queries_cannot_write() {
    let store = Store::open(&Location::Memory, KEEP).unwrap().store;
    let answer = number(&store, "DELETE FROM span RETURNING id AS number").await;
    assert!(matches!(answer, Err(StoreError::Unavailable(_))), "{answer:?}");
}
