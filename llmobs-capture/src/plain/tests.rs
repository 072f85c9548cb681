use std::borrow::Cow;
use std::fmt::Debug;

use super::Plain;
use crate::serialize;

/// Checks that the text equals that of `serialize` for each budget.
#[track_caller]
fn same<T: Plain + Debug + ?Sized>(value: &T) {
    let written = |limit| {
        let (mut plain, mut full) = ("before".to_owned(), "before".to_owned());
        value.capture(limit, &mut plain);
        serialize(value, limit, &mut full);
        assert_eq!(plain, full, "{value:?}, limit {limit}");
        plain
    };
    let whole = written(usize::MAX);
    (0..whole.len() + 5).for_each(|limit| _ = written(limit));
}

#[test]
fn plain_values_have_the_same_text_as_serialized_ones() {
    same("");
    same("plain");
    same("a text of more than sixteen bytes with \"quotes\", \\ and \n");
    same(&"é€😀\u{1}\u{1f}\t".repeat(30));
    same(&String::from("owned"));
    same(&Cow::Borrowed("cow"));
    same(&'"');
    same(&(true, 1).0);
    same(&());
    same(&[i8::MIN, 0, i8::MAX]);
    same(&[i16::MIN, i16::MAX]);
    same(&[i32::MIN, i32::MAX]);
    same(&[i64::MIN, i64::MAX]);
    same(&[isize::MIN, isize::MAX]);
    same(&[u8::MIN, u8::MAX]);
    same(&u16::MAX);
    same(&u32::MAX);
    same(&u64::MAX);
    same(&usize::MAX);
    same(&[i128::MIN, -1, i128::MAX]);
    same(&[u128::MAX, 1]);
    same(&[0.1_f32, -0.0, 1e-7, f32::NAN, f32::INFINITY]);
    same(&[0.1_f64, 2.0, 1e21, f64::NAN, f64::NEG_INFINITY]);
    same(&Some(Box::new("boxed")));
    same(&None::<String>);
    same(&Vec::<u8>::new());
    same(&vec![Some(vec!["a", "b\n"]), None, Some(vec![])]);
    same(&(0..400).collect::<Vec<u32>>());
    same(&[["long ".repeat(100), "\n".repeat(300)], ["x".repeat(600), String::new()]]);
    same(&b"bytes"[..]);
}
