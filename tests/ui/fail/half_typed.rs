//! A body that is half typed reaches the compiler as it is, and the items before and after it are compiled: tokio-rs/tracing#1633,
//! #1634; tokio-rs/tokio#4162; rust-lang/rust-analyzer#10520; dtolnay/syn#1086

struct Store {
    rows: Vec<String>,
}

impl Store {
    #[llmobs::workflow]
    fn field_of_self(&self) -> usize {
        self.
    }

    #[llmobs::task]
    async fn method(&self) -> usize {
        let count = self.rows.len();
        self.rows.
    }
}

#[llmobs::workflow]
fn dot(text: &str) -> usize {
    text.
}

#[llmobs::workflow]
fn path(text: &str) -> usize {
    usize::
}

#[llmobs::workflow]
fn value_of_a_local(text: &str) -> usize {
    let length =
}

#[llmobs::workflow]
fn type_of_a_local(text: &str) -> usize {
    let length: 
}

#[llmobs::workflow]
fn keyword(text: &str) -> usize {
    let
}

#[llmobs::workflow]
fn operator(text: &str) -> usize {
    text.len() +
}

#[llmobs::workflow]
fn condition(text: &str) -> usize {
    if text.is_empty()
}

#[llmobs::workflow]
fn arms(text: &str) -> usize {
    match text {
        "" =>
    }
}

#[llmobs::workflow]
fn no_semicolon(text: &str) -> usize {
    let length = text.len()
    length
}

#[llmobs::workflow]
fn arguments(text: &str) -> usize {
    text.find(, 1)
}

#[llmobs::workflow]
fn closure(text: &str) -> usize {
    text.chars().map(|one| )
}

#[llmobs::workflow]
fn inner_attribute(text: &str) -> usize {
    #![allow(unused)]
    text.
}

#[llmobs::workflow]
fn iterator(text: &str) -> impl Iterator<Item = char> {
    text.chars().
}

#[llmobs::workflow(skip_output, name = text.)]
fn option(text: &str) -> usize {
    text.len()
}

#[llmobs::workflow(name = text::, session_id = "s" +, skip(text.))]
fn more_options(text: &str) -> usize {
    text.len()
}

fn main() {
    Store { rows: Vec::new() }.field_of_self();
    dot("");
    option("");
}
