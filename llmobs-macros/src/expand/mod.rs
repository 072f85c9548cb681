//! The code that an attribute leaves behind. The only room with quotes of statements.

mod begin;
mod end;

use proc_macro2::{Delimiter, Group, Span, TokenStream};
use quote::{ToTokens as _, quote, quote_spanned};
use syn::spanned::Spanned as _;
use syn::{Ident, ReceiverKind, Signature, Type};

use crate::arguments::Argument;
use crate::diagnostics::Errors;
use crate::function::Function;
use crate::lazy::Returned;
use crate::options::{Kind, Options};
use crate::shape::{Run, Shape};
use begin::begin;
use end::end;

/// The instrumented function, or the function as it was with all that is wrong.
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
            "a `const fn` cannot be traced, since it may run in the compiler: remove `const` or the attribute",
        );
    }
    let arguments = Argument::take_all(&mut signature, options, errors);
    let shape = Shape::of(&attributes, &signature, options, errors);

    let call = call(options);
    let begin = begin(kind, options, &signature, &shape, &arguments);
    let inside = inside(&shape, &signature, &arguments, body.statements);
    let block = braced(inside.clone(), signature.ident.span());
    let diverges = matches!(shape.returned, Returned::Nothing).then(|| quote!(-> !));
    let run = match shape.run {
        Run::InPlace | Run::Returned => quote!(let __llmobs_entered = #call::attach(&__llmobs_call); #inside),
        Run::Called => quote!(#call::run(&__llmobs_call, move || #diverges #block)),
        Run::CalledBefore => quote!(#call::run_before(&mut __llmobs_call, move || #block)),
        Run::Polled => quote!(#call::run_async(&__llmobs_call, async move #block).await),
    };
    let run = end(options, &shape, run);
    let inner_attributes = &body.inner_attributes;
    // The user's own braces: lints take the function for the user's, and editors find its end.
    let block = braced(quote!(#inner_attributes #begin #run), body.braces.span());
    quote!(#(#attributes)* #visibility #signature #block)
}

/// The user's statements, with what has to stand before them.
fn inside(
    shape: &Shape,
    signature: &Signature,
    arguments: &[Argument],
    statements: TokenStream,
) -> TokenStream {
    let receiver = signature.receiver();
    let owned = receiver.filter(|receiver| !matches!(receiver.kind, ReceiverKind::Reference { .. }));
    // The whole of it, also where the body uses a part: it is dropped inside the span.
    let owned = owned.map(|receiver| {
        let receiver = Ident::new("self", receiver.self_token.span);
        quote!(let _ = &#receiver;)
    });
    let rebind = arguments.iter().map(rebind);
    let hint = shape.hint.as_ref().map(|returned| hint(returned, &signature.ident));
    // The user's own block, as the arm of a match: so its temporaries are gone before the arguments are, as at the end of a
    // function, in every edition; and no lint takes its braces for needless ones.
    // What is wrong with its value is told at the name of the function.
    let statements = braced(statements, signature.ident.span());
    let value = match shape.run {
        Run::Returned => quote!(return '__llmobs_body: #statements;),
        // Clippy takes a future at the end of an `async` block for one that was forgotten.
        Run::Polled if shape.returned.is_future() => quote!(return match () { () => #statements };),
        _ => quote!(match () { () => #statements }),
    };
    quote!(#hint #owned #(#rebind)* #value)
}

/// The path of the runtime's `Call`.
fn call(options: &Options) -> TokenStream {
    let root = &options.root;
    quote!(#root::__private::Call)
}

fn braced(tokens: TokenStream, span: Span) -> Group {
    let mut group = Group::new(Delimiter::Brace, tokens);
    group.set_span(span);
    group
}

/// Gives the body an argument by the name or pattern that the user wrote.
fn rebind(argument: &Argument) -> TokenStream {
    let Argument { cfg, lints, ident, pattern, used_by_options, .. } = argument;
    let value = if argument.is_unused_on_purpose() {
        quote!(::core::convert::identity(#ident))
    } else {
        ident.to_token_stream()
    };
    // The whole of it, also where the pattern leaves parts: they are dropped with the others.
    let mutable = argument.borrows_mutably().then(|| quote!(mut));
    let whole = (!argument.is_named()).then(|| quote!(#cfg let #mutable #ident = #ident;));
    // What an option uses is used, also where the body does without it.
    quote!(#whole #cfg #lints let #pattern = #value; #(#cfg let _ = &#used_by_options;)*)
}

/// Tells the compiler what the body returns, so that it infers, coerces and complains as it would in the function itself.
fn hint(returned: &Type, function: &Ident) -> TokenStream {
    let span = if matches!(returned, Type::Tuple(unit) if unit.elems.is_empty()) {
        function.span()
    } else {
        returned.span()
    };
    let span = span.resolved_at(Span::mixed_site());
    let returned = returned.to_token_stream();
    quote_spanned! {span=>
        if let ::core::option::Option::Some(__llmobs_hint) = ::core::option::Option::None::<#returned> {
            return __llmobs_hint;
        }
    }
}

#[cfg(test)]
mod tests;
