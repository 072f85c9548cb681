//! Annotates and exports the current span.

use llmobs_capture::is_muted;

use super::context::current;
use crate::deliver::sender::any_open;
use crate::model::annotation::Annotation;
use crate::model::reference::SpanRef;

/// Annotates the current span: see [`Context::annotate`](crate::Context::annotate). If no span is current, or llmobs is not enabled, the
/// closure is not called.
///
/// ```
/// # use llmobs_runtime as llmobs;
/// # let collector = llmobs::testing::Collector::new();
/// # let _entered = collector.attach();
/// # let call = llmobs::llm("complete").start();
/// # call.enter(|| {
/// llmobs::annotate(|note| {
///     note.input("What is a span?")
///         .output("One step of a trace.")
///         .metadata("temperature", 0.2)
///         .metric("input_tokens", 5)
///         .tag("user_tier", "free");
/// });
/// # });
/// # call.finish();
/// let span = &collector.events()[0];
/// assert_eq!(span["meta"]["input"]["messages"][0]["content"], "What is a span?");
/// assert_eq!(span["metrics"]["input_tokens"], 5);
/// ```
pub fn annotate(describe: impl FnOnce(&mut Annotation)) {
    if any_open() {
        current().annotate(describe);
    }
}

/// Returns a reference to the current span, or `None` if no span is current or llmobs is not enabled.
///
/// ```
/// # use llmobs_runtime as llmobs;
/// # let collector = llmobs::testing::Collector::new();
/// # let _entered = collector.attach();
/// let span = llmobs::workflow("answer").start();
/// let reference = span.enter(llmobs::export_span);
/// assert_eq!(reference, span.export());
/// span.finish();
/// assert_eq!(llmobs::export_span(), None);
/// ```
#[must_use]
pub fn export_span() -> Option<SpanRef> {
    if any_open() && !is_muted() { current().export() } else { None }
}
