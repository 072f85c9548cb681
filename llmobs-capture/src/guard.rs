//! Guards user code: its panics are caught, and it cannot start spans.

use std::cell::Cell;
use std::panic::{AssertUnwindSafe, catch_unwind};

thread_local! {
    static MUTED: Cell<bool> = const { Cell::new(false) };
}

/// Returns whether user code that must not start spans runs on this thread.
#[inline]
#[must_use]
pub fn is_muted() -> bool {
    MUTED.get()
}

/// Runs `f` with this thread muted, and restores the state of the thread afterwards, even if `f` panics.
#[inline]
pub fn muted<R>(f: impl FnOnce() -> R) -> R {
    struct Restore(bool);
    impl Drop for Restore {
        #[inline]
        fn drop(&mut self) {
            MUTED.set(self.0);
        }
    }
    let _restore = Restore(MUTED.replace(true));
    f()
}

/// Runs user code, muted and with its panics caught. Returns `None` if it panics.
///
/// The payload of the panic is leaked, because dropping it may panic again.
#[inline]
pub fn guarded<R>(f: impl FnOnce() -> R) -> Option<R> {
    let before = MUTED.replace(true);
    let result = catch_unwind(AssertUnwindSafe(f));
    MUTED.set(before);
    result.map_err(std::mem::forget).ok()
}

#[cfg(test)]
mod tests;
