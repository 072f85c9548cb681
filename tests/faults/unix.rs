//! Agents behind a Unix socket.

use std::path::PathBuf;
use std::thread::sleep;
use std::time::Duration;
use std::{env, fs};

use llmobs_test_support::{FaultServer, Script};

use crate::Case;
use crate::outcome::Outcome;
use crate::program::{FLUSH_TIMEOUT, LONGEST_PAUSE, RECORDER, agent, spans, timed};

pub(crate) const CASES: &[Case] = &[
    Case::new("A29", "a socket that appears late", appears_late),
    Case::new("A29", "a folder in place of a socket", folder_in_place_of_a_socket),
    Case::new("A29", "a stale socket, then another one", stale),
    Case::new("A29", "a path that is too long", too_long),
];

const ENDPOINTS: [&str; 1] = ["/evp_proxy/v2/"];

fn script() -> Script {
    Script::accepting().agent_with(&ENDPOINTS)
}

/// Creates spans, starts the server, and checks that it receives them.
fn server_is_found_after(server: &FaultServer, obstacle: impl FnOnce()) {
    let _llmobs = agent(&server.url()).init().unwrap();
    spans(10, 100);
    sleep(Duration::from_secs(1));
    obstacle();
    server.resume();
    let (report, took) = timed(|| llmobs::flush(FLUSH_TIMEOUT));
    Outcome::of(&report, server, 10).is("10 delivered, 10 kept");
    assert!(took < LONGEST_PAUSE + Duration::from_secs(1), "{took:?}");
    assert_eq!(RECORDER.warnings().len(), 1, "{:?}", RECORDER.warnings());
}

fn appears_late() {
    let folder = folder();
    let server = script().absent_at(folder.0.join("agent.socket"));
    server_is_found_after(&server, || {});
}

fn folder_in_place_of_a_socket() {
    let folder = folder();
    let path = folder.0.join("agent.socket");
    fs::create_dir(&path).unwrap();
    let server = script().absent_at(&path);
    server_is_found_after(&server, || fs::remove_dir(&path).unwrap());
}

fn stale() {
    let folder = folder();
    let server = script().absent_at(folder.0.join("agent.socket"));
    server.resume();
    let _llmobs = agent(&server.url()).init().unwrap();
    spans(10, 100);
    assert_eq!(llmobs::flush(FLUSH_TIMEOUT).delivered, 10);
    // The file stays, and the restarted Agent replaces it.
    server.stop();
    spans(10, 100);
    sleep(Duration::from_secs(1));
    server.resume();
    let report = llmobs::flush(FLUSH_TIMEOUT);
    Outcome::of(&report, &server, 20).is("20 delivered, 20 kept");
}

/// A path that the system cannot use is an error in the configuration.
fn too_long() {
    let folder = folder();
    let server = script().absent_at(folder.0.join("agent.socket"));
    let path = folder.0.join("x".repeat(120));
    match agent(&format!("unix://{}", path.display())).init() {
        Err(error) => assert!(error.to_string().contains("long"), "{error}"),
        Ok(llmobs) => {
            spans(10, 100);
            let report = llmobs::flush(Duration::from_secs(1));
            Outcome::of(&report, &server, 10).is("10 pending");
            assert_eq!(RECORDER.warnings().len(), 1, "{:?}", RECORDER.warnings());
            drop(llmobs);
        }
    }
}

/// A folder of this process, which is removed when it is dropped.
struct Folder(PathBuf);

fn folder() -> Folder {
    let folder = env::temp_dir().join(format!("llmobs-{}", std::process::id()));
    fs::create_dir_all(&folder).unwrap();
    Folder(folder)
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}
