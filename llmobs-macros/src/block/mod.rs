//! `#[instrument]`: gives functions of an `impl`, trait or module the attribute of a kind.

mod items;
mod options;

use proc_macro2::{Delimiter, Group, Ident, Span, TokenStream, TokenTree};
use quote::{ToTokens as _, quote};
use syn::ItemImpl;

use crate::diagnostics::Errors;
use crate::options::IN_BLOCK;
use items::{Attribute, Item, is, items};
use options::{InstrumentOptions, KINDS};

/// Traits whose methods get no spans, because they are called implicitly and often.
const EXCLUDED_TRAITS: [&str; 7] = ["Debug", "Display", "Drop", "Future", "Iterator", "Serialize", "Stream"];
const WANTED: &str = "this attribute goes on an `impl`, a `trait` or a `mod { … }`; \
    on one function use `#[llmobs::task]` or another kind";
const SKIP_ALONE: &str = "`skip` leaves a function out of an instrumented block: \
    the block around it has no #[llmobs::instrument]";

/// Returns the block with attributes on its functions. Invalid options are reported and ignored.
pub(crate) fn instrument(options: TokenStream, item: TokenStream) -> TokenStream {
    let mut errors = Errors::default();
    let options = InstrumentOptions::parse(options, &mut errors);
    let mut items = items(item);
    if let Some(item) = items.first_mut() {
        match (item.keyword(), item.body()) {
            (Some("impl" | "mod" | "trait"), Some(body)) => Block::new(&options, item).fill(item, &body),
            (Some("mod"), None) => errors.at(item.span(), "the module has to be inline: `mod name { … }`"),
            _ => errors.at(item.span(), WANTED),
        }
    }
    let errors = errors.into_tokens();
    quote!(#errors #(#items)*)
}

/// Returns the unchanged item. Reports an error outside of an instrumented block: inside, `instrument` adds an option. `skip` stays on the
/// function, or its import would be unused.
pub(crate) fn skip(options: &TokenStream, item: &TokenStream) -> TokenStream {
    let mut errors = Errors::default();
    if options.to_string() != IN_BLOCK {
        errors.at(Span::call_site(), SKIP_ALONE);
    }
    let errors = errors.into_tokens();
    quote!(#errors #item)
}

struct Block<'a> {
    options: &'a InstrumentOptions,
    /// The value of the option `crate`, as text.
    path: String,
    is_mod: bool,
    /// Whether the block is a trait or the `impl` of one, whose functions cannot have a visibility.
    is_of_trait: bool,
    is_excluded: bool,
}

impl<'a> Block<'a> {
    fn new(options: &'a InstrumentOptions, item: &Item) -> Self {
        let of_trait = trait_of(item);
        Self {
            options,
            path: options.path.to_token_stream().into_iter().map(|token| token.to_string()).collect(),
            is_mod: item.keyword() == Some("mod"),
            is_of_trait: item.keyword() == Some("trait") || of_trait.is_some(),
            is_excluded: of_trait.is_some_and(|name| EXCLUDED_TRAITS.contains(&&*name)),
        }
    }

    /// Adds attributes to the items of a block.
    fn fill(&self, block: &mut Item, body: &Group) {
        let mut inside = items(body.stream());
        for item in &mut inside {
            self.instrument(item);
        }
        block.rest.pop();
        block.rest.push(group(Delimiter::Brace, quote!(#(#inside)*), body.span()).into());
    }

    /// Adds the attribute of a function or block, unless it has its own.
    fn instrument(&self, item: &mut Item) {
        let (own, attribute): (&[&str], _) = match item.keyword() {
            Some("fn") => (&KINDS, self.is_traced(item).then(|| self.options.on_function())),
            Some(_) if self.is_mod => (&["instrument"], item.body().map(|_| self.options.on_block())),
            _ => return,
        };
        let mut is_own = false;
        for Attribute { brackets, .. } in &mut item.attributes {
            let meta = self.read_attribute(brackets.stream(), own, &mut is_own);
            *brackets = group(Delimiter::Bracket, meta, brackets.span());
        }
        if !is_own {
            item.added = attribute;
        }
    }

    /// Returns whether a function gets an attribute.
    fn is_traced(&self, function: &Item) -> bool {
        let is_public = self.is_of_trait || function.is_pub();
        let is_selected = is_public || self.options.pub_only.is_none();
        is_selected && !self.is_excluded && !function.begins_with("const") && function.body().is_some()
    }

    /// Looks for attributes of llmobs, also in a `cfg_attr`. Passes `skip` the option that it is in a block.
    fn read_attribute(&self, meta: TokenStream, own: &[&str], is_own: &mut bool) -> TokenStream {
        let tokens: Vec<TokenTree> = meta.clone().into_iter().collect();
        match &*tokens {
            // `$meta` of a `macro_rules!` macro.
            [TokenTree::Group(only)] if only.delimiter() == Delimiter::None => {
                return self.read_attribute(only.stream(), own, is_own);
            }
            [name, TokenTree::Group(list)] if is(name, "cfg_attr") => {
                let parts: Vec<TokenTree> = list.stream().into_iter().collect();
                let mut parts =
                    parts.split(|token| is(token, ",")).map(|part| part.iter().cloned().collect());
                let condition: Option<TokenStream> = parts.next();
                let parts = parts.map(|part| self.read_attribute(part, own, is_own));
                let list = group(list.delimiter(), quote!(#condition #(, #parts)*), list.span());
                return quote!(#name #list);
            }
            _ => {}
        }
        let is_path = |token: &&TokenTree| matches!(token, TokenTree::Ident(_)) || is(token, ":");
        let path: Vec<&TokenTree> = tokens.iter().take_while(is_path).collect();
        let text: String = path.iter().map(ToString::to_string).collect();
        let text = text.trim_start_matches("::");
        let (module, word) = text.rsplit_once("::").unwrap_or(("", text));
        if !["", "llmobs", self.path.trim_start_matches("::")].contains(&module) {
            return meta;
        }
        *is_own |= word == "skip" || own.contains(&word);
        if word == "skip" {
            let in_block = Ident::new(IN_BLOCK, Span::call_site());
            quote!(#(#path)*(#in_block))
        } else {
            meta
        }
    }
}

/// Returns a group with the span of a group of the user.
fn group(delimiter: Delimiter, tokens: TokenStream, span: Span) -> Group {
    let mut group = Group::new(delimiter, tokens);
    group.set_span(span);
    group
}

/// Returns the name of the trait that an `impl` implements.
fn trait_of(item: &Item) -> Option<String> {
    let (_, header) = item.rest.split_last()?;
    let head = &item.head;
    let block: ItemImpl = syn::parse2(quote!(#(#head)* #(#header)* {})).ok()?;
    let (path, _) = block.trait_?;
    Some(path.segments.last()?.ident.to_string())
}

#[cfg(test)]
mod tests;
