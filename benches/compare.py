"""Measures, and writes the raw figures as CSV. Run it as `benches/compare.sh`, which has the usage."""

import csv
import os
import pathlib
import random
import subprocess
import sys
import urllib.request

ROOT = pathlib.Path(__file__).resolve().parent.parent
RESULTS = pathlib.Path(os.environ.get("RESULTS", ROOT / "benches" / "results"))
TARGET = pathlib.Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target"))
BIN = TARGET / "benches" / "release"
COUNT_BIN = TARGET / "benches-count" / "release"
DEBUG_BIN = TARGET / "benches" / "debug"
REPETITIONS = int(os.environ.get("REPETITIONS", "5"))
DDTRACE = "4.16.0"
LARGE_QUEUE = {"QUEUE_LIMIT": str(4 << 30)}

SPANS_MODES = ["bare", "off-plain", "plain", "session", "processor", "error", "self", "struct6", "messages", "annotate", "tags"]
SPANS_MODES += ["manual", "async-bare", "off-async", "async", "json-plain", "json-error", "json-struct6", "json-messages"]
OTHER_MODES = ["tracing-off", "fastrace-json", "otel", "tracing-otel"]
WORKER_MODES = ["plain", "tags", "error", "session", "messages", "processor"]
# Values with many parts, in the sizes of the goals.
VALUES = {"bytes": 500_000, "floats": 1536, "objects": 10_000}


def say(*words):
    print(*words, file=sys.stderr, flush=True)


def run(command, **env):
    """Runs a command with these environment variables, and returns its output."""
    done = subprocess.run([str(word) for word in command], env={**os.environ, **env}, capture_output=True, text=True)
    if done.returncode != 0:
        sys.exit(f"{' '.join(map(str, command))} failed:\n{done.stdout}\n{done.stderr}")
    return done.stdout


def rows(command, **env):
    """Returns the lines of CSV that a command prints, as dictionaries."""
    return list(csv.DictReader(run(command, **env).splitlines()))


def write(name, lines):
    """Writes the lines, dictionaries with the same keys, to `name.csv`."""
    RESULTS.mkdir(parents=True, exist_ok=True)
    with open(RESULTS / f"{name}.csv", "w", newline="") as file:
        writer = csv.DictWriter(file, list(lines[0]), lineterminator="\n")
        writer.writeheader()
        writer.writerows(lines)


def build(package, *options, target="benches"):
    say(f"building {package}", *options)
    manifest = ROOT / "benches" / "peers" / "Cargo.toml"
    command = ["cargo", "build", "--quiet", "--locked", "--manifest-path", manifest, "--target-dir", TARGET / target]
    # One package at a time, so that none gets features that only another one enables.
    run([*command, "-p", package, *options])


def count(thread, program, mode, low, high, **env):
    """Returns the instructions per span, or per unit if the variable UNITS is set."""
    return float(run([ROOT / "benches" / "callgrind.sh", thread, BIN / program, mode, low, high], **env))


def instructions():
    build("spans", "--release")
    build("others", "--release")
    lines = []

    def add(thread, program, mode, low=200, high=1200, size="", **env):
        env |= {"SIZE": str(size)} if size else {}
        figure = count(thread, program, mode, low, high, **env)
        lines.append({"thread": thread, "program": program, "mode": mode, "size": size, "instructions": figure, "event_bytes": ""})
        say(f"{thread} {mode} {size}: {figure}")

    for mode in SPANS_MODES:
        add("caller", "spans", mode)
    for mode in OTHER_MODES:
        add("caller", "others", mode)
    # Instructions of a future that is polled SIZE + 1 times.
    for mode in ["poll-bare", "off-poll", "poll"]:
        for size in [10, 110]:
            add("caller", "spans", mode, 100, 600, size)
    for mode in WORKER_MODES:
        add("worker", "spans", mode, 400, 1400)
        lines[-1]["event_bytes"] = event_bytes(mode)
    large = {"WARM_UP": "1", "CAPTURE_LIMIT": str(64 << 20), **LARGE_QUEUE}
    for mode, size in VALUES.items():
        add("caller", "spans", mode, 2, 6, size, **large)
        add("caller", "spans", f"json-{mode}", 2, 6, size, **large)
    for size in [1 << 21, 10_000_000]:
        add("caller", "spans", "text", 2, 6, size, WARM_UP="1", **LARGE_QUEUE)
    write("instructions", lines)


def event_bytes(mode):
    """Returns the bytes of requests per event."""
    done = subprocess.run([BIN / "spans", mode, "200"], capture_output=True, text=True, check=True)
    return float(done.stderr.split()[-2])


def allocations():
    build("spans", "--release", "--features", "count", target="benches-count")
    build("others", "--release", "--features", "count", target="benches-count")
    lines = []
    for program, modes in [("spans", [*SPANS_MODES[:15], "prompt"]), ("others", OTHER_MODES)]:
        for mode in modes:
            traces, env = (100, {"SIZE": "100000"}) if mode == "prompt" else (4000, {})
            lines += rows([COUNT_BIN / program, mode, traces, 2], **env)[-1:]
    write("allocations", [{key: value for key, value in line.items() if not key.endswith("_ns")} for line in lines])


def cpu():
    build("spans", "--release")
    build("others", "--release")
    modes = [("spans", mode, 10_000, "") for mode in ["plain", "session", "annotate", "tags", "manual", "error", "messages", "async"]]
    modes += [("spans", mode, 100_000, "") for mode in ["bare", "off-plain", "async-bare", "off-async", "json-plain"]]
    modes += [("spans", mode, 20_000, size) for mode in ["poll-bare", "poll"] for size in [10, 110]]
    modes += [("others", mode, 10_000, "") for mode in ["fastrace-json", "otel", "tracing-otel"]]
    modes += [("others", "tracing-off", 100_000, "")]
    lines = []
    for repetition in range(REPETITIONS):
        random.shuffle(modes)
        for program, mode, traces, size in modes:
            env = {**LARGE_QUEUE, **({"SIZE": str(size)} if size else {})}
            for line in rows([BIN / program, mode, traces, 3], **env):
                lines.append({"repetition": repetition, "size": size, **line})
        say(f"cpu: {repetition + 1} of {REPETITIONS}")
    write("cpu", [{key: value for key, value in line.items() if "alloc" not in key and "bytes" not in key} for line in lines])


def delivery():
    build("spans", "--release")
    venv = TARGET / f"ddtrace-{DDTRACE}"
    if not (venv / "bin" / "python").exists():
        run([sys.executable, "-m", "venv", venv])
    run([venv / "bin" / "pip", "install", "--quiet", "--disable-pip-version-check", f"ddtrace=={DDTRACE}"])
    lines, reference, single = [], [], []
    variants = [
        ("nothing lost", 300_000, 0, 1, LARGE_QUEUE),
        ("nothing lost, two threads", 300_000, 0, 2, LARGE_QUEUE),
        ("defaults, full speed", 300_000, 0, 1, {}),
        ("defaults, 200000/s", 600_000, 200_000, 1, {}),
    ]
    for repetition in range(REPETITIONS):
        for variant, spans, rate, threads, env in variants:
            line = rows([BIN / "spans", "e2e", spans, rate, threads], **env)[0]
            lines.append({"repetition": repetition, "variant": variant, **line})
        reference.append({"repetition": repetition, **ddtrace(venv, 20_000)})
        line = {"repetition": repetition, **rows([BIN / "spans", "fit"])[0], **rows([BIN / "spans", "threads", 600])[0]}
        single.append(line)
        say(f"delivery: {repetition + 1} of {REPETITIONS}")
    write("delivery", lines)
    write("reference", reference)
    write("bursts", single)


def ddtrace(venv, spans):
    """Measures the reference SDK at full speed, with the number of spans that the server received."""
    server = subprocess.Popen([BIN / "spans", "sink"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    try:
        origin = server.stdout.readline().strip()
        script = ROOT / "benches" / "peers" / "reference.py"
        line = rows([venv / "bin" / "python", script, spans], DD_LLMOBS_OVERRIDE_ORIGIN=origin)[0]
        arrived = int(urllib.request.urlopen(f"{origin}/count").read().split()[0])
    finally:
        server.kill()
        server.wait()
    return {**line, "arrived": arrived, "arrived_per_s": round(arrived / float(line["all_s"]), 1)}


def stack():
    build("spans", "--release")
    build("spans")
    build("spans", "--release", "--features", "count", target="benches-count")
    lines = []
    for profile, folder in [("release", COUNT_BIN), ("debug", DEBUG_BIN)]:
        # The box is measured in the build that counts allocations.
        lines.append({"profile": profile, **rows([folder / "spans", "stack"])[0]})
    write("stack", lines)


def growth():
    build("spans", "--release")
    lines = []
    sizes = {
        "width": ([10, 100, 1000], {"WARM_UP": "2"}, 5, 25),
        "depth": ([10, 100, 1000], {"WARM_UP": "2"}, 5, 25),
        "text": ([100, 1000, 10_000, 100_000], {"WARM_UP": "50"}, 20, 60),
        "objects": ([10, 100, 1000], {"WARM_UP": "20"}, 20, 60),
        "many-tags": ([1, 10, 50], {"WARM_UP": "50"}, 50, 250),
        "contexts": ([10, 30, 100, 300], {"WARM_UP": "2"}, 2, 6),
    }
    for mode, (steps, env, low, high) in sizes.items():
        for size in steps:
            if size == 1000:
                # The traces have so many spans that few of them are enough.
                env, low, high = {"WARM_UP": "1"}, 2, 5
            figure = count("caller", "spans", mode, low, high, SIZE=str(size), **env)
            lines.append({"what": mode, "size": size, "instructions": figure})
            say(f"{mode} {size}: {figure}")
    threads = []
    for repetition in range(REPETITIONS):
        for number in [1, 2, 4, 16, 64]:
            line = rows([BIN / "spans", "e2e", 320_000, 0, number], **LARGE_QUEUE)[0]
            threads.append({"repetition": repetition, **line})
    write("growth", lines)
    write("threads", threads)


def http():
    build("http-clients", "--release")
    lines = []
    for gap, rounds in [(200, 8), (0, 40)]:
        lines += rows([BIN / "http-clients", gap, rounds * REPETITIONS])
        say(f"http, {gap} µs between chunks")
    write("http", lines)


def tracing():
    build("tracing-layers", "--release")
    modes = ["none other", "registry other", "layer other", "alone other", "registry inside", "layer inside", "none by_hand"]
    modes += [f"{layer} {span}" for span in ["chat", "content"] for layer in ["registry", "layer", "opentelemetry"]]
    lines = []
    for repetition in range(4 * REPETITIONS):
        for mode in modes:
            lines += rows([BIN / "tracing-layers", *mode.split(), 20])
        say(f"tracing {repetition}")
    write("tracing", lines)


def compile_time():
    say("compiling: one clean build after the other")
    write("compile", rows([ROOT / "benches" / "compile-time", min(3, REPETITIONS)]))


def machine():
    """Writes the facts about the machine and the versions."""

    def first(path, key):
        lines = pathlib.Path(path).read_text().splitlines()
        return next((line.split(":", 1)[1].strip() for line in lines if line.startswith(key)), "unknown")

    revision = run(["git", "-C", ROOT, "rev-parse", "--short", "HEAD"]).strip()
    changed = run(["git", "-C", ROOT, "status", "--porcelain", "--untracked-files=no", "--", "src", "llmobs-bedrock", "llmobs-capture", "llmobs-http", "llmobs-macros", "llmobs-providers", "llmobs-rmcp", "llmobs-runtime", "llmobs-tracing"])
    memory = int(first("/proc/meminfo", "MemTotal").split()[0]) // (1 << 20)
    facts = {
        "date": run(["date", "-u", "+%Y-%m-%d"]).strip(),
        "llmobs": revision + (" with changes" if changed.strip() else ""),
        "processor": first("/proc/cpuinfo", "model name"),
        "cores": str(os.cpu_count()),
        "memory": f"{memory} GiB",
        "kernel": os.uname().release,
        "load at the start": f"{os.getloadavg()[0]:.1f}",
        "rustc": run(["rustc", "--version"]).strip(),
        "valgrind": run(["valgrind", "--version"]).strip(),
        "python": sys.version.split()[0],
        "ddtrace": DDTRACE,
    }
    lock = (ROOT / "benches" / "peers" / "Cargo.lock").read_text()
    for package in ["fastrace", "opentelemetry_sdk", "tracing", "tracing-opentelemetry", "tracing-subscriber", "serde_json", "ureq"]:
        facts[package] = lock.split(f'name = "{package}"\nversion = "')[1].split('"')[0]
    write("machine", [{"fact": fact, "value": value} for fact, value in facts.items()])


PARTS = {
    "instructions": instructions,
    "allocations": allocations,
    "cpu": cpu,
    "delivery": delivery,
    "stack": stack,
    "growth": growth,
    "http": http,
    "tracing": tracing,
    "compile": compile_time,
}


def main():
    wanted = sys.argv[1:] or list(PARTS)
    for part in wanted:
        if part != "report" and part not in PARTS:
            sys.exit(f"{part}: one of {', '.join(PARTS)} or report?")
    if wanted != ["report"]:
        machine()
    for part in wanted:
        if part != "report":
            say(f"== {part}")
            PARTS[part]()
    run_report()


def run_report():
    import report

    print(report.write(ROOT, RESULTS), end="")


main()
