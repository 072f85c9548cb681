//! The attributes of the crate [llmobs](https://docs.rs/llmobs).
//!
//! Use them through `llmobs`: they expand to calls of that crate. Its documentation has examples of each, and a
//! [guide](https://docs.rs/llmobs/latest/llmobs/guide/attributes/index.html).

#[macro_use]
mod documentation;

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
        // The crate llmobs appends these texts to its own, so the introduction is only in the documentation of this crate.
        #[cfg_attr(doc, doc = concat!("Makes each call of a function a span of the kind `", stringify!($attribute), "`.\n\n"))]
        #[cfg_attr(doc, doc = concat!(
            "See [`llmobs::", stringify!($attribute), "`](https://docs.rs/llmobs/latest/llmobs/attr.",
            stringify!($attribute), ".html) for what it captures, with an example.\n\n",
        ))]
        #[doc = options_section!($attribute)]
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

#[cfg_attr(doc, doc = "Makes each call of each function of an `impl`, `trait` or inline `mod` a span.\n\n")]
/// The [guide](https://docs.rs/llmobs/latest/llmobs/guide/attributes/index.html#whole-blocks) has an example of a whole block.
#[proc_macro_attribute]
pub fn instrument(options: TokenStream, item: TokenStream) -> TokenStream {
    block::instrument(options.into(), item.into()).into()
}

#[cfg_attr(
    doc,
    doc = "Leaves a function out of the block around it that has the attribute [`macro@instrument`].\n\n"
)]
/// Takes no options.
#[proc_macro_attribute]
pub fn skip(options: TokenStream, item: TokenStream) -> TokenStream {
    block::skip(&options.into(), &item.into()).into()
}
