//! What integrations need that see other libraries from outside: contexts that are entered and left by ids, and traces without a span.

use std::sync::Arc;

use llmobs_capture::warn_limited;

use super::context::Context;
use super::local;
use super::parent::Parent;
use super::shared::{Remote, Trace};
use crate::base::clock;
use crate::deliver::sender::any_open;
use crate::model::inherited::Inherited;

/// Makes a context current until its id is [left](leave), for hooks that come in pairs and not as a closure or a guard, such as those
/// of a `tracing_subscriber::Layer`. `None` changes nothing.
///
/// Ids are chosen by the caller. They may be left in any order; one that was entered several times is left as often. What is entered
/// inside an instrumented future goes along with it, and can be left on another thread. Elsewhere it is current on this thread.
/// Of contexts that are entered and never left 1,024 are kept; further ones are not entered, with a warning.
///
/// ```
/// # use llmobs_runtime as llmobs;
/// use llmobs::integration::{enter, leave};
///
/// # let collector = llmobs::testing::Collector::new();
/// # let _entered = collector.attach();
/// let (first, second) = (llmobs::task("first").start(), llmobs::task("second").start());
/// enter(1, &first);
/// enter(2, &second);
/// assert!(leave(1));
/// llmobs::tool("inside the second").start().finish();
/// assert!(leave(2));
/// assert!(!leave(2));
/// llmobs::tool("outside").start().finish();
/// # drop((first, second));
/// # let tree = "task first\ntask second\n└─ tool inside the second\ntool outside\n";
/// # assert_eq!(collector.tree(), tree);
/// ```
pub fn enter(id: u64, context: impl Parent) {
    if !any_open() {
        return;
    }
    let Some(context) = context.context() else { return };
    if let Some(slot) = context.here().entered(id, local::current()) {
        drop(local::replace(slot));
    } else {
        warn_limited!(
            "a context was not entered: too many were entered by `integration::enter` and not left"
        );
    }
}

/// Leaves the context that was entered last with this id, and returns whether there was one.
///
/// The context that was entered last stays current, until it is left itself.
#[expect(clippy::must_use_candidate, reason = "most callers cannot do anything about it")]
pub fn leave(id: u64) -> bool {
    let left = local::current().left(id);
    let was_entered = left.is_some();
    if let Some(slot) = left {
        drop(local::replace(slot));
    }
    was_entered
}

/// Begins a trace that has no span yet: spans that start in the context, and have no parent there, are its roots. The siblings under a
/// root of another kind, such as the request of a web framework, stay together so.
///
/// ```
/// # use llmobs_runtime as llmobs;
/// # let collector = llmobs::testing::Collector::new();
/// # let _entered = collector.attach();
/// let trace = llmobs::integration::new_trace();
/// llmobs::llm("draft").parent(&trace).start().finish();
/// llmobs::llm("review").parent(&trace).start().finish();
/// let [draft, review] = &*collector.spans() else { panic!("two spans") };
/// assert_eq!(draft.trace_id(), review.trace_id());
/// assert_eq!((draft.parent_id(), review.parent_id()), (None, None));
/// ```
#[must_use = "spans belong to the trace where the context is entered or named as their parent"]
pub fn new_trace() -> Context {
    let here = local::current();
    if !any_open() {
        return Context(here);
    }
    let trace = Arc::new(Trace::begin(clock::unix_nanos()));
    let remote = Remote { trace: Some(Arc::clone(&trace)), origin: trace, parent_id: None };
    Context(here.with_remote(remote, Inherited::default()))
}
