use std::panic::{AssertUnwindSafe, catch_unwind};

use super::{guarded, is_muted, muted};

#[test]
fn the_state_of_the_thread_is_restored() {
    assert!(!is_muted());
    assert!(muted(|| muted(is_muted) && is_muted()));
    assert!(!is_muted());
    let panicked = catch_unwind(|| muted(|| panic!("inside")));
    assert!(panicked.is_err() && !is_muted());
    muted(|| {
        assert_eq!(guarded(|| assert!(!is_muted(), "the thread is muted")), None);
        assert!(is_muted());
    });
    assert_eq!(guarded(is_muted), Some(true));
    assert!(!is_muted());
}

#[test]
fn a_payload_that_panics_when_it_is_dropped_is_leaked() {
    struct Payload;
    impl Drop for Payload {
        fn drop(&mut self) {
            panic!("while dropping");
        }
    }
    let survived =
        catch_unwind(AssertUnwindSafe(|| guarded(|| std::panic::resume_unwind(Box::new(Payload)))));
    assert!(matches!(survived, Ok(None::<()>)));
}
