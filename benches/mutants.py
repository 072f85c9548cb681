"""Mutants of delivery: see `mutants.sh`."""

import os
import pathlib
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parent.parent
DELIVER = "llmobs-runtime/src/deliver"
FAULTS = ["--all-features", "--test", "faults", "--"]
UNIT = ["-p", "llmobs-runtime", "--all-features", "--lib"]

# Row, what is taken out, the file, the text and what takes its place, and the test that notices.
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
        [*UNIT, "what_was_never_answered"],
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
        "A23",
        "an answer is read without end",
        f"{DELIVER}/transport/client.rs",
        "if left == 0 {",
        "if left == 1 {",
        [*FAULTS, "A23 "],
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
        ["--all-features", "--test", "short_memory", "--", "texts"],
    ),
    (
        "B2",
        "annotations of a span that found no room go to its parent",
        "llmobs-runtime/src/trace/start.rs",
        "(frame.begin() || frame.leave_unrecorded())",
        "frame.begin()",
        ["--all-features", "--test", "short_memory", "--", "not_recorded"],
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
        "D24",
        "threads of the program wait for the logger",
        f"{DELIVER}/queue.rs",
        "        count.fetch_add(1, Ordering::Relaxed);",
        "        count.fetch_add(1, Ordering::Relaxed);\n        log::warn!(target: \"llmobs\", \"full\");",
        [*FAULTS, "D24 "],
    ),
]


def main():
    rows = sys.argv[1:]
    chosen = [mutant for mutant in MUTANTS if not rows or mutant[0] in rows]
    target = os.environ.get("CARGO_TARGET_DIR", str(ROOT / "target"))
    environment = {**os.environ, "CARGO_TARGET_DIR": f"{target}/mutants", "CARGO_INCREMENTAL": "0"}
    survivors = 0
    with tempfile.TemporaryDirectory() as folder:
        copy = pathlib.Path(folder) / "llmobs"
        subprocess.run(["git", "clone", "--quiet", str(ROOT), str(copy)], check=True)
        for row, what, name, old, new, test in chosen:
            file = copy / name
            text = file.read_text()
            if text.count(old) != 1:
                sys.exit(f"{name} has {text.count(old)} times: {old}")
            file.write_text(text.replace(old, new))
            # The options of cargo, without the filter of the tests.
            options = test[: test.index("--")] if "--" in test else test[:-1]
            build = subprocess.run(
                ["cargo", "test", "--no-run", "--quiet", *options],
                cwd=copy,
                env=environment,
                capture_output=True,
                text=True,
            )
            if build.returncode:
                sys.exit(f"{row}: {what}: does not compile\n{build.stderr}")
            try:
                run = subprocess.run(
                    ["cargo", "test", *test], cwd=copy, env=environment, capture_output=True, text=True, timeout=300
                )
                lines = [line for line in run.stdout.splitlines() if line.startswith("test ") and "FAILED" in line]
                caught = lines[0].split(" ... ")[0].removeprefix("test ").strip() if lines else "the tests do not end well"
                is_caught = run.returncode != 0
            except subprocess.TimeoutExpired:
                caught, is_caught = "the tests do not end", True
            file.write_text(text)
            survivors += not is_caught
            print(f"{row:4} {what:55} {'caught by ' + caught if is_caught else 'SURVIVES'}", flush=True)
    print(f"{len(chosen) - survivors} of {len(chosen)} were caught")
    sys.exit(survivors != 0)


if __name__ == "__main__":
    main()
