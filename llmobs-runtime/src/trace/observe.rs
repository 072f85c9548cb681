//! What integrations say of the spans that they make.

use llmobs_capture::is_muted;

use super::context::Context;
use crate::model::annotation::Annotation;
use crate::model::failure::Failure;

/// Puts on the span of a context what an integration observes, from any thread. Unlike with [`Context::annotate`], what the program
/// annotates wins, earlier or later. The texts of errors follow [`Config::capture_errors`](crate::Config::capture_errors). On a context
/// without a span, or with one that has finished, the closure is not called.
///
/// ```
/// # use llmobs_runtime as llmobs;
/// # let collector = llmobs::testing::Collector::new();
/// # let _entered = collector.attach();
/// let call = llmobs::tool("search").start();
/// call.annotate(|note| { note.output("three hits"); });
/// llmobs::integration::observe(&call.context(), |note| { note.input("spans").output([1, 2, 3]); });
/// call.finish();
/// assert_eq!(collector.tree(), "tool search  in spans  out three hits\n");
/// ```
pub fn observe(context: &Context, describe: impl FnOnce(&mut Annotation)) {
    let Some(frame) = context.0.frame().filter(|frame| frame.running_kind().is_some() && !is_muted()) else {
        return;
    };
    let mut notes = Annotation::new(frame.sender().defaults.capture_limit);
    describe(&mut notes);
    if !frame.shows_errors() {
        notes.failure = notes.failure.map(Failure::without_text);
    }
    frame.annotate_under(notes);
}

/// Whether an integration may show content on the span of a context: see
/// [`Config::capture_message_content`](crate::Config::capture_message_content). Without a span it may not.
#[must_use]
pub fn captures_content(context: &Context) -> bool {
    context.0.frame().is_some_and(|frame| frame.sender().defaults.capture_message_content)
}

/// Whether a span that starts in a context belongs to a trace that has begun: there is a span, one of another program, or a trace
/// without a span.
///
/// ```
/// # use llmobs_runtime as llmobs;
/// use llmobs::integration::{is_in_trace, new_trace};
///
/// # let collector = llmobs::testing::Collector::new();
/// # let _entered = collector.attach();
/// assert!(!is_in_trace(&llmobs::current()));
/// assert!(is_in_trace(&new_trace()));
/// assert!(is_in_trace(&llmobs::task("step").start().context()));
/// ```
#[must_use]
pub fn is_in_trace(context: &Context) -> bool {
    context.0.frame().is_some() || context.0.remote().is_some()
}
