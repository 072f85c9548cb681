//! The code after the body: captures what it returned, and ends the span or wraps a future, iterator or stream.

use proc_macro2::{Span, TokenStream};
use quote::{quote, quote_spanned};
use syn::{Expr, Ident};

use crate::expand::begin::{annotate, capture};
use crate::options::{Options, ret};
use crate::return_type::{Form, LazyKind, LazyType, Returned};
use crate::shape::{Run, Shape, generated};

/// Runs the body, and ends the call with the returned value or moves the call into that value.
pub(super) fn end(options: &Options, shape: &Shape, run: TokenStream) -> TokenStream {
    let returned = Ident::new("__llmobs_returned", generated(shape.place));
    let finished = match &shape.returned {
        _ if shape.run.is_in_place() => return run,
        Returned::Never => return run,
        Returned::Value if shape.run == Run::Called => return run,
        Returned::Lazy(lazy) => wrap(options, lazy, &returned),
        Returned::Value => {
            let runtime = &options.runtime(Span::call_site());
            let record = record(options, &quote!(__llmobs_ending), &quote!(&#returned));
            quote! {
                #runtime::Call::end(__llmobs_call, #record);
                #returned
            }
        }
    };
    quote!(let #returned = #run; #finished)
}

/// Returns a closure that records a result, given by reference, in an ending.
///
/// An argument that it uses may have been moved into the body. The compiler reports that at the option.
pub(super) fn record(options: &Options, parameters: &TokenStream, returned: &TokenStream) -> TokenStream {
    let output = options.output.as_ref().map(|(name, _)| name.span());
    let mut annotations = options.annotations.iter().filter(|one| ret(&one.pair.value).is_some());
    let place = output.or_else(|| annotations.next().map(|one| one.pair.key_span));
    let place = generated(place.unwrap_or_else(Span::call_site));
    let record = recorded(options, returned);
    quote_spanned!(place=> |#parameters| { #record })
}

fn recorded(options: &Options, returned: &TokenStream) -> TokenStream {
    let runtime = &options.runtime(Span::call_site());
    let output = match &options.output {
        Some((name, value)) => {
            let (place, runtime) = (generated(name.span()), options.runtime(name.span()));
            let ret = ret(value).map(|ret| bind(&ret));
            let captured = capture(&runtime, &quote!(&(#value)), &quote!(__llmobs_sink));
            quote_spanned!(place=> #ret #runtime::Ending::output_with(__llmobs_ending, |__llmobs_sink| #captured))
        }
        None if options.skip_output => TokenStream::new(),
        None => {
            let sink = quote!(#runtime::Ending::output(__llmobs_ending));
            quote!(#runtime::Returned::new(__llmobs_value).__llmobs_capture(#sink))
        }
    };
    let annotations = options.annotations.iter().filter_map(|one| Some((one, bind(&ret(&one.pair.value)?))));
    let annotations = annotations.map(|(one, ret)| {
        let annotate = annotate(options, &quote!(#runtime::Ending::notes(__llmobs_ending)), one);
        quote!(#ret #annotate)
    });
    let annotations: TokenStream = annotations.collect();
    let ok = if output.is_empty() && annotations.is_empty() { quote!(_) } else { quote!(__llmobs_value) };
    let failure = failure(runtime);
    quote! {
        match #runtime::Outcome::new(#returned).__llmobs_split() {
            ::core::result::Result::Ok(#ok) => { #output; #annotations }
            ::core::result::Result::Err(__llmobs_error) => #runtime::Ending::error(__llmobs_ending, |__llmobs_sink| #failure),
        }
    }
}

/// Binds `ret` to the returned value. `let _` avoids a warning if only a format string mentions it.
fn bind(ret: &Ident) -> TokenStream {
    quote!(let #ret = __llmobs_value; let _ = #ret;)
}

/// Writes the error into a sink.
fn failure(runtime: &TokenStream) -> TokenStream {
    quote!(#runtime::Failed::new(__llmobs_error).__llmobs_failure(__llmobs_sink))
}

/// Wraps the future, iterator or stream that the function returns, so that it carries the call.
fn wrap(options: &Options, lazy: &LazyType, returned: &Ident) -> TokenStream {
    if !lazy.in_result {
        return wrapper(options, lazy, returned);
    }
    let inner = Ident::new("__llmobs_pieces", returned.span());
    let wrapper = wrapper(options, lazy, &inner);
    let runtime = &options.runtime(Span::call_site());
    let failure = failure(runtime);
    quote! {
        match #returned {
            ::core::result::Result::Ok(#inner) => ::core::result::Result::Ok(#wrapper),
            ::core::result::Result::Err(__llmobs_failed) => {
                #runtime::Call::end(__llmobs_call, |__llmobs_ending| {
                    let __llmobs_error = &__llmobs_failed;
                    #runtime::Ending::error(__llmobs_ending, |__llmobs_sink| #failure);
                });
                ::core::result::Result::Err(__llmobs_failed)
            }
        }
    }
}

fn wrapper(options: &Options, lazy: &LazyType, inner: &Ident) -> TokenStream {
    let LazyType { kind, item, form, .. } = lazy;
    // If an option gives the kind, a wrong type is reported at the option.
    let place = lazy.option.map_or_else(|| inner.span(), generated);
    let (runtime, inner) = (options.runtime(place), Ident::new(&inner.to_string(), place));
    let (method, how) = match kind {
        LazyKind::Future => {
            let record = recorded(options, &quote!(__llmobs_returned));
            ("future", quote!(move |__llmobs_ending, __llmobs_returned| { #record }))
        }
        LazyKind::Iterator => ("iterator", recipe(options)),
        LazyKind::Stream => ("stream", recipe(options)),
    };
    let method = Ident::new(method, place);
    let wrapped = quote_spanned! {place=>
        #runtime::Call::#method::<#item, _, _>(__llmobs_call, #inner, #how)
    };
    match form {
        Form::Opaque => wrapped,
        Form::Boxed => quote_spanned!(place=> #runtime::Box::new(#wrapped)),
        Form::Pinned => quote_spanned!(place=> #runtime::Box::pin(#wrapped)),
    }
}

/// Folds an item into the state. A function may take what the item derefs to; a closure takes the item itself.
fn folded(runtime: &TokenStream, fold: &Expr, place: Span) -> TokenStream {
    if let Expr::Closure(_) = fold {
        quote_spanned!(place=> #runtime::fold(__llmobs_state, __llmobs_value, #fold))
    } else {
        quote_spanned!(place=> (#fold)(__llmobs_state, __llmobs_value))
    }
}

/// How the items become the output. Errors in the function of `fold` are reported at the option.
fn recipe(options: &Options) -> TokenStream {
    let place = options.fold.as_ref().map_or_else(Span::call_site, |(name, _)| generated(name.span()));
    let runtime = &options.runtime(place);
    let item = quote!(__llmobs_value);
    let (new, each, end) = match &options.fold {
        Some((_, fold)) => (
            quote_spanned!(place=> |_, _| ::core::default::Default::default()),
            {
                let folded = folded(runtime, fold, place);
                quote_spanned!(place=> { #folded; true })
            },
            capture(runtime, &quote!(&__llmobs_state), &quote!(#runtime::Ending::output(__llmobs_ending))),
        ),
        None if options.skip_output => (quote!(|_, _| ()), TokenStream::new(), TokenStream::new()),
        None => (
            quote!(#runtime::Folded::new),
            {
                let captured = capture(runtime, &item, &quote!(__llmobs_sink));
                quote!(#runtime::Folded::add(__llmobs_state, |__llmobs_sink| #captured))
            },
            quote!(#runtime::Folded::end(__llmobs_state, __llmobs_ending);),
        ),
    };
    let failure = failure(runtime);
    let (ok, each) = if each.is_empty() {
        (quote!(_), quote!(true))
    } else {
        let each = quote! {
            match __llmobs_state {
                ::core::option::Option::Some(__llmobs_state) => #each,
                ::core::option::Option::None => true,
            }
        };
        (item, each)
    };
    quote_spanned! {place=>
        #runtime::Recipe {
            new: #new,
            each: |__llmobs_state, __llmobs_item| {
                match #runtime::Outcome::new(__llmobs_item).__llmobs_split() {
                    ::core::result::Result::Ok(#ok) => ::core::result::Result::Ok(#each),
                    ::core::result::Result::Err(__llmobs_error) => {
                        ::core::result::Result::Err(#runtime::ErrorText::of(|__llmobs_sink| #failure))
                    }
                }
            },
            end: |__llmobs_state, __llmobs_ending| {
                #end
            },
        }
    }
}
