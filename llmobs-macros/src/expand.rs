//! The code that an attribute leaves behind. The only room with quotes of statements.

use proc_macro2::{Group, TokenStream};
use quote::{ToTokens as _, quote, quote_spanned};
use syn::Type;
use syn::spanned::Spanned as _;

use crate::arguments::Argument;
use crate::diagnostics::Errors;
use crate::function::Function;
use crate::options::{Kind, Options};
use crate::shape::Shape;

/// The instrumented function, or the function as it was with all that is wrong.
pub(crate) fn attribute(kind: Kind, options: TokenStream, item: TokenStream) -> TokenStream {
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
    let Function {
        attributes,
        visibility,
        mut signature,
        body,
    } = function;
    if let Some(constness) = signature.constness {
        errors.at(constness.span(), "a `const fn` cannot be traced, since it may run in the compiler: remove `const` or the attribute");
    }
    let arguments = Argument::take_all(&mut signature, options, errors);
    let shape = Shape::of(&signature);

    let begin = begin(kind, options, &signature.ident.to_string(), &arguments);
    let rebind = arguments.iter().map(
        |Argument {
             cfg, ident, pattern, ..
         }| quote!(#(#cfg)* let #pattern = #ident;),
    );
    let statements = body.statements;
    let finish = finish(options);
    let wrapped = match shape {
        Shape::Sync(returned) => {
            let hint = hint(returned, &signature.ident);
            quote! {
                let __llmobs_returned = __llmobs_call.run(move || { #hint #(#rebind)* #statements });
                #finish
                __llmobs_returned
            }
        }
        Shape::Async(returned) => {
            let hint = hint(returned, &signature.ident);
            quote! {
                let __llmobs_returned = __llmobs_call.run_async(async move { #hint #(#rebind)* #statements }).await;
                #finish
                __llmobs_returned
            }
        }
        Shape::Diverging => quote!(__llmobs_call.run(move || -> ! { #(#rebind)* #statements })),
    };
    let inner_attributes = body.inner_attributes;
    // The user's own braces: lints take the function for the user's, and editors find its end.
    let mut block = Group::new(body.braces.delimiter(), quote!(#inner_attributes #begin #wrapped));
    block.set_span(body.braces.span());
    quote!(#(#attributes)* #visibility #signature #block)
}

/// Starts the span, with all that is known before the body runs.
fn begin(kind: Kind, options: &Options, function: &str, arguments: &[Argument]) -> TokenStream {
    let kind = kind.variant();
    let texts = options.texts.iter().map(|(name, value)| {
        quote_spanned!(value.span()=> __llmobs_setup.#name((&&&::llmobs::__private::Text(&(#value))).__llmobs_text());)
    });
    let captures = arguments.iter().filter_map(|Argument { cfg, ident, captured_as, .. }| {
        let name = captured_as.as_ref()?;
        Some(quote! {
            #(#cfg)* (&&&::llmobs::__private::Value(&#ident)).__llmobs_capture(__llmobs_setup.argument(#name));
        })
    });
    let describe: TokenStream = texts.chain(captures).collect();
    let describe = if describe.is_empty() {
        quote!(|_| {})
    } else {
        quote!(|__llmobs_setup| { use ::llmobs::__private::ways::*; #describe })
    };
    let name = function.strip_prefix("r#").unwrap_or(function);
    quote! {
        let __llmobs_call = ::llmobs::__private::Call::start(::llmobs::__private::Kind::#kind, #name, #describe);
    }
}

/// Ends the span with what the body returned.
fn finish(options: &Options) -> TokenStream {
    let output = if options.skip_output {
        quote!(_ => {})
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
                ::core::result::Result::Err(__llmobs_error) =>
                    __llmobs_ending.error((&&&&&&::llmobs::__private::Failed(__llmobs_error)).__llmobs_failure()),
                #output
            }
        });
    }
}

/// Tells the compiler what the body returns, so that it infers, coerces and complains as it would in the function itself.
fn hint(returned: Option<Type>, function: &syn::Ident) -> Option<TokenStream> {
    let returned = returned?;
    let span = if returned.to_token_stream().is_empty() {
        function.span()
    } else {
        returned.span()
    };
    Some(quote_spanned! {span=>
        if let ::core::option::Option::Some(__llmobs_hint) = ::core::option::Option::None::<#returned> {
            return __llmobs_hint;
        }
    })
}
