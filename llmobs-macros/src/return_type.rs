//! What a function returns: a value, nothing, or a future, iterator or stream that runs after the function has returned.

use proc_macro2::Span;
use syn::punctuated::Punctuated;
use syn::{
    AngleBracketedGenericArguments, GenericArgument, PathArguments, PathSegment, Token, Type, TypeParamBound,
    parse_quote,
};

use crate::types::{infer, peel, writable};

/// A value that runs after the function has returned, each time it is polled.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum LazyKind {
    Future,
    Iterator,
    Stream,
}

/// What a function returns.
pub(crate) enum Returned {
    Value,
    /// `!`
    Never,
    Lazy(Box<LazyType>),
}

/// A future, iterator or stream, as the signature writes it.
pub(crate) struct LazyType {
    pub(crate) kind: LazyKind,
    /// The `Output` of a future, or the `Item` of an iterator or stream. `_` if it cannot be written.
    pub(crate) item: Type,
    pub(crate) form: Form,
    /// Whether the value is in the `Ok` of a `Result`.
    pub(crate) in_result: bool,
    /// The option `future`, `iterator` or `stream`, if the signature does not show the kind.
    pub(crate) option: Option<Span>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Form {
    /// `impl …`
    Opaque,
    /// `Box<dyn …>`
    Boxed,
    /// `Pin<Box<dyn …>>`
    Pinned,
}

impl Returned {
    /// Reads a type. An option can give the kind of an alias or of a named type.
    pub(crate) fn of(returned: &Type, option: Option<(LazyKind, Span)>) -> Self {
        match peel(returned) {
            Type::Never(_) => Self::Never,
            returned => LazyType::of(returned, option).map_or(Self::Value, |lazy| Self::Lazy(Box::new(lazy))),
        }
    }

    /// Returns whether this is a future that is not in a `Result`.
    pub(crate) fn is_future(&self) -> bool {
        matches!(self, Self::Lazy(lazy) if lazy.kind == LazyKind::Future && !lazy.in_result)
    }
}

impl LazyType {
    fn of(returned: &Type, option: Option<(LazyKind, Span)>) -> Option<Self> {
        let (name, first) = match returned {
            Type::Path(path) => {
                path.path.segments.last().map(|last| (last.ident.to_string(), first_type(last)))?
            }
            other => return Self::plain(other),
        };
        // An alias of `Result` may have a name such as `IoResult`. It counts if an option is given.
        if (name == "Result" || name.ends_with("Result") && option.is_some())
            && let Some(lazy) = first.and_then(|inner| Self::of(peel(inner), option))
        {
            return Some(Self { in_result: true, ..lazy });
        }
        Self::plain(returned).or_else(|| {
            // Most aliases are for a box.
            let (kind, span) = option?;
            let form = if kind == LazyKind::Iterator { Form::Boxed } else { Form::Pinned };
            Some(Self { option: Some(span), ..Self::new(kind, None, form) })
        })
    }

    fn new(kind: LazyKind, item: Option<Type>, form: Form) -> Self {
        let item = item.unwrap_or_else(|| Type::Infer(infer()));
        Self { kind, item, form, in_result: false, option: None }
    }

    fn plain(returned: &Type) -> Option<Self> {
        match returned {
            Type::ImplTrait(returned) => Self::of_bounds(&returned.bounds, Form::Opaque),
            Type::Path(path) => {
                let last = path.path.segments.last()?;
                let first = first_type(last)?;
                match last.ident.to_string().as_str() {
                    "Pin" => Self::of_box(first, Form::Pinned),
                    "Box" => Self::of_box(returned, Form::Boxed),
                    // An alias of this name in the user's crate may put the type into a `Result`.
                    "BoxFuture" | "LocalBoxFuture" => Some(Self::new(LazyKind::Future, None, Form::Pinned)),
                    "BoxStream" | "LocalBoxStream" => Some(Self::new(LazyKind::Stream, None, Form::Pinned)),
                    _ => None,
                }
            }
            _ => None,
        }
    }

    /// `Box<dyn Trait>`
    fn of_box(returned: &Type, form: Form) -> Option<Self> {
        let Type::Path(path) = peel(returned) else { return None };
        let last = path.path.segments.last().filter(|last| last.ident == "Box")?;
        let Type::TraitObject(object) = peel(first_type(last)?) else { return None };
        let lazy = Self::of_bounds(&object.bounds, form)?;
        // A future or stream that is not pinned can be polled only if it is `Unpin`.
        let polled = form == Form::Boxed && lazy.kind != LazyKind::Iterator;
        let is_unpin = |bound: &TypeParamBound| name_of(bound).is_some_and(|name| name.ident == "Unpin");
        (!polled || object.bounds.iter().any(is_unpin)).then_some(lazy)
    }

    /// Reads `Trait + …`, if the wrapper type of the runtime meets all bounds.
    fn of_bounds(bounds: &Punctuated<TypeParamBound, Token![+]>, form: Form) -> Option<Self> {
        let mut found: Option<(LazyKind, Option<Type>)> = None;
        for bound in bounds {
            let Some(name) = name_of(bound) else {
                let harmless =
                    matches!(bound, TypeParamBound::Lifetime(_) | TypeParamBound::PreciseCapture(_));
                if harmless {
                    continue;
                }
                return None;
            };
            let (kind, item) = match name.ident.to_string().as_str() {
                "Future" => (LazyKind::Future, assigned(name, "Output").map(writable)),
                "TryFuture" => (LazyKind::Future, Some(result(name))),
                "Iterator" | "DoubleEndedIterator" | "ExactSizeIterator" | "FusedIterator" => {
                    (LazyKind::Iterator, assigned(name, "Item").map(writable))
                }
                "Stream" | "FusedStream" => (LazyKind::Stream, assigned(name, "Item").map(writable)),
                "TryStream" => (LazyKind::Stream, Some(result(name))),
                "Send" | "Sync" | "Unpin" | "Captures" => continue,
                _ => return None,
            };
            let before = found.take().and_then(|(_, item)| item);
            found = Some((kind, before.or(item)));
        }
        found.map(|(kind, item)| Self::new(kind, item, form))
    }
}

/// Returns whether a type is `impl Fn(…)` or the like.
pub(crate) fn is_closure(returned: &Type) -> bool {
    let names = ["Fn", "FnMut", "FnOnce", "AsyncFn", "AsyncFnMut", "AsyncFnOnce"];
    let is_one = |bound| name_of(bound).is_some_and(|name| names.iter().any(|known| name.ident == known));
    matches!(peel(returned), Type::ImplTrait(returned) if returned.bounds.iter().any(is_one))
}

/// Returns the trait of a bound.
fn name_of(bound: &TypeParamBound) -> Option<&PathSegment> {
    match bound {
        TypeParamBound::Trait(bound) if bound.maybe.is_none() => bound.path.segments.last(),
        _ => None,
    }
}

fn arguments(segment: &PathSegment) -> Option<&AngleBracketedGenericArguments> {
    match &segment.arguments {
        PathArguments::AngleBracketed(arguments) => Some(arguments),
        _ => None,
    }
}

/// Returns the first type among the arguments of `Name<'a, T, …>`.
fn first_type(segment: &PathSegment) -> Option<&Type> {
    arguments(segment)?.args.iter().find_map(|argument| match argument {
        GenericArgument::Type(inner) => Some(inner),
        _ => None,
    })
}

/// Returns the type in `Trait<Name = Type>`.
fn assigned(segment: &PathSegment, name: &str) -> Option<Type> {
    arguments(segment)?.args.iter().find_map(|argument| match argument {
        GenericArgument::AssocType(assigned) if assigned.ident == name => Some(assigned.ty.clone()),
        _ => None,
    })
}

/// Returns the `Result` of `TryStream<Ok = T, Error = E>`, which is the only place where a signature may show `E`.
fn result(segment: &PathSegment) -> Type {
    let [ok, error] =
        ["Ok", "Error"].map(|name| assigned(segment, name).map_or_else(|| Type::Infer(infer()), writable));
    parse_quote!(::core::result::Result<#ok, #error>)
}
