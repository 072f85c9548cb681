//! The synchronization primitives of the queue: those of the standard library, or those of shuttle, which runs threads in orders of its
//! choice (`benches/orders.sh`).

#[cfg(not(all(test, shuttle)))]
pub(super) use std::{
    sync::atomic::{AtomicBool, AtomicU8, AtomicU64, AtomicUsize},
    sync::{Condvar, Mutex, MutexGuard},
    thread_local,
};

#[cfg(all(test, shuttle))]
pub(super) use shuttle::{
    sync::atomic::{AtomicBool, AtomicU8, AtomicU64, AtomicUsize},
    sync::{Condvar, Mutex, MutexGuard},
    thread_local,
};
