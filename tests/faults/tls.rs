//! Handshakes that fail. No client here trusts these certificates.

use llmobs_test_support::{FaultServer, Identity, Reply, Script};

use crate::Case;
use crate::outcome::Outcome;
use crate::program::{RECORDER, intake, spans};

pub(crate) const CASES: &[Case] = &[
    Case::new("A24", "a certificate that is not trusted", not_trusted),
    Case::new("A24", "a certificate that has expired", expired),
    Case::new("A24", "a certificate of another host", another_host),
    Case::new("A24", "plain HTTP where TLS should be", plain),
    Case::new("A24", "a close in the handshake", closed),
    Case::new("A24", "a version of TLS that is too old", old_version),
];

/// Checks that only a handshake is sent, that all spans are kept, and that the cause is logged once.
fn handshake_fails(server: &FaultServer, cause: &str) {
    let origin = server.url().replace("http://", "https://");
    let llmobs = intake(server).override_origin(origin).init().unwrap();
    spans(10, 100);
    server.wait_for_connections(2);
    Outcome::of(&llmobs::stats(), server, 10).is("10 pending");
    assert_eq!(server.requests().len(), 0);
    let warnings = RECORDER.warnings();
    assert!(warnings.len() == 1 && warnings[0].contains(cause), "{warnings:?}");
    drop(llmobs);
}

fn not_trusted() {
    handshake_fails(&Script::accepting().start_tls(Identity::generate()), "certificate");
}

fn expired() {
    handshake_fails(&Script::accepting().start_tls(Identity::expired()), "certificate");
}

fn another_host() {
    handshake_fails(&Script::accepting().start_tls(Identity::of_another_host()), "certificate");
}

fn plain() {
    let answer = |_| Some(Reply::raw("HTTP/1.1 400 Bad Request\r\ncontent-length: 0\r\n\r\n").after_bytes(1));
    handshake_fails(&Script::accepting().at_connection(answer).start(), "");
}

fn closed() {
    handshake_fails(&Script::accepting().at_connection(|_| Some(Reply::close().after_bytes(1))).start(), "");
}

fn old_version() {
    // The alert `protocol_version`, in TLS 1.1.
    let alert = |_| Some(Reply::raw([0x15, 3, 2, 0, 2, 2, 70]).after_bytes(1));
    handshake_fails(&Script::accepting().at_connection(alert).start(), "");
}
