//! How the body of a function runs and what the function returns, decided only from the signature.

use proc_macro2::Span;
use syn::spanned::Spanned as _;
use syn::{Attribute, ReturnType, Signature, Type, parse_quote_spanned};

use crate::diagnostics::Errors;
use crate::options::Options;
use crate::return_type::{LazyKind, Returned, is_closure};
use crate::types::{peel, writable};

/// How the body of a function runs, and what it returns.
pub(crate) struct Shape {
    pub(crate) run: Run,
    pub(crate) returned: Returned,
    /// The type that the body returns, with `_` for types that cannot be written in the body.
    pub(crate) hint: Option<Type>,
    /// Where errors about the returned value are reported, unless rustc finds a more exact place in the body.
    pub(crate) place: Span,
}

/// How the body of a function runs.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Run {
    /// As a closure, inside the span.
    Called,
    /// As a closure, before the span begins. The span begins with the first poll of the returned value.
    CalledBefore,
    /// As a future, inside the span.
    Polled,
    /// In place, inside the span. In a closure, `#[track_caller]` would report another location.
    InPlace,
    /// In place, as the operand of `return`. A returned closure gets the types of its arguments only from there.
    Returned,
}

impl Run {
    /// Returns whether the span cannot capture the returned value.
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
        // Neither token is a name, because editors would show the generated code as a second meaning of the name.
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
        let is_closure = is_closure(&returned);
        let returned = Returned::of(&returned, options.lazy);
        let run = match &returned {
            _ if signature.asyncness.is_some() => Run::Polled,
            _ if is_closure => Run::Returned,
            _ if attributes.iter().any(|attribute| attribute.path().is_ident("track_caller")) => Run::InPlace,
            Returned::Lazy(lazy) if !lazy.in_result => Run::CalledBefore,
            _ => Run::Called,
        };
        // Stable Rust allows `!` only as the return type of a function or closure.
        let is_unstable = run == Run::Polled && matches!(returned, Returned::Never);
        let hint = hint.filter(|_| !run.is_in_place() && !is_unstable);
        let shape = Self { run, returned, hint, place };
        shape.check(options, span, errors);
        shape
    }

    /// Reports the options that do not fit what the function returns.
    fn check(&self, options: &Options, returned: Span, errors: &mut Errors) {
        let kind = match &self.returned {
            Returned::Lazy(lazy) => Some(lazy.kind),
            _ => None,
        };
        if let Some((_, given)) = options.lazy.filter(|(given, _)| Some(*given) != kind) {
            errors.at(given, "this is not what the function returns");
        }
        if kind == Some(LazyKind::Stream) && !cfg!(feature = "stream") {
            errors.at(returned, "the span of a stream needs the feature `stream` of llmobs");
        }
        let unseen = if self.run.is_in_place() || matches!(self.returned, Returned::Never) {
            Some("the returned value is not available here")
        } else if matches!(kind, Some(LazyKind::Iterator | LazyKind::Stream)) {
            Some("there is no returned value: the items come later; use `fold = …` to read them")
        } else {
            None
        };
        if let Some(unseen) = unseen {
            options.after().for_each(|span| errors.at(span, unseen));
        }
        if let Some((fold, _)) = &options.fold
            && !matches!(kind, Some(LazyKind::Iterator | LazyKind::Stream))
        {
            errors.at(fold.span(), "`fold` is for functions that return an iterator or a stream");
        }
    }
}

/// Returns a location of the source that counts as generated code, which lints ignore.
pub(crate) fn generated(place: Span) -> Span {
    place.resolved_at(Span::call_site())
}
