//! tracing: the attribute with the returned value; alone, or with the layer that passes spans to OpenTelemetry.

use harness::body;
use opentelemetry::trace::TracerProvider as _;
use tracing_subscriber::prelude::*;

/// Sets the layer as the subscriber of the process.
pub fn start() {
    let tracer = crate::otel::provider().tracer("bench");
    let layer = tracing_opentelemetry::layer().with_tracer(tracer);
    tracing_subscriber::registry().with(layer).init();
}

#[inline(never)]
#[tracing::instrument(ret)]
pub fn l1(text: &str, n: u32) -> String {
    l2(text, n)
}

#[inline(never)]
#[tracing::instrument(ret)]
fn l2(text: &str, n: u32) -> String {
    l3(text, n)
}

#[inline(never)]
#[tracing::instrument(ret)]
fn l3(text: &str, n: u32) -> String {
    l4(text, n)
}

#[inline(never)]
#[tracing::instrument(ret)]
fn l4(text: &str, n: u32) -> String {
    classify(text, n)
}

#[inline(never)]
#[tracing::instrument(ret)]
fn classify(text: &str, n: u32) -> String {
    body(text, n)
}
