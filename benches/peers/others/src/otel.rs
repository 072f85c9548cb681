//! opentelemetry_sdk with manual spans: each argument and the returned value is an attribute of its own type, which is
//! cheaper than JSON; no boxed tracer; the batch processor; a counting exporter.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use harness::{Outcome, body};
use opentelemetry::trace::{TraceContextExt as _, Tracer as _, TracerProvider as _};
use opentelemetry::{Context, KeyValue};
use opentelemetry_sdk::error::OTelSdkResult;
use opentelemetry_sdk::trace::{
    BatchConfigBuilder, BatchSpanProcessor, SdkTracer, SdkTracerProvider, SpanData, SpanExporter,
};

static PROVIDER: OnceLock<SdkTracerProvider> = OnceLock::new();
static TRACER: OnceLock<SdkTracer> = OnceLock::new();
static EXPORTED: AtomicU64 = AtomicU64::new(0);

#[derive(Debug)]
struct Counter;

impl SpanExporter for Counter {
    async fn export(&self, batch: Vec<SpanData>) -> OTelSdkResult {
        EXPORTED.fetch_add(batch.len() as u64, Relaxed);
        Ok(())
    }
}

/// A queue for all spans of a round. The default queue of 2,048 spans would lose most of them.
pub fn provider() -> &'static SdkTracerProvider {
    PROVIDER.get_or_init(|| {
        let config = BatchConfigBuilder::default().with_max_queue_size(4_000_000).build();
        let processor = BatchSpanProcessor::builder(Counter).with_batch_config(config).build();
        SdkTracerProvider::builder().with_span_processor(processor).build()
    })
}

pub fn start() {
    let _ = TRACER.set(provider().tracer("bench"));
}

pub fn settle() -> Outcome {
    provider().force_flush().expect("an exporter that never fails");
    Outcome { delivered: EXPORTED.load(Relaxed), dropped: 0 }
}

#[inline(always)]
fn span(name: &'static str, text: &str, n: u32, inner: fn(&str, u32) -> String) -> String {
    let tracer = TRACER.get().expect("a tracer");
    let input = [KeyValue::new("text", text.to_owned()), KeyValue::new("n", i64::from(n))];
    let span = tracer.span_builder(name).with_attributes(input).start(tracer);
    let context = Context::current_with_span(span);
    let _entered = context.clone().attach();
    let answer = inner(text, n);
    context.span().set_attribute(KeyValue::new("output", answer.clone()));
    answer
}

#[inline(never)]
pub fn l1(text: &str, n: u32) -> String {
    span("l1", text, n, l2)
}

#[inline(never)]
fn l2(text: &str, n: u32) -> String {
    span("l2", text, n, l3)
}

#[inline(never)]
fn l3(text: &str, n: u32) -> String {
    span("l3", text, n, l4)
}

#[inline(never)]
fn l4(text: &str, n: u32) -> String {
    span("l4", text, n, classify)
}

#[inline(never)]
fn classify(text: &str, n: u32) -> String {
    span("classify", text, n, body)
}
