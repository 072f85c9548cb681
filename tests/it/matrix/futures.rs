//! Functions that return futures.

use std::pin::Pin;

use futures_util::future::{BoxFuture, FutureExt as _, LocalBoxFuture};

use super::compare::{Bomb, Handmade, Named, note, pause, poll_times};

both! {
    pub(super) fn opaque(a: Named, _b: Named) -> impl Future<Output = Named> {
        note("body");
        async move {
            let _local = Named("local");
            pause().await;
            a
        }
    }

    pub(super) fn borrows<'a>(a: &'a Named, b: &'a Named) -> impl Future<Output = (&'a str, &'a Named)> {
        async move {
            pause().await;
            (a.0, b)
        }
    }

    pub(super) fn handmade(a: Named) -> impl Future<Output = &'static str> {
        Handmade(a)
    }

    pub(super) fn boxed(a: Named) -> Pin<Box<dyn Future<Output = Named>>> {
        let early = Named("before the future");
        Box::pin(async move {
            note(early.0);
            pause().await;
            a
        })
    }

    pub(super) fn by_alias(a: Named, b: Named) -> LocalBoxFuture<'static, Named> {
        async move {
            drop(b);
            pause().await;
            a
        }
        .boxed_local()
    }

    pub(super) fn of_numbers(a: u8) -> BoxFuture<'static, u8> {
        async move { a }.boxed()
    }

    pub(super) fn checked(a: Named, good: bool) -> Result<impl Future<Output = Result<&'static str, Named>>, Named> {
        let _local = Named("local");
        let name = a.check(good)?;
        Ok(async move {
            pause().await;
            Named("inside").check(name.is_empty())
        })
    }

    pub(super) async fn twice(a: Named) -> impl Future<Output = Named> {
        pause().await;
        async move { a }
    }

    pub(super) fn panics_before(a: Named) -> impl Future<Output = Named> {
        let _local = Named("local");
        assert!(a.0.is_empty(), "before");
        async move { a }
    }

    pub(super) fn panics_inside(a: Named) -> impl Future<Output = Named> {
        async move {
            let _local = Named("local");
            pause().await;
            assert!(a.0.is_empty(), "inside");
            a
        }
    }

    pub(super) fn panics_when_dropped(a: Named) -> impl Future<Output = ()> {
        let bomb = Bomb;
        async move {
            pause().await;
            drop((a, bomb));
        }
    }
}

#[test]
fn owned_values_are_dropped_in_the_same_order() {
    for polls in 0..4 {
        let spans = usize::from(polls > 0);
        same!(poll_times(polls, opaque(Named("a"), Named("b"))), spans);
        same!(poll_times(polls, handmade(Named("a"))), spans);
        same!(poll_times(polls, boxed(Named("a"))), spans);
        same!(poll_times(polls, by_alias(Named("a"), Named("b"))), spans);
        same!(poll_times(polls, of_numbers(1)), spans);
        same!(
            {
                let (a, b) = (Named("a"), Named("b"));
                format!("{:?}", poll_times(polls, borrows(&a, &b)))
            },
            spans
        );
        same!(poll_times(polls, async { twice(Named("a")).await.await }), spans);
        same!(poll_times(polls, panics_inside(Named("a"))), spans);
        same!(poll_times(polls, panics_when_dropped(Named("a"))), spans);
    }
}

#[test]
fn code_before_the_future_runs_at_the_call() {
    same!(drop(opaque(Named("a"), Named("b"))), 0);
    same!(poll_times(1, panics_before(Named("a"))));
    for good in [false, true] {
        same!(match checked(Named("a"), good) {
            Ok(future) => poll_times(2, future).map_err(|error| error.0),
            Err(error) => std::task::Poll::Ready(Err(error.0)),
        });
    }
}
