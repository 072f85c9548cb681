//! The expansion of an attribute of a kind.

mod begin;
mod end;

use proc_macro2::{Delimiter, Group, Span, TokenStream};
use quote::{ToTokens as _, quote, quote_spanned};
use syn::spanned::Spanned as _;
use syn::{Ident, ReceiverKind, Signature, Type};

use crate::arguments::Argument;
use crate::diagnostics::Errors;
use crate::function::{Body, Function};
use crate::options::{Kind, Options};
use crate::return_type::Returned;
use crate::shape::{Run, Shape, generated};
use begin::begin;
use end::{end, record};

/// Returns the instrumented function, or the unchanged function with all errors.
pub(crate) fn attribute(kind: Kind, options: TokenStream, item: &TokenStream) -> TokenStream {
    let mut errors = Errors::default();
    let options = Options::parse(kind, options, &mut errors);
    let expanded = syn::parse2(item.clone())
        .map_err(|error| errors.add(error))
        .map(|function| instrument(kind, &options, function, &mut errors));
    match (errors.into_tokens(), expanded) {
        (None, Ok(expanded)) => expanded,
        (errors, _) => quote!(#errors #item),
    }
}

fn instrument(kind: Kind, options: &Options, function: Function, errors: &mut Errors) -> TokenStream {
    let Function { attributes, visibility, mut signature, body } = function;
    if let Some(constness) = &signature.constness {
        errors.at(
            constness.span(),
            "a `const fn` cannot be traced, because it may run at compile time: remove `const` or the attribute",
        );
    }
    let arguments = Argument::take_all(&mut signature, options, errors);
    let shape = Shape::of(&attributes, &signature, options, errors);

    let begin = begin(kind, options, &signature, &shape, &arguments);
    let run = run(options, &signature, &shape, &arguments, &body);
    let run = end(options, &shape, run);
    let inner_attributes = &body.inner_attributes;
    // The braces have the user's span, so that lints treat the function as the user's, and editors find its end.
    let block = braced(quote!(#inner_attributes #begin #run), body.braces.span());
    quote!(#(#attributes)* #visibility #signature #block)
}

/// Runs the body.
fn run(
    options: &Options,
    signature: &Signature,
    shape: &Shape,
    arguments: &[Argument],
    body: &Body,
) -> TokenStream {
    // The closure around the body has the span of the function's name: lints check it like a function, and messages call
    // `self` by its name. The code around it counts as generated, and has the span where a wrong returned type is reported.
    let (name, place) = (signature.ident.span(), generated(shape.place));
    let runtime = options.runtime(place);
    let call = quote_spanned!(place=> #runtime::Call);
    let bind: TokenStream = receiver(signature).into_iter().chain(arguments.iter().map(rebind)).collect();
    let value = value(shape, body);
    let closure = || {
        let arrow = shape.hint.as_ref().map(|returned| quote_spanned!(place=> -> #returned));
        let body = braced(quote!(#bind #value), name);
        // Without `move`, an argument that is `Copy` is copied once, where the body binds it. `self` is not bound again.
        let capture = signature.receiver().map(|_| quote_spanned!(name=> move));
        quote_spanned!(name=> #capture || #arrow #body)
    };
    match shape.run {
        Run::InPlace | Run::Returned => {
            quote!(let __llmobs_entered = #call::attach(&__llmobs_call); #bind #value)
        }
        Run::Called => {
            let closure = closure();
            if let Returned::Value = shape.returned {
                let returned = quote!(__llmobs_returned);
                let record = record(options, &quote!(__llmobs_ending, #returned), &returned);
                quote_spanned!(place=> #call::complete(__llmobs_call, #closure, #record))
            } else {
                quote_spanned!(place=> #call::run(&__llmobs_call, #closure))
            }
        }
        Run::CalledBefore => {
            let closure = closure();
            quote_spanned!(place=> #call::run_before(&mut __llmobs_call, #closure))
        }
        Run::Polled => {
            let hint = shape.hint.as_ref().map(|returned| hint(returned, shape.place));
            let body = braced(quote!(#hint #bind #value), name);
            let block = quote_spanned!(name=> async move #body);
            quote_spanned!(place=> #call::run_async(&__llmobs_call, #block).await)
        }
    }
}

/// Returns the user's block as the arm of a match. In every edition its temporaries are dropped before the arguments are, as at the end of
/// a function, and no lint reports its braces as needless.
fn value(shape: &Shape, body: &Body) -> TokenStream {
    let block = body.block();
    let value = quote_spanned!(generated(shape.place)=> match () { () => #block });
    match shape.run {
        // In a match, the types of a closure's arguments would not be inferred from the signature.
        Run::Returned => quote!(return '__llmobs_body: #block;),
        // Clippy reports a future at the end of an `async` block as one that was not awaited.
        Run::Polled if shape.returned.is_future() => quote!(return #value;),
        _ => value,
    }
}

/// Uses the whole of an owned `self`, so that all of it is moved into the closure and dropped inside the span.
fn receiver(signature: &Signature) -> Option<TokenStream> {
    let receiver = signature.receiver()?;
    let is_owned = !matches!(receiver.kind, ReceiverKind::Reference { .. });
    let receiver = Ident::new("self", receiver.self_token.span);
    is_owned.then(|| quote!(let _ = &#receiver;))
}

fn braced(tokens: TokenStream, span: Span) -> Group {
    let mut group = Group::new(Delimiter::Brace, tokens);
    group.set_span(span);
    group
}

/// Binds an argument for the body, with the user's pattern.
fn rebind(argument: &Argument) -> TokenStream {
    let Argument { cfg, lints, ident, pattern, used_by_options, .. } = argument;
    let value = if argument.is_unused_on_purpose() {
        quote!(::core::convert::identity(#ident))
    } else {
        ident.to_token_stream()
    };
    // Moves the whole argument, so that parts that the pattern does not bind are dropped with the others.
    let mutable = argument.borrows_mutably().then(|| quote!(mut));
    let whole = (!argument.is_named()).then(|| quote!(#cfg let #mutable #ident = #ident;));
    // A name that an option uses is used, even if the body does not use it.
    quote!(#whole #cfg #lints let #pattern = #value; #(#cfg let _ = &#used_by_options;)*)
}

/// Gives an `async` block its returned type, so that inference, coercions and errors are those of the function.
fn hint(returned: &Type, place: Span) -> TokenStream {
    quote_spanned! {place=>
        if let ::core::option::Option::Some(__llmobs_hint) = ::core::option::Option::None::<#returned> {
            return __llmobs_hint;
        }
    }
}

#[cfg(test)]
mod tests;
