//! The attributes of the [llmobs](https://docs.rs/llmobs) crate.
//!
//! Use them from there: what they expand to names that crate.

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
    ($($(#[$doc:meta])* $attribute:ident => $kind:ident;)*) => {$(
        $(#[$doc])*
        #[proc_macro_attribute]
        pub fn $attribute(options: TokenStream, item: TokenStream) -> TokenStream {
            expand::attribute(Kind::$kind, options.into(), &item.into()).into()
        }
    )*};
}

attributes! {
    /// Options: `name = …`, `session_id = …`, `ml_app = …`, `skip(a, b)`,
    /// `skip_all`, `skip_output`, `skip_error`.
    workflow => Workflow;
    /// Options: `name = …`, `session_id = …`, `ml_app = …`, `skip(a, b)`,
    /// `skip_all`, `skip_output`, `skip_error`.
    agent => Agent;
    /// Options: `name = …`, `session_id = …`, `ml_app = …`, `skip(a, b)`,
    /// `skip_all`, `skip_output`, `skip_error`.
    task => Task;
    /// Options: `name = …`, `session_id = …`, `ml_app = …`, `skip(a, b)`,
    /// `skip_all`, `skip_output`, `skip_error`.
    tool => Tool;
    /// Options: `name = …`, `session_id = …`, `ml_app = …`, `model_name = …`, `model_provider = …`, `skip(a, b)`,
    /// `skip_all`, `skip_output`, `skip_error`.
    llm => Llm;
    /// Options: `name = …`, `session_id = …`, `ml_app = …`, `model_name = …`, `model_provider = …`, `skip(a, b)`,
    /// `skip_all`, `skip_output`, `skip_error`.
    embedding => Embedding;
    /// Options: `name = …`, `session_id = …`, `ml_app = …`, `skip(a, b)`,
    /// `skip_all`, `skip_output`, `skip_error`.
    retrieval => Retrieval;
}

/// Options: one of the seven kinds, `pub_only`, and the options of that kind.
#[proc_macro_attribute]
pub fn instrument(options: TokenStream, item: TokenStream) -> TokenStream {
    block::instrument(options.into(), item.into()).into()
}

/// Takes no options.
#[proc_macro_attribute]
pub fn skip(options: TokenStream, item: TokenStream) -> TokenStream {
    block::skip(&options.into(), &item.into()).into()
}
