//! Functions that the other tests cannot have, since they forbid unsafe code.

#![deny(warnings, unused, rust_2024_compatibility, unsafe_op_in_unsafe_fn, clippy::all, clippy::pedantic)]

use llmobs::testing::Collector;

/// # Safety
///
/// The pointer points at a byte.
#[llmobs::task(skip(pointer))]
unsafe fn read(pointer: *const u8) -> u8 {
    unsafe { *pointer }
}

#[llmobs::task]
unsafe extern "C" fn foreign(byte: &u8) -> u8 {
    unsafe { read(byte) }
}

#[llmobs::task]
#[unsafe(no_mangle)]
extern "C" fn llmobs_test_exported(number: u8) -> u8 {
    number + 1
}

#[llmobs::task]
async unsafe fn later(byte: &u8) -> u8 {
    unsafe { foreign(byte) }
}

#[llmobs::task]
#[cfg_attr(target_arch = "x86_64", target_feature(enable = "sse2"))]
fn with_a_feature(number: u8) -> u8 {
    number
}

trait Reads {
    #[llmobs::task]
    unsafe fn first(&self) -> u8
    where
        Self: AsRef<[u8]>,
    {
        unsafe { *self.as_ref().get_unchecked(0) }
    }
}

impl Reads for Vec<u8> {}

mod exported {
    unsafe extern "C" {
        pub safe fn llmobs_test_exported(number: u8) -> u8;
    }
}

fn main() {
    let collector = Collector::new();
    collector.enter(|| {
        assert_eq!(unsafe { pollster(later(&7)) }, 7);
        assert_eq!(exported::llmobs_test_exported(1), 2);
        let called: unsafe extern "C" fn(&u8) -> u8 = foreign;
        assert_eq!(unsafe { called(&8) }, 8);
        assert_eq!(unsafe { vec![9].first() }, 9);
        #[allow(unused_unsafe, reason = "it is unsafe where the feature is not always there")]
        unsafe {
            assert_eq!(with_a_feature(1), 1);
        }
    });
    assert_eq!(
        collector.tree(),
        "task later  in {\"byte\":7}  out 7\n\
         └─ task foreign  in {\"byte\":7}  out 7\n   └─ task read  out 7\n\
         task llmobs_test_exported  in {\"number\":1}  out 2\n\
         task foreign  in {\"byte\":8}  out 8\n\
         └─ task read  out 8\n\
         task first  out 9\n\
         task with_a_feature  in {\"number\":1}  out 1\n"
    );
}

/// Polls a future that is never pending.
fn pollster<T>(future: impl Future<Output = T>) -> T {
    let mut context = std::task::Context::from_waker(std::task::Waker::noop());
    match std::pin::pin!(future).poll(&mut context) {
        std::task::Poll::Ready(value) => value,
        std::task::Poll::Pending => panic!("it waits for nothing"),
    }
}
