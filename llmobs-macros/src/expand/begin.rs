//! The code before the body: creates the call, captures the arguments and begins the span.

use proc_macro2::{Literal, Span, TokenStream};
use quote::{ToTokens as _, quote, quote_spanned};
use syn::ext::IdentExt as _;
use syn::spanned::Spanned as _;
use syn::{Expr, Ident, Signature};

use crate::arguments::Argument;
use crate::options::{Annotation, AnnotationKind, CaptureMode, Kind, Options, Pair};
use crate::shape::{Run, Shape, generated};

/// Creates a call, describes it, and begins it, unless the returned value begins it when it is first polled.
pub(super) fn begin(
    kind: Kind,
    options: &Options,
    signature: &Signature,
    shape: &Shape,
    arguments: &[Argument],
) -> TokenStream {
    let runtime = &options.runtime(Span::call_site());
    let variant = kind.variant();
    let span_kind = quote!(#runtime::Kind::#variant);
    let name = signature.ident.unraw().to_string();
    let is_later = matches!(shape.run, Run::CalledBefore);
    let described = describe(kind, options, signature, arguments);
    let setup = if described.is_empty() { quote!(_) } else { quote!(__llmobs_setup) };
    let describe = quote!(|#setup| { #described });
    let (method, mutable) = if is_later { ("later", quote!(mut)) } else { ("enter", TokenStream::new()) };
    let method = Ident::new(method, Span::call_site());
    let call = if let Some(parent) = &options.parent {
        let runtime = &options.runtime(parent.span());
        let context = quote_spanned!(parent.span()=> #runtime::Parent::context(&(#parent)));
        quote!(#runtime::Call::under(|| #context).#method(#span_kind, #name, #describe))
    } else {
        quote!(#runtime::Call::#method(#span_kind, #name, #describe))
    };
    quote!(let #mutable __llmobs_call = #call;)
}

fn describe(kind: Kind, options: &Options, signature: &Signature, arguments: &[Argument]) -> TokenStream {
    let runtime = &options.runtime(Span::call_site());
    let patterns = arguments.iter().filter_map(|argument| {
        let (Argument { cfg, ident, .. }, pattern) = (argument, argument.borrowed_pattern()?);
        Some(quote!(#cfg let #pattern = &#ident;))
    });
    let texts = options.texts.iter().map(|(name, value)| {
        let text = text(options, value);
        quote!(#runtime::Setup::#name(__llmobs_setup, || #text);)
    });
    let annotations = options.annotations.iter().filter(|one| !one.needs_returned());
    let annotations =
        annotations.map(|one| annotate(options, &quote!(#runtime::Setup::notes(__llmobs_setup)), one));
    let input = options.input.iter().map(|value| {
        let captured = capture(runtime, &quote!(&(#value)), &quote!(__llmobs_sink));
        quote!(#runtime::Setup::input(__llmobs_setup, |__llmobs_sink| #captured);)
    });
    let receiver = signature.receiver().map(|receiver| {
        let receiver = Ident::new("self", receiver.self_token.span);
        argument_field(runtime, options.capture_mode(&receiver), &receiver, &quote!(&#receiver))
    });
    let captured = arguments.iter().flat_map(|argument| {
        argument.captured.iter().map(move |(name, mode)| {
            let Argument { cfg, ident, .. } = argument;
            // A name in a pattern is already a reference.
            let value = if argument.is_named() { quote!(&#ident) } else { name.to_token_stream() };
            let field = argument_field(runtime, *mode, name, &value);
            quote!(#cfg #field)
        })
    });
    // An integration that observes the call does not show skipped values, and does not replace values of options.
    let has_model = matches!(kind, Kind::Llm | Kind::Embedding);
    let marks = [
        ("skip_error", options.skip_error),
        ("own_input", has_model && options.skip_all),
        ("own_output", has_model && (options.skip_output || options.output.is_some())),
    ];
    let marks = marks.into_iter().filter(|(_, is_set)| *is_set).map(|(mark, _)| {
        let mark = Ident::new(mark, Span::call_site());
        quote!(#runtime::Setup::#mark(__llmobs_setup);)
    });
    marks
        .chain(patterns)
        .chain(receiver)
        .chain(captured)
        .chain(input)
        .chain(texts)
        .chain(annotations)
        .collect()
}

/// Captures one argument as a field of the input.
fn argument_field(
    runtime: &TokenStream,
    mode: CaptureMode,
    name: &Ident,
    value: &TokenStream,
) -> TokenStream {
    // A Rust identifier needs no escapes in JSON.
    let key = format!(",\"{}\":", name.unraw());
    match mode {
        CaptureMode::Value => {
            let captured = capture(runtime, value, &quote!(#runtime::Setup::argument(__llmobs_setup, #key)));
            quote!(#captured;)
        }
        CaptureMode::Redacted => quote!(#runtime::Setup::redacted(__llmobs_setup, #key);),
        CaptureMode::Skipped => TokenStream::new(),
    }
}

/// Captures a reference into a sink.
pub(super) fn capture(runtime: &TokenStream, value: &TokenStream, sink: &TokenStream) -> TokenStream {
    quote!(#runtime::Value::new(#value).__llmobs_capture(#sink))
}

fn text(options: &Options, value: &Expr) -> TokenStream {
    let runtime = options.runtime(value.span());
    quote_spanned!(value.span()=> #runtime::Text::new(&(#value)).__llmobs_text())
}

/// Adds one entry of `tags(…)`, `metadata(…)` or `metrics(…)` to the notes of a setup or an ending.
pub(super) fn annotate(options: &Options, notes: &TokenStream, annotation: &Annotation) -> TokenStream {
    let Pair { key, key_span, value } = &annotation.pair;
    let key = Literal::string(key);
    let place = generated(*key_span);
    let runtime = options.runtime(place);
    match annotation.kind {
        AnnotationKind::Tag => {
            let text = text(options, value);
            quote_spanned!(place=> #runtime::Notes::tag(#notes, #key, || #text);)
        }
        AnnotationKind::Metadata => {
            let captured = capture(&runtime, &quote!(&(#value)), &quote!(__llmobs_sink));
            quote_spanned!(place=> #runtime::Notes::metadata(#notes, #key, |__llmobs_sink| #captured);)
        }
        AnnotationKind::Metric => {
            let place = value.span().resolved_at(Span::mixed_site());
            let runtime = options.runtime(place);
            quote_spanned!(place=> #runtime::Notes::metric(#notes, #key, || #value);)
        }
    }
}
