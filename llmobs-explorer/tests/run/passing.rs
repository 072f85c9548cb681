//! Input, output, arguments and exit codes of the program pass through unchanged.

use std::io::Write as _;
use std::process::{Command, Stdio};

use crate::served::{LLMOBS, Served};
use crate::{printed, run, text};

#[test]
fn output_and_input_pass_through_unchanged() {
    let mut child = run(&[], r"printf 'a\000b\377'; printf 'c\000d' >&2; cat")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(b"from the input").unwrap();
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(0));
    assert_eq!(output.stdout, b"a\0b\xfffrom the input");
    let errors = text(&output.stderr);
    let (line, rest) = errors.split_once('\n').expect("a line of llmobs");
    assert!(line.starts_with("llmobs: traces at http://127.0.0.1:"), "{line}");
    assert_eq!(rest, "c\0d");
}

#[test]
fn the_exit_code_is_that_of_the_program() {
    for (script, code) in [
        ("exit 0", 0),
        ("exit 1", 1),
        ("exit 42", 42),
        ("exit 255", 255),
        ("kill -9 $$", 128 + 9),
        ("kill -15 $$", 128 + 15),
        ("kill -6 $$", 128 + 6),
    ] {
        assert_eq!(run(&[], script).output().unwrap().status.code(), Some(code), "{script}");
    }
}

#[test]
fn arguments_pass_through_unchanged() {
    let output = Command::new(LLMOBS)
        .args(["run", "--port", "0", "--store", ":memory:", "printf", "%s|", "--exit", "--port", "a b", ""])
        .output()
        .unwrap();
    assert_eq!(text(&output.stdout), "--exit|--port|a b||");
}

#[test]
fn a_missing_program_is_reported() {
    let output = Command::new(LLMOBS)
        .args(["run", "--port", "0", "--store", ":memory:", "--", "no-such-program"])
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(127));
    let printed = printed(&output);
    assert_eq!(
        printed.last().unwrap(),
        "llmobs: cannot start no-such-program: No such file or directory (os error 2)"
    );
    let output =
        Command::new(LLMOBS).args(["run", "--port", "0", "--store", ":memory:", "--", "/"]).output().unwrap();
    assert_eq!(output.status.code(), Some(126));
    assert_eq!(Command::new(LLMOBS).arg("run").output().unwrap().status.code(), Some(2));
}

#[test]
fn a_port_of_another_program_is_reported() {
    let other = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = other.local_addr().unwrap().port();
    // A server that answers, but is not an explorer.
    std::thread::spawn(move || {
        for stream in other.incoming() {
            use std::io::Read as _;
            let mut stream = stream.unwrap();
            drop(stream.read(&mut [0; 1000]));
            drop(stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\n{}"));
        }
    });
    let expected = format!(
        "llmobs: port {port} is taken by another program, perhaps a Datadog Agent; choose another one: --port {}",
        port + 1
    );
    for command in [&["run"][..], &["serve"]] {
        let mut llmobs = Command::new(LLMOBS);
        llmobs.args(command).args(["--store", ":memory:", "--port", &port.to_string()]);
        if command == ["run"] {
            llmobs.args(["--", "echo", "it ran"]);
        }
        let output = llmobs.output().unwrap();
        assert_eq!((output.status.code(), text(&output.stdout)), (Some(1), String::new()));
        assert_eq!(printed(&output).join("\n"), expected);
    }
}

#[test]
fn a_running_explorer_is_used_and_continues_to_run() {
    let mut served = Served::new();
    let port = served.port.to_string();
    let output = Command::new(LLMOBS)
        .args(["run", "--port", &port, "--", "sh", "-c", "echo $DD_LLMOBS_OVERRIDE_ORIGIN"])
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    assert_eq!(text(&output.stdout).trim(), served.origin);
    assert_eq!(printed(&output), [format!("llmobs: traces at {}", served.origin)]);
    assert!(served.runs());
    assert_eq!(served.get("/info").status, 200);
}
