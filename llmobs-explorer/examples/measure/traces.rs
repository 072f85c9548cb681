//! Traces of an assistant with tools, sessions and users, the same in each run.

#![expect(
    clippy::indexing_slicing,
    clippy::cast_precision_loss,
    reason = "fields of JSON objects are set, and numbers are small"
)]

use std::ops::Range;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use serde_json::{Value, json};

use super::random::Random;

const APPS: [&str; 4] = ["support", "travel", "search", "billing"];
const AGENTS: [&str; 6] =
    ["support_desk", "travel_desk", "research", "triage", "checkout_help", "night_shift"];
const WORKFLOWS: [&str; 5] = ["answer_question", "support_ticket", "summarize", "translate", "classify"];
const TOOLS: [&str; 8] =
    ["search_web", "read_page", "calendar", "order_status", "refund", "weather", "calculator", "send_mail"];
const MODELS: [(&str, &str); 5] = [
    ("gpt-4o", "openai"),
    ("gpt-4o-mini", "openai"),
    ("claude-sonnet", "anthropic"),
    ("gemini-flash", "google"),
    ("llama-70b", "meta"),
];
const TEAMS: [&str; 5] = ["help", "search", "growth", "core", "lab"];
const ERRORS: [&str; 4] = ["TimeoutError", "RateLimitError", "ValueError", "ConnectionError"];
/// The number of turns per session.
const TURNS: u64 = 5;
/// The number of days that the traces cover.
const DAYS: u64 = 7;
const MILLI: u64 = 1_000_000;

/// All traces except the large ones.
#[derive(Debug)]
pub(crate) struct Traces {
    count: u64,
    /// The start of the last trace, in nanoseconds since the Unix epoch.
    last_ns: u64,
}

/// The bodies of one turn of requests.
#[derive(Debug)]
pub(crate) struct Batch {
    pub(crate) body: String,
    pub(crate) metrics: String,
    pub(crate) spans: u64,
}

/// The form of a large trace.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Wide {
    /// Levels of agents with steps.
    Deep,
    /// All spans below one.
    Flat,
}

/// The fields that all spans of a trace share.
struct Trace {
    id: String,
    app: &'static str,
    session: Option<String>,
    tags: Value,
}

impl Traces {
    pub(crate) fn new(count: u64) -> Self {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        let now = now.saturating_sub(Duration::from_secs(60));
        Self { count, last_ns: u64::try_from(now.as_nanos()).unwrap_or_default() }
    }

    pub(crate) fn count(&self) -> u64 {
        self.count
    }

    /// The id of a trace with six spans.
    pub(crate) fn id_of_six(&self) -> String {
        let six = (0..self.count).find(|&number| self.spans(number).len() == 6);
        id(six.unwrap_or_default())
    }

    /// A request with a trace that is unrelated to the others.
    pub(crate) fn change(&self, number: u64) -> String {
        request(self.spans(self.count + number))
    }

    pub(crate) fn batch(&self, numbers: Range<u64>) -> Batch {
        let spans: Vec<Value> = numbers.clone().flat_map(|number| self.spans(number)).collect();
        let metrics: Vec<Value> =
            numbers.filter(|number| number % 10 == 3).map(|number| self.metric(number)).collect();
        let metrics = json!({"data": {"type": "evaluation_metric", "attributes": {"metrics": metrics}}});
        Batch { spans: spans.len() as u64, body: request(spans), metrics: metrics.to_string() }
    }

    fn start_ns(&self, number: u64) -> u64 {
        let step = DAYS * 86_400_000 * MILLI / self.count.max(1);
        self.last_ns.saturating_sub(self.count.saturating_sub(number) * step)
    }

    fn metric(&self, number: u64) -> Value {
        let mut random = Random::of("metric", number);
        let mut metric = match random.below(3) {
            0 => {
                json!({"label": "tone", "metric_type": "categorical", "categorical_value": random.one_of(&["friendly", "neutral", "curt"])})
            }
            1 => json!({"label": "resolved", "metric_type": "boolean", "boolean_value": random.chance(80)}),
            _ => {
                json!({"label": "faithfulness", "metric_type": "score", "score_value": u32::try_from(random.below(100)).map_or(0.0, f64::from) / 100.0,
                "assessment": random.one_of(&["pass", "fail"]), "reasoning": random.text(200)})
            }
        };
        metric["join_on"] = json!({"span": {"trace_id": id(number), "span_id": span_id(number, 0)}});
        metric["ml_app"] = json!("support");
        metric["timestamp_ms"] = json!(self.start_ns(number) / MILLI);
        metric
    }

    /// 1 to 12 spans, about 5.
    fn spans(&self, number: u64) -> Vec<Value> {
        let mut random = Random::of("trace", number);
        // Five successive traces are the turns of a session.
        let (session, turn) = (number / TURNS, number % TURNS);
        let app = Random::of("app", session).one_of(&APPS);
        let user = Random::of("user", session).small(3000);
        let trace = Trace {
            id: id(number),
            app,
            session: (session % 10 != 9).then(|| format!("s-{session}")),
            tags: json!([
                format!("ml_app:{app}"),
                format!("service:{app}-api"),
                format!("env:{}", if session % 8 == 0 { "staging" } else { "prod" }),
                format!("version:1.{}", number / 20_000),
                format!("user_id:u-{user}"),
                format!("team:{}", random.one_of(&TEAMS)),
                "language:python",
                "ddtrace.version:4.11.0",
                "source:integration"
            ]),
        };
        let mut at = self.start_ns(number);
        let question = message(session, turn);
        if random.chance(10) {
            return vec![trace.llm(&mut random, (number, 0), None, at, (session, turn))];
        }
        let mut spans = Vec::new();
        let start = at;
        let steps = 2 + random.below(4) + random.small(6);
        for step in 1..=steps {
            at += random.below(20) * MILLI;
            let span = match step % 3 {
                1 if random.chance(70) => trace.retrieval(&mut random, (number, step), at, &question),
                0 => trace.tool(&mut random, (number, step), at),
                _ => trace.llm(&mut random, (number, step), Some(span_id(number, 0)), at, (session, turn)),
            };
            at += span.get("duration").and_then(Value::as_u64).unwrap_or_default();
            spans.push(span);
        }
        let agent = random.chance(60);
        let (kind, name) =
            if agent { ("agent", random.one_of(&AGENTS)) } else { ("workflow", random.one_of(&WORKFLOWS)) };
        let meta = json!({"input": {"value": question}, "output": {"value": message(session, turn + 1000)}});
        let mut root =
            trace.span(kind, name, (number, 0), None, (start, at - start + random.below(5) * MILLI), meta);
        fail(&mut random, &mut root);
        spans.push(root);
        spans
    }
}

impl Trace {
    fn span(
        &self,
        kind: &str,
        name: &str,
        which: (u64, u64),
        parent: Option<String>,
        when: (u64, u64),
        mut meta: Value,
    ) -> Value {
        meta["span"] = json!({"kind": kind});
        if meta.get("metadata").is_none() {
            meta["metadata"] = json!({"attempt": which.0 % 4});
        }
        let mut span = json!({
            "trace_id": self.id, "span_id": span_id(which.0, which.1), "parent_id": parent.unwrap_or_else(|| "undefined".to_owned()),
            "name": name, "start_ns": when.0, "duration": when.1, "status": "ok", "meta": meta, "metrics": {}, "tags": self.tags,
            "ml_app": self.app, "_dd": {"apm_trace_id": self.id},
        });
        if let Some(session) = &self.session {
            span["session_id"] = json!(session);
        }
        span
    }

    /// A model call: a system prompt that many calls share, the earlier messages, and an answer.
    fn llm(
        &self,
        random: &mut Random,
        which: (u64, u64),
        parent: Option<String>,
        at: u64,
        (session, turn): (u64, u64),
    ) -> Value {
        let prompt = random.small(12);
        let mut messages =
            vec![json!({"role": "system", "content": Random::of("system", prompt).text(300 + prompt * 300)})];
        for earlier in 0..turn {
            messages.push(json!({"role": "user", "content": message(session, earlier)}));
            messages.push(json!({"role": "assistant", "content": message(session, earlier + 1000)}));
        }
        messages.push(json!({"role": "user", "content": message(session, turn)}));
        let (model, provider) =
            MODELS.get(usize::try_from(random.small(5)).unwrap_or_default()).copied().unwrap_or_default();
        let (input, output) = (100 + random.below(1000), 10 + random.below(400));
        let duration = (200 + random.small(8000)) * MILLI;
        let meta = json!({
            "model_name": model, "model_provider": provider,
            "metadata": {"temperature": 0.1 * (random.below(4) as f64), "max_tokens": 1024, "attempt": which.0 % 4},
            "input": {"messages": messages}, "output": {"messages": [{"role": "assistant", "content": message(session, turn + 1000)}]},
        });
        let mut span = self.span("llm", "chat_completion", which, parent, (at, duration), meta);
        span["metrics"] = json!({"input_tokens": input, "output_tokens": output, "total_tokens": input + output,
            "time_to_first_token": 0.1 + (random.below(900) as f64) / 1000.0, "cache_read_input_tokens": random.small(input)});
        fail(random, &mut span);
        span
    }

    fn retrieval(&self, random: &mut Random, which: (u64, u64), at: u64, question: &str) -> Value {
        // Many retrievals find the same pages.
        let documents: Vec<Value> = (0..3)
            .map(|_| {
                let page = random.small(3000);
                json!({"id": format!("d-{page}"), "name": format!("Page {page}"), "score": 0.5, "text": Random::of("page", page).text(400 + page % 900)})
            })
            .collect();
        let meta = json!({"input": {"value": question}, "output": {"documents": documents}});
        let duration = (5 + random.small(400)) * MILLI;
        self.span("retrieval", "search_documents", which, Some(span_id(which.0, 0)), (at, duration), meta)
    }

    fn tool(&self, random: &mut Random, which: (u64, u64), at: u64) -> Value {
        let meta = json!({"input": {"value": json!({"query": random.text(40)}).to_string()}, "output": {"value": random.text(300)}});
        let duration = (1 + random.small(2000)) * MILLI;
        let parent = Some(span_id(which.0, 0));
        let mut span = self.span("tool", random.one_of(&TOOLS), which, parent, (at, duration), meta);
        fail(random, &mut span);
        span
    }
}

/// Lets 3 of 100 spans fail.
fn fail(random: &mut Random, span: &mut Value) {
    if random.chance(3) {
        span["status"] = json!("error");
        span["meta"]["error"] =
            json!({"type": random.one_of(&ERRORS), "message": random.text(60), "stack": random.text(600)});
    }
}

/// A message in a turn of a session: 0.2 to 4 KiB, mostly short.
fn message(session: u64, turn: u64) -> String {
    let mut random = Random::of("said", session * 10_000 + turn);
    let bytes = 200 + random.small(3800);
    let mut text = random.text(bytes);
    if random.below(400) == 0 {
        text.push_str("the zanzibar ferry");
    }
    text
}

fn id(number: u64) -> String {
    format!("{:016x}{:016x}", Random::of("id", number).next(), number)
}

fn span_id(number: u64, step: u64) -> String {
    (Random::of("span", number).next() / 100 * 100 + step).to_string()
}

fn request(spans: Vec<Value>) -> String {
    let wrapped: Vec<Value> = spans
        .into_iter()
        .map(|span| json!({"_dd.stage": "raw", "event_type": "span", "spans": [span]}))
        .collect();
    Value::Array(wrapped).to_string()
}

pub(crate) fn large_id(wide: Wide) -> String {
    format!("{:032x}", 0xffff_0000 + wide as u64)
}

/// The requests of a large trace. Its spans are numbered from 1.
pub(crate) fn large(wide: Wide, spans: u64) -> Vec<String> {
    let now = Traces::new(0).last_ns;
    let trace = Trace {
        id: large_id(wide),
        app: "batch",
        session: None,
        tags: json!(["ml_app:batch", "env:prod", "user_id:u-1"]),
    };
    let spans: Vec<Value> = (1..=spans)
        .map(|number| {
            let mut random = Random::of("large", number);
            let parent = match wide {
                Wide::Flat => 1,
                // About twenty children per span.
                Wide::Deep => (number + 18) / 20,
            };
            let kind = match number % 7 {
                _ if number == 1 => "agent",
                0 => "llm",
                1..=3 => "tool",
                _ => "task",
            };
            let duration = if number == 1 { 60_000 } else { 1 + random.below(900) } * MILLI;
            let meta = match kind {
                "llm" => json!({"model_name": "gpt-4o", "input": {"messages": [{"role": "user", "content": random.text(100)}]},
                    "output": {"messages": [{"role": "assistant", "tool_calls": [{"name": "step_8", "arguments": {}, "tool_id": "1"}]}]}}),
                _ => json!({"input": {"value": random.text(100)}, "output": {"value": random.text(200)}}),
            };
            let mut span = trace.span(
                kind,
                &format!("step_{}", number % 40),
                (0, 0),
                None,
                (now + number * MILLI, duration),
                meta,
            );
            span["span_id"] = json!(number.to_string());
            if number > 1 {
                span["parent_id"] = json!(parent.to_string());
            }
            fail(&mut random, &mut span);
            span
        })
        .collect();
    spans.chunks(1000).map(|chunk| request(chunk.to_vec())).collect()
}
