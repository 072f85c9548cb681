//! The stack usage of a call: the distance between the frames of a function that calls itself.

use std::cell::Cell;
use std::future::Future;
use std::hint::black_box;
use std::mem::size_of_val;
use std::pin::pin;
use std::task::{Context, Waker};
use std::thread;

use harness::allocations;

use crate::setup::Client;

const DEPTH: u32 = 64;
const LARGE: usize = 16 * 1024;

thread_local! {
    static DEEPEST: Cell<usize> = const { Cell::new(0) };
}

/// Records the position of the stack.
#[inline(never)]
fn mark() {
    let here = 0_u8;
    DEEPEST.set(std::ptr::from_ref(black_box(&here)).addr());
}

#[inline(never)]
fn plain(text: &str, n: u32) -> usize {
    mark();
    if n == 0 {
        return text.len();
    }
    let below = plain(text, n - 1);
    // Used after the call, so that it cannot become a loop.
    black_box(text);
    below + n as usize
}

#[llmobs::task]
#[inline(never)]
fn traced(text: &str, n: u32) -> usize {
    mark();
    if n == 0 {
        return text.len();
    }
    let below = traced(text, n - 1);
    // Used after the call, so that it cannot become a loop.
    black_box(text);
    below + n as usize
}

type Large = [u8; LARGE];

#[inline(never)]
fn plain_large(large: Large, n: u32) -> u8 {
    if n == 0 {
        mark();
        return black_box(&large)[0];
    }
    // A separate copy, so that each level has one argument.
    let mut next = large;
    black_box(&mut next)[0] = n as u8;
    black_box(plain_large(next, n - 1))
}

#[llmobs::task(skip(large))]
#[inline(never)]
fn traced_large(large: Large, n: u32) -> u8 {
    if n == 0 {
        mark();
        return black_box(&large)[0];
    }
    let mut next = large;
    black_box(&mut next)[0] = n as u8;
    black_box(traced_large(next, n - 1))
}

async fn plain_async(large: Large) -> u8 {
    std::future::ready(()).await;
    black_box(&large)[0]
}

#[llmobs::task(skip(large))]
async fn traced_async(large: Large) -> u8 {
    std::future::ready(()).await;
    black_box(&large)[0]
}

/// The bytes that making and polling the future allocates, as a multiple of the argument. Requires the feature `count`.
fn boxed() -> f64 {
    let before = allocations::now().thread.bytes;
    let mut context = Context::from_waker(Waker::noop());
    assert!(pin!(traced_async([1; LARGE])).poll(&mut context).is_ready());
    (allocations::now().thread.bytes - before) as f64 / LARGE as f64
}

/// The bytes per level: the call with `DEPTH` levels minus the one with half of them.
fn measure(call: impl Fn(u32)) -> f64 {
    let at = |depth| {
        call(depth);
        DEEPEST.get()
    };
    (at(DEPTH / 2) as f64 - at(DEPTH) as f64) / f64::from(DEPTH - DEPTH / 2)
}

/// Prints on a thread whose stack is large enough for all copies of the large argument.
pub fn print() {
    let thread = thread::Builder::new().stack_size(256 << 20).spawn(print_here);
    thread.expect("a thread").join().expect("a thread that ends");
}

/// Prints the bytes per level of the plain function, and of the one with an attribute without and with a client; then the same with a large
/// argument, as multiples of that.
fn print_here() {
    let small = |call: fn(&str, u32) -> usize| {
        measure(|depth| {
            black_box(call("text", depth));
        })
    };
    let large = |call: fn(Large, u32) -> u8| {
        let bytes = measure(|depth| {
            black_box(call([1; LARGE], depth));
        });
        bytes / LARGE as f64
    };
    let future = size_of_val(&plain_async([1; LARGE])) as f64 / LARGE as f64;
    let off = (small(plain), small(traced), large(plain_large), large(traced_large), boxed());
    let client = Client::start(false, |config| config);
    let on = (small(traced), large(traced_large), boxed());
    drop(client);
    println!("plain,off,on,large_plain,large_off,large_on,future_plain,box_off,box_on");
    println!(
        "{:.0},{:.0},{:.0},{:.2},{:.2},{:.2},{future:.2},{:.2},{:.2}",
        off.0, off.1, on.0, off.2, off.3, on.1, off.4, on.2
    );
}
