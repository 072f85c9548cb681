//! The cost of spans in the explorer: sends runs of an agent over persistent connections, and prints the CPU time per span.

#![expect(
    clippy::indexing_slicing,
    clippy::cast_precision_loss,
    reason = "fields of JSON objects are set, and numbers are small"
)]

use std::path::Path;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use serde_json::{Value, json};

use super::explorer::Explorer;
use super::random::Random;
use super::{Failed, rate, sizes};

const MILLI: u64 = 1_000_000;
/// The spans of a run, about 2 KB each: an agent, its model calls, and the tools that they called.
const RUN: u64 = 9;

/// The spans to send, and the way to send them.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Load {
    /// The number of spans.
    pub(crate) spans: u64,
    /// The number of spans per request.
    pub(crate) together: usize,
    /// The number of concurrent connections.
    pub(crate) senders: usize,
    /// The number of model calls per run. Each repeats the messages of all earlier calls.
    pub(crate) turns: u64,
}

/// The measured times.
#[derive(Debug)]
struct Sent {
    seconds: f64,
    waits: Vec<Duration>,
}

impl Load {
    /// Sends all spans and prints their cost.
    pub(crate) fn measure(self, explorer: &Explorer, store: &Path) -> Result<(), Failed> {
        let bodies = self.bodies();
        let bytes: usize = bodies.iter().map(String::len).sum();
        let (work, size_before) = (explorer.work()?, sizes(store)?.0);
        let Sent { seconds, mut waits } = send(explorer, &bodies, self.senders)?;
        let work = explorer.work()?.saturating_sub(work).as_secs_f64();
        let (size, log) = sizes(store)?;
        let stored = size.saturating_sub(size_before);
        waits.sort_unstable();
        let wait = |part: usize| waits.get((waits.len() * part / 1000).min(waits.len() - 1)).copied();
        println!(
            "{} spans of {} bytes, {} per request, {} connections, {} turns: {:.1} µs of CPU per span, {:.0} spans/s/core, \
             {:.0} spans/s; {:.3} bytes stored per byte, {:.3} with the log of {} MiB; writes p50 {:?}, p99 {:?}, max {:?}; memory {}",
            self.spans,
            bytes as u64 / self.spans,
            self.together,
            self.senders,
            self.turns,
            work * 1e6 / self.spans as f64,
            rate(self.spans, work),
            rate(self.spans, seconds),
            stored as f64 / bytes as f64,
            (stored + log) as f64 / bytes as f64,
            log >> 20,
            wait(500).unwrap_or_default(),
            wait(990).unwrap_or_default(),
            wait(1000).unwrap_or_default(),
            explorer.memory()?,
        );
        Ok(())
    }

    fn bodies(self) -> Vec<String> {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        let now = u64::try_from(now.as_nanos()).unwrap_or_default();
        let mut spans = Vec::new();
        let mut bodies = Vec::new();
        let mut left = self.spans;
        for number in 0.. {
            let run = self.run(now, number);
            left = left.saturating_sub(run.len() as u64);
            spans.extend(run);
            while spans.len() >= self.together || (left == 0 && !spans.is_empty()) {
                bodies.push(request(spans.drain(..self.together.min(spans.len())).collect()));
            }
            if left == 0 {
                return bodies;
            }
        }
        bodies
    }

    /// A run. Each turn is a model call and a tool.
    fn run(self, now: u64, number: u64) -> Vec<Value> {
        let run = now ^ number;
        let mut random = Random::of("run", run);
        let trace = format!("{:032x}", (u128::from(random.next()) << 64) | u128::from(number));
        let app = random.one_of(&["support", "travel", "search", "billing"]);
        let tags = json!([
            format!("ml_app:{app}"),
            format!("service:{app}-api"),
            "env:prod",
            "version:1.4",
            format!("user_id:u-{}", random.small(3000)),
            format!("team:{}", random.one_of(&["help", "search", "growth"])),
            "language:python",
            "ddtrace.version:4.11.0",
            "source:integration"
        ]);
        let session = format!("s-{:x}", run / 5);
        let mut at = now + number * 10 * MILLI;
        let span = |random: &mut Random,
                    kind: &str,
                    name: &str,
                    at: u64,
                    root: bool,
                    meta: Value,
                    metrics: Value| {
            let mut meta = meta;
            meta["span"] = json!({ "kind": kind });
            let failed = random.chance(3);
            if failed {
                meta["error"] = json!({ "type": "TimeoutError", "message": "it took too long", "stack": random.text(400) });
            }
            json!({
                "trace_id": trace, "span_id": if root { run.to_string() } else { random.next().to_string() },
                "parent_id": if root { "undefined".to_owned() } else { run.to_string() }, "name": name, "start_ns": at,
                "duration": (1 + random.small(4000)) * MILLI, "status": if failed { "error" } else { "ok" }, "meta": meta,
                "metrics": metrics, "tags": tags, "ml_app": app, "session_id": session, "_dd": { "apm_trace_id": trace },
            })
        };
        let prompt = random.small(12);
        let mut messages =
            vec![json!({ "role": "system", "content": Random::of("system", prompt).text(900) })];
        let question = random.text(150);
        messages.push(json!({ "role": "user", "content": question }));
        let (mut spans, mut answer) = (Vec::new(), String::new());
        for _ in 0..self.turns {
            at += (1 + random.small(900)) * MILLI;
            answer = random.text(350);
            let (input, output) = (100 + random.below(1000), 10 + random.below(400));
            let meta = json!({
                "model_name": random.one_of(&["gpt-4o", "claude-sonnet", "gemini-flash"]), "model_provider": "openai",
                "metadata": { "temperature": 0.2, "max_tokens": 1024 }, "input": { "messages": messages },
                "output": { "messages": [{ "role": "assistant", "content": answer }] },
            });
            let metrics = json!({ "input_tokens": input, "output_tokens": output, "total_tokens": input + output,
                "cache_read_input_tokens": random.small(input), "time_to_first_token": 0.1 + random.below(900) as f64 / 1e3 });
            spans.push(span(&mut random, "llm", "chat_completion", at, false, meta, metrics));
            let result = random.text(600);
            let tool =
                random.one_of(&["search_web", "read_page", "calendar", "order_status", "refund", "weather"]);
            let meta = json!({ "input": { "value": json!({ "query": random.text(40) }).to_string() }, "output": { "value": result } });
            spans.push(span(&mut random, "tool", tool, at, false, meta, json!({})));
            messages.push(json!({ "role": "assistant", "content": answer }));
            messages.push(json!({ "role": "user", "content": result }));
        }
        let meta = json!({ "input": { "value": question }, "output": { "value": answer } });
        spans.push(span(&mut random, "agent", "support_desk", at, true, meta, json!({})));
        spans
    }
}

/// The number of model calls per run that gives spans of about 2 KB.
pub(crate) const TURNS: u64 = (RUN - 1) / 2;

fn request(spans: Vec<Value>) -> String {
    let wrappers: Vec<Value> =
        spans.into_iter().map(|span| json!({ "event_type": "span", "spans": [span] })).collect();
    Value::Array(wrappers).to_string()
}

fn send(explorer: &Explorer, bodies: &[String], senders: usize) -> Result<Sent, Failed> {
    let next = AtomicUsize::new(0);
    let waits = Mutex::new(Vec::with_capacity(bodies.len()));
    let url = explorer.url("/api/v2/llmobs");
    let start = Instant::now();
    let sender = || -> Result<(), Failed> {
        let agent: ureq::Agent = ureq::Agent::config_builder().proxy(None).build().into();
        while let Some(body) = bodies.get(next.fetch_add(1, Ordering::Relaxed)) {
            let sent_at = Instant::now();
            agent.post(&url).content_type("application/json").send(body)?.body_mut().read_to_string()?;
            waits.lock().map_err(|_| "a sender failed")?.push(sent_at.elapsed());
        }
        Ok(())
    };
    thread::scope(|scope| {
        let senders: Vec<_> = (0..senders).map(|_| scope.spawn(sender)).collect();
        senders.into_iter().try_for_each(|sender| sender.join().map_err(|_| "a sender failed")?)
    })?;
    let waits = waits.into_inner().map_err(|_| "a sender failed")?;
    Ok(Sent { seconds: start.elapsed().as_secs_f64(), waits })
}
