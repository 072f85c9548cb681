//! How far the stack has grown.

/// A place on the stack. User code that recurses too far is stopped before the stack of its thread is used up, which
/// would end the process.
#[derive(Clone, Copy)]
pub(crate) struct Stack(usize);

impl Stack {
    /// Threads have two megabytes by default, and a part of that is in use.
    const MAX_BYTES: usize = 256 * 1024;

    #[inline(never)]
    pub(crate) fn here() -> Self {
        let local = 0_u8;
        Self(std::ptr::from_ref(&local).addr())
    }

    #[inline]
    pub(crate) fn is_far(self) -> bool {
        Self::here().0.abs_diff(self.0) > Self::MAX_BYTES
    }
}
