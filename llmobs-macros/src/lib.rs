//! The attributes of the [llmobs](https://docs.rs/llmobs) crate.
//!
//! Use them from that crate: their expansions name it.

mod arguments;
mod block;
mod diagnostics;
mod expand;
mod function;
mod options;
mod return_type;
mod shape;
mod types;

use proc_macro::TokenStream;

use options::Kind;

macro_rules! attributes {
    ($($attribute:ident => $kind:ident;)*) => {$(
        /// All options, with examples: <https://docs.rs/llmobs/latest/llmobs/guide/attributes/index.html>.
        #[proc_macro_attribute]
        pub fn $attribute(options: TokenStream, item: TokenStream) -> TokenStream {
            expand::attribute(Kind::$kind, options.into(), &item.into()).into()
        }
    )*};
}

attributes! {
    workflow => Workflow;
    agent => Agent;
    task => Task;
    tool => Tool;
    llm => Llm;
    embedding => Embedding;
    retrieval => Retrieval;
}

/// All options, with examples: <https://docs.rs/llmobs/latest/llmobs/guide/attributes/index.html>.
#[proc_macro_attribute]
pub fn instrument(options: TokenStream, item: TokenStream) -> TokenStream {
    block::instrument(options.into(), item.into()).into()
}

/// Takes no options.
#[proc_macro_attribute]
pub fn skip(options: TokenStream, item: TokenStream) -> TokenStream {
    block::skip(&options.into(), &item.into()).into()
}
