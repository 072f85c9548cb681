use std::fmt;

use super::{MAX_LABEL_BYTES, cut, label, plain, push_cut, shortened, shown};

#[test]
fn plain_text_is_built_within_its_limit() {
    assert_eq!(plain(format_args!("{}-{}", 1, "two"), 100), "1-two");
    assert_eq!(plain(format_args!("{}-{}", 1, "two"), 5), "1-two");
    assert_eq!(plain(format_args!("{}-{}", 1, "zwölf"), 5), "1-zw… [first 4 bytes]");
}

#[test]
fn labels_are_cut_at_their_end_and_texts_in_their_middle() {
    let long = "0123456789".repeat(5_000);
    assert_eq!(shown(&long), Some(format!("{}0123… [first 16384 bytes]", "0123456789".repeat(1_638))));
    assert_eq!(cut(&*long, 15), "012345678901234… [15 of 50000 bytes]");
    assert_eq!(shortened(&long, 15), "01234567… [49985 bytes left out] …3456789");
    assert_eq!(shortened(&long, 50_000), long);
    assert!(cut(long, MAX_LABEL_BYTES).len() < MAX_LABEL_BYTES + 40);
    let mut note = String::new();
    push_cut(5, 5, &mut note);
    push_cut(4, 5, &mut note);
    assert_eq!(note, "… [4 of 5 bytes]");
}

#[test]
fn a_label_is_not_empty_and_does_not_panic() {
    struct Panics;
    impl fmt::Display for Panics {
        fn fmt(&self, _: &mut fmt::Formatter<'_>) -> fmt::Result {
            panic!("in Display")
        }
    }
    assert_eq!((label("name"), label(""), label(&7)), (Some("name".to_owned()), None, Some("7".to_owned())));
    assert_eq!((label(&Panics), shown(&Panics), shown("")), (None, None, Some(String::new())));
}
