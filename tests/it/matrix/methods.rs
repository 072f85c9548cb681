//! Methods: `self` in every form, default bodies, associated types.

use std::pin::Pin;
use std::rc::Rc;
use std::sync::Arc;

use super::compare::{Named, note, pause, poll_times};

both_blocks! {
    [#[llmobs::instrument]]

    pub(super) struct Store {
        pub(super) used: Named,
        pub(super) unused: Named,
        pub(super) rows: Vec<u8>,
    }

    impl Store {
        pub(super) fn by_value(self, other: Named) -> &'static str {
            note(other.0);
            self.used.0
        }

        pub(super) fn part_of_value(self) -> Named {
            self.used
        }

        pub(super) fn second_part_borrowed(self) -> &'static str {
            self.unused.name()
        }

        pub(super) fn unused_value(self, _other: Named) {}

        pub(super) fn mutable_value(mut self) -> Vec<u8> {
            self.used = Named("new");
            self.rows.push(1);
            self.rows
        }

        pub(super) fn taken_apart(self, other: Named) -> (Named, Named) {
            let Self { used, .. } = self;
            (other, used)
        }

        pub(super) fn boxed(self: Box<Self>) -> Named {
            self.used
        }

        pub(super) fn mutable_box(mut self: Box<Self>) -> usize {
            self.used = Named("new");
            self.rows.push(1);
            self.rows.len()
        }

        pub(super) fn counted(self: Rc<Self>) -> (usize, Rc<str>) {
            (Rc::strong_count(&self), self.used.0.into())
        }

        pub(super) fn shared(self: Arc<Self>, other: Arc<Self>) -> bool {
            Arc::ptr_eq(&self, &other)
        }

        pub(super) fn pinned(mut self: Pin<&mut Self>, row: u8) -> usize {
            self.rows.push(row);
            self.as_mut().get_mut().rows.push(row);
            self.rows.len()
        }

        pub(super) fn pinned_box(self: Pin<Box<Self>>) -> &'static str {
            self.used.0
        }

        pub(super) fn parts(&mut self) -> (&mut Named, &mut Vec<u8>) {
            (&mut self.used, &mut self.rows)
        }

        pub(super) fn first(&self) -> Option<&u8> {
            self.rows.first()
        }

        pub(super) async fn part_of_value_async(self, other: Named) -> Named {
            pause().await;
            note(other.0);
            self.used
        }

        pub(super) async fn second_part_borrowed_async(self) -> &'static str {
            pause().await;
            self.unused.name()
        }

        pub(super) async fn unused_value_async(self, _other: Named) {
            pause().await;
        }

        pub(super) async fn mutable_value_async(mut self) -> Vec<u8> {
            self.used = Named("new");
            self.rows.push(1);
            self.rows
        }

        pub(super) async fn boxed_async(self: Box<Self>) -> Named {
            self.used
        }

        pub(super) async fn parts_async(&mut self) -> (&mut Named, &mut Vec<u8>) {
            (&mut self.used, &mut self.rows)
        }
    }

    pub(super) trait Part {
        type Owned<'a> where Self: 'a;

        fn part(&self) -> Self::Owned<'_>;

        fn into_unit(self, _other: Named)
        where
            Self: Sized,
        {
        }

        async fn into_unit_async(self, _other: Named)
        where
            Self: Sized,
        {
            pause().await;
        }
    }

    impl Part for Store {
        type Owned<'a> = (&'a str, &'a [u8]);

        fn part(&self) -> Self::Owned<'_> {
            (self.used.0, &self.rows)
        }
    }
}

macro_rules! store {
    () => {
        Store { used: Named("used"), unused: Named("unused"), rows: vec![7, 8] }
    };
}

#[test]
fn self_is_moved_and_dropped_as_without_the_attribute() {
    same!(store!().by_value(Named("other")));
    same!(store!().part_of_value());
    same!(store!().second_part_borrowed());
    same!(store!().unused_value(Named("other")));
    same!(store!().mutable_value());
    same!(store!().taken_apart(Named("other")));
    same!(Box::new(store!()).boxed());
    same!(Box::new(store!()).mutable_box());
    same!(Rc::new(store!()).counted());
    same!({
        let store = Arc::new(store!());
        Arc::clone(&store).shared(store)
    });
    same!(Pin::new(&mut store!()).pinned(1));
    same!(Box::pin(store!()).pinned_box());
    same!(store!().unused.name(), 0);
}

#[test]
fn self_is_borrowed_as_without_the_attribute() {
    same!(
        {
            let mut store = store!();
            let (used, rows) = store.parts();
            *used = Named("new");
            rows.push(1);
            format!("{:?} {:?}", store.first(), store.part())
        },
        3
    );
    same!({
        let mut store = store!();
        let (used, rows) = pollster::block_on(store.parts_async());
        *used = Named("new");
        rows.len()
    });
}

#[test]
fn self_of_async_methods_is_moved_and_dropped_as_without_the_attribute() {
    for polls in 0..3 {
        let spans = usize::from(polls > 0);
        same!(poll_times(polls, store!().part_of_value_async(Named("other"))), spans);
        same!(poll_times(polls, store!().second_part_borrowed_async()), spans);
        same!(poll_times(polls, store!().unused_value_async(Named("other"))), spans);
        same!(poll_times(polls, store!().into_unit_async(Named("other"))), spans);
    }
    same!(pollster::block_on(store!().mutable_value_async()));
    same!(pollster::block_on(Box::new(store!()).boxed_async()));
    same!(store!().into_unit(Named("other")));
}
