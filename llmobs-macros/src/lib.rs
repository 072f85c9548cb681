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
            expand::attribute(Kind::$kind, options.into(), item.into()).into()
        }
    )*};
}

attributes! {
    /// Makes each call of a function a `workflow` span: a fixed sequence of steps with at least one LLM call in it.
    workflow => Workflow;
    /// Makes each call of a function an `agent` span: a sequence of steps that a model chooses for itself.
    agent => Agent;
    /// Makes each call of a function a `task` span: one step of your own code that needs no outside service.
    task => Task;
    /// Makes each call of a function a `tool` span: a call to a program or service outside.
    tool => Tool;
    /// Makes each call of a function an `llm` span: a call to a large language model.
    llm => Llm;
    /// Makes each call of a function an `embedding` span: a call that turns text into vectors.
    embedding => Embedding;
    /// Makes each call of a function a `retrieval` span: a search that returns documents from a knowledge base.
    retrieval => Retrieval;
}
