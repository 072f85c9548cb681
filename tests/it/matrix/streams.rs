//! Functions that return streams.

use futures_util::stream::{self, BoxStream, Stream, StreamExt as _};

use super::compare::{Named, note, pause, poll_times};

fn names() -> Vec<Named> {
    ["a", "b", "c"].map(Named).into()
}

both! {
    pub(super) fn opaque(names: Vec<Named>, other: Named) -> impl Stream<Item = Named> {
        note("body");
        stream::iter(names).filter(move |name| std::future::ready(name.0 != other.0))
    }

    pub(super) fn with_pauses(names: Vec<Named>) -> impl Stream<Item = Named> {
        stream::iter(names).then(|name| async move {
            let _local = Named("local");
            pause().await;
            name
        })
    }

    pub(super) fn boxed(names: &[&'static str]) -> BoxStream<'static, &'static str> {
        stream::iter(names.to_vec()).boxed()
    }

    pub(super) async fn client(names: Vec<Named>, good: bool) -> Result<impl Stream<Item = Result<Named, u8>>, Named> {
        let _local = Named("local");
        pause().await;
        Named("checked").check(good)?;
        Ok(stream::iter(names).map(|name| if name.0 == "b" { Err(1) } else { Ok(name) }))
    }

    pub(super) fn panics(names: Vec<Named>) -> impl Stream<Item = Named> {
        stream::iter(names).inspect(|name| assert_eq!(name.0, "a", "not the first"))
    }
}

#[test]
fn owned_values_are_dropped_in_the_same_order() {
    for taken in 0..5 {
        let spans = usize::from(taken > 0);
        same!(poll_times(9, opaque(names(), Named("b")).take(taken).collect::<Vec<_>>()), spans);
        same!(poll_times(9, boxed(&["a", "b"]).take(taken).collect::<Vec<_>>()), spans);
        same!(poll_times(9, panics(names()).take(taken).collect::<Vec<_>>()), spans);
    }
    for polls in 0..5 {
        let spans = usize::from(polls > 0);
        same!(poll_times(polls, with_pauses(names()).collect::<Vec<_>>()), spans);
        for good in [false, true] {
            same!(
                poll_times(polls, async {
                    match client(names(), good).await {
                        Ok(stream) => Ok(stream.collect::<Vec<_>>().await),
                        Err(error) => Err(error),
                    }
                }),
                spans
            );
        }
    }
}

#[test]
fn size_hints_are_the_same() {
    same!(
        {
            let stream = with_pauses(names());
            stream.size_hint()
        },
        0
    );
}
