//! How a function runs and what it returns, decided from its signature alone.

use proc_macro2::{Span, TokenStream, TokenTree};
use quote::ToTokens as _;
use syn::{GenericArgument, PathArguments, ReturnType, Signature, Token, Type, TypeInfer};

/// How the body of a function is run inside its span.
pub(crate) enum Shape {
    /// Called, and done when it returns. With the type that it returns, as far as that can be written in the body.
    Sync(Option<Type>),
    /// Polled, and done when it is ready.
    Async(Option<Type>),
    /// Called, and never returns.
    Diverging,
    /// Polled, and never ready.
    AsyncDiverging,
}

impl Shape {
    pub(crate) fn of(signature: &Signature) -> Self {
        let returned = match &signature.output {
            ReturnType::Default => syn::parse_quote!(()),
            ReturnType::Type(_, returned) => (**returned).clone(),
        };
        match (signature.asyncness, writable(returned)) {
            (Some(_), Type::Never(_)) => Self::AsyncDiverging,
            (None, Type::Never(_)) => Self::Diverging,
            (Some(_), returned) => Self::Async(known(returned)),
            (None, returned) => Self::Sync(known(returned)),
        }
    }
}

fn known(returned: Type) -> Option<Type> {
    (!matches!(returned, Type::Infer(_))).then_some(returned)
}

/// The type with `_` for each `impl Trait`, which cannot be written anywhere but in a signature.
fn writable(mut written: Type) -> Type {
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

/// Whether an `impl Trait` is left in a place that was not looked at, such as `dyn Iterator<Item = impl Display>`.
fn mentions_impl(tokens: TokenStream) -> bool {
    tokens.into_iter().any(|token| match token {
        TokenTree::Ident(ident) => ident == "impl",
        TokenTree::Group(group) => mentions_impl(group.stream()),
        _ => false,
    })
}

fn infer() -> TypeInfer {
    TypeInfer { attrs: Vec::new(), underscore_token: Token![_](Span::mixed_site()) }
}
