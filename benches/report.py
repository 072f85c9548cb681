"""Writes `BENCHMARKS.md` and the table of goals from the raw figures. `benches/compare.sh report` calls it."""

import csv
import math
import statistics

PEERS = {
    "bare": "no span",
    "off-plain": "**llmobs, disabled**",
    "tracing-off": "tracing, no subscriber",
    "plain": "**llmobs**",
    "annotate": "**llmobs** with `annotate`, 1 tag and 1 metric",
    "manual": "**llmobs** by hand, without capture",
    "fastrace-json": "fastrace, input and output as JSON",
    "otel": "opentelemetry_sdk, input and output as attributes",
    "tracing-otel": "tracing-opentelemetry, arguments and `ret`",
}
GROWTH = {
    "width": "children of one span",
    "depth": "nested spans",
    "text": "bytes of a text argument",
    "objects": "objects in a list argument",
    "many-tags": "tags of a span",
    "contexts": "nested annotation contexts, and one span",
}
# The number of spans that the modes of growth have in addition to the size.
SPANS_BESIDE = {"width": 1, "depth": 1}


class Figures:
    """The raw figures. A part that was never run has none."""

    def __init__(self, folder):
        self.folder = folder

    def lines(self, name):
        path = self.folder / f"{name}.csv"
        if not path.exists():
            raise LookupError(name)
        with open(path, newline="") as file:
            return list(csv.DictReader(file))

    def all(self, name, column, **where):
        """Returns the values of a column in the lines that have these values in other columns."""
        lines = self.lines(name)
        found = [float(line[column]) for line in lines if all(line[key] == str(value) for key, value in where.items())]
        if not found:
            raise LookupError(f"{name} {where}")
        return found

    def median(self, name, column, **where):
        return statistics.median(self.all(name, column, **where))

    def caller(self, mode, size=""):
        return self.median("instructions", "instructions", thread="caller", mode=mode, size=size)

    def worker(self, mode, column="instructions"):
        return self.median("instructions", column, thread="worker", mode=mode)

    def ns(self, mode, size=""):
        return self.median("cpu", "caller_ns", mode=mode, size=size)


def number(value):
    """Formats a number with its significant places."""
    if abs(value) >= 1000:
        return f"{value:,.0f}"
    return f"{value:.1f}" if abs(value) >= 20 else f"{value:.2f}"


def goals(figures):
    """Yields each goal: its key, title, unit, measuring function, relation, and limit."""
    f = figures
    most, least = "≤", "≥"
    yield "recorded", "recorded span, JSON in and out: instructions on the caller", "", lambda: f.caller("plain"), most, lambda: 1500
    names = {"session": "under a session", "processor": "with a processor", "self": "`&self`"}
    for mode, name in names.items():
        yield mode, f"… {name}", "", lambda mode=mode: f.caller(mode), most, lambda: 1500
    names = {"error": "an `Err`", "struct6": "a struct of 6 fields", "messages": "a list of 10 messages"}
    for mode, name in names.items():
        allowed = lambda mode=mode: 1300 + 1.3 * f.caller(f"json-{mode}")  # noqa: E731
        yield mode, f"… {name}", "", lambda mode=mode: f.caller(mode), most, allowed
    for mode, name, allowed in [("fastrace-json", "fastrace JSON", 0.5), ("otel", "otel_sdk", 0.5), ("tracing-otel", "tracing-opentelemetry", 0.12)]:
        yield f"cpu {mode}", f"caller CPU against {name}", "×", lambda mode=mode: f.ns("plain") / f.ns(mode), most, lambda allowed=allowed: allowed

    def allocations(mode, bare):
        count = lambda mode: f.median("allocations", "caller_allocs", mode=mode)  # noqa: E731
        return count(mode) - count(bare)

    # One new chunk per 256 spans is allowed, for the case that the worker holds all other chunks.
    yield "allocations", "allocations on the caller, steady state", "", lambda: round(allocations("plain", "bare"), 2), most, lambda: 0.01
    yield "allocations async", "… async", "", lambda: round(allocations("async", "async-bare"), 2), most, lambda: 1.01
    yield "annotate", "with `annotate`, 1 tag and 1 metric: instructions", "", lambda: f.caller("annotate"), most, lambda: 2500
    yield "manual", "by hand, without capture: instructions", "", lambda: f.caller("manual"), most, lambda: 900
    bare = lambda mode: f.caller(mode) - f.caller("bare")  # noqa: E731
    yield "disabled", "disabled, beyond bare: instructions", "", lambda: bare("off-plain"), most, lambda: 25
    yield "disabled tracing", "… against `tracing` without a subscriber", "", lambda: bare("off-plain"), most, lambda: bare("tracing-off")
    yield "disabled ns", "… on the clock", " ns", lambda: f.ns("off-plain") - f.ns("bare"), most, lambda: f.ns("tracing-off") - f.ns("bare")
    yield "disabled async", "… async", " ns", lambda: f.ns("off-async") - f.ns("async-bare"), most, lambda: 12
    slope = lambda get, mode: (get(mode, 110) - get(mode, 10)) / 100  # noqa: E731
    yield "poll", "a poll, beyond bare", " ns", lambda: slope(f.ns, "poll") - slope(f.ns, "poll-bare"), most, lambda: 3
    yield "worker", "worker: instructions a span", "", lambda: f.worker("plain"), most, lambda: 5000
    names = {"tags": "5 tags and 3 metrics", "error": "an error", "session": "a session", "messages": "10 messages", "processor": "a processor"}
    for mode, name in names.items():
        allowed = lambda mode=mode: 1000 + 15 * f.worker(mode, "event_bytes")  # noqa: E731
        yield f"worker {mode}", f"… with {name}", "", lambda mode=mode: f.worker(mode), most, allowed
    whole = "nothing lost"
    lost = lambda variant: max(  # noqa: E731
        a - b for a, b in zip(f.all("delivery", "spans", variant=variant), f.all("delivery", "arrived", variant=variant))
    )
    rate = lambda: f.median("delivery", "arrived_per_s", variant=whole)  # noqa: E731
    yield "delivery lost", "300,000 spans to a server on loopback: lost", "", lambda: lost(whole), most, lambda: 0
    yield "delivery cpu", "… CPU of the process for a span", " µs", lambda: f.median("delivery", "cpu_ns", variant=whole) / 1e3, most, lambda: 1.6
    yield "delivery memory", "… peak memory", " MB", lambda: f.median("delivery", "peak_kib", variant=whole) * 1.024e-3, most, lambda: 80
    yield "delivery rate", "… delivered a second", "", rate, least, lambda: 300 * f.median("reference", "arrived_per_s")
    yield "delivery reference", "… against the reference SDK in the same run", "×", lambda: rate() / f.median("reference", "arrived_per_s"), least, lambda: 300
    yield "fit", "spans that fit the queue of 32 MiB", "", lambda: min(f.all("bursts", "fit")), least, lambda: 130_000
    yield "paced", "200,000 spans/s for 3 s with the defaults: lost", "", lambda: lost("defaults, 200000/s"), most, lambda: 0
    made = lambda: min(  # noqa: E731
        a / b for a, b in zip(*(f.all("delivery", column, variant="defaults, 200000/s") for column in ["spans", "emit_s"]))
    )
    yield "paced rate", "… recorded per second in the slowest run", "", made, least, lambda: 190_000
    threads = lambda variant: f.median("delivery", "caller_ns", variant=variant)  # noqa: E731
    yield "threads", "caller CPU with two threads against one", "×", lambda: threads(f"{whole}, two threads") / threads(whole), most, lambda: 1.15
    short = lambda: max(a - b for a, b in zip(*(f.all("bursts", column) for column in ["threads", "arrived"])))  # noqa: E731
    yield "short threads", "600 threads of one span each: lost", "", short, most, lambda: 0
    prompt = lambda column: f.median("allocations", column, mode="prompt") / 100_000  # noqa: E731
    yield "prompt", "bytes allocated for a prompt of 100 kB", "×", lambda: prompt("process_bytes"), most, lambda: 4
    yield "prompt caller", "… on the caller", "×", lambda: prompt("caller_bytes"), most, lambda: 1.05
    for profile, allowed in [("release", 2.5), ("debug", 4)]:
        frame = lambda column, profile=profile: f.median("stack", column, profile=profile)  # noqa: E731
        yield f"stack {profile}", f"stack of a call, {profile}: plain", " B", lambda frame=frame: frame("plain"), None, None
        yield f"stack off {profile}", "… off, of plain", "×", lambda frame=frame: frame("off") / frame("plain"), most, lambda allowed=allowed: allowed
        yield f"stack on {profile}", "… on, of plain", "×", lambda frame=frame: frame("on") / frame("plain"), None, None
    frame = lambda column: f.median("stack", column, profile="release")  # noqa: E731
    yield "large off", "copies of a large argument beyond plain: off", "", lambda: frame("large_off") - frame("large_plain"), most, lambda: 1.05
    yield "large on", "… on", "", lambda: frame("large_on") - frame("large_plain"), most, lambda: 2.05
    yield "large box", "… in the box of an async body beyond the plain future", "", lambda: frame("box_on") - frame("future_plain"), most, lambda: 1.05
    names = {"bytes": (500_000, "`Vec<u8>` of 500 kB"), "floats": (1536, "1,536 `f32`"), "objects": (10_000, "10,000 objects")}
    for mode, (size, name) in names.items():
        against = lambda mode=mode, size=size: f.caller(mode, size) / f.caller(f"json-{mode}", size)  # noqa: E731
        yield mode, f"{name}, instructions against serde_json", "×", against, most, lambda: 1.3
    yield "budget", "a text of 10 MB against one of 2 MiB, both over the limit", "×", lambda: f.caller("text", 10_000_000) / f.caller("text", 1 << 21), most, lambda: 1.05
    yield "contexts", "nested annotation contexts, 100 to 300: exponent of the cost", "", lambda: exponent(f, "contexts", 100, 300), most, lambda: 1.1
    http = lambda mode, gap: f.median("http", "process_ns", mode=mode, gap_us=gap) / 500  # noqa: E731
    yield "http paced", "500 chunks of 300 bytes, 200 µs apart: CPU of reqwest with `ClientLayer`", "×", lambda: http("observed", 200) / http("alone", 200), most, lambda: 1.1
    yield "http chunk", "… back to back: CPU of the process for a chunk, beyond reqwest alone", " ns", lambda: http("observed", 0) - http("alone", 0), most, lambda: 1000
    span = lambda mode, span: f.median("tracing", "ns", mode=mode, span=span)  # noqa: E731
    yield "tracing registry", "a `tracing` span on a registry", " ns", lambda: span("registry", "other"), None, None
    yield "tracing other", "… that is not an LLM span: the layer, beyond", " ns", lambda: span("layer", "other") - span("registry", "other"), most, lambda: 60
    yield "tracing inside", "… inside an LLM span", " ns", lambda: span("layer", "inside") - span("registry", "inside"), None, None
    chat = lambda layer: span(layer, "chat") - span("registry", "chat")  # noqa: E731
    yield "tracing chat", "the call of a model: the layer, beyond the same span of llmobs by hand", " ns", lambda: chat("layer") - span("none", "by_hand"), most, lambda: 400
    yield "tracing against", "… the layer against tracing-opentelemetry", "×", lambda: chat("layer") / chat("opentelemetry"), None, None
    user = lambda what, variant: f.median("compile", "seconds", what=what, variant=variant)  # noqa: E731
    yield "build", "clean dev build of a dependent without TLS, against fastrace", "×", lambda: user("build", "llmobs") / user("build", "fastrace"), most, lambda: 1.3
    yield "own", "… own crates", " s", lambda: user("own", "llmobs"), most, lambda: 7
    each = lambda variant: user("check1500", variant) - user("check500", variant)  # noqa: E731
    yield "check", "`cargo check` of a function, against fastrace with a property", " ms", lambda: each("llmobs"), most, lambda: each("fastrace")


def exponent(figures, what, low, high):
    """Returns 1 if the cost grows with the size, and 3 if it grows with the cube of the size."""
    cost = lambda size: figures.median("growth", "instructions", what=what, size=size)  # noqa: E731
    return math.log(cost(high) / cost(low)) / math.log(high / low)


def evaluate(figures):
    """Yields each goal with its measurement: key, title, measured value, limit, and whether the goal is met."""
    for key, what, unit, measure, relation, allowed in goals(figures):
        try:
            value = measure()
            limit = allowed() if allowed else None
        except LookupError:
            yield key, what, "not measured", "", ""
            continue
        # Allows half of the last printed place, so that the verdict agrees with the printed numbers.
        met = "" if limit is None else "met" if (value <= limit + 0.005 if relation == "≤" else value >= limit) else "**not met**"
        yield key, what, number(value) + unit, f"{relation} {number(limit)}{unit}" if limit is not None else "", met


def table(header, lines, left=1):
    marks = ["---"] * left + ["--:"] * (len(header) - left)
    return "\n".join("| " + " | ".join(map(str, line)) + " |" for line in [header, marks, *lines]) + "\n"


def goal_table(figures, before):
    known = {line["key"]: line["measured"] for line in before}
    lines = [(what, known.get(key, ""), measured, goal, met) for key, what, measured, goal, met in evaluate(figures)]
    return table(["what", "before", "measured", "goal", ""], lines)


def peer_table(figures):
    def cell(get):
        try:
            return number(get())
        except LookupError:
            return ""

    lines = []
    for mode, name in PEERS.items():
        times = lambda column, mode=mode: figures.all("cpu", column, mode=mode)  # noqa: E731
        lines.append((
            name,
            cell(lambda: figures.caller(mode)),
            cell(lambda: figures.median("allocations", "caller_allocs", mode=mode)),
            cell(lambda: figures.ns(mode)),
            cell(lambda: min(times("caller_ns"))),
            cell(lambda: figures.median("cpu", "process_ns", mode=mode)),
        ))
    return table(["", "instructions", "allocations", "caller CPU ns, median", "minimum", "process CPU ns"], lines)


def growth_tables(figures):
    parts = []
    for what, name in GROWTH.items():
        try:
            lines = [line for line in figures.lines("growth") if line["what"] == what]
        except LookupError:
            return "Not measured.\n"
        sizes = [int(line["size"]) for line in lines]
        # The unit of modes with many spans is one span, and a trace has one span more than the size.
        cost = [float(line["instructions"]) * (size + 1 if what in SPANS_BESIDE else 1) for line, size in zip(lines, sizes)]
        each = [(after - now) / (larger - size) for now, after, size, larger in zip(cost, cost[1:], sizes, sizes[1:])]
        shown = [(f"{size:,}", number(value), number(step) if step is not None else "") for size, value, step in zip(sizes, cost, [None, *each])]
        parts.append(table([name, "instructions in all", "each further one"], shown, left=0))
    threads = sorted({int(line["threads"]) for line in figures.lines("threads")})
    lines = [(count, *(number(figures.median("threads", column, threads=count)) for column in ["caller_ns", "cpu_ns", "arrived_per_s"])) for count in threads]
    parts.append(table(["threads", "caller CPU ns a span", "process CPU ns a span", "delivered a second"], lines, left=0))
    return "\n".join(parts)


def http_table(figures):
    """Microseconds of CPU for an answer of 500 chunks."""
    lines = []
    for gap in [200, 0]:
        for mode, name in [("alone", "reqwest alone"), ("observed", "… with `ClientLayer`")]:
            get = lambda column, gap=gap, mode=mode: figures.all("http", column, mode=mode, gap_us=gap)  # noqa: E731
            caller, process = ([value / 1e3 for value in get(column)] for column in ["caller_ns", "process_ns"])
            lines.append((f"{gap} µs" if gap else "back to back", name, *map(number, [statistics.median(caller), min(caller), statistics.median(process), min(process)])))
    return table(["pause", "", "caller CPU µs, median", "minimum", "process CPU µs, median", "minimum"], lines, left=2)


def tracing_table(figures):
    """Nanoseconds of CPU on the caller for a span."""
    names = {
        "other": "a span with one field, not an LLM span",
        "inside": "… inside an LLM span",
        "chat": "the call of a model, with four fields at its start and five later",
        "content": "… and 2 kB of content",
        "by_hand": "the same by `llmobs::llm`, without `tracing`",
    }
    lines = []
    for mode, span in dict.fromkeys((line["mode"], line["span"]) for line in figures.lines("tracing")):
        values = figures.all("tracing", "ns", mode=mode, span=span)
        lines.append((names[span], mode.replace("layer", "llmobs").replace("alone", "llmobs, without another layer"), number(statistics.median(values)), number(min(values))))
    return table(["", "layers", "median", "minimum"], sorted(lines, key=lambda line: list(names.values()).index(line[0])), left=2)


def delivery_table(figures):
    lines = []
    for variant in dict.fromkeys(line["variant"] for line in figures.lines("delivery")):
        get = lambda column, variant=variant: figures.median("delivery", column, variant=variant)  # noqa: E731
        columns = ["spans", "arrived", "dropped", "arrived_per_s", "cpu_ns", "peak_kib"]
        lines.append((variant, *(f"{get(column):,.0f}" for column in columns)))
    get = lambda column: figures.median("reference", column)  # noqa: E731
    lost = get("spans") - get("arrived")
    lines.append(("reference SDK, full speed", *(f"{value:,.0f}" for value in [get("spans"), get("arrived"), lost, get("arrived_per_s"), get("cpu_ns")]), ""))
    return table(["", "spans", "arrived", "lost", "delivered a second", "process CPU ns a span", "peak KiB"], lines)


TEXT = """# Benchmarks

`benches/compare.sh` writes this page from the files in `benches/results`. Do not edit either by hand. `benches/README.md` describes how to
run a part of the benchmarks.

The measured trace is five functions, each of which calls the next: `fn classify(text: &str, n: u32) -> String`, with a text of 39
bytes and an answer of 20 bytes. The figures are per span: a fifth of those of a trace.

- Instructions are counted in user space by callgrind, as the slope between two numbers of traces. They are repeatable to 0.1 % on the
  caller and 2 % on the worker.
- Times are CPU times of the thread or the process. Each mode runs in a process of its own. The modes alternate in a random order, and the
  table has the median of all rounds. On shared cores, only ratios within one table are meaningful.
- Allocations include the 0.2 per span of the answer itself. A reallocation counts as one.
- "before" is the commit 36fb458, measured with the same programs.

```sh
benches/compare.sh                       # measures everything again, and writes this page
benches/compare.sh delivery              # one part: instructions, allocations, cpu, delivery, stack, growth, http, tracing or compile
benches/callgrind.sh caller target/benches/release/spans plain        # one figure
```

## Machine and versions

{machine}
Rust programs are built with `--release`, `codegen-units = 1` and `lto = "thin"`. Unless a table states otherwise, llmobs has all features
and its default configuration.

## Goals

{goals}
Why some goals are not met:

- A session takes five allocations per trace: for its text, the options of the span, and the shared data of the spans inside. The text would
  have to be written directly into the shared data.
- `annotate` takes seven allocations. The worker frees them, so the allocator of the calling thread has no free block. They take 1,100 of
  the 3,600 instructions, and copying the annotation takes 300. Tags and metrics would have to be written as text into a reused buffer,
  like captured values.
- A disabled `async fn` has a box around the body. Without it, the future of a function would contain the bodies of all functions that it
  awaits, and grow with each level of calls.
- Messages are parsed into the typed form and encoded again on the worker. They would have to be rewritten while they are parsed.
- With a processor, each span has a map with the tags of the client, because a processor can change them.
- Less than half of the CPU time of the process is that of llmobs. The rest is that of the kernel, for the sockets.
- For the compiler, an expansion has closures for the arguments, the body and the result, whose types are inferred. fastrace has one guard.
  The crates have an encoder, a serializer with limits, and typed messages, which fastrace does not have.

## Side by side

{peers}
The exporters of the other libraries count spans and encode nothing. The process CPU of llmobs includes JSON, HTTP and the answers.

## Delivery

{delivery}
"Nothing lost" has a queue of 4 GiB. The others have the default of 32 MiB.

## How cost grows

{growth}
## Layers of HTTP clients

reqwest reads a streamed answer of OpenAI's chat in 500 chunks of 300 bytes. The span of each answer is written to a file. The events differ
only in their text. If they also differ in other fields, such as counts, reading a chunk takes about 1 µs more.

{http}
## Spans of `tracing`

CPU time of the caller for a span, from its creation to its end, in nanoseconds. The registry has a layer that enables all spans and does
nothing. Each row is a process of its own. The exporter of OpenTelemetry sends nothing.

{tracing}
## Bias of the comparison

These conditions favor llmobs:

- The functions are small and have short arguments. With large arguments, copying and escaping them dominates in all libraries.
- The server is on the loopback address and answers immediately, without TLS and compression. No figure includes the CPU time of TLS.
- The program is one loop, so code and data are in the caches, and the allocator has free blocks.
- The reference SDK has a buffer of 1,000 events per second and drops the rest. This limits its rate. Its CPU time is a better measure.
- fastrace and tracing normally capture arguments with `Debug` or `Display`. Here, fastrace writes JSON, with serde_json into a new string,
  as a user would.

These conditions favor the other libraries:

- Their exporters encode and send nothing. The worker of llmobs encodes and sends all spans on the same two cores.
- opentelemetry_sdk gets its arguments as attributes without JSON.
- fastrace needs a root span for each trace. It is not counted as a span, but its cost is part of the five.
- The server runs on the same cores. This affects elapsed time, but not CPU time.

Other influences: a virtual machine in which reading the clock takes 25 ns, other work on the same cores, and valgrind, which does not
support AVX-512 and runs one thread at a time.

## Raw figures

`benches/results` has a file for each part: {files}. `before.csv` has the goals, measured on the commit 36fb458.
"""


def write(root, results):
    """Writes the page and the file of goals, and returns the table of goals."""
    figures = Figures(results)

    def part(make):
        try:
            return make(figures)
        except LookupError:
            return "Not measured.\n"

    try:
        before = figures.lines("before")
    except LookupError:
        before = []
    goals_text = goal_table(figures, before)
    machine = lambda figures: table(["", ""], [(line["fact"], line["value"]) for line in figures.lines("machine")], left=2)  # noqa: E731
    files = ", ".join(f"`{path.name}`" for path in sorted(results.glob("*.csv")) if path.stem not in ["before", "goals"])
    text = TEXT.format(
        machine=part(machine),
        goals=goals_text,
        peers=part(peer_table),
        delivery=part(delivery_table),
        growth=part(growth_tables),
        http=part(http_table),
        tracing=part(tracing_table),
        files=files,
    )
    (root / "BENCHMARKS.md").write_text(text)
    with open(results / "goals.csv", "w", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(["key", "what", "measured", "goal", "met"])
        writer.writerows(evaluate(figures))
    return goals_text
