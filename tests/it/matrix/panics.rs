//! Panics: the same payload, the same unwinding.

use std::panic::panic_any;
use std::sync::{Mutex, MutexGuard};

use super::compare::{Bomb, Named, note, pause, poll_times};

both! {
    pub(super) fn with_a_text(_a: Named) -> u8 {
        let _local = Named("local");
        panic!("text")
    }

    pub(super) fn with_a_string(a: Named, (_part, ..): (Named, Named)) -> u8 {
        let _local = Named("local");
        panic!("string {}", a.0)
    }

    pub(super) fn with_a_number(_a: Named) -> u8 {
        panic_any(7_u8)
    }

    pub(super) fn in_a_temporary(a: Named) -> usize {
        a.0.len() + Named("temporary").0.len() + [1_usize; 1].get(1).expect("no such item")
    }

    pub(super) fn in_the_drop_of_a_local(_a: Named) -> Named {
        let _first = Named("first");
        let _bomb = Bomb;
        let _last = Named("last");
        Named("returned value")
    }

    pub(super) fn in_the_drop_of_an_argument(_a: Named, _bomb: Bomb, _c: Named) -> Named {
        let _local = Named("local");
        Named("returned value")
    }

    pub(super) fn while_a_lock_is_held(guard: MutexGuard<'_, u8>) -> u8 {
        assert!(*guard > 9, "poison");
        *guard
    }

    pub(super) fn caught(a: Named) -> &'static str {
        let caught = std::panic::catch_unwind(|| panic_any(1_u8));
        if caught.is_err() { a.0 } else { "not caught" }
    }

    pub(super) fn never_returns(_a: Named, _b: Named) -> ! {
        let _local = Named("local");
        panic!("never")
    }

    pub(super) async fn in_async(_a: Named, (_part, ..): (Named, Named)) -> u8 {
        let _local = Named("local");
        pause().await;
        panic!("text")
    }

    pub(super) async fn in_the_drop_of_an_argument_async(_a: Named, _bomb: Bomb, _c: Named) -> Named {
        let _local = Named("local");
        pause().await;
        Named("returned value")
    }

    pub(super) async fn never_returns_async(_a: Named) -> ! {
        let _local = Named("local");
        pause().await;
        panic!("never")
    }

    pub(super) fn nested(a: Named) -> u8 {
        let _local = Named("local of the outer");
        with_a_string(a, (Named("b"), Named("c")))
    }
}

/// Calls a function while the thread unwinds.
struct CallsWhenDropped(fn(Named) -> &'static str);

impl Drop for CallsWhenDropped {
    fn drop(&mut self) {
        note(self.0(Named("argument")));
    }
}

#[test]
fn unwind_with_the_same_payload_in_the_same_order() {
    same!(with_a_text(Named("a")));
    same!(with_a_string(Named("a"), (Named("b"), Named("c"))));
    same!(with_a_number(Named("a")));
    same!(in_a_temporary(Named("a")));
    same!(in_the_drop_of_a_local(Named("a")));
    same!(in_the_drop_of_an_argument(Named("a"), Bomb, Named("c")));
    same!(never_returns(Named("a"), Named("b")));
    same!(nested(Named("a")), 2);
    for polls in 0..3 {
        let spans = usize::from(polls > 0);
        same!(poll_times(polls, in_async(Named("a"), (Named("b"), Named("c")))), spans);
        same!(poll_times(polls, in_the_drop_of_an_argument_async(Named("a"), Bomb, Named("c"))), spans);
        same!(poll_times(polls, async { never_returns_async(Named("a")).await }), spans);
    }
}

#[test]
fn poison_the_same_locks() {
    same!({
        let mutex = Mutex::new(1);
        let caught = std::panic::catch_unwind(|| while_a_lock_is_held(mutex.lock().unwrap()));
        (caught.is_err(), mutex.is_poisoned())
    });
}

#[test]
fn can_be_caught_while_another_panic_unwinds() {
    same!(caught(Named("a")));
    same!({
        let _calls = CallsWhenDropped(caught);
        drop(Named("before"));
        panic_any::<u8>(2)
    });
}

#[test]
fn leave_a_future_that_cannot_be_polled_again() {
    same!({
        let mut future = Box::pin(in_async(Named("a"), (Named("b"), Named("c"))));
        let mut context = std::task::Context::from_waker(std::task::Waker::noop());
        assert!(future.as_mut().poll(&mut context).is_pending());
        for _ in 0..2 {
            let poll = std::panic::AssertUnwindSafe(|| future.as_mut().poll(&mut context).is_ready());
            note(format!("panicked: {}", std::panic::catch_unwind(poll).is_err()));
        }
    });
}
