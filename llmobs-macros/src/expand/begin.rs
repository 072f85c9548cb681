//! Before the body runs: the call, and what is known about it.

use proc_macro2::{Literal, Span, TokenStream};
use quote::{ToTokens as _, quote, quote_spanned};
use syn::ext::IdentExt as _;
use syn::spanned::Spanned as _;
use syn::{Expr, Ident, Signature};

use crate::arguments::Argument;
use crate::options::{Kind, Note, Options, Pair, Showing, Sort};
use crate::shape::{Run, Shape, generated};

/// Prepares a call, describes it, and begins it, unless the first piece of what is returned does that.
pub(super) fn begin(
    kind: Kind,
    options: &Options,
    signature: &Signature,
    shape: &Shape,
    arguments: &[Argument],
) -> TokenStream {
    let root = &options.root(Span::call_site());
    let variant = kind.variant();
    let kind = quote!(#root::__private::Kind::#variant);
    let name = signature.ident.unraw().to_string();
    let is_later = matches!(shape.run, Run::CalledBefore);
    let call = match &options.parent {
        Some(parent) => {
            let root = &options.root(parent.span());
            let context = quote_spanned!(parent.span()=> #root::__private::Parent::context(&(#parent)));
            quote!(#root::__private::Call::under(|| #context, #kind, #name))
        }
        None if is_later => quote!(#root::__private::Call::later(#kind, #name)),
        None => quote!(#root::__private::Call::new(#kind, #name)),
    };
    let described = describe(options, signature, arguments);
    let describe = (!described.is_empty()).then(|| {
        quote! {
            if let ::core::option::Option::Some(__llmobs_setup) = #root::__private::Call::setup(&mut __llmobs_call) {
                #described
            }
        }
    });
    let begin = (!is_later).then(|| quote!(#root::__private::Call::begin(&mut __llmobs_call);));
    quote!(let mut __llmobs_call = #call; #describe #begin)
}

fn describe(options: &Options, signature: &Signature, arguments: &[Argument]) -> TokenStream {
    let root = &options.root(Span::call_site());
    let patterns = arguments.iter().filter_map(|argument| {
        let (Argument { cfg, ident, .. }, pattern) = (argument, argument.borrowed_pattern()?);
        Some(quote!(#cfg let #pattern = &#ident;))
    });
    let texts = options.texts.iter().map(|(name, value)| {
        let text = text(options, value);
        quote!(#root::__private::Setup::#name(__llmobs_setup, || #text);)
    });
    let notes = options.notes.iter().filter(|note| !note.needs_returned());
    let notes = notes.map(|one| note(options, &quote!(#root::__private::Setup::notes(__llmobs_setup)), one));
    let input = options.input.iter().map(|value| {
        let captured = capture(root, &quote!(&(#value)), &quote!(__llmobs_sink));
        quote!(#root::__private::Setup::input(__llmobs_setup, |__llmobs_sink| #captured);)
    });
    let receiver = signature.receiver().map(|receiver| {
        let receiver = Ident::new("self", receiver.self_token.span);
        show(root, options.showing(&receiver), &receiver, &quote!(&#receiver))
    });
    let shown = arguments.iter().flat_map(|argument| {
        argument.shown.iter().map(move |(name, showing)| {
            let Argument { cfg, ident, .. } = argument;
            // A name in a pattern is a reference already.
            let value = if argument.is_named() { quote!(&#ident) } else { name.to_token_stream() };
            let shown = show(root, *showing, name, &value);
            quote!(#cfg #shown)
        })
    });
    patterns.chain(receiver).chain(shown).chain(input).chain(texts).chain(notes).collect()
}

/// One field of the input.
fn show(root: &TokenStream, showing: Showing, name: &Ident, value: &TokenStream) -> TokenStream {
    let shown = name.unraw().to_string();
    match showing {
        Showing::Value => {
            let captured =
                capture(root, value, &quote!(#root::__private::Setup::argument(__llmobs_setup, #shown)));
            quote!(#captured;)
        }
        Showing::Redacted => quote!(#root::__private::Setup::redacted(__llmobs_setup, #shown);),
        Showing::Nothing => TokenStream::new(),
    }
}

/// Captures a reference into a sink.
pub(super) fn capture(root: &TokenStream, value: &TokenStream, sink: &TokenStream) -> TokenStream {
    quote!(#root::__private::Value::new(#value).__llmobs_capture(#sink))
}

fn text(options: &Options, value: &Expr) -> TokenStream {
    let root = options.root(value.span());
    quote_spanned!(value.span()=> #root::__private::Text::new(&(#value)).__llmobs_text())
}

/// One of `tags(…)`, `metadata(…)` or `metrics(…)`, said to the notes of a setup or an ending.
pub(super) fn note(options: &Options, notes: &TokenStream, note: &Note) -> TokenStream {
    let Pair { key, key_span, value } = &note.pair;
    let key = Literal::string(key);
    let place = generated(*key_span);
    let root = options.root(place);
    match note.sort {
        Sort::Tag => {
            let text = text(options, value);
            quote_spanned!(place=> #root::__private::Notes::tag(#notes, #key, || #text);)
        }
        Sort::Metadata => {
            let captured = capture(&root, &quote!(&(#value)), &quote!(__llmobs_sink));
            quote_spanned!(place=> #root::__private::Notes::metadata(#notes, #key, |__llmobs_sink| #captured);)
        }
        Sort::Metric => {
            let place = value.span().resolved_at(Span::mixed_site());
            let root = options.root(place);
            quote_spanned!(place=> #root::__private::Notes::metric(#notes, #key, || #value);)
        }
    }
}
