//! The whole expansion of three functions, in files.
//!
//! `UPDATE_EXPECT=1 cargo test -p llmobs-macros` writes the files. Review the changes before you commit them.

use expect_test::expect_file;
use proc_macro2::TokenStream;
use quote::quote;

use super::attribute;
use crate::options::Kind;

fn pretty(tokens: TokenStream) -> String {
    prettyplease::unparse(&syn::parse2(tokens).expect("the expansion is a list of items"))
}

#[test]
fn sync_function() {
    let options = quote!(name = "find", session_id = query.session, skip(index));
    let function = quote! {
        /// Finds.
        pub fn search<'a>(index: &'a Index, mut query: Query, Limit(limit): Limit, _: u8) -> Result<Vec<&'a str>, Error> {
            query.normalize();
            index.find(&query)?.take(limit)
        }
    };
    expect_file!["../../tests/snapshots/sync.rs"].assert_eq(&pretty(attribute(
        Kind::Retrieval,
        options,
        &function,
    )));
}

#[test]
fn async_method() {
    let options = quote!(model_name = self.model, skip_output);
    let function = quote! {
        async fn complete(&self, #[cfg(feature = "images")] image: Image, prompt: &str) -> impl Reply {
            self.client.send(prompt).await
        }
    };
    let method = attribute(Kind::Llm, options, &function);
    expect_file!["../../tests/snapshots/async.rs"].assert_eq(&pretty(quote!(impl Model { #method })));
}

#[cfg(feature = "stream")]
#[test]
fn stream_in_a_result() {
    let function = quote! {
        async fn chat(prompt: &str) -> Result<impl Stream<Item = Result<Chunk, Error>>, Error> {
            client().stream(prompt).await
        }
    };
    expect_file!["../../tests/snapshots/stream.rs"].assert_eq(&pretty(attribute(
        Kind::Llm,
        quote!(),
        &function,
    )));
}

#[test]
fn all_errors_are_reported_and_the_function_is_unchanged() {
    let function = quote! {
        const fn half_typed(a: u8) -> u8 { a. }
    };
    let expansion = attribute(Kind::Task, quote!(nam = "x", skip(b)), &function).to_string();
    let untouched = function.to_string();
    assert!(expansion.ends_with(&untouched), "{expansion}");
    for error in
        ["unknown option `nam`: did you mean `name`?", "no argument named `b`", "a `const fn` cannot"]
    {
        assert!(expansion.contains(error), "{error:?} is not in {expansion}");
    }
}

#[test]
fn body_is_not_parsed() {
    let function = quote!(fn half_typed(a: u8) -> u8 { a. });
    let expansion = attribute(Kind::Task, quote!(), &function).to_string();
    assert!(expansion.contains("a .") && !expansion.contains("compile_error"), "{expansion}");
}

#[test]
fn stream_needs_a_feature() {
    let function = quote!(
        fn words() -> impl Stream<Item = &'static str> {
            all()
        }
    );
    let expansion = attribute(Kind::Task, quote!(), &function).to_string();
    assert_eq!(expansion.contains("needs the feature `stream`"), !cfg!(feature = "stream"), "{expansion}");
}
