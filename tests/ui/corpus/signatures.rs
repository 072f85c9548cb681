//! Lints of clippy about signatures, and about a body as a whole.

use std::collections::HashMap;
use std::rc::Rc;

#[span]
pub fn too_many_arguments(a: u8, b: u8, c: u8, d: u8, e: u8, f: u8, g: u8, h: u8) -> u8 {
    a + b + c + d + e + f + g + h
}

#[span]
pub fn too_many_lines(a: u8) -> u8 {
    let b = a + 1;
    let c = b + 1;
    let d = c + 1;
    let e = d + 1;
    e + 1
}

#[span]
pub async fn too_many_lines_async(a: u8) -> u8 {
    let b = std::future::ready(a).await;
    let c = b + 1;
    let d = c + 1;
    let e = d + 1;
    e + 1
}

#[span]
pub fn not_too_many_lines(a: u8) -> u8 {
    a + 1
}

#[span]
pub fn must_use_candidate(a: u8) -> u8 {
    a + 1
}

#[span]
pub fn missing_errors_doc(a: u8) -> Result<u8, String> {
    if a == 0 { Err(String::new()) } else { Ok(a) }
}

#[span]
pub async fn missing_errors_doc_async(a: u8) -> Result<u8, String> {
    missing_errors_doc(std::future::ready(a).await)
}

#[span]
pub fn missing_panics_doc(a: Option<u8>) -> u8 {
    let Some(a) = a else { panic!("nothing") };
    a.checked_add(1).unwrap()
}

#[span]
pub async fn missing_panics_doc_async(a: Option<u8>) -> u8 {
    std::future::ready(a).await.unwrap()
}

#[span]
pub unsafe fn missing_safety_doc() {}

#[span]
pub fn needless_lifetimes<'a>(text: &'a str) -> &'a str {
    text.trim()
}

#[span]
pub fn needless_lifetimes_of_iterator<'a>(text: &'a str) -> impl Iterator<Item = char> + 'a {
    text.chars()
}

#[span]
pub fn extra_unused_lifetimes<'a>(a: u8) -> u8 {
    a + 1
}

#[span]
pub fn extra_unused_type_parameters<T>(a: u8) -> u8 {
    a + 1
}

#[span]
pub fn ptr_arg(list: &Vec<u8>, text: &String) -> usize {
    list.len() + text.len()
}

#[span]
pub async fn ptr_arg_async(list: &Vec<u8>) -> usize {
    std::future::ready(list.len()).await
}

#[span]
pub fn trivially_copy_pass_by_ref(a: &u8) -> u8 {
    *a + 1
}

#[span]
pub fn needless_pass_by_value(text: String) -> usize {
    text.len()
}

#[span]
fn unnecessary_wraps(a: u8) -> Option<u8> {
    if a == 1 {
        return Some(2);
    }
    Some(a + 1)
}

#[span]
fn unnecessary_wraps_in_result(a: u8) -> Result<u8, String> {
    Ok(a + 1)
}

#[span]
pub fn calls() {
    let _ = (unnecessary_wraps(1), unnecessary_wraps_in_result(1));
}

#[span]
pub async fn unused_async(a: u8) -> u8 {
    a + 1
}

pub struct Type(pub u8);

impl Type {
    #[span]
    pub fn new() -> u8 {
        1
    }

    #[span]
    fn unused_self(&self, a: u8) -> u8 {
        a + 1
    }

    #[span]
    pub fn calls_unused_self(&self) -> u8 {
        self.unused_self(1)
    }

    #[span]
    pub fn to_wrong_self_convention(self) -> u8 {
        self.0
    }

    #[span]
    pub fn add(self, other: Self) -> Self {
        Self(self.0 + other.0)
    }

    #[span]
    pub fn return_self_not_must_use(&self) -> Self {
        Type(self.0)
    }

    #[span]
    pub fn needless_arbitrary_self_type(self: &Self) -> u8 {
        self.0
    }

    #[span]
    pub fn mut_from_ref(&self, a: &u8) -> &mut u8 {
        Box::leak(Box::new(*a))
    }
}

#[span]
pub fn fn_params_excessive_bools(a: bool, b: bool, c: bool, d: bool) -> bool {
    a && b && c && d
}

#[span]
pub fn many_single_char_names(a: u8) -> u8 {
    let (b, c, d, e) = (a, a, a, a);
    b + c + d + e
}

#[span]
pub fn similar_names(request: u8, reqeust: u8) -> u8 {
    request + reqeust
}

#[span]
pub fn used_underscore_binding(_a: u8) -> u8 {
    _a + 1
}

#[span]
pub fn no_effect_underscore_binding(a: u8) -> u8 {
    let _b = a + 1;
    a
}

#[span]
pub fn result_unit_err(a: u8) -> Result<u8, ()> {
    if a == 0 { Err(()) } else { Ok(a) }
}

#[span]
pub fn result_large_err(a: u8) -> Result<u8, [u8; 500]> {
    if a == 0 { Err([0; 500]) } else { Ok(a) }
}

#[span]
fn large_types_passed_by_value(list: [u8; 1000]) -> u8 {
    list.iter().sum()
}

#[span]
fn boxed_local(list: Box<u8>) -> u8 {
    *list + 1
}

#[span]
pub fn calls_private() -> u8 {
    large_types_passed_by_value([0; 1000]) + boxed_local(Box::new(1))
}

#[span]
pub fn ref_option(a: &Option<String>) -> usize {
    a.as_ref().map_or(0, String::len)
}

#[span]
pub fn option_option(a: u8) -> Option<Option<u8>> {
    if a == 0 { None } else { Some(None) }
}

#[span]
pub fn borrowed_box(a: &Box<u8>) -> u8 {
    **a + 1
}

#[span]
pub fn box_collection(a: u8) -> Box<Vec<u8>> {
    Box::new(vec![a])
}

#[span]
fn private_box_collection(a: u8) -> Box<Vec<u8>> {
    Box::new(vec![a])
}

#[span]
pub fn redundant_allocation(a: Rc<Box<u8>>) -> Rc<Box<u8>> {
    let _ = private_box_collection(1);
    a
}

#[span]
pub fn unnecessary_box_returns(a: u8) -> Box<u8> {
    Box::new(a)
}

#[span]
pub fn type_complexity(a: Option<HashMap<u8, Vec<Option<Box<dyn Fn(u8) -> Option<Vec<u8>>>>>>>) -> usize {
    a.map_or(0, |a| a.len())
}

#[span]
pub fn type_complexity_returned() -> Option<HashMap<u8, Vec<Option<Box<dyn Fn(u8) -> Option<Vec<u8>>>>>>> {
    None
}

#[span]
pub async fn type_complexity_async() -> Option<HashMap<u8, Vec<Option<Box<dyn Fn(u8) -> Option<Vec<u8>>>>>>> {
    std::future::ready(None).await
}

#[span]
pub fn implicit_hasher(a: &HashMap<u8, u8>) -> usize {
    a.len()
}

#[span]
#[inline(always)]
pub fn inline_always(a: u8) -> u8 {
    a + 1
}

#[span]
pub fn not_unsafe_ptr_arg_deref(a: *const u8) -> u8 {
    unsafe { *a }
}

#[span]
pub fn mut_mut(a: &mut &mut u8) -> u8 {
    **a += 1;
    **a
}

#[span]
pub fn unused_unit() -> () {
    calls();
}

#[span]
pub fn items_after_statements() -> u8 {
    let a = 1;
    fn inner() -> u8 {
        2
    }
    a + inner()
}

#[span]
pub fn multiple_bound_locations<T: Clone>(a: &T) -> T
where
    T: Default,
{
    a.clone()
}

#[span]
pub fn only_used_in_recursion(a: u8, b: u8) -> u8 {
    if a == 0 { 0 } else { only_used_in_recursion(a - 1, b) }
}

#[span]
#[must_use]
pub fn double_must_use() -> Result<u8, u8> {
    Ok(1)
}

#[span]
#[must_use]
pub fn must_use_unit() {}

#[span]
#[unsafe(no_mangle)]
pub fn no_mangle_with_rust_abi() {}

#[span]
pub fn must_use_candidate_with_an_effect() -> usize {
    use std::sync::atomic::{AtomicUsize, Ordering};
    static COUNT: AtomicUsize = AtomicUsize::new(0);
    COUNT.fetch_add(1, Ordering::Relaxed)
}

impl std::ops::Neg for Type {
    type Output = Result<Type, [u8; 500]>;

    #[span]
    fn neg(self) -> Result<Type, [u8; 500]> {
        if self.0 == 0 { Err([0; 500]) } else { Ok(self) }
    }
}

pub trait Trait {
    #[span]
    fn ptr_arg_in_trait(&self, list: &Vec<u8>) -> usize {
        list.len()
    }

    #[span]
    fn from_wrong_self_convention(&self) -> u8 {
        1
    }
}
