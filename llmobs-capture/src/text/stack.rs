//! How far the stack has grown.

/// A position on the stack. User code that recurses too far is stopped before the stack of its thread is used up, which would end the
/// process.
#[derive(Clone, Copy)]
pub(crate) struct Stack(usize);

impl Stack {
    /// The size of a stack cannot be determined without unsafe code. Threads have two megabytes by default, but a program may have small
    /// ones: this is half of 64 KiB, and half of 256 KiB without optimizations.
    ///
    /// A level of JSON takes up to 350 bytes, and one of `Debug` up to 600; without optimizations a level takes up to 2,300.
    const MAX_BYTES: usize = if cfg!(debug_assertions) { 128 * 1024 } else { 32 * 1024 };

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
