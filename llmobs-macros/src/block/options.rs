//! The options of `#[instrument]`. Unknown options are passed to the attributes of the functions.

use proc_macro2::{Ident, Span, TokenStream, TokenTree};
use quote::{ToTokens, quote};
use syn::ext::IdentExt as _;
use syn::parse::{Parse, ParseStream};
use syn::{Expr, Path, Token};

use crate::diagnostics::{Errors, similar};
use crate::options::{IN_BLOCK, parse_all};

pub(super) const KINDS: [&str; 7] = ["workflow", "agent", "task", "tool", "llm", "embedding", "retrieval"];
const PUB_ONLY: &str = "pub_only";

pub(super) struct InstrumentOptions {
    pub(super) kind: Option<Ident>,
    pub(super) pub_only: Option<Ident>,
    /// `crate = …`: the path of the attributes.
    pub(super) path: Option<Path>,
    passed_on: Vec<TokenStream>,
}

impl InstrumentOptions {
    /// Reads all options, and reports all errors in them.
    pub(super) fn parse(tokens: TokenStream, errors: &mut Errors) -> Self {
        let mut options = Self { kind: None, pub_only: None, path: None, passed_on: Vec::new() };
        for one in parse_all(tokens, errors) {
            options.take(one, errors);
        }
        options
    }

    fn take(&mut self, InstrumentOption { name, path, value }: InstrumentOption, errors: &mut Errors) {
        let word = name.to_string();
        let slot = match &*word {
            PUB_ONLY => &mut self.pub_only,
            kind if KINDS.contains(&kind) => &mut self.kind,
            _ => {
                let known = KINDS.into_iter().chain([PUB_ONLY]);
                match similar(&word, known).filter(|_| value.is_empty()) {
                    Some(meant) => errors
                        .at(name.span(), format_args!("unknown option `{name}`: did you mean `{meant}`?")),
                    None => self.passed_on.push(quote!(#name #value)),
                }
                self.path = path.or(self.path.take());
                return;
            }
        };
        match slot {
            _ if !value.is_empty() => errors.at(name.span(), format_args!("`{name}` takes no value")),
            Some(first) if word == PUB_ONLY => {
                errors.at(name.span(), format_args!("`{first}` is given twice"));
            }
            Some(first) => {
                errors.at(
                    name.span(),
                    format_args!("a block has only one kind, and this one is already `{first}`"),
                );
            }
            None => *slot = Some(name),
        }
    }

    /// Returns the attribute for a function: `#[kind(…)]`.
    pub(super) fn on_function(&self) -> TokenStream {
        let kind = self.kind.clone().unwrap_or_else(|| Ident::new("task", Span::call_site()));
        let in_block = Ident::new(IN_BLOCK, Span::call_site());
        let options: Vec<TokenStream> =
            self.passed_on.iter().cloned().chain([in_block.to_token_stream()]).collect();
        self.attribute(&kind, &options)
    }

    /// Returns the attribute for a nested block: `#[instrument(…)]` with the same options.
    pub(super) fn on_block(&self) -> TokenStream {
        let own = self.kind.iter().chain(&self.pub_only).map(ToTokens::to_token_stream);
        let options: Vec<TokenStream> = own.chain(self.passed_on.iter().cloned()).collect();
        self.attribute(&Ident::new("instrument", Span::call_site()), &options)
    }

    fn attribute(&self, name: &Ident, options: &[TokenStream]) -> TokenStream {
        let path = self.path.as_ref().map_or_else(|| quote!(::llmobs), ToTokens::to_token_stream);
        quote!(#[#path::#name(#(#options),*)])
    }
}

/// One option, not yet checked.
struct InstrumentOption {
    name: Ident,
    /// The value of `crate = …`.
    path: Option<Path>,
    /// All tokens after the name.
    value: TokenStream,
}

impl Parse for InstrumentOption {
    fn parse(input: ParseStream<'_>) -> syn::Result<Self> {
        let name = Ident::parse_any(input)?;
        let (mut path, mut value) = (None, TokenStream::new());
        if let Some(equals) = input.parse::<Option<Token![=]>>()? {
            // The attributes of the functions report a missing value.
            let is_there = !input.is_empty() && !input.peek(Token![,]);
            if is_there && name == "crate" {
                path = Some(input.fork().call(Path::parse_mod_style)?);
            }
            let expression = is_there.then(|| input.parse::<Expr>()).transpose()?;
            value = quote!(#equals #expression);
        }
        while !input.is_empty() && !input.peek(Token![,]) {
            value.extend([input.parse::<TokenTree>()?]);
        }
        Ok(Self { name, path, value })
    }
}
