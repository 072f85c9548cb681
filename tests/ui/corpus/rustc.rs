//! Lints of rustc.

use std::io::Write as _;

#[span]
pub fn unused_variables(used: u8, unused: u8) -> u8 {
    let local = 1;
    used
}

#[span]
pub fn unused_variables_in_patterns((a, b): (u8, u8), [c, ..]: [u8; 2]) -> u8 {
    let (d, e) = (a, a);
    d
}

#[span]
pub async fn unused_variables_async(used: u8, unused: u8) -> u8 {
    let local = 1;
    used
}

#[span]
pub fn unused_mut(mut a: u8) -> u8 {
    let mut b = a;
    b
}

#[span]
pub async fn unused_mut_async(mut a: u8, (mut b, c): (u8, u8)) -> u8 {
    a + b + c
}

#[span]
pub fn unused_assignments(mut a: u8) -> u8 {
    a = 2;
    a = 3;
    a
}

#[span]
pub fn unused_assignments_at_the_end(mut a: u8) {
    let _ = a;
    a = 2;
}

#[span]
pub fn unused_must_use() {
    std::io::stdout().write_all(b"");
    std::future::ready(1);
    "".is_empty();
}

#[span]
pub fn unused_parens(a: u8) -> u8 {
    if (a == 1) {
        return (a);
    }
    (a + 1)
}

#[span]
pub fn unused_braces(a: u8) -> u8 {
    let b = { 1 };
    { a + b }
}

#[span]
pub fn unused_labels() {
    'unused: loop {
        break;
    }
}

#[span]
pub fn unused_imports() {
    use std::collections::HashMap;
}

#[span]
pub fn unused_items() {
    fn inner() {}
    struct Inner;
    const INNER: u8 = 1;
    macro_rules! inner {
        () => {};
    }
}

#[span]
pub fn unused_unsafe() -> u8 {
    unsafe { 1 }
}

#[span]
pub fn unused_doc_comments(a: u8) -> u8 {
    /// Not a comment.
    let b = a;
    b + 1
}

#[span]
fn dead() {}

#[span]
async fn dead_async() {}

#[span]
fn dead_iterator() -> impl Iterator<Item = u8> {
    std::iter::empty()
}

#[span]
fn dead_and_recursive(a: u8) -> u8 {
    if a == 0 { 0 } else { dead_and_recursive(a - 1) }
}

pub struct Type(#[allow(dead_code)] u8);

impl Type {
    #[span]
    fn dead_method(&self) {}

    #[span]
    fn dead_associated() {}
}

#[span]
pub fn unreachable_code(a: u8) -> u8 {
    return a;
    a + 1
}

#[span]
pub async fn unreachable_code_async(a: u8) -> u8 {
    loop {}
    a
}

#[span]
pub fn unreachable_code_after_panic() -> u8 {
    panic!("stop");
    1
}

#[span]
pub fn unreachable_patterns(a: u8) -> u8 {
    match a {
        _ => 1,
        2 => 2,
    }
}

#[span]
pub fn path_statements(a: u8) {
    a;
}

#[span]
pub fn nonSnakeCase(BadArgument: u8) -> u8 {
    let BadLocal = BadArgument;
    BadLocal + 1
}

#[span]
pub fn non_upper_case_globals() -> u8 {
    const small: u8 = 1;
    small
}

#[deprecated]
pub fn old() {}

#[span]
pub fn deprecated() {
    old();
}

#[span]
pub fn unused_comparisons(a: u8) -> bool {
    a >= 0
}

#[span]
pub fn redundant_semicolons() -> u8 {
    let a = 1;;
    a + 1
}

#[span]
pub fn while_true() -> u8 {
    while true {
        return 1;
    }
    2
}

#[span]
pub fn unconditional_recursion(a: u8) -> u8 {
    unconditional_recursion(a)
}

#[span]
pub extern "C" fn improper_ctypes_definitions(text: &str) -> usize {
    text.len()
}

#[span]
pub fn dropping_references(a: &u8) {
    drop(a);
}

#[span]
pub fn for_loops_over_fallibles(a: Option<u8>) {
    for _ in a {}
}

#[span]
pub fn mismatched_lifetime_syntaxes(text: &str) -> std::str::Chars {
    text.chars()
}

#[span]
pub fn unexpected_cfgs() -> u8 {
    if cfg!(no_such_cfg) { 1 } else { 2 }
}

#[span]
#[expect(unused_variables)]
pub fn expectation_of_an_argument(a: u8) {}

#[span]
#[expect(unused_variables)]
pub fn unfulfilled_lint_expectations(a: u8) -> u8 {
    a
}

#[span]
pub fn expectation_on_an_argument(#[expect(unused_variables)] a: u8, #[expect(unused_mut)] b: u8) -> u8 {
    b
}

#[span]
#[allow(unused_variables)]
pub fn allowed(a: u8) {}

#[span]
pub fn inner_attribute(a: u8) {
    #![allow(unused_variables)]
    let b = 1;
}

pub trait Trait {
    #[span]
    fn unused_argument(&self, a: u8) -> u8 {
        1
    }

    #[span]
    async fn async_fn_in_trait(&self) -> u8 {
        1
    }
}

#[span]
pub unsafe fn unsafe_op_in_unsafe_fn(a: *const u8) -> u8 {
    *a
}

#[span]
pub fn unit_bindings_and_unused_results(list: &mut Vec<u8>) {
    let unit = list.clear();
    list.pop();
}

#[span]
#[inline]
#[must_use]
pub fn unused_attributes() {}

#[span]
pub fn bare_underscore_lock(lock: &std::sync::Mutex<u8>) {
    let _ = lock.lock();
}

#[span]
pub fn non_shorthand_field_patterns(range: std::ops::Range<u8>) -> u8 {
    let std::ops::Range { start: start, end } = range;
    start + end
}

#[span]
pub fn arguments_that_only_options_use(r#type: u8, _unused: u8, _: u8) {}
