//! Where the attributes are added, and that all other tokens stay unchanged.

use proc_macro2::TokenStream;
use quote::quote;

use super::instrument;

#[test]
fn attributes_are_added_last_and_with_the_path_of_the_crate() {
    let block = quote! {
        mod steps {
            #[cfg(test)]
            pub fn a() {}
            pub(crate) fn b() {}
            #[facade::llmobs::agent]
            pub fn c() {}
            #[facade::llmobs::skip]
            pub fn d() {}
            #[inline]
            impl<T> X<T> { pub fn e() {} }
            #[facade::llmobs::instrument(llm)]
            trait Y { fn f() {} }
        }
    };
    let expected = quote! {
        mod steps {
            #[cfg(test)]
            #[::facade::llmobs::tool(crate = ::facade::llmobs, skip(x), __in_block)]
            pub fn a() {}
            pub(crate) fn b() {}
            #[facade::llmobs::agent]
            pub fn c() {}
            #[facade::llmobs::skip(__in_block)]
            pub fn d() {}
            #[inline]
            #[::facade::llmobs::instrument(tool, pub_only, crate = ::facade::llmobs, skip(x))]
            impl<T> X<T> { pub fn e() {} }
            #[facade::llmobs::instrument(llm)]
            trait Y { fn f() {} }
        }
    };
    let expansion = instrument(quote!(tool, crate = ::facade::llmobs, pub_only, skip(x)), block);
    assert_eq!(expansion.to_string(), expected.to_string());
}

#[test]
fn incomplete_functions_and_other_items_stay_unchanged() {
    let half_typed = [
        "#",
        "# fn",
        "# !",
        "#[cfg(a)]",
        "pub",
        "pub {}",
        "pub(crate)",
        "fn",
        "fn a",
        "fn a()",
        "fn a() -> B<{ 1 }>",
        "fn a();",
        "const A: B = { fn a() {} };",
        "const A: B = if c { 1 } else { 2 }; static D: E = { 1 } + { 2 };",
        "m! { fn a() {} }",
        "a::m!(fn a() {}); ;",
        "struct A<const B: u8 = { 1 }> { fn_: u8 } struct C(fn());",
        "use a::{b, c}; type D = fn();",
        "extern \"C\" { fn a(); } extern crate b;",
        "macro_rules! a { () => { fn a() {} } }",
        "mod a; trait B = C;",
        "-> { } 1 <",
    ];
    for text in half_typed {
        let tokens: TokenStream = text.parse().expect("brackets come in pairs");
        let block = quote!(mod a { #tokens });
        assert_eq!(instrument(quote!(), block.clone()).to_string(), block.to_string());
    }
}
