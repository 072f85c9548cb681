//! Types as a signature writes them.

use proc_macro2::{Span, TokenStream, TokenTree};
use quote::ToTokens as _;
use syn::{GenericArgument, PathArguments, Token, Type, TypeInfer};

/// Returns the type without the parentheses and invisible groups around it.
pub(crate) fn peel(mut written: &Type) -> &Type {
    loop {
        written = match written {
            Type::Group(outer) => &outer.elem,
            Type::Paren(outer) => &outer.elem,
            inner => return inner,
        };
    }
}

/// Returns the type with `_` for each `impl Trait`, which is only allowed in signatures.
pub(crate) fn writable(mut written: Type) -> Type {
    let replace = |inner: &mut Type| {
        let taken = std::mem::replace(inner, Type::Infer(infer()));
        *inner = writable(taken);
    };
    match &mut written {
        Type::ImplTrait(_) => return Type::Infer(infer()),
        Type::Array(outer) => replace(&mut outer.elem),
        Type::Group(outer) => replace(&mut outer.elem),
        Type::Paren(outer) => replace(&mut outer.elem),
        Type::Reference(outer) => replace(&mut outer.elem),
        Type::Slice(outer) => replace(&mut outer.elem),
        Type::Tuple(outer) => outer.elems.iter_mut().for_each(replace),
        Type::Path(outer) => {
            for segment in &mut outer.path.segments {
                if let PathArguments::AngleBracketed(arguments) = &mut segment.arguments {
                    for argument in &mut arguments.args {
                        if let GenericArgument::Type(inner) = argument {
                            replace(inner);
                        }
                    }
                }
            }
        }
        _ => {}
    }
    if mentions_impl(written.to_token_stream()) { Type::Infer(infer()) } else { written }
}

/// Returns whether an `impl Trait` remains in a place that [`writable`] does not replace, such as `dyn Iterator<Item = impl Display>`.
fn mentions_impl(tokens: TokenStream) -> bool {
    tokens.into_iter().any(|token| match token {
        TokenTree::Ident(ident) => ident == "impl",
        TokenTree::Group(group) => mentions_impl(group.stream()),
        _ => false,
    })
}

/// `_`
pub(crate) fn infer() -> TypeInfer {
    TypeInfer { attrs: Vec::new(), underscore_token: Token![_](Span::mixed_site()) }
}
