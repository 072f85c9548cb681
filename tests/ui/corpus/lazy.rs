//! Lints of clippy and rustc about what runs later: futures, iterators, streams.

use std::cell::RefCell;
use std::future::{Future, ready};
use std::pin::Pin;
use std::sync::Mutex;

use llmobs_ui_tests::{BoxStream, Stream, items};

#[span]
pub fn manual_async_fn(a: u8) -> impl Future<Output = u8> {
    async move { a + 1 }
}

#[span]
pub async fn async_yields_async(a: u8) -> u8 {
    let later = async { ready(a) };
    later.await.await
}

#[span]
pub async fn await_holding_lock(lock: &Mutex<u8>) -> u8 {
    let held = lock.lock().unwrap();
    ready(*held).await
}

#[span]
pub fn await_holding_lock_in_opaque(lock: &Mutex<u8>) -> impl Future<Output = u8> {
    async move {
        let held = lock.lock().unwrap();
        ready(*held).await
    }
}

#[span]
pub async fn await_holding_refcell_ref(cell: &RefCell<u8>) -> u8 {
    let held = cell.borrow();
    ready(*held).await
}

#[span]
pub async fn large_futures() -> usize {
    ready([1_u8; 20_000]).await.len()
}

#[span]
pub async fn let_underscore_future() {
    let _ = ready(1);
    let _ = unused_async();
    ready(()).await;
}

#[span]
pub async fn unused_futures() {
    unused_async();
    ready(()).await;
}

#[span]
pub fn redundant_async_block(a: u8) -> Pin<Box<dyn Future<Output = u8>>> {
    let later = async move { ready(a).await };
    Box::pin(async move { later.await })
}

#[span]
pub async fn unused_async() -> u8 {
    1
}

#[span]
pub async fn unused_variables(a: u8, b: u8) -> u8 {
    let c = ready(a).await;
    1
}

#[span]
pub fn unused_variables_of_future(a: u8, b: u8) -> impl Future<Output = u8> {
    let c = 1;
    async move {
        let d = a;
        1
    }
}

#[span]
pub fn unused_variables_of_iterator(to: u8, b: u8) -> impl Iterator<Item = u8> {
    let c = 1;
    (0..to).map(|one| 1)
}

#[span]
pub fn unused_variables_of_stream(to: u8, mut b: u8) -> impl Stream<Item = u8> {
    let mut c = 1;
    items(0..to)
}

#[span]
pub fn unused_variables_of_boxed_stream(to: u8, mut b: u8) -> BoxStream<'static, u8> {
    let mut c = 1;
    Box::pin(items(0..to))
}

#[span]
pub fn unreachable_code_of_future() -> impl Future<Output = u8> {
    return ready(1);
    ready(2)
}

#[span]
pub fn unreachable_code_of_iterator() -> Box<dyn Iterator<Item = u8>> {
    return Box::new(0..1);
    Box::new(1..2)
}

#[span]
pub fn needless_return_of_iterator(to: u8) -> impl Iterator<Item = u8> {
    return 0..to;
}

#[span]
pub fn needless_return_of_future(a: u8) -> impl Future<Output = u8> {
    return ready(a);
}

#[span]
pub async fn needless_return_async(a: u8) -> u8 {
    let b = ready(a).await;
    return b + 1;
}

#[span]
pub fn needless_return_of_stream(to: u8) -> impl Stream<Item = u8> {
    return items(0..to);
}

#[span]
pub fn let_and_return_of_iterator(to: u8) -> impl Iterator<Item = u8> {
    let list = 0..to;
    list
}

#[span]
pub fn let_and_return_of_stream(to: u8) -> impl Stream<Item = u8> {
    let list = items(0..to);
    list
}

#[span]
pub fn redundant_closure_of_iterator(list: &[u8]) -> impl Iterator<Item = u32> {
    list.iter().map(|one| u32::from(*one)).map(|one| u32::from(one))
}

#[span]
pub fn cast_of_stream(to: u32) -> impl Stream<Item = u8> {
    items(0..to as u8)
}

#[span]
pub fn needless_pass_by_value_of_iterator(list: Vec<u8>) -> impl Iterator<Item = usize> {
    std::iter::once(list.len())
}

#[span]
pub async fn needless_pass_by_value_async(list: Vec<u8>) -> usize {
    ready(list.len()).await
}

#[span]
pub fn missing_errors_doc_of_future(a: u8) -> impl Future<Output = Result<u8, String>> {
    ready(Ok(a))
}

#[span]
pub fn missing_errors_doc_of_iterator(a: u8) -> Result<impl Iterator<Item = u8>, String> {
    if a == 0 { Err(String::new()) } else { Ok(0..a) }
}

#[span]
pub fn missing_panics_doc_of_iterator(a: Option<u8>) -> impl Iterator<Item = u8> {
    0..a.unwrap()
}

#[span]
pub fn must_use_candidate_of_stream(to: u8) -> BoxStream<'static, u8> {
    Box::pin(items(0..to))
}

#[span]
pub fn useless_conversion_of_iterator(list: Vec<u8>) -> impl Iterator<Item = u8> {
    list.into_iter().into_iter()
}

#[span]
pub fn box_default(a: u8) -> Box<dyn Iterator<Item = u8>> {
    Box::new(std::iter::once(a).chain(std::iter::once(u8::default())).map(|one| one.clone()))
}

#[span]
pub async fn question_mark(a: Option<u8>) -> Option<u8> {
    let a = match ready(a).await {
        Some(a) => a,
        None => return None,
    };
    Some(a)
}

#[span]
pub async fn unit(list: &mut Vec<u8>) {
    list.push(ready(1).await)
}

#[span]
pub async fn returns_a_future(a: u8) -> impl Future<Output = u8> {
    ready(()).await;
    ready(a)
}

#[span]
pub async fn diverges() -> ! {
    ready(()).await;
    panic!("stop")
}

#[span]
pub async fn borrowed<'a>(list: &'a [u8], text: &'a str) -> &'a str {
    ready(()).await;
    if list.is_empty() == true { text } else { "" }
}
