//! The code that an attribute leaves behind. The only room with quotes of statements.

use proc_macro2::{Delimiter, Group, Span, TokenStream};
use quote::{ToTokens as _, quote, quote_spanned};
use syn::ext::IdentExt as _;
use syn::spanned::Spanned as _;
use syn::{Ident, ReceiverKind, Type};

use crate::arguments::Argument;
use crate::diagnostics::Errors;
use crate::function::Function;
use crate::options::{Kind, Options};
use crate::shape::Shape;

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
    let shape = Shape::of(&signature);

    let receiver =
        signature.receiver().filter(|receiver| !matches!(receiver.kind, ReceiverKind::Reference { .. }));
    // The whole of it, also where the body uses a part: it is dropped inside the span.
    let receiver = receiver.map(|_| quote!(let _ = &self;));
    let rebind: TokenStream = arguments.iter().map(rebind).collect();
    // The user's own block, as the arm of a match: so its temporaries are gone before the arguments are, as at the end of a
    // function, in every edition; and no lint takes its braces for needless ones.
    // What is wrong with its value is told at the name of the function.
    let statements = braced(body.statements, signature.ident.span());
    let body_of = |hint: Option<TokenStream>| {
        let tokens = quote!(#hint #receiver #rebind match () { () => #statements });
        braced(tokens, signature.ident.span())
    };
    let call = quote!(::llmobs::__private::Call);
    let finish = finish(options);
    let wrapped = match shape {
        Shape::Sync(returned) => {
            let body = body_of(hint(returned, &signature.ident));
            quote! {
                let __llmobs_returned = #call::run(&__llmobs_call, move || #body);
                #finish
                __llmobs_returned
            }
        }
        Shape::Async(returned) => {
            let body = body_of(hint(returned, &signature.ident));
            quote! {
                let __llmobs_returned = #call::run_async(&__llmobs_call, async move #body).await;
                #finish
                __llmobs_returned
            }
        }
        Shape::Diverging => {
            let body = body_of(None);
            quote!(#call::run(&__llmobs_call, move || -> ! #body))
        }
        Shape::AsyncDiverging => {
            let body = body_of(None);
            quote!(#call::run_async(&__llmobs_call, async move #body).await)
        }
    };
    let inner_attributes = &body.inner_attributes;
    let begin = begin(kind, options, &signature.ident, &arguments);
    // The user's own braces: lints take the function for the user's, and editors find its end.
    let block = braced(quote!(#inner_attributes #begin #wrapped), body.braces.span());
    quote!(#(#attributes)* #visibility #signature #block)
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

/// Starts the span, with all that is known before the body runs.
fn begin(kind: Kind, options: &Options, function: &Ident, arguments: &[Argument]) -> TokenStream {
    let patterns = arguments.iter().filter_map(|argument| {
        let (Argument { cfg, ident, .. }, pattern) = (argument, argument.borrowed_pattern()?);
        Some(quote!(#cfg let #pattern = &#ident;))
    });
    let texts = options.texts.iter().map(|(name, value)| {
        quote_spanned! {value.span()=>
            __llmobs_setup.#name((&&&::llmobs::__private::Text(&(#value))).__llmobs_text());
        }
    });
    let captures = arguments.iter().flat_map(|argument| {
        argument.captured.iter().map(move |name| {
            let Argument { cfg, ident, .. } = argument;
            // A name in a pattern is a reference already.
            let value = if argument.is_named() { quote!(&#ident) } else { name.to_token_stream() };
            let shown = name.unraw().to_string();
            quote! {
                #cfg (&&&::llmobs::__private::Value(#value)).__llmobs_capture(__llmobs_setup.argument(#shown));
            }
        })
    });
    let describe: TokenStream = patterns.chain(texts).chain(captures).collect();
    let describe = if describe.is_empty() {
        quote!(|_| {})
    } else {
        quote!(|__llmobs_setup| { use ::llmobs::__private::ways::*; #describe })
    };
    let kind = kind.variant();
    let name = function.unraw().to_string();
    quote! {
        let __llmobs_call = ::llmobs::__private::Call::start(::llmobs::__private::Kind::#kind, #name, #describe);
    }
}

/// Ends the span with what the body returned.
fn finish(options: &Options) -> TokenStream {
    let output = if options.skip_output {
        quote!(::core::result::Result::Ok(_) => {})
    } else {
        quote! {
            ::core::result::Result::Ok(__llmobs_value) =>
                (&&&::llmobs::__private::Value(__llmobs_value)).__llmobs_capture(__llmobs_ending.output()),
        }
    };
    quote! {
        __llmobs_call.finish(|__llmobs_ending| {
            use ::llmobs::__private::ways::*;
            match (&&::llmobs::__private::Outcome(&__llmobs_returned)).__llmobs_split() {
                #output
                ::core::result::Result::Err(__llmobs_error) =>
                    __llmobs_ending.error((&&&&&&&::llmobs::__private::Failed(__llmobs_error)).__llmobs_failure()),
            }
        });
    }
}

/// Tells the compiler what the body returns, so that it infers, coerces and complains as it would in the function itself.
fn hint(returned: Option<Type>, function: &Ident) -> Option<TokenStream> {
    let returned = returned?;
    let span = if matches!(&returned, Type::Tuple(unit) if unit.elems.is_empty()) {
        function.span()
    } else {
        returned.span()
    };
    let returned = returned.to_token_stream();
    Some(quote_spanned! {span=>
        if let ::core::option::Option::Some(__llmobs_hint) = ::core::option::Option::None::<#returned> {
            return __llmobs_hint;
        }
    })
}

#[cfg(test)]
#[path = "expand_tests.rs"]
mod tests;
