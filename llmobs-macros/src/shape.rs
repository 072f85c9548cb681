//! How a function runs and what it returns, decided from its signature alone.

use proc_macro2::{Span, TokenStream, TokenTree};
use quote::ToTokens as _;
use syn::spanned::Spanned as _;
use syn::{
    Attribute, GenericArgument, PathArguments, ReturnType, Signature, Token, Type, TypeInfer,
    parse_quote_spanned,
};

use crate::diagnostics::Errors;
use crate::lazy::{Lazy, Returned, is_closure, peel};
use crate::options::Options;

/// How the body of a function is run, and what is there when it is done.
pub(crate) struct Shape {
    pub(crate) run: Run,
    pub(crate) returned: Returned,
    /// The type that the body returns, as far as that can be written in the body.
    pub(crate) hint: Option<Type>,
    /// Where mistakes about what the body returns are told, unless rustc finds the piece of the body that is to blame.
    pub(crate) place: Span,
}

/// How the body of a function is run.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Run {
    /// As a closure, inside the span.
    Called,
    /// As a closure, before the span begins with the first piece of what it returns.
    CalledBefore,
    /// As a future, inside the span.
    Polled,
    /// Where it stands, inside the span: a closure would tell `#[track_caller]` another place.
    InPlace,
    /// Where it stands, as what is returned: a closure in it learns the types of its arguments from nowhere else.
    Returned,
}

impl Run {
    /// Whether nobody sees what the body returns.
    pub(crate) fn is_in_place(self) -> bool {
        matches!(self, Self::InPlace | Self::Returned)
    }
}

impl Shape {
    pub(crate) fn of(
        attributes: &[Attribute],
        signature: &Signature,
        options: &Options,
        errors: &mut Errors,
    ) -> Self {
        // No name stands at either, or editors would take generated code for a second meaning of it.
        let place = match &signature.output {
            ReturnType::Default => signature.paren_token.span.close(),
            ReturnType::Type(arrow, _) => arrow.spans[0],
        };
        let returned = match &signature.output {
            ReturnType::Default => parse_quote_spanned!(generated(place)=> ()),
            ReturnType::Type(_, returned) => (**returned).clone(),
        };
        let hint =
            Some(writable(peel(&returned).clone())).filter(|written| !matches!(written, Type::Infer(_)));
        let span = returned.span();
        // A closure behind `impl Fn` learns the types of its arguments only where it is returned from the function itself.
        let is_closure = is_closure(&returned);
        let returned = Returned::of(&returned, options.lazy);
        let run = match &returned {
            _ if signature.asyncness.is_some() => Run::Polled,
            _ if is_closure => Run::Returned,
            _ if attributes.iter().any(|attribute| attribute.path().is_ident("track_caller")) => Run::InPlace,
            Returned::Pieces(pieces) if !pieces.in_result => Run::CalledBefore,
            _ => Run::Called,
        };
        // A type that stable Rust knows in the signature of a function or closure alone.
        let is_unstable = run == Run::Polled && matches!(returned, Returned::Nothing);
        let hint = hint.filter(|_| !run.is_in_place() && !is_unstable);
        let shape = Self { run, returned, hint, place };
        shape.check(options, span, errors);
        shape
    }

    /// Says which options do not go with what the function returns.
    fn check(&self, options: &Options, returned: Span, errors: &mut Errors) {
        let lazy = match &self.returned {
            Returned::Pieces(pieces) => Some(pieces.lazy),
            _ => None,
        };
        if let Some((_, given)) = options.lazy.filter(|(given, _)| Some(*given) != lazy) {
            errors.at(given, "this is not what the function returns");
        }
        if lazy == Some(Lazy::Stream) && !cfg!(feature = "stream") {
            errors.at(returned, "the span of a stream needs the feature `stream` of llmobs");
        }
        let unseen = if self.run.is_in_place() || matches!(self.returned, Returned::Nothing) {
            Some("there is no returned value to be seen here")
        } else if matches!(lazy, Some(Lazy::Iterator | Lazy::Stream)) {
            Some("there is no returned value: the items come later, and `fold = …` sees each of them")
        } else {
            None
        };
        if let Some(unseen) = unseen {
            options.after().for_each(|span| errors.at(span, unseen));
        }
        if let Some((fold, _)) = &options.fold
            && !matches!(lazy, Some(Lazy::Iterator | Lazy::Stream))
        {
            errors.at(fold.span(), "`fold` is for functions that return an iterator or a stream");
        }
    }
}

/// A place in the source as one of generated code, which lints pass over.
pub(crate) fn generated(place: Span) -> Span {
    place.resolved_at(Span::call_site())
}

/// The type with `_` for each `impl Trait`, which cannot be written anywhere but in a signature.
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

/// Whether an `impl Trait` is left in a place that was not looked at, such as `dyn Iterator<Item = impl Display>`.
fn mentions_impl(tokens: TokenStream) -> bool {
    tokens.into_iter().any(|token| match token {
        TokenTree::Ident(ident) => ident == "impl",
        TokenTree::Group(group) => mentions_impl(group.stream()),
        _ => false,
    })
}

pub(crate) fn infer() -> TypeInfer {
    TypeInfer { attrs: Vec::new(), underscore_token: Token![_](Span::mixed_site()) }
}
