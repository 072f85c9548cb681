//! After the body has run: what it returned, at once or piece by piece.

use proc_macro2::{Span, TokenStream};
use quote::{quote, quote_spanned};
use syn::{Expr, Ident};

use crate::expand::begin::{capture, note};
use crate::lazy::{Form, Lazy, Pieces, Returned};
use crate::options::{Options, ret};
use crate::shape::{Shape, generated};

/// Runs the call and ends it with what it returned, or hands it to that.
pub(super) fn end(options: &Options, shape: &Shape, run: TokenStream) -> TokenStream {
    let returned = Ident::new("__llmobs_returned", generated(shape.place));
    let finished = match &shape.returned {
        _ if shape.run.is_in_place() => return run,
        Returned::Nothing => return run,
        Returned::Pieces(found) => pieces(options, found, &returned),
        Returned::Value => {
            let root = &options.root(Span::call_site());
            let tell = tell(options, &quote!(&#returned));
            quote! {
                if let ::core::option::Option::Some(__llmobs_ending) = &mut #root::__private::Call::end(__llmobs_call) { #tell }
                #returned
            }
        }
    };
    quote!(let #returned = #run; #finished)
}

/// Tells an ending what a reference holds.
fn tell(options: &Options, returned: &TokenStream) -> TokenStream {
    let root = &options.root(Span::call_site());
    let output = match &options.output {
        Some((name, value)) => {
            let (place, root) = (generated(name.span()), options.root(name.span()));
            let ret = ret(value).map(|ret| bind(&ret));
            let captured = capture(&root, &quote!(&(#value)), &quote!(__llmobs_sink));
            quote_spanned!(place=> #ret #root::__private::Ending::output_with(__llmobs_ending, |__llmobs_sink| #captured))
        }
        None if options.skip_output => TokenStream::new(),
        None => {
            capture(root, &quote!(__llmobs_value), &quote!(#root::__private::Ending::output(__llmobs_ending)))
        }
    };
    let notes = options.notes.iter().filter_map(|one| Some((one, bind(&ret(&one.pair.value)?))));
    let notes = notes.map(|(one, ret)| {
        let note = note(options, &quote!(#root::__private::Ending::notes(__llmobs_ending)), one);
        quote!(#ret #note)
    });
    let notes: TokenStream = notes.collect();
    let ok = if output.is_empty() && notes.is_empty() { quote!(_) } else { quote!(__llmobs_value) };
    let failure = failure(root);
    quote! {
        match #root::__private::Outcome::new(#returned).__llmobs_split() {
            ::core::result::Result::Ok(#ok) => { #output; #notes }
            ::core::result::Result::Err(__llmobs_error) => #root::__private::Ending::error(__llmobs_ending, #failure),
        }
    }
}

/// Gives an expression the returned value. It may be named in a text alone, and so not be used.
fn bind(ret: &Ident) -> TokenStream {
    quote!(let #ret = __llmobs_value; let _ = #ret;)
}

fn failure(root: &TokenStream) -> TokenStream {
    quote!(#root::__private::Failed::new(__llmobs_error).__llmobs_failure())
}

/// Hands the call to the future, iterator or stream that the function returns.
fn pieces(options: &Options, pieces: &Pieces, returned: &Ident) -> TokenStream {
    if !pieces.in_result {
        return wrapped(options, pieces, returned);
    }
    let inner = Ident::new("__llmobs_pieces", returned.span());
    let wrapped = wrapped(options, pieces, &inner);
    let root = &options.root(Span::call_site());
    let failure = failure(root);
    quote! {
        match #returned {
            ::core::result::Result::Ok(#inner) => ::core::result::Result::Ok(#wrapped),
            ::core::result::Result::Err(__llmobs_failed) => {
                if let ::core::option::Option::Some(__llmobs_ending) = &mut #root::__private::Call::end(__llmobs_call) {
                    let __llmobs_error = &__llmobs_failed;
                    #root::__private::Ending::error(__llmobs_ending, #failure);
                }
                ::core::result::Result::Err(__llmobs_failed)
            }
        }
    }
}

fn wrapped(options: &Options, pieces: &Pieces, inner: &Ident) -> TokenStream {
    let Pieces { lazy, item, form, .. } = pieces;
    // A type that an option was wrong about is told at the option.
    let place = pieces.option.map_or_else(|| inner.span(), generated);
    let (root, inner) = (options.root(place), Ident::new(&inner.to_string(), place));
    let (method, how) = match lazy {
        Lazy::Future => {
            let tell = tell(options, &quote!(__llmobs_returned));
            ("future", quote!(move |__llmobs_ending, __llmobs_returned| { #tell }))
        }
        Lazy::Iterator => ("iterator", recipe(options)),
        Lazy::Stream => ("stream", recipe(options)),
    };
    let method = Ident::new(method, place);
    let wrapped = quote_spanned! {place=>
        #root::__private::Call::#method::<#item, _, _>(__llmobs_call, #inner, #how)
    };
    match form {
        Form::Opaque => wrapped,
        Form::Boxed => quote_spanned!(place=> #root::__private::Box::new(#wrapped)),
        Form::Pinned => quote_spanned!(place=> #root::__private::Box::pin(#wrapped)),
    }
}

/// Adds an item to the state. A function may take what the item derefs to; a closure is told the type of the item.
fn folded(root: &TokenStream, fold: &Expr, place: Span) -> TokenStream {
    if let Expr::Closure(_) = fold {
        quote_spanned!(place=> #root::__private::fold(__llmobs_state, __llmobs_value, #fold))
    } else {
        quote_spanned!(place=> (#fold)(__llmobs_state, __llmobs_value))
    }
}

/// What becomes of the items. What is wrong with a function of the user's is told at its option.
fn recipe(options: &Options) -> TokenStream {
    let place = options.fold.as_ref().map_or_else(Span::call_site, |(name, _)| generated(name.span()));
    let root = &options.root(place);
    let item = quote!(__llmobs_value);
    let (new, each, end) = match &options.fold {
        Some((_, fold)) => (
            quote_spanned!(place=> |_, _| ::core::default::Default::default()),
            folded(root, fold, place),
            capture(
                root,
                &quote!(&__llmobs_state),
                &quote!(#root::__private::Ending::output(__llmobs_ending)),
            ),
        ),
        None if options.skip_output => (quote!(|_, _| ()), TokenStream::new(), TokenStream::new()),
        None => (
            quote!(#root::__private::Folded::new),
            capture(root, &item, &quote!(#root::__private::Folded::item(__llmobs_state))),
            quote!(#root::__private::Folded::end(__llmobs_state, __llmobs_ending);),
        ),
    };
    let failure = failure(root);
    let (ok, each) = if each.is_empty() {
        (quote!(_), each)
    } else {
        (item, quote!(if let ::core::option::Option::Some(__llmobs_state) = __llmobs_state { #each; }))
    };
    quote_spanned! {place=>
        #root::__private::Recipe {
            new: #new,
            each: |__llmobs_state, __llmobs_item| {
                match #root::__private::Outcome::new(__llmobs_item).__llmobs_split() {
                    ::core::result::Result::Ok(#ok) => {
                        #each
                        ::core::option::Option::None
                    }
                    ::core::result::Result::Err(__llmobs_error) => ::core::option::Option::Some(#failure),
                }
            },
            end: |__llmobs_state, __llmobs_ending| {
                #end
            },
        }
    }
}
