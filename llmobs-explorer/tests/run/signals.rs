//! The end of `llmobs`: by signals and on a terminal.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc;
use std::thread;

use crate::run;
use crate::served::{LLMOBS, TIMEOUT, until};

/// The output of a child, line by line as it arrives.
fn lines(child: &mut Child) -> mpsc::Receiver<String> {
    let (sender, receiver) = mpsc::channel();
    let mut output = BufReader::new(child.stdout.take().unwrap());
    thread::spawn(move || {
        let mut line = String::new();
        while output.read_line(&mut line).is_ok_and(|length| length > 0) {
            drop(sender.send(line.trim_end().to_owned()));
            line.clear();
        }
    });
    receiver
}

/// Waits for a line with this text.
fn wait_for(lines: &mpsc::Receiver<String>, part: &str) -> String {
    loop {
        let line = lines.recv_timeout(TIMEOUT).unwrap_or_else(|_| panic!("no line contains {part:?}"));
        if line.contains(part) {
            return line;
        }
    }
}

fn signal(id: u32, name: &str) {
    assert!(Command::new("kill").arg(format!("-{name}")).arg(id.to_string()).status().unwrap().success());
}

fn end(child: &mut Child) -> ExitStatus {
    until(|| child.try_wait().unwrap())
}

#[test]
fn sigterm_is_forwarded_and_the_program_decides_how_to_end() {
    let script = "trap 'echo caught; exit 3' TERM; echo ready; for turn in $(seq 1200); do sleep 0.05; done";
    let mut child = run(&[], script).stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
    let output = lines(&mut child);
    wait_for(&output, "ready");
    signal(child.id(), "TERM");
    wait_for(&output, "caught");
    assert_eq!(end(&mut child).code(), Some(3));
}

#[test]
fn a_program_killed_by_sigterm_has_the_exit_code_of_a_shell() {
    let mut child =
        run(&[], "echo ready; exec sleep 60").stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
    wait_for(&lines(&mut child), "ready");
    signal(child.id(), "TERM");
    assert_eq!(end(&mut child).code(), Some(128 + 15));
}

#[test]
fn ctrl_c_does_not_end_the_explorer_before_the_program() {
    let script = "echo at $DD_LLMOBS_OVERRIDE_ORIGIN; read line; exit 5";
    let mut child =
        run(&[], script).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
    let output = lines(&mut child);
    let line = wait_for(&output, "at http");
    let port = line.rsplit(':').next().unwrap().parse().unwrap();
    // A terminal would signal the program too. Here, only the explorer receives the signal, and the program continues.
    for _ in 0..3 {
        signal(child.id(), "INT");
    }
    let request = format!("GET /info HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nConnection: close\r\n\r\n");
    assert_eq!(crate::served::exchange(port, request.as_bytes()).unwrap().status, 200);
    child.stdin.take().unwrap().write_all(b"go on\n").unwrap();
    assert_eq!(end(&mut child).code(), Some(5));
}

#[test]
fn serve_ends_after_sigterm_and_sigint() {
    for name in ["TERM", "INT"] {
        let mut child = Command::new(LLMOBS)
            .args(["serve", "--port", "0", "--store", ":memory:"])
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut errors = BufReader::new(child.stderr.take().unwrap());
        let mut line = String::new();
        errors.read_line(&mut line).unwrap();
        signal(child.id(), name);
        assert_eq!(end(&mut child).code(), Some(0), "{name}");
        // Reads the rest of the pipe.
        drop(errors.read_to_end(&mut Vec::new()));
    }
}

/// `llmobs run` on a terminal that `script` creates. Bytes written to its input act as typed.
fn on_a_terminal(options: &str, program: &str) -> Option<Child> {
    if !Command::new("script").arg("--version").output().is_ok_and(|output| output.status.success()) {
        eprintln!("skipped: this needs `script` of util-linux");
        return None;
    }
    let command = format!("exec {LLMOBS} run --port 0 --store :memory: {options} -- {program}");
    let mut script = Command::new("script");
    script.args(["--quiet", "--return", "--flush", "--command", &command, "/dev/null"]);
    Some(script.env("SHELL", "/bin/sh").stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap())
}

#[test]
fn on_a_terminal_the_explorer_serves_until_ctrl_c() {
    let Some(mut child) = on_a_terminal("", "sh -c 'exit 4'") else { return };
    let output = lines(&mut child);
    let line = wait_for(&output, "the program ended; traces remain at http://127.0.0.1:");
    let (_, rest) = line.split_once("127.0.0.1:").unwrap();
    let port = rest.split(' ').next().unwrap().parse().unwrap();
    let request = format!("GET /setup HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nConnection: close\r\n\r\n");
    assert_eq!(crate::served::exchange(port, request.as_bytes()).unwrap().status, 200);
    child.stdin.as_mut().unwrap().write_all(b"\x03").unwrap();
    assert_eq!(end(&mut child).code(), Some(4));
}

#[test]
fn ctrl_c_on_a_terminal_ends_the_program_and_a_second_one_the_explorer() {
    let Some(mut child) = on_a_terminal("", "sh -c 'echo ready; exec sleep 60'") else { return };
    let output = lines(&mut child);
    wait_for(&output, "ready");
    child.stdin.as_mut().unwrap().write_all(b"\x03").unwrap();
    wait_for(&output, "the program ended; traces remain at http://127.0.0.1:");
    child.stdin.as_mut().unwrap().write_all(b"\x03").unwrap();
    assert_eq!(end(&mut child).code(), Some(128 + 2));
}

#[test]
fn with_exit_the_explorer_ends_with_the_program_on_a_terminal_too() {
    let Some(mut child) = on_a_terminal("--exit", "sh -c 'exit 6'") else { return };
    let input = child.stdin.take();
    let output = lines(&mut child);
    wait_for(&output, "llmobs: traces at http://127.0.0.1:");
    assert_eq!(end(&mut child).code(), Some(6));
    drop(input);
}
