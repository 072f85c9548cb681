//! Annotations by integrations.

use llmobs_capture::is_muted;

use super::context::Context;
use crate::model::annotation::Annotation;
use crate::model::failure::Failure;

/// Annotates the span of a context with the observations of an integration, from any thread. Unlike with [`Context::annotate`], annotations
/// of the program take precedence, whether made earlier or later. The texts of errors follow
/// [`Config::capture_errors`](crate::Config::capture_errors). If the context has no span, or its span has finished, the closure is not
/// called.
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
    frame.annotate_under(Some(Box::new(notes)));
}
