//! Counts allocations of a thread and of the process, with the feature `count`.

/// The number of allocations, and of allocated bytes. A reallocation counts as an allocation of its new size.
#[derive(Clone, Copy, Default)]
pub struct Count {
    pub count: u64,
    pub bytes: u64,
}

#[derive(Clone, Copy, Default)]
pub struct Counts {
    pub thread: Count,
    pub process: Count,
}

#[cfg(not(feature = "count"))]
pub fn now() -> Counts {
    Counts::default()
}

#[cfg(feature = "count")]
pub use counting::now;

#[cfg(feature = "count")]
mod counting {
    use std::alloc::{GlobalAlloc, Layout, System};
    use std::cell::Cell;
    use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

    use super::{Count, Counts};

    #[global_allocator]
    static ALLOCATOR: Counting = Counting;
    static COUNT: AtomicU64 = AtomicU64::new(0);
    static BYTES: AtomicU64 = AtomicU64::new(0);

    thread_local! {
        static OF_THREAD: Cell<(u64, u64)> = const { Cell::new((0, 0)) };
    }

    struct Counting;

    fn count(bytes: usize) {
        COUNT.fetch_add(1, Relaxed);
        BYTES.fetch_add(bytes as u64, Relaxed);
        let (count, sum) = OF_THREAD.get();
        OF_THREAD.set((count + 1, sum + bytes as u64));
    }

    pub fn now() -> Counts {
        let (count, bytes) = OF_THREAD.get();
        let process = Count { count: COUNT.load(Relaxed), bytes: BYTES.load(Relaxed) };
        Counts { thread: Count { count, bytes }, process }
    }

    // SAFETY: every method passes its arguments on to `System` unchanged, and returns its result. The counters
    // are atomics and a thread-local without a destructor, so counting neither allocates nor unwinds.
    unsafe impl GlobalAlloc for Counting {
        unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
            count(layout.size());
            // SAFETY: the caller keeps to the contract of `alloc`, which is that of `System`.
            unsafe { System.alloc(layout) }
        }

        unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
            count(layout.size());
            // SAFETY: the caller keeps to the contract of `alloc_zeroed`, which is that of `System`.
            unsafe { System.alloc_zeroed(layout) }
        }

        unsafe fn realloc(&self, pointer: *mut u8, layout: Layout, size: usize) -> *mut u8 {
            count(size);
            // SAFETY: the pointer came from `System` by one of the methods here, with this layout.
            unsafe { System.realloc(pointer, layout, size) }
        }

        unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
            // SAFETY: the pointer came from `System` by one of the methods here, with this layout.
            unsafe { System.dealloc(pointer, layout) }
        }
    }
}
