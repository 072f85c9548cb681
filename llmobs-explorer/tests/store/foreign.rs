//! Files that are not a store of this version: they are reported and left unchanged.

use std::fs;
use std::path::Path;
use std::process::Command;

use rusqlite::Connection;
use tempfile::TempDir;

use crate::served::{LLMOBS, Served, events_body, span};

/// The exit code and the error of an explorer that is started with a file.
fn refused(store: &Path) -> (Option<i32>, String) {
    let output = Command::new(LLMOBS).args(["serve", "--port", "0", "--store"]).arg(store).output().unwrap();
    let error = String::from_utf8(output.stderr).unwrap();
    (output.status.code(), error.replace(&store.display().to_string(), "FILE"))
}

#[test]
fn files_of_other_programs_are_left_unchanged() {
    let folder = TempDir::new().unwrap();
    let foreign =
        "llmobs: FILE is not a store of llmobs; move the file away, or name another file with --store\n";
    let text = folder.path().join("notes.txt");
    fs::write(&text, "notes".repeat(1000)).unwrap();
    let short = folder.path().join("short.txt");
    fs::write(&short, "hi").unwrap();
    let other = folder.path().join("other.db");
    Connection::open(&other).unwrap().execute_batch("CREATE TABLE a (b); INSERT INTO a VALUES (1)").unwrap();
    let logged = folder.path().join("logged.db");
    Connection::open(&logged)
        .unwrap()
        .execute_batch("PRAGMA journal_mode = WAL; CREATE TABLE a (b); INSERT INTO a VALUES (1)")
        .unwrap();
    for file in [text, short, other, logged] {
        let before = fs::read(&file).unwrap();
        assert_eq!(refused(&file), (Some(1), foreign.to_owned()), "{}", file.display());
        assert!(fs::read(&file).unwrap() == before, "{} was changed", file.display());
    }
    // No file was created beside them.
    let mut names: Vec<_> = fs::read_dir(&folder).unwrap().map(|file| file.unwrap().file_name()).collect();
    names.sort();
    assert_eq!(names, ["logged.db", "notes.txt", "other.db", "short.txt"]);
}

#[test]
fn a_store_of_a_later_version_is_left_unchanged() {
    let folder = TempDir::new().unwrap();
    let store = folder.path().join("traces.db");
    let mut served = Served::at(&store, &[]);
    served.post("/api/v2/llmobs", &events_body([&span("T", "1")]));
    served.kill();
    Connection::open(&store).unwrap().execute_batch("PRAGMA user_version = 1000").unwrap();
    let before = fs::read(&store).unwrap();
    let newer = "llmobs: FILE was written by a later version of llmobs; update llmobs, or name another file with --store\n";
    assert_eq!(refused(&store), (Some(1), newer.to_owned()));
    assert!(fs::read(&store).unwrap() == before, "the file was changed");
}

#[test]
fn a_path_that_cannot_be_a_file_is_reported() {
    let folder = TempDir::new().unwrap();
    let (code, error) = refused(folder.path());
    assert_eq!(code, Some(1));
    let cannot = "llmobs: cannot open the store FILE (name another file with --store)";
    assert_eq!(error, format!("{cannot}: Is a directory (os error 21)\n"));
    fs::write(folder.path().join("file"), "").unwrap();
    let (code, error) = refused(&folder.path().join("file").join("traces.db"));
    assert_eq!(code, Some(1));
    assert_eq!(error, format!("{cannot}: File exists (os error 17)\n"));
}

#[test]
fn missing_folders_are_created_and_an_empty_file_is_used() {
    let folder = TempDir::new().unwrap();
    let store = folder.path().join("a/b/traces.db");
    let served = Served::at(&store, &[]);
    assert_eq!(served.post("/api/v2/llmobs", &events_body([&span("T", "1")])).status, 202);
    let empty = folder.path().join("empty.db");
    fs::write(&empty, "").unwrap();
    let served = Served::at(&empty, &[]);
    assert_eq!(served.post("/api/v2/llmobs", &events_body([&span("T", "1")])).status, 202);
}

#[test]
fn explorers_that_start_concurrently_create_one_store() {
    let folder = TempDir::new().unwrap();
    let store = folder.path().join("traces.db");
    std::thread::scope(|scope| {
        for number in 0..6 {
            let store = &store;
            scope.spawn(move || {
                let served = Served::at(store, &[]);
                let event = span("T", &number.to_string());
                assert_eq!(served.post("/api/v2/llmobs", &events_body([&event])).status, 202);
            });
        }
    });
    let served = Served::at(&store, &[]);
    assert_eq!(served.rows("span"), 6);
}
