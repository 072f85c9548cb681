//! The same items with and without attributes, and the observable results of running them.

use std::any::Any;
use std::cell::RefCell;
use std::fmt::Debug;
use std::future::poll_fn;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::task::{Context, Poll, Waker};
use std::thread;

use llmobs::testing::Collector;

thread_local! {
    static LOG: RefCell<Vec<String>> = const { RefCell::new(Vec::new()) };
}

pub(crate) fn note(text: impl Into<String>) {
    LOG.with_borrow_mut(|log| log.push(text.into()));
}

/// A value that logs its name when it is dropped.
#[derive(Debug)]
pub(crate) struct Named(pub(crate) &'static str);

impl Named {
    pub(crate) fn name(&self) -> &'static str {
        self.0
    }

    pub(crate) fn check(&self, good: bool) -> Result<&'static str, Named> {
        if good { Ok(self.0) } else { Err(Named("error")) }
    }
}

impl Drop for Named {
    fn drop(&mut self) {
        let unwinding = if thread::panicking() { ", unwinding" } else { "" };
        note(format!("{}{unwinding}", self.0));
    }
}

/// A value that panics when it is dropped.
#[derive(Debug)]
pub(crate) struct Bomb;

impl Drop for Bomb {
    fn drop(&mut self) {
        note("bomb");
        assert!(thread::panicking(), "dropped");
    }
}

/// The observable results of a run.
#[derive(Debug, PartialEq)]
pub(crate) struct Observed {
    /// The returned value, or the payload of the panic.
    result: Result<String, String>,
    log: Vec<String>,
}

/// Runs a function, and returns the observable results.
pub(crate) fn observe<T: Debug>(run: impl FnOnce() -> T) -> Observed {
    LOG.take();
    let result = catch_unwind(AssertUnwindSafe(run));
    note("returned");
    let result = match result {
        Ok(value) => Ok(format!("{value:?}")),
        Err(payload) => Err(text(&*payload)),
    };
    Observed { result, log: LOG.take() }
}

fn text(payload: &dyn Any) -> String {
    let number = payload.downcast_ref::<u8>().map(|number| format!("the number {number}"));
    let owned = payload.downcast_ref::<String>().map(|text| format!("the string {text}"));
    let text = payload.downcast_ref::<&str>().map(|text| format!("the text {text}"));
    number.or(owned).or(text).expect("a payload of the tests")
}

/// Compares the results of two functions, disabled and enabled, and checks the number of spans of the traced one.
pub(crate) fn compare(plain: impl Fn() -> Observed, traced: impl Fn() -> Observed, spans: usize) -> Observed {
    let expected = plain();
    assert_eq!(traced(), expected, "traced and disabled (left), plain (right)");
    let collector = Collector::new();
    assert_eq!(collector.enter(&plain), expected, "plain in a collector (left), plain (right)");
    assert_eq!(collector.events().len(), 0);
    assert_eq!(collector.enter(&traced), expected, "traced in a collector (left), plain (right)");
    assert_eq!(collector.events().len(), spans, "{}", collector.tree());
    expected
}

/// Polls a future at most `times` times, and drops it.
pub(crate) fn poll_times<T>(times: usize, future: impl Future<Output = T>) -> Poll<T> {
    let mut future = Box::pin(future);
    let mut context = Context::from_waker(Waker::noop());
    for poll in 1..=times {
        let polled = future.as_mut().poll(&mut context);
        note(format!("poll {poll}: {}", if polled.is_ready() { "ready" } else { "pending" }));
        if polled.is_ready() {
            drop(future);
            note("future dropped");
            return polled;
        }
    }
    drop(future);
    note("future dropped");
    Poll::Pending
}

/// Is pending once.
pub(crate) async fn pause() {
    let mut paused = false;
    poll_fn(|_| if std::mem::replace(&mut paused, true) { Poll::Ready(()) } else { Poll::Pending }).await;
}

/// A hand-written future that still owns its value when it is ready.
pub(crate) struct Handmade(pub(crate) Named);

impl Future for Handmade {
    type Output = &'static str;

    fn poll(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<&'static str> {
        note("polled");
        Poll::Ready(self.0.0)
    }
}

/// Emits functions in the module `plain`, and with the attribute in the module `traced`.
macro_rules! both {
    ($($function:item)*) => {
        mod plain {
            #[allow(unused_imports, reason = "not every function needs them")]
            use super::*;
            $($function)*
        }
        mod traced {
            #[allow(unused_imports, reason = "not every function needs them")]
            use super::*;
            $(#[llmobs::task] $function)*
        }
    };
}

/// Emits blocks and their items in the module `plain`, and with the given attribute in the module `traced`.
macro_rules! both_blocks {
    ([$($attribute:tt)*] $($block:item)*) => {
        mod plain {
            #[allow(unused_imports, reason = "not every block needs them")]
            use super::*;
            $($block)*
        }
        $($attribute)*
        mod traced {
            #[allow(unused_imports, reason = "not every block needs them")]
            use super::*;
            $($block)*
        }
    };
}

/// Runs an expression with the functions of both modules, and compares the results. The traced run has one span, or `$spans`.
macro_rules! same {
    ($run:expr) => {
        same!($run, 1)
    };
    ($run:expr, $spans:expr) => {
        $crate::matrix::compare::compare(
            || {
                use self::plain::*;
                $crate::matrix::compare::observe(|| $run)
            },
            || {
                use self::traced::*;
                $crate::matrix::compare::observe(|| $run)
            },
            $spans,
        )
    };
}
