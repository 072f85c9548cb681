//! Annotates and exports the current span.

use llmobs_capture::{is_muted, warn_limited};

use super::local;
use crate::deliver::sender::any_open;
use crate::model::annotation::Annotation;
use crate::model::reference::SpanRef;

/// Annotates the current span. If none is current, which is logged, or llmobs is not enabled, the closure is not called.
///
/// ```
/// # use llmobs_runtime as llmobs;
/// # let collector = llmobs::testing::Collector::new();
/// # let _entered = collector.attach();
/// # let call = llmobs::llm("complete").start();
/// # call.enter(|| {
/// llmobs::annotate(|span| {
///     span.input("What is a span?")
///         .output("One step of a trace.")
///         .metadata("temperature", 0.2)
///         .metric("input_tokens", 5)
///         .tag("user_tier", "free")
/// });
/// # });
/// # call.finish();
/// let span = &collector.events()[0];
/// assert_eq!(span["meta"]["input"]["messages"][0]["content"], "What is a span?");
/// assert_eq!(span["metrics"]["input_tokens"], 5);
/// ```
pub fn annotate(describe: impl FnOnce(Annotation) -> Annotation) {
    if !any_open() {
        return;
    }
    if is_muted() {
        return;
    }
    let here = local::current();
    if let Some(frame) = here.frame() {
        frame.annotate_with(describe);
    } else if here.open_sender().is_some() {
        warn_limited!(
            "an annotation is lost: no span is current where `llmobs::annotate` was called; call it inside a span, carry the \
             context to this thread or task, or use `Span::annotate`"
        );
    }
}

/// A reference to the current span; `None` where none is current, or llmobs is not enabled.
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
    if !any_open() || is_muted() {
        return None;
    }
    local::with_current(|here| here.frame().map(|frame| frame.reference()))
}
