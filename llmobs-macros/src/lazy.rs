//! Functions that return before they have done their work: what they return is a future, an iterator or a stream.

use proc_macro2::Span;
use syn::punctuated::Punctuated;
use syn::{
    AngleBracketedGenericArguments, GenericArgument, PathArguments, PathSegment, Token, Type, TypeParamBound,
};

use crate::shape::{infer, writable};

/// What runs piece by piece after the function has returned.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Lazy {
    Future,
    Iterator,
    Stream,
}

/// What there is when the body of a function is done.
pub(crate) enum Returned {
    Value,
    Nothing,
    Pieces(Box<Pieces>),
}

/// A future, iterator or stream, as the signature spells it.
pub(crate) struct Pieces {
    pub(crate) lazy: Lazy,
    /// The `Output` of a future, the `Item` of the others; `_` where it cannot be written.
    pub(crate) item: Type,
    pub(crate) form: Form,
    /// In the `Ok` of a `Result`.
    pub(crate) in_result: bool,
    /// The option that says what the signature does not.
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
    /// Reads a type, of which an option may say what it hides.
    pub(crate) fn of(returned: &Type, option: Option<(Lazy, Span)>) -> Self {
        match peel(returned) {
            Type::Never(_) => Self::Nothing,
            returned => {
                Pieces::of(returned, option).map_or(Self::Value, |pieces| Self::Pieces(Box::new(pieces)))
            }
        }
    }

    /// Whether it is a future, and not in a `Result`.
    pub(crate) fn is_future(&self) -> bool {
        matches!(self, Self::Pieces(pieces) if pieces.lazy == Lazy::Future && !pieces.in_result)
    }
}

impl Pieces {
    fn of(returned: &Type, option: Option<(Lazy, Span)>) -> Option<Self> {
        let (name, first) = match returned {
            Type::Path(path) => {
                path.path.segments.last().map(|last| (last.ident.to_string(), first_type(last)))?
            }
            other => return Self::plain(other),
        };
        // An alias of a `Result` may have another name: an option says that it is one.
        if (name == "Result" || name.ends_with("Result") && option.is_some())
            && let Some(pieces) = first.and_then(|inner| Self::of(peel(inner), option))
        {
            return Some(Self { in_result: true, ..pieces });
        }
        Self::plain(returned).or_else(|| {
            // The usual alias is one for a box.
            let (lazy, span) = option?;
            let form = if lazy == Lazy::Iterator { Form::Boxed } else { Form::Pinned };
            Some(Self { option: Some(span), ..Self::new(lazy, None, form) })
        })
    }

    fn new(lazy: Lazy, item: Option<&Type>, form: Form) -> Self {
        let item = item.map_or_else(|| Type::Infer(infer()), |item| writable(item.clone()));
        Self { lazy, item, form, in_result: false, option: None }
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
                    // An own alias of this name may put its type into a `Result`.
                    "BoxFuture" | "LocalBoxFuture" => Some(Self::new(Lazy::Future, None, Form::Pinned)),
                    "BoxStream" | "LocalBoxStream" => Some(Self::new(Lazy::Stream, None, Form::Pinned)),
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
        let pieces = Self::of_bounds(&object.bounds, form)?;
        // What is not pinned can be polled only if it may be moved.
        let polled = form == Form::Boxed && pieces.lazy != Lazy::Iterator;
        let is_unpin = |bound: &TypeParamBound| name_of(bound).is_some_and(|name| name.ident == "Unpin");
        (!polled || object.bounds.iter().any(is_unpin)).then_some(pieces)
    }

    /// `Trait + …`, if nothing is asked of the type that ours does not have.
    fn of_bounds(bounds: &Punctuated<TypeParamBound, Token![+]>, form: Form) -> Option<Self> {
        let mut found: Option<(Lazy, Option<&Type>)> = None;
        for bound in bounds {
            let Some(name) = name_of(bound) else {
                let harmless =
                    matches!(bound, TypeParamBound::Lifetime(_) | TypeParamBound::PreciseCapture(_));
                if harmless {
                    continue;
                }
                return None;
            };
            let (lazy, item) = match name.ident.to_string().as_str() {
                "Future" => (Lazy::Future, assigned(name, "Output")),
                "Iterator" | "DoubleEndedIterator" | "ExactSizeIterator" | "FusedIterator" => {
                    (Lazy::Iterator, assigned(name, "Item"))
                }
                "Stream" | "FusedStream" | "TryStream" => (Lazy::Stream, assigned(name, "Item")),
                "Send" | "Sync" | "Unpin" | "Captures" => continue,
                _ => return None,
            };
            let before = found.and_then(|(_, item)| item);
            found = Some((lazy, before.or(item)));
        }
        found.map(|(lazy, item)| Self::new(lazy, item, form))
    }
}

/// Whether a type is `impl Fn(…)` or the like.
pub(crate) fn is_closure(returned: &Type) -> bool {
    let names = ["Fn", "FnMut", "FnOnce", "AsyncFn", "AsyncFnMut", "AsyncFnOnce"];
    let is_one = |bound| name_of(bound).is_some_and(|name| names.iter().any(|known| name.ident == known));
    matches!(peel(returned), Type::ImplTrait(returned) if returned.bounds.iter().any(is_one))
}

/// The type without what macros and parentheses put around it.
pub(crate) fn peel(mut written: &Type) -> &Type {
    loop {
        written = match written {
            Type::Group(outer) => &outer.elem,
            Type::Paren(outer) => &outer.elem,
            inner => return inner,
        };
    }
}

/// The trait of a bound.
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

/// The first type among the arguments of `Name<'a, T, …>`.
fn first_type(segment: &PathSegment) -> Option<&Type> {
    arguments(segment)?.args.iter().find_map(|argument| match argument {
        GenericArgument::Type(inner) => Some(inner),
        _ => None,
    })
}

/// The type in `Trait<Name = Type>`.
fn assigned<'a>(segment: &'a PathSegment, name: &str) -> Option<&'a Type> {
    arguments(segment)?.args.iter().find_map(|argument| match argument {
        GenericArgument::AssocType(assigned) if assigned.ident == name => Some(&assigned.ty),
        _ => None,
    })
}
