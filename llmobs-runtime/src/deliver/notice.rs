//! A line on standard error, for programs without a logger.

use std::fmt;
use std::io::Write as _;
use std::sync::atomic::{AtomicBool, Ordering};

use llmobs_capture::guarded;

/// Writes once per process that something was lost, if no logger would log it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Notice {
    is_wanted: bool,
}

impl Notice {
    pub(crate) fn new(is_wanted: bool) -> Self {
        Self { is_wanted }
    }

    /// Writes the message, unless a logger takes warnings of llmobs, or a message was written before.
    pub(crate) fn write(self, message: fmt::Arguments<'_>) {
        static GIVEN: AtomicBool = AtomicBool::new(false);
        let is_logged = || guarded(|| log::log_enabled!(target: "llmobs", log::Level::Warn));
        if !self.is_wanted || is_logged() == Some(true) || GIVEN.swap(true, Ordering::Relaxed) {
            return;
        }
        // If standard error is closed or full, the failure cannot be reported.
        let _ = writeln!(
            std::io::stderr().lock(),
            "llmobs: {message}\nllmobs: this notice appears once; install a logger for the crate `log` to see all warnings, or set LLMOBS_STDERR_NOTICE=false"
        );
    }
}
