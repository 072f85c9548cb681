//! A full disk, and another process that locks the store: nothing is lost, and clients are asked to retry.

use std::fs;
use std::path::PathBuf;
use std::process::Command;

use rusqlite::Connection;
use tempfile::TempDir;

use crate::served::{LLMOBS, Served, events_body, noise, span, until};

fn large(id: &str) -> Vec<u8> {
    let mut event = span("T", id);
    let text = noise(7, 6_000);
    event["meta"]["input"] = serde_json::json!({ "value": format!("{id}{text}") });
    events_body([&event])
}

#[test]
fn clients_are_asked_to_retry_while_another_process_locks_the_store() {
    let served = Served::new();
    assert_eq!(served.post("/api/v2/llmobs", &events_body([&span("T", "1")])).status, 202);
    let other = Connection::open(&served.store).unwrap();
    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    let body = events_body([&span("T", "2")]);
    let reply = served.post("/api/v2/llmobs", &body);
    assert_eq!((reply.status, reply.header("retry-after")), (503, Some("1")));
    assert_eq!(reply.reason(), "cannot write to the store now: database is locked");
    // Reads do not wait for writes.
    assert_eq!(served.get("/traces/T").status, 200);
    other.execute_batch("COMMIT").unwrap();
    assert_eq!(served.post("/api/v2/llmobs", &body).status, 202);
    assert_eq!(served.rows("span"), 2);
}

/// An explorer with its store on a disk of four megabytes. `None` if the system does not allow mounts.
fn serve_on_a_small_disk() -> Option<(Served, PathBuf, TempDir)> {
    let folder = TempDir::new().unwrap();
    let mount = "mount -t tmpfs -o size=4m tmpfs \"$1\"";
    let unshared = |script: &str| {
        // A user other than root needs a user namespace.
        let root = Command::new("unshare").args(["--mount", "true"]).output();
        let root = root.is_ok_and(|output| output.status.success());
        let mut command = Command::new("unshare");
        command.args(if root { &[][..] } else { &["--user", "--map-root-user"] });
        command.args(["--mount", "sh", "-c", script, "sh"]).arg(folder.path()).arg(LLMOBS);
        command
    };
    if !unshared(mount).output().is_ok_and(|output| output.status.success()) {
        eprintln!("skipped: this needs `unshare --mount`, as root or with user namespaces");
        return None;
    }
    let serve = format!("{mount} && exec \"$2\" serve --port 0 --store \"$1/traces.db\"");
    let served = Served::from(unshared(&serve));
    let disk = PathBuf::from(format!("/proc/{}/root{}", served.id(), folder.path().display()));
    Some((served, disk, folder))
}

#[test]
fn a_full_disk_loses_nothing_and_freed_space_is_used() {
    let Some((served, disk, _folder)) = serve_on_a_small_disk() else { return };
    let filler = disk.join("filler");
    fs::write(&filler, vec![1; 1 << 20]).unwrap();
    let mut stored = Vec::new();
    let full = until(|| {
        let id = stored.len().to_string();
        let reply = served.post("/api/v2/llmobs", &large(&id));
        if reply.status != 202 {
            return Some(reply);
        }
        stored.push(id);
        None
    });
    assert_eq!((full.status, full.header("retry-after")), (503, Some("1")));
    let reason = "the disk of the store is full: free some space, or name another file with --store: database or disk is full";
    assert_eq!(full.reason(), reason);
    assert!(stored.len() > 3, "{}", stored.len());
    for id in &stored {
        assert!(served.event("T", id).is_some(), "{id} is lost");
    }
    assert_eq!(served.get("/traces").status, 200);
    // The refusal cannot be stored, but the page shows it.
    let setup = served.get("/setup").text();
    assert!(setup.contains("<code>/api/v2/llmobs</code>") && setup.contains(reason), "{setup}");

    fs::remove_file(&filler).unwrap();
    assert_eq!(served.post("/api/v2/llmobs", &large("after")).status, 202);
    for id in stored.iter().map(String::as_str).chain(["after"]) {
        assert!(served.event("T", id).is_some(), "{id} is lost");
    }
}
