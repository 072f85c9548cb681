//! Arguments that are patterns. Patterns that bind nothing are in `wildcards`.

use super::compare::{Named, note};

pub(crate) struct Pair {
    left: Named,
    right: Named,
}

#[derive(Debug)]
pub(crate) struct Wrapper(Named, Named);

#[derive(Clone, Copy, Debug)]
pub(crate) struct Point {
    x: u8,
    y: u8,
}

fn pair() -> Pair {
    Pair { left: Named("left"), right: Named("right") }
}

both! {
    pub(super) fn tuple((a, b): (Named, Named), c: Named) -> &'static str {
        drop(a);
        note(c.0);
        b.0
    }

    pub(super) fn tuple_with_rest(x: Named, (a, ..): (Named, Named, Named), z: Named) -> &'static str {
        note(x.0);
        note(z.0);
        a.0
    }

    pub(super) fn tuple_with_wildcard((_, b): (Named, Named), _c: Named) -> &'static str {
        b.0
    }

    pub(super) fn structs(Pair { left, .. }: Pair, Wrapper(_, inner): Wrapper) -> (Named, &'static str) {
        (left, inner.0)
    }

    pub(super) fn renamed_fields(Pair { left: a, right: _b }: Pair) -> &'static str {
        a.0
    }

    pub(super) fn slices([first, .., last]: [Named; 4]) -> Named {
        note(last.0);
        first
    }

    pub(super) fn by_reference(ref a: Named, Pair { ref left, .. }: Pair) -> &'static str {
        if a.0 == left.0 { "same" } else { left.0 }
    }

    pub(super) fn by_mutable_reference(ref mut a: Named, (ref mut b, _): (Named, Named)) -> &'static str {
        *a = Named("new a");
        *b = Named("new b");
        a.0
    }

    pub(super) fn mutable((mut a, mut b): (Named, u8), mut c: Named) -> (u8, Named) {
        b += 1;
        a = Named(if b > 1 { c.0 } else { a.0 });
        c = Named("new c");
        note(c.0);
        (b, a)
    }

    pub(super) fn nested((Wrapper(a, _), [(b, _), ..]): (Wrapper, [(Named, Named); 2])) -> &'static str {
        note(b.0);
        a.0
    }

    pub(super) fn behind_references(&(a, ref b): &(u8, Named), &mut Point { ref mut x, y }: &mut Point) -> u8 {
        *x += a + y;
        *x + u8::try_from(b.0.len()).unwrap_or_default()
    }

    pub(super) fn whole_and_parts(whole @ Point { x, y }: Point, all @ [first, ..]: [u8; 2]) -> u8 {
        whole.x + whole.y + x + y + all[1] + first
    }

    pub(super) fn underscored(_a: Named, (_b, c): (Named, Named), Pair { left: _left, .. }: Pair) -> &'static str {
        c.0
    }

    pub(super) fn raw(r#type: Named, r#match: Named) -> &'static str {
        drop(r#match);
        r#type.0
    }

    pub(super) async fn tuple_async((a, b): (Named, Named), c: Named) -> &'static str {
        drop(a);
        note(c.0);
        b.0
    }

    pub(super) async fn structs_async(Pair { left, .. }: Pair, Wrapper(_, inner): Wrapper) -> (Named, &'static str) {
        (left, inner.0)
    }

    pub(super) async fn tuple_with_rest_async(x: Named, (a, ..): (Named, Named, Named), z: Named) -> &'static str {
        note(x.0);
        note(z.0);
        a.0
    }

    pub(super) async fn by_reference_async(ref a: Named, Pair { ref left, .. }: Pair) -> &'static str {
        if a.0 == left.0 { "same" } else { left.0 }
    }

    pub(super) async fn nested_async((Wrapper(a, _), [(b, _), ..]): (Wrapper, [(Named, Named); 2])) -> &'static str {
        note(b.0);
        a.0
    }
}

#[test]
fn bound_and_unbound_parts_are_dropped_in_the_same_order() {
    let two = |a, b| (Named(a), Named(b));
    let three = || (Named("a"), Named("rest"), Named("more"));
    let wrapper = || Wrapper(Named("first"), Named("second"));
    let nested_pair = || (wrapper(), [two("1", "2"), two("3", "4")]);
    same!(tuple(two("a", "b"), Named("c")));
    same!(tuple_with_rest(Named("x"), three(), Named("z")));
    same!(tuple_with_wildcard(two("a", "b"), Named("c")));
    same!(structs(pair(), wrapper()));
    same!(renamed_fields(pair()));
    same!(slices(["1", "2", "3", "4"].map(Named)));
    same!(by_reference(Named("a"), pair()));
    same!(by_mutable_reference(Named("a"), two("b", "c")));
    same!(mutable((Named("a"), 1), Named("c")));
    same!(nested(nested_pair()));
    same!(behind_references(&(1, Named("b")), &mut Point { x: 1, y: 2 }));
    same!(whole_and_parts(Point { x: 1, y: 2 }, [3, 4]));
    same!(underscored(Named("a"), two("b", "c"), pair()));
    same!(raw(Named("type"), Named("match")));
    same!(pollster::block_on(tuple_async(two("a", "b"), Named("c"))));
    same!(pollster::block_on(structs_async(pair(), wrapper())));
    same!(pollster::block_on(tuple_with_rest_async(Named("x"), three(), Named("z"))));
    same!(pollster::block_on(by_reference_async(Named("a"), pair())));
    same!(pollster::block_on(nested_async(nested_pair())));
}
