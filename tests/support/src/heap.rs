//! A counting allocator.

use std::alloc::{GlobalAlloc, Layout, System};
use std::sync::atomic::{AtomicUsize, Ordering};

/// The system allocator, with a count of the bytes in use.
///
/// ```
/// use llmobs_test_support::CountingAllocator;
///
/// #[global_allocator]
/// static HEAP: CountingAllocator = CountingAllocator::new();
///
/// let before = HEAP.in_use();
/// let bytes = vec![0_u8; 10_000];
/// assert!(HEAP.in_use() >= before + bytes.len());
/// ```
#[derive(Debug)]
pub struct CountingAllocator {
    in_use: AtomicUsize,
    peak: AtomicUsize,
}

impl CountingAllocator {
    /// For a static with the attribute `#[global_allocator]`.
    #[expect(clippy::new_without_default, reason = "a static cannot call `default`")]
    pub const fn new() -> Self {
        Self { in_use: AtomicUsize::new(0), peak: AtomicUsize::new(0) }
    }

    /// The bytes that are allocated now.
    pub fn in_use(&self) -> usize {
        self.in_use.load(Ordering::Relaxed)
    }

    /// Returns the peak of allocated bytes since the last call, or since the start.
    pub fn take_peak(&self) -> usize {
        self.peak.swap(self.in_use(), Ordering::Relaxed)
    }

    fn grow(&self, bytes: usize) {
        let in_use = self.in_use.fetch_add(bytes, Ordering::Relaxed) + bytes;
        self.peak.fetch_max(in_use, Ordering::Relaxed);
    }

    fn shrink(&self, bytes: usize) {
        self.in_use.fetch_sub(bytes, Ordering::Relaxed);
    }
}

// SAFETY: every call goes to the allocator of the system, and its result is returned unchanged.
unsafe impl GlobalAlloc for CountingAllocator {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        self.grow(layout.size());
        // SAFETY: the same contract as this function.
        unsafe { System.alloc(layout) }
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        self.grow(layout.size());
        // SAFETY: the same contract as this function.
        unsafe { System.alloc_zeroed(layout) }
    }

    unsafe fn realloc(&self, pointer: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        self.grow(size);
        self.shrink(layout.size());
        // SAFETY: the same contract as this function.
        unsafe { System.realloc(pointer, layout, size) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        self.shrink(layout.size());
        // SAFETY: the same contract as this function.
        unsafe { System.dealloc(pointer, layout) }
    }
}
