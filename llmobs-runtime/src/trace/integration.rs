//! Support for integrations that observe other libraries: contexts that are entered and left by ids, and traces without a span.

use std::cell::RefCell;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use llmobs_capture::{is_muted, warn_limited};

use super::context::{Context, current};
use super::local;
use super::parent::Parent;
use super::shared::{Remote, Trace};
use super::slot::Slot;
use crate::base::clock;
use crate::deliver::sender::any_open;
use crate::model::inherited::Inherited;

/// A longer list of entries is cleaned up now and then.
const MANY: usize = 64;

thread_local! {
    /// The entries of this thread, to find those that a guard or a future hides.
    static ENTERED: RefCell<Vec<(u64, Arc<AtomicBool>)>> = const { RefCell::new(Vec::new()) };
}

/// Returns whether an entry has not been left yet, and its slot is still in use.
fn is_open(left: &Arc<AtomicBool>) -> bool {
    Arc::strong_count(left) > 1 && !left.load(Ordering::Relaxed)
}

/// Makes a context current until its id is [left](leave), for hooks that come in pairs and not as a closure or a guard, such as those of a
/// `tracing_subscriber::Layer`. `None` changes nothing.
///
/// The caller chooses the ids, which all callers on a thread share. Contexts can be left in any order, even inside guards and futures that
/// were entered since; an id that was entered several times must be left as often. A context that is entered while an instrumented future
/// is polled moves with the future, and can be left on another thread; otherwise it belongs to this thread. At most 1,024 contexts can be
/// entered and not left; further ones are not entered, with a warning.
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
    if let Some((slot, left)) = context.here().entered(id, local::current()) {
        drop(local::replace(slot));
        // A thread that is ending no longer has a list.
        let _ = ENTERED.try_with(|entered| {
            let mut entered = entered.borrow_mut();
            // Entries that were left on other threads are no longer needed.
            if entered.len() >= MANY && entered.len().is_power_of_two() {
                entered.retain(|(_, left)| is_open(left));
            }
            entered.push((id, left));
        });
    } else {
        warn_limited!(
            "a context was not entered: too many were entered by `integration::enter` and not left"
        );
    }
}

/// Leaves the context that was entered last with this id, and returns whether there was one.
///
/// The context that was entered last of all stays current until it is left itself.
pub fn leave(id: u64) -> bool {
    let is_here = local::with_current(|here| here.leave(id));
    let was_entered = if is_here { forget(id) } else { leave_outside(id) };
    if was_entered && let Some(live) = local::with_current(Slot::live_if_left) {
        drop(local::replace(live));
    }
    was_entered
}

/// Returns whether a context was entered on this thread with this id, and has not been left yet. It need not be current: others may have
/// been entered since.
#[must_use]
pub fn is_entered(id: u64) -> bool {
    let look = |entered: &RefCell<Vec<(u64, Arc<AtomicBool>)>>| {
        entered.borrow().iter().any(|(other, left)| *other == id && is_open(left))
    };
    any_open() && ENTERED.try_with(look).unwrap_or(false)
}

/// Removes an entry that was left from the list of this thread, if it is the last one, which is the common case.
fn forget(id: u64) -> bool {
    let forget = |entered: &RefCell<Vec<(u64, Arc<AtomicBool>)>>| {
        drop(entered.borrow_mut().pop_if(|(other, _)| *other == id));
    };
    let _ = ENTERED.try_with(forget);
    true
}

/// Leaves a context that was entered on this thread, outside of a guard or a future.
fn leave_outside(id: u64) -> bool {
    let leave = |entered: &RefCell<Vec<(u64, Arc<AtomicBool>)>>| {
        let mut entered = entered.borrow_mut();
        while let Some(at) = entered.iter().rposition(|(other, _)| *other == id) {
            let (_, left) = entered.remove(at);
            if Arc::strong_count(&left) > 1 && !left.swap(true, Ordering::AcqRel) {
                return true;
            }
        }
        false
    };
    ENTERED.try_with(leave).unwrap_or(false)
}

/// The parts of values that an integration may keep.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Capture {
    /// The budget of each value, in bytes: see [`Config::max_capture_bytes`](crate::Config::max_capture_bytes).
    pub limit: usize,
    /// Whether texts that people and models wrote may be shown: see
    /// [`Config::capture_message_content`](crate::Config::capture_message_content).
    pub shows_content: bool,
}

/// Returns what spans that start here may keep, or `None` if such spans are not recorded.
#[must_use]
pub fn capture() -> Option<Capture> {
    if !any_open() || is_muted() {
        return None;
    }
    local::with_client(&local::current(), |sender, _| Capture {
        limit: sender.defaults.capture_limit,
        shows_content: sender.defaults.capture_message_content,
    })
}

/// Returns whether spans that start here belong to a trace that has already begun: there is a span around them, of this program or of
/// another one, or a [`new_trace`].
#[must_use]
pub fn is_in_trace() -> bool {
    any_open() && local::with_current(|slot| slot.frame().is_some() || slot.remote().is_some())
}

/// Returns whether the span of a context is current here. Without a span, returns whether its trace is current.
#[must_use]
pub fn is_current(context: &Context) -> bool {
    let is_same = |here: &Slot| match (here.frame(), context.0.frame()) {
        (Some(here), Some(frame)) => Arc::ptr_eq(here, frame),
        (None, None) => match (here.remote(), context.0.remote()) {
            (Some(here), Some(remote)) => Arc::ptr_eq(&here.origin, &remote.origin),
            _ => false,
        },
        _ => false,
    };
    local::with_current(is_same)
}

/// Returns whether spans in a context go to the same client as spans here. If no client is current, they can go to any.
#[must_use]
pub fn is_of_client_here(context: &Context) -> bool {
    let Some(here) = local::with_current(|here| here.own_sender().cloned()) else { return true };
    context.0.sender().is_some_and(|sender| Arc::ptr_eq(&sender, &here))
}

/// Begins a trace that has no span yet: spans that start in the context and have no parent there are its roots. This keeps spans together
/// whose common root, such as a web request, is not a span of llmobs.
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
    let Context(here) = current();
    if !any_open() {
        return Context(here);
    }
    Context(in_trace(&here, Trace::begin(clock::unix_nanos())))
}

/// Returns the trace of a context, for spans that share nothing else with it: their client, their annotation contexts and their session are
/// the current ones. If the context has no trace, returns the current context.
///
/// ```
/// # use llmobs_runtime as llmobs;
/// # let collector = llmobs::testing::Collector::new();
/// # let _entered = collector.attach();
/// let trace = llmobs::integration::new_trace();
/// let first = llmobs::integration::same_trace(&trace);
/// llmobs::llm("draft").parent(&first).session_id("s-1").start().finish();
/// let second = llmobs::integration::same_trace(&trace);
/// llmobs::llm("review").parent(&second).start().finish();
/// let [draft, review] = &*collector.spans() else { panic!("two spans") };
/// assert_eq!(draft.trace_id(), review.trace_id());
/// assert_eq!((draft.session_id(), review.session_id()), (Some("s-1"), None));
/// ```
#[must_use = "spans belong to the trace where the context is entered or named as their parent"]
pub fn same_trace(context: &Context) -> Context {
    let Context(here) = current();
    let of_frame = context.0.frame().map(|frame| frame.trace().again());
    let trace = of_frame.or_else(|| context.0.remote().map(|remote| remote.origin.again()));
    Context(match trace {
        Some(trace) => in_trace(&here, trace),
        None => here,
    })
}

/// Returns a slot for the client of `here`, in which spans are the first ones of a trace.
fn in_trace(here: &Slot, trace: Trace) -> Slot {
    let trace = Arc::new(trace);
    let remote = Remote { trace: Some(Arc::clone(&trace)), origin: trace, parent_id: None };
    here.with_remote(remote, Inherited::default())
}
