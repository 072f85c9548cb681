"""Mutants of delivery: see `mutants.sh`."""

import os
import pathlib
import signal
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parent.parent
DELIVER = "llmobs-runtime/src/deliver"
FAULTS = ["--all-features", "--test", "faults", "--"]
UNIT = ["-p", "llmobs-runtime", "--all-features", "--lib"]
ORDERS = ["--config", "build.rustflags=['--cfg', 'shuttle']", "-p", "llmobs-runtime", "--lib", "--", "orders::"]
CAPTURE = ["-p", "llmobs-capture", "--lib"]
IT = ["--all-features", "--test", "it", "--"]

# The row of the fault matrix, the description of the mutant, the file, the text, its replacement, and the test that must fail. Further
# files, texts and replacements can follow.
MUTANTS = [
    (
        "A1",
        "an attempt that fails is the last one",
        f"{DELIVER}/worker.rs",
        "let is_over = unanswered",
        "let is_over = true || unanswered",
        [*FAULTS, "A1 "],
    ),
    (
        "A8",
        "a silent receiver gets the same again and again",
        f"{DELIVER}/worker.rs",
        "is_silent = true;",
        "is_silent = false;",
        [*UNIT, "an_unanswered_request_is_sent_once_more"],
    ),
    (
        "A9",
        "a reset while a body is sent is final",
        f"{DELIVER}/transport/client.rs",
        "(FailureKind::Unavailable, format!(\"{url} does not answer",
        "(FailureKind::Permanent(DropReason::Rejected), format!(\"{url} does not answer",
        [*FAULTS, "A9 "],
    ),
    (
        "A11",
        "no second request on a fresh connection",
        f"{DELIVER}/transport/client.rs",
        "if !progress.fresh && ",
        "if progress.fresh && !progress.fresh && ",
        [*FAULTS, "A11 "],
    ),
    (
        "A12",
        "what is too large is not divided",
        f"{DELIVER}/worker.rs",
        "Refused::TooLarge, .. })) if count > 1",
        "Refused::TooLarge, .. })) if count > 1_000_000",
        [*FAULTS, "A12 "],
    ),
    (
        "A13",
        "a size that was refused is forgotten",
        f"{DELIVER}/pace.rs",
        "self.ceiling = self.ceiling.min(bytes / 2).max(1);",
        "let _ = bytes;",
        [*UNIT, "pace::"],
    ),
    (
        "A14",
        "a single event that is too large keeps its content",
        f"{DELIVER}/parcel.rs",
        "let Self::Events(body) = self else { return false };",
        "let Self::Events(body) = self else { return false };\n        if item < usize::MAX { return false; }",
        [*FAULTS, "A14 "],
    ),
    (
        "A15",
        "the event to blame is not looked for",
        f"{DELIVER}/worker.rs",
        "const MAX_DIVISIONS: [u32; 2] = [11, 64];",
        "const MAX_DIVISIONS: [u32; 2] = [0, 0];",
        [*FAULTS, "A15 "],
    ),
    (
        "A16",
        "it is looked for without end",
        f"{DELIVER}/worker.rs",
        "const MAX_DIVISIONS: [u32; 2] = [11, 64];",
        "const MAX_DIVISIONS: [u32; 2] = [9999, 9999];",
        [*FAULTS, "A16 "],
    ),
    (
        "A17",
        "a refusal of all requests is final",
        f"{DELIVER}/transport/client.rs",
        "300..=399 | 401 | 403 | 404 => FailureKind::Denied,",
        "300..=399 | 401 | 403 | 404 => FailureKind::Permanent(DropReason::Rejected),",
        [*FAULTS, "A17 "],
    ),
    (
        "A20",
        "what a receiver asks to wait is ignored",
        f"{DELIVER}/worker.rs",
        "_ => self.pace.wait(failure.wait),",
        "_ => self.pace.wait(None),",
        [*FAULTS, "A20 "],
    ),
    (
        "A21",
        "redirects are followed",
        f"{DELIVER}/transport/address.rs",
        ".max_redirects(0)",
        ".max_redirects(5)",
        [*FAULTS, "A21 "],
        # The HTTP library does not see the target either.
        (
            f"{DELIVER}/transport/response.rs",
            "match header(line) {",
            "match if line.starts_with(b\"location\") { Some(line.trim_ascii_end()) } else { header(line) } {",
        ),
    ),
    (
        "A23",
        "an answer is read without end",
        f"{DELIVER}/transport/client.rs",
        "let mut left = MAX_ANSWER;",
        "let mut left = usize::MAX;",
        [*FAULTS, "A23 "],
        # It is not read for long either.
        (f"{DELIVER}/transport/client.rs", "timeout_recv_body(Some(MAX_ANSWER_TIME))", "timeout_recv_body(None)"),
    ),
    (
        "A25",
        "each look-up of a name has a thread",
        f"{DELIVER}/transport/resolver.rs",
        "pending.insert(host, found);",
        "drop(found);",
        [*UNIT, "resolver::"],
    ),
    (
        "A27",
        "a proxy is used for this machine",
        f"{DELIVER}/transport/address.rs",
        "if is_direct(url) { None } else { Proxy::try_from_env() }",
        "if is_direct(url) && url.host().is_none() { None } else { Proxy::try_from_env() }",
        [*FAULTS, "A27 "],
    ),
    (
        "B2",
        "the queue takes what it has no room for",
        f"{DELIVER}/queue.rs",
        "room.checked_sub(bytes).filter(|left| *left >= kept)",
        "Some(room.wrapping_sub(bytes)).filter(|_| kept < usize::MAX)",
        [*FAULTS, "B2 "],
    ),
    (
        "B2",
        "open spans are not in the account of memory",
        "llmobs-runtime/src/trace/frame.rs",
        "self.room.used <= self.room.held + FREE_BYTES ||",
        "self.room.used < usize::MAX ||",
        [*UNIT, "memory::"],
    ),
    (
        "B11",
        "no room is kept for spans at the top",
        f"{DELIVER}/queue.rs",
        "if is_root { 0 } else { self.limits.kept_bytes / 2 }",
        "if is_root { 0 } else { 0 }",
        [*UNIT, "memory::"],
    ),
    (
        "B2",
        "a span that lost its content counts its texts",
        f"{DELIVER}/chunk.rs",
        "self.lengths = [0; 2];",
        "",
        [*UNIT, "queue::"],
    ),
    (
        "B2",
        "annotations of a span that found no room go to its parent",
        "llmobs-runtime/src/trace/start.rs",
        "(frame.begin() || frame.leave_unrecorded())",
        "frame.begin()",
        [*IT, "low_memory::a_span_that_is_not_recorded"],
    ),
    (
        "B6",
        "a value is written out whatever its length",
        "llmobs-capture/src/json.rs",
        "self.end.saturating_sub(self.out.len())",
        "usize::MAX",
        [*CAPTURE, "tests::"],
    ),
    (
        "C1",
        "a panic is no failure of the span",
        "llmobs-runtime/src/trace/call/mod.rs",
        "frame.fail(Failure::of_panic(&*payload));",
        "let _ = frame;",
        [*IT, "failures::"],
    ),
    (
        "C1",
        "a panic of a body that runs in place is no failure",
        "llmobs-runtime/src/trace/call/mod.rs",
        "if !self.panicking && std::thread::panicking() {",
        "if self.panicking && std::thread::panicking() {",
        [*IT, "failures::"],
    ),
    (
        "C5",
        "values that panic while they are captured reach the program",
        "llmobs-capture/src/guard.rs",
        "let result = catch_unwind(AssertUnwindSafe(f));",
        "let result = if MUTED.get() { Ok(f()) } else { catch_unwind(AssertUnwindSafe(f)) };",
        [*IT, "hostile::"],
    ),
    (
        "C8",
        "values make spans while they are captured",
        "llmobs-capture/src/guard.rs",
        "let before = MUTED.replace(true);",
        "let before = MUTED.get();",
        [*IT, "warnings::"],
    ),
    (
        "C13",
        "values of any depth are written out",
        "llmobs-capture/src/json.rs",
        "if self.stack.is_far() { Err(Stop::too_deep()) } else { Ok(()) }",
        "Ok(())",
        ["--all-features", "--test", "deep"],
        ("llmobs-capture/src/json.rs", "if self.depth >= self.max_depth || self.stack.is_far() {", "if self.depth == u32::MAX {"),
    ),
    (
        "D2",
        "a wait does not end with the client",
        f"{DELIVER}/queue.rs",
        "let waits = |state: &mut State| is_open() && state.flushes <= known;",
        "let waits = |state: &mut State| state.flushes <= known;",
        [*UNIT, "queue::"],
    ),
    (
        "D8",
        "a client that is closed twice counts twice",
        f"{DELIVER}/sender.rs",
        "if self.queue.close() {",
        "if self.queue.close() || true {",
        [*FAULTS, "D8 "],
    ),
    (
        "D8",
        "a chunk that is handed over at the end is missed",
        f"{DELIVER}/queue.rs",
        """        let nothing_in_shards = shards.iter().all(|shard| lock(&shard.own).chunk.is_empty());
        let state = self.state();
        nothing_in_shards && state.full.is_empty() && state.evaluations.is_empty()""",
        """        let state = self.state();
        let nothing_is_full = state.full.is_empty() && state.evaluations.is_empty();
        drop(state);
        nothing_is_full && shards.iter().all(|shard| lock(&shard.own).chunk.is_empty())""",
        ORDERS,
    ),
    (
        "D8",
        "spans that end after the client are not counted",
        f"{DELIVER}/queue.rs",
        "return self.count(&DropReason::Shutdown);",
        "return;",
        [*FAULTS, "D8 "],
    ),
    (
        "D9",
        "the worker does not know that a chunk is due",
        f"{DELIVER}/queue.rs",
        "if due && !was_due {",
        "if due && was_due {",
        ORDERS,
    ),
    (
        "D9",
        "the worker is not woken by the first span",
        f"{DELIVER}/queue.rs",
        "if !self.armed.swap(true, Ordering::Relaxed) {",
        "if self.armed.swap(true, Ordering::Relaxed) {",
        [*UNIT, "queue::"],
    ),
    (
        "D9",
        "a report sees starts before ends",
        f"{DELIVER}/queue.rs",
        """        let shards = self.state().shards.clone();
        let started = shards.iter()""",
        """        let started = shards.iter()""",
        ORDERS,
    ),
    (
        "D9",
        "a flush waits for no turn of the worker",
        f"{DELIVER}/queue.rs",
        "state.flushed < goal && !state.ended",
        "state.flushed > goal && !state.ended",
        [*UNIT, "queue::"],
    ),
    (
        "D10",
        "a flush on the thread of llmobs waits for itself",
        "llmobs-runtime/src/client.rs",
        "let sender = if is_muted() { None } else { current().0.sender() };",
        "let sender = current().0.sender();",
        [*FAULTS, "C11 "],
    ),
    (
        "D14",
        "thread-locals that are gone are used",
        f"{DELIVER}/queue.rs",
        "SHARD.try_with(Cell::take).ok().flatten()",
        "SHARD.with(Cell::take)",
        [*FAULTS, "D14 "],
    ),
    (
        "D17",
        "a transport that panics takes its turn along",
        f"{DELIVER}/worker.rs",
        "match guarded(|| self.attempt(parcel, &items)) {",
        "match Some(self.attempt(parcel, &items)) {",
        [*FAULTS, "D17 "],
        # The caller catches the panic too.
        (
            f"{DELIVER}/transport/custom.rs",
            "use llmobs_capture::guarded;",
            "fn guarded<R>(f: impl FnOnce() -> R) -> Option<R> { Some(f()) }",
        ),
    ),
    (
        "D24",
        "those who log wait for the logger",
        "llmobs-capture/src/log.rs",
        "if entries.try_send(Entry::Message(level, message.to_string())).is_err() {",
        "write(level, message);\n            if entries.send(Entry::Message(level, String::new())).is_err() {",
        [*FAULTS, "D24 "],
    ),
]


def caught_by(test, folder, environment):
    """Returns the test that fails, another sign of the mutant, or None."""
    command = ["cargo", "test", *test]
    with subprocess.Popen(
        command, cwd=folder, env=environment, text=True, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, process_group=0
    ) as run:
        try:
            output, _ = run.communicate(timeout=300)
        except subprocess.TimeoutExpired:
            # The tests are child processes of cargo.
            os.killpg(run.pid, signal.SIGKILL)
            return "tests that do not end"
    if run.returncode == 0:
        return None
    lines = [line for line in output.splitlines() if line.startswith("test ") and "FAILED" in line]
    return lines[0].split(" ... ")[0].removeprefix("test ").strip() if lines else "tests that do not end well"


def main():
    rows = sys.argv[1:]
    chosen = [mutant for mutant in MUTANTS if not rows or mutant[0] in rows]
    target = os.environ.get("CARGO_TARGET_DIR", str(ROOT / "target"))
    environment = {**os.environ, "CARGO_TARGET_DIR": f"{target}/mutants", "CARGO_INCREMENTAL": "0"}
    survivors = 0
    with tempfile.TemporaryDirectory() as folder:
        copy = pathlib.Path(folder) / "llmobs"
        subprocess.run(["git", "clone", "--quiet", str(ROOT), str(copy)], check=True)
        for row, what, name, old, new, test, *more in chosen:
            texts = {}
            for name, old, new in [(name, old, new), *more]:
                file = copy / name
                text = file.read_text()
                texts.setdefault(file, text)
                if text.count(old) != 1:
                    sys.exit(f"{name} has {text.count(old)} times: {old}")
                file.write_text(text.replace(old, new))
            build = subprocess.run(
                ["cargo", "test", "--no-run", "--quiet", *test],
                cwd=copy,
                env=environment,
                capture_output=True,
                text=True,
            )
            if build.returncode:
                sys.exit(f"{row}: {what}: does not compile\n{build.stderr}")
            caught = caught_by(test, copy, environment)
            for file, text in texts.items():
                file.write_text(text)
            survivors += caught is None
            print(f"{row:4} {what:55} {'caught by ' + caught if caught else 'SURVIVES'}", flush=True)
    print(f"{len(chosen) - survivors} of {len(chosen)} were caught")
    sys.exit(survivors != 0)


if __name__ == "__main__":
    main()
