use std::time::{Duration, Instant};

use tempfile::TempDir;

use crate::store::{Location, Retention, Store, StoreError};

const KEEP: Retention = Retention { age: Duration::from_secs(86_400), bytes: 1 << 30 };
const WITHOUT_END: &str =
    "WITH RECURSIVE n (x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n) SELECT count(*) AS numbers FROM n";

async fn ask_without_end(store: &Store) -> Result<i64, StoreError> {
    store.read(|connection| Ok(connection.query_row(WITHOUT_END, [], |row| row.get("numbers"))?)).await
}

async fn ask(store: &Store) -> Result<i64, StoreError> {
    store.read(|connection| Ok(connection.query_row("SELECT 7 AS seven", [], |row| row.get("seven"))?)).await
}

#[tokio::test]
async fn a_query_without_end_is_interrupted() {
    let folder = TempDir::new().unwrap();
    let in_memory = Store::open(&Location::Memory, KEEP).unwrap().store;
    let in_file = Store::open(&Location::File(folder.path().join("traces.db")), KEEP).unwrap().store;
    let since = Instant::now();
    let answers = tokio::join!(ask_without_end(&in_memory), ask_without_end(&in_file));
    assert!(matches!(answers, (Err(StoreError::TooLong), Err(StoreError::TooLong))), "{answers:?}");
    assert!(since.elapsed() > Duration::from_secs(2), "{:?}", since.elapsed());
    assert_eq!((ask(&in_memory).await.unwrap(), ask(&in_file).await.unwrap()), (7, 7));
}

#[tokio::test]
async fn a_query_whose_caller_is_gone_is_interrupted() {
    let store = Store::open(&Location::Memory, KEEP).unwrap().store;
    let asked: Vec<_> = (0..50)
        .map(|_| {
            let store = store.clone();
            tokio::spawn(async move { ask_without_end(&store).await })
        })
        .collect();
    // After this time, all connections are in use and the other queries wait.
    tokio::time::sleep(Duration::from_millis(200)).await;
    for task in &asked {
        task.abort();
    }
    let since = Instant::now();
    assert_eq!(ask(&store).await.unwrap(), 7);
    assert!(since.elapsed() < Duration::from_secs(4), "{:?}", since.elapsed());
}

#[tokio::test]
async fn queries_cannot_write() {
    let store = Store::open(&Location::Memory, KEEP).unwrap().store;
    let answer = store.read(|connection| Ok(connection.execute("DELETE FROM span", [])?)).await;
    assert!(answer.is_err(), "{answer:?}");
}
