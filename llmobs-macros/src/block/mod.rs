//! `#[instrument]` on a block: which of its functions become spans. Each of those gets the attribute of its kind.

mod items;
mod options;

use proc_macro2::{Delimiter, Group, Ident, Span, TokenStream, TokenTree};
use quote::{ToTokens as _, quote};
use syn::ItemImpl;

use crate::diagnostics::Errors;
use crate::options::IN_BLOCK;
use items::{Attribute, Item, is, items};
use options::{KINDS, Options};

/// Traits whose methods are called in passing, and often.
const PASSED_OVER: [&str; 7] = ["Debug", "Display", "Drop", "Future", "Iterator", "Serialize", "Stream"];
const WANTED: &str = "this attribute goes on an `impl`, a `trait` or a `mod { … }`; \
    on one function use `#[llmobs::task]` or another kind";
const SKIP_ALONE: &str = "`skip` leaves a function out of an instrumented block: \
    the block around it has no #[llmobs::instrument]";

/// The block with attributes on its functions. What is wrong among the options is told, and left out.
pub(crate) fn instrument(options: TokenStream, item: TokenStream) -> TokenStream {
    let mut errors = Errors::default();
    let options = Options::parse(options, &mut errors);
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

/// The item as it is. That it stands in a block that is instrumented, `instrument` has written into the options. `skip` stays
/// on the function, or importing it would count as unused.
pub(crate) fn skip(options: &TokenStream, item: &TokenStream) -> TokenStream {
    let mut errors = Errors::default();
    if options.to_string() != IN_BLOCK {
        errors.at(Span::call_site(), SKIP_ALONE);
    }
    let errors = errors.into_tokens();
    quote!(#errors #item)
}

struct Block<'a> {
    options: &'a Options,
    /// The options' path of the crate as attributes write it.
    path: String,
    is_mod: bool,
    /// Whether its functions are as public as the trait that they belong to.
    is_of_trait: bool,
    is_passed_over: bool,
}

impl<'a> Block<'a> {
    fn new(options: &'a Options, item: &Item) -> Self {
        let of_trait = trait_of(item);
        Self {
            options,
            path: options.path.to_token_stream().into_iter().map(|token| token.to_string()).collect(),
            is_mod: item.keyword() == Some("mod"),
            is_of_trait: item.keyword() == Some("trait") || of_trait.is_some(),
            is_passed_over: of_trait.is_some_and(|name| PASSED_OVER.contains(&&*name)),
        }
    }

    /// Puts attributes on what stands in the braces of a block.
    fn fill(&self, block: &mut Item, body: &Group) {
        let mut inside = items(body.stream());
        for item in &mut inside {
            self.mark(item);
        }
        block.rest.pop();
        block.rest.push(group(Delimiter::Brace, quote!(#(#inside)*), body.span()).into());
    }

    /// Puts the attribute of a function or block in front of it, unless it has its own.
    fn mark(&self, item: &mut Item) {
        let (own, attribute): (&[&str], _) = match item.keyword() {
            Some("fn") => (&KINDS, self.takes(item).then(|| self.options.on_function())),
            Some(_) if self.is_mod => (&["instrument"], item.body().map(|_| self.options.on_block())),
            _ => return,
        };
        let mut is_own = false;
        for Attribute { brackets, .. } in &mut item.attributes {
            let meta = self.look_at(brackets.stream(), own, &mut is_own);
            *brackets = group(Delimiter::Bracket, meta, brackets.span());
        }
        if !is_own {
            item.added = attribute;
        }
    }

    fn takes(&self, function: &Item) -> bool {
        let is_public = self.is_of_trait || function.is_pub();
        let is_chosen = is_public || self.options.pub_only.is_none();
        is_chosen && !self.is_passed_over && !function.begins_with("const") && function.body().is_some()
    }

    /// Looks for attributes of ours in the brackets of one, also in a `cfg_attr`. Tells `skip` that it is in a block.
    fn look_at(&self, meta: TokenStream, own: &[&str], is_own: &mut bool) -> TokenStream {
        let tokens: Vec<TokenTree> = meta.clone().into_iter().collect();
        match &*tokens {
            // A macro by example passes `$meta` on like this.
            [TokenTree::Group(only)] if only.delimiter() == Delimiter::None => {
                return self.look_at(only.stream(), own, is_own);
            }
            [name, TokenTree::Group(list)] if is(name, "cfg_attr") => {
                let parts: Vec<TokenTree> = list.stream().into_iter().collect();
                let mut parts =
                    parts.split(|token| is(token, ",")).map(|part| part.iter().cloned().collect());
                let condition: Option<TokenStream> = parts.next();
                let parts = parts.map(|part| self.look_at(part, own, is_own));
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

/// A group in the place of one that the user wrote.
fn group(delimiter: Delimiter, tokens: TokenStream, span: Span) -> Group {
    let mut group = Group::new(delimiter, tokens);
    group.set_span(span);
    group
}

/// The name of the trait that an `impl` is of.
fn trait_of(item: &Item) -> Option<String> {
    let (_, header) = item.rest.split_last()?;
    let head = &item.head;
    let block: ItemImpl = syn::parse2(quote!(#(#head)* #(#header)* {})).ok()?;
    let (path, _) = block.trait_?;
    Some(path.segments.last()?.ident.to_string())
}

#[cfg(test)]
mod tests;
