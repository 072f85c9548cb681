//! The attributes of the [llmobs](https://docs.rs/llmobs) crate.
//!
//! Use them from there: what they expand to names that crate.

mod arguments;
mod diagnostics;
mod expand;
mod function;
mod options;
mod shape;

use proc_macro::TokenStream;

use options::Kind;

macro_rules! attributes {
    ($($(#[$doc:meta])* $attribute:ident => $kind:ident;)*) => {$(
        $(#[$doc])*
        #[proc_macro_attribute]
        pub fn $attribute(options: TokenStream, item: TokenStream) -> TokenStream {
            expand::attribute(Kind::$kind, options.into(), &item.into()).into()
        }
    )*};
}

attributes! {
    /// `#[llmobs::workflow]`
    workflow => Workflow;
    /// `#[llmobs::agent]`
    agent => Agent;
    /// `#[llmobs::task]`
    task => Task;
    /// `#[llmobs::tool]`
    tool => Tool;
    /// `#[llmobs::llm]`
    llm => Llm;
    /// `#[llmobs::embedding]`
    embedding => Embedding;
    /// `#[llmobs::retrieval]`
    retrieval => Retrieval;
}
