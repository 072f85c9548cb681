//! The items of a block, split only by their tokens, so that incomplete code reaches rustc unchanged.

use std::collections::VecDeque;

use proc_macro2::{Delimiter, Group, Span, TokenStream, TokenTree};
use quote::{ToTokens, TokenStreamExt as _};

#[derive(Default)]
pub(super) struct Item {
    pub(super) attributes: Vec<Attribute>,
    /// Attributes that the expansion adds after those of the user.
    pub(super) added: Option<TokenStream>,
    /// The tokens that the item begins with: visibility, qualifiers, keyword.
    pub(super) head: Vec<TokenTree>,
    /// The other tokens, up to the body or the semicolon.
    pub(super) rest: Vec<TokenTree>,
}

/// `#[…]`, or `#![…]` at the beginning of a block.
pub(super) struct Attribute {
    pub(super) marks: Vec<TokenTree>,
    pub(super) brackets: Group,
}

pub(super) fn items(tokens: TokenStream) -> Vec<Item> {
    let mut tokens: VecDeque<TokenTree> = tokens.into_iter().collect();
    let mut items = Vec::new();
    while !tokens.is_empty() {
        items.push(Item::take(&mut tokens));
    }
    items
}

impl Item {
    fn take(tokens: &mut VecDeque<TokenTree>) -> Self {
        let mut item = Self::default();
        item.take_head(tokens);
        // The values of these items can contain braces.
        let values = ["const", "static", "type", "use"];
        let is_value = item.keyword().is_none() && values.iter().any(|word| item.begins_with(word));
        while let Some(token) = tokens.pop_front() {
            let is_last =
                is(&token, ";") || !is_value && braces(&token).is_some() && !goes_on(tokens.front());
            item.rest.push(token);
            if is_last {
                break;
            }
        }
        item
    }

    /// Takes the attributes and the head.
    fn take_head(&mut self, tokens: &mut VecDeque<TokenTree>) {
        while self.keyword().is_none()
            && let Some(token) = tokens.front()
        {
            match token {
                // `$vis` and `$item` of a `macro_rules!` macro.
                TokenTree::Group(group) if group.delimiter() == Delimiter::None => {
                    let inner = group.stream();
                    let behind = tokens.split_off(1);
                    *tokens = inner.into_iter().chain(behind).collect();
                }
                // `pub(…)`
                TokenTree::Group(group)
                    if group.delimiter() == Delimiter::Parenthesis
                        && matches!(&*self.head, [word] if is(word, "pub")) =>
                {
                    self.head.extend(tokens.pop_front());
                }
                TokenTree::Ident(_) | TokenTree::Literal(_) => self.head.extend(tokens.pop_front()),
                TokenTree::Punct(_) if self.head.is_empty() => match Attribute::take(tokens) {
                    Some(attribute) => self.attributes.push(attribute),
                    None => break,
                },
                _ => break,
            }
        }
    }

    /// The keyword of an item that is a function or contains functions.
    pub(super) fn keyword(&self) -> Option<&'static str> {
        let last = self.head.last()?;
        ["fn", "impl", "trait", "mod"].into_iter().find(|keyword| is(last, keyword))
    }

    /// The braces that the item ends with.
    pub(super) fn body(&self) -> Option<Group> {
        self.rest.last().and_then(braces)
    }

    /// Returns whether a word is in the head.
    pub(super) fn begins_with(&self, word: &str) -> bool {
        self.head.iter().any(|token| is(token, word))
    }

    /// Returns whether the item is `pub`, and not `pub(…)`.
    pub(super) fn is_pub(&self) -> bool {
        matches!(&*self.head, [first, second, ..] if is(first, "pub") && !matches!(second, TokenTree::Group(_)))
    }

    /// Returns where an error about the whole item is reported: at the keyword, if there is one.
    pub(super) fn span(&self) -> Span {
        let is_visibility = |token: &&TokenTree| is(token, "pub") || matches!(token, TokenTree::Group(_));
        let first = self.head.iter().find(|token| !is_visibility(token)).or(self.rest.first());
        let keyword = self.keyword().and(self.head.last());
        keyword.or(first).map_or_else(Span::call_site, TokenTree::span)
    }
}

impl ToTokens for Item {
    fn to_tokens(&self, tokens: &mut TokenStream) {
        for Attribute { marks, brackets } in &self.attributes {
            tokens.append_all(marks);
            brackets.to_tokens(tokens);
        }
        self.added.to_tokens(tokens);
        tokens.append_all(self.head.iter().chain(&self.rest));
    }
}

impl Attribute {
    fn take(tokens: &mut VecDeque<TokenTree>) -> Option<Self> {
        is(tokens.front()?, "#").then_some(())?;
        let marks = if is(tokens.get(1)?, "!") { 2 } else { 1 };
        let TokenTree::Group(brackets) = tokens.get(marks)?.clone() else { return None };
        let is_attribute = brackets.delimiter() == Delimiter::Bracket;
        is_attribute.then(|| Self { marks: tokens.drain(..=marks).take(marks).collect(), brackets })
    }
}

/// Returns whether a token is this word or punctuation.
pub(super) fn is(token: &TokenTree, text: &str) -> bool {
    match token {
        TokenTree::Ident(ident) => ident == text,
        TokenTree::Punct(punct) => text.chars().eq([punct.as_char()]),
        TokenTree::Group(_) | TokenTree::Literal(_) => false,
    }
}

/// A group in braces. `$body:block` of a `macro_rules!` macro has an invisible group around it.
fn braces(token: &TokenTree) -> Option<Group> {
    let TokenTree::Group(group) = token else { return None };
    match group.delimiter() {
        Delimiter::Brace => Some(group.clone()),
        Delimiter::None => braces(&group.stream().into_iter().next()?),
        _ => None,
    }
}

/// Returns whether braces are part of a type rather than a body, by the token after them: `Foo<{ N + 1 }, u8>`.
fn goes_on(next: Option<&TokenTree>) -> bool {
    next.is_some_and(|next| is(next, ">") || is(next, ",") || is(next, "where") || braces(next).is_some())
}
