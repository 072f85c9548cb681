//! Async functions that are dropped before their first poll, half-way and after their end.

use super::compare::{Named, note, pause, poll_times};

both! {
    pub(super) async fn arguments(_a: Named, b: Named, (part, ..): (Named, Named), mut c: Named) -> &'static str {
        pause().await;
        drop(b);
        note(c.0);
        pause().await;
        c = Named("new c");
        pause().await;
        note(c.0);
        part.0
    }

    pub(super) async fn locals(a: Named) -> &'static str {
        let _first = Named("first");
        {
            let _inner = Named("inner");
            pause().await;
        }
        let moved = Named("moved");
        let _second = (moved, Named("second"));
        pause().await;
        a.0
    }

    pub(super) async fn temporaries() -> usize {
        let _local = Named("local");
        Named("temporary").name().len() + { pause().await; 1 } + Named("never made before").0.len()
    }

    pub(super) async fn inner(a: Named, wait: bool) -> Named {
        let _inner = Named("local of the inner");
        if wait {
            pause().await;
        }
        a
    }

    pub(super) async fn outer(a: Named, b: Named) -> Named {
        let _outer = Named("local of the outer");
        let first = inner(a, true).await;
        let second = inner(b, true).await;
        drop(first);
        second
    }

    pub(super) async fn gives_up_half_way(a: Named, b: Named) -> Named {
        let _local = Named("local");
        let polled = poll_times(1, inner(b, true));
        note(format!("{polled:?}"));
        a
    }

    pub(super) async fn never_polls(a: Named, b: Named) -> Named {
        drop(inner(b, false));
        pause().await;
        a
    }

    pub(super) async fn borrows(a: &Named, b: &mut Vec<Named>) -> usize {
        b.push(Named("pushed"));
        pause().await;
        b.clear();
        pause().await;
        a.0.len()
    }
}

#[test]
fn values_are_dropped_in_the_same_order_after_each_poll() {
    let pair = || (Named("part"), Named("rest"));
    for polls in 0..5 {
        let spans = usize::from(polls > 0);
        same!(poll_times(polls, arguments(Named("a"), Named("b"), pair(), Named("c"))), spans);
        same!(poll_times(polls, locals(Named("a"))), spans);
        same!(poll_times(polls, temporaries()), spans);
        same!(poll_times(polls, never_polls(Named("a"), Named("b"))), spans);
        same!(poll_times(polls, gives_up_half_way(Named("a"), Named("b"))), 2 * spans);
        same!(
            {
                let mut names = vec![Named("first")];
                poll_times(polls, borrows(&Named("a"), &mut names))
            },
            spans
        );
    }
    for (polls, spans) in [0, 2, 3, 3].into_iter().enumerate() {
        same!(poll_times(polls, outer(Named("a"), Named("b"))), spans);
    }
}

#[test]
fn the_loser_of_a_race_is_dropped_in_the_same_order() {
    use futures_util::future::{self, Either};
    same!(
        pollster::block_on(async {
            let (slow, fast) = (inner(Named("slow"), true), inner(Named("fast"), false));
            match future::select(Box::pin(slow), Box::pin(fast)).await {
                Either::Left((slow, _)) => slow,
                Either::Right((fast, left)) => {
                    note("decided");
                    drop(left);
                    fast
                }
            }
        }),
        2
    );
}

#[test]
fn a_future_that_is_done_cannot_be_polled_again() {
    same!({
        let mut future = Box::pin(inner(Named("a"), false));
        let mut context = std::task::Context::from_waker(std::task::Waker::noop());
        for _ in 0..2 {
            let poll = std::panic::AssertUnwindSafe(|| future.as_mut().poll(&mut context).is_ready());
            note(format!("panicked: {}", std::panic::catch_unwind(poll).is_err()));
        }
    });
}
