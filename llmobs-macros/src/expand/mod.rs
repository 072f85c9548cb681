//! The code that an attribute leaves behind. The only room with quotes of statements.

mod begin;
mod end;

use proc_macro2::{Delimiter, Group, TokenStream};
use quote::{ToTokens as _, quote, quote_spanned};
use syn::spanned::Spanned as _;
use syn::{Ident, ReceiverKind, Type};

use crate::arguments::Argument;
use crate::diagnostics::Errors;
use crate::function::Function;
use crate::lazy::Returned;
use crate::options::{Kind, Options};
use crate::shape::Shape;
use begin::begin;
use end::{end, pieces};

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
    let stays = function.stays_in_place();
    let Function { attributes, visibility, mut signature, body } = function;
    if let Some(constness) = &signature.constness {
        errors.at(
            constness.span(),
            "a `const fn` cannot be traced, since it may run in the compiler: remove `const` or the attribute",
        );
    }
    let arguments = Argument::take_all(&mut signature, options, errors);
    let shape = Shape::of(&signature, options, errors);
    if stays || matches!(shape.returned, Returned::Nothing) {
        for span in options.after() {
            errors.at(span, "there is no returned value to be seen here");
        }
    }

    let receiver = signature.receiver();
    let begun = begin(kind, options, &signature, &shape, stays, &arguments);
    let owned = receiver.filter(|receiver| !matches!(receiver.kind, ReceiverKind::Reference { .. }));
    // The whole of it, also where the body uses a part: it is dropped inside the span.
    let owned = owned.map(|_| quote!(let _ = &self;));
    let rebind: TokenStream = owned.into_iter().chain(arguments.iter().map(rebind)).collect();
    // The user's own block, as the arm of a match: so its temporaries are gone before the arguments are, as at the end of a
    // function, in every edition; and no lint takes its braces for needless ones.
    // What is wrong with its value is told at the name of the function.
    let statements = braced(body.statements, signature.ident.span());
    let value = quote!(match () { () => #statements });
    let root = &options.root;
    let call = quote!(#root::__private::Call);
    let wrapped = if stays {
        quote!(let __llmobs_entered = #call::attach(&__llmobs_call); #rebind #value)
    } else {
        let hint = shape.hint.map(|returned| hint(&returned, &signature.ident));
        // Clippy takes a future at the end of an `async` block for one that was forgotten.
        let yields_future = shape.is_async && shape.returned.is_future();
        let value = if yields_future { quote!(return #value;) } else { value };
        let body = braced(quote!(#hint #rebind #value), signature.ident.span());
        let never = matches!(shape.returned, Returned::Nothing);
        let run = match (shape.is_async, &shape.returned) {
            (true, _) => quote!(#call::run_async(&__llmobs_call, async move #body).await),
            (false, Returned::Nothing) => quote!(#call::run(&__llmobs_call, move || -> ! #body)),
            (false, Returned::Pieces(pieces)) if !pieces.in_result => {
                quote!(#call::run_before(&mut __llmobs_call, move || #body))
            }
            (false, _) => quote!(#call::run(&__llmobs_call, move || #body)),
        };
        let finished = match &shape.returned {
            Returned::Nothing => TokenStream::new(),
            Returned::Value => {
                let end = end(options, &quote!(&__llmobs_returned));
                quote! {
                    if let ::core::option::Option::Some(mut __llmobs_ending) = __llmobs_call.end() { #end }
                    __llmobs_returned
                }
            }
            Returned::Pieces(found) => pieces(options, found),
        };
        if never { run } else { quote!(let __llmobs_returned = #run; #finished) }
    };
    let inner_attributes = &body.inner_attributes;
    // The user's own braces: lints take the function for the user's, and editors find its end.
    let block = braced(quote!(#inner_attributes #begun #wrapped), body.braces.span());
    quote!(#(#attributes)* #visibility #signature #block)
}

fn braced(tokens: TokenStream, span: proc_macro2::Span) -> Group {
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
    let returned = returned.to_token_stream();
    quote_spanned! {span=>
        if let ::core::option::Option::Some(__llmobs_hint) = ::core::option::Option::None::<#returned> {
            return __llmobs_hint;
        }
    }
}

#[cfg(test)]
mod tests;
