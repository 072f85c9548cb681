//! The CPU time of the caller for a `tracing` span, under a bare registry and under layers.
//!
//! `tracing-layers MODE SPAN ROUNDS` prints a line of CSV for each round: nanoseconds for one span, from its creation to its end. Each mode
//! is a separate process, because interests are shared by all subscribers of a process.

use std::env;
use std::hint::black_box;
use std::time::Duration;

use harness::clock::thread_cpu;
use opentelemetry::trace::TracerProvider as _;
use opentelemetry_sdk::error::OTelSdkResult;
use opentelemetry_sdk::trace::{SdkTracerProvider, SpanData, SpanExporter};
use tracing::field::Empty;
use tracing::{Dispatch, info_span};
use tracing_subscriber::layer::{Layer, SubscriberExt as _};
use tracing_subscriber::{Registry, registry};

/// Spans per round. The queues hold this many.
const SPANS: u32 = 500;

type Error = Box<dyn std::error::Error>;

fn main() -> Result<(), Error> {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let [mode, span, rounds] = &*arguments else { return Err("tracing-layers MODE SPAN ROUNDS".into()) };
    let file = llmobs::Exporter::File("/dev/null".into());
    let _guard = llmobs::Config::new().ml_app("bench").exporter(file).init()?;
    let provider = SdkTracerProvider::builder().with_batch_exporter(Nowhere).build();
    let dispatch: Dispatch = match mode.as_str() {
        // Another layer enables all spans, like one for logs.
        "registry" => registry().with(Wanted).into(),
        "layer" => registry().with(Wanted).with(llmobs::tracing::layer()).into(),
        "alone" => registry().with(llmobs::tracing::layer()).into(),
        "opentelemetry" => {
            let tracer = provider.tracer("bench");
            registry().with(Wanted).with(tracing_opentelemetry::layer().with_tracer(tracer)).into()
        }
        "none" => Dispatch::none(),
        _ => return Err("MODE: registry, layer, alone, opentelemetry or none".into()),
    };
    let call: fn(u32) = match span.as_str() {
        "other" | "inside" => other,
        "chat" => chat,
        "content" => content,
        "by_hand" => by_hand,
        _ => return Err("SPAN: other, inside, chat, content or by_hand".into()),
    };
    let around = span == "inside";
    println!("mode,span,round,ns");
    tracing::dispatcher::with_default(&dispatch, || {
        let step = around.then(|| info_span!("agent", gen_ai.operation.name = "invoke_agent"));
        let _entered = step.as_ref().map(tracing::Span::enter);
        for round in 0..rounds.parse::<u32>()? + 5 {
            let begun = thread_cpu();
            for index in 0..SPANS {
                call(black_box(index));
            }
            let nanos = (thread_cpu() - begun) as f64 / f64::from(SPANS);
            llmobs::flush(Duration::from_secs(5));
            let _ = provider.force_flush();
            // The first rounds fill pools.
            if round >= 5 {
                println!("{mode},{span},{round},{nanos:.1}");
            }
        }
        Ok(())
    })
}

/// A span that is not a step of an LLM application.
fn other(index: u32) {
    let span = info_span!("work", index);
    span.in_scope(|| black_box(index));
}

/// A model call as rig describes it without content.
fn chat(index: u32) {
    let span = info_span!(
        target: "rig::completions",
        "chat",
        gen_ai.operation.name = "chat",
        gen_ai.provider.name = "openai",
        gen_ai.request.model = "gpt-4o",
        gen_ai.response.id = Empty,
        gen_ai.response.model = Empty,
        gen_ai.usage.input_tokens = Empty,
        gen_ai.usage.output_tokens = Empty,
        gen_ai.usage.cache_read.input_tokens = Empty,
    );
    span.in_scope(|| black_box(index));
    answered(&span);
}

fn answered(span: &tracing::Span) {
    span.record("gen_ai.response.id", "chatcmpl-1");
    span.record("gen_ai.response.model", "gpt-4o-2024-08-06");
    span.record("gen_ai.usage.input_tokens", 57_u64);
    span.record("gen_ai.usage.output_tokens", 18_u64);
    span.record("gen_ai.usage.cache_read.input_tokens", 32_u64);
}

/// A model call with 2 KiB of content.
fn content(index: u32) {
    let text = "x".repeat(1000);
    let span = info_span!(
        target: "rig::completions",
        "chat",
        gen_ai.operation.name = "chat",
        gen_ai.provider.name = "openai",
        gen_ai.request.model = "gpt-4o",
        gen_ai.input.messages = text,
        gen_ai.output.messages = Empty,
        gen_ai.response.id = Empty,
        gen_ai.response.model = Empty,
        gen_ai.usage.input_tokens = Empty,
        gen_ai.usage.output_tokens = Empty,
        gen_ai.usage.cache_read.input_tokens = Empty,
    );
    span.in_scope(|| black_box(index));
    span.record("gen_ai.output.messages", &*text);
    answered(&span);
}

/// A span of llmobs itself.
fn by_hand(index: u32) {
    let span = llmobs::llm("chat").model_name("gpt-4o").model_provider("openai").start();
    span.enter(|| black_box(index));
    span.annotate(|note| {
        note.metadata("response_id", "chatcmpl-1")
            .model_name("gpt-4o-2024-08-06")
            .metric("input_tokens", 57)
            .metric("output_tokens", 18)
            .metric("cache_read_input_tokens", 32);
    });
    span.finish();
}

/// A layer that enables all spans, and does nothing with them.
struct Wanted;

impl Layer<Registry> for Wanted {}

/// An exporter that sends nothing.
#[derive(Debug)]
struct Nowhere;

impl SpanExporter for Nowhere {
    async fn export(&self, _: Vec<SpanData>) -> OTelSdkResult {
        Ok(())
    }
}
