//! The function that has an attribute. Its body is never parsed, so that incomplete or wrong code reaches rustc and the
//! editor unchanged.

use proc_macro2::{Delimiter, Group, TokenStream, TokenTree};
use syn::parse::{Parse, ParseStream};
use syn::{Attribute, Error, Signature, Token, Visibility};

pub(crate) struct Function {
    pub(crate) attributes: Vec<Attribute>,
    pub(crate) visibility: Visibility,
    pub(crate) signature: Signature,
    pub(crate) body: Body,
}

/// The body of a function.
pub(crate) struct Body {
    /// The body with its braces, whose spans the expansion keeps.
    pub(crate) braces: Group,
    /// `#![…]` at the beginning, which must stay there.
    pub(crate) inner_attributes: TokenStream,
    statements: TokenStream,
}

impl Body {
    /// Returns the body as a block. Without inner attributes it is the user's own group, which keeps the spans of both braces.
    pub(crate) fn block(&self) -> Group {
        if self.inner_attributes.is_empty() {
            return self.braces.clone();
        }
        let mut block = Group::new(Delimiter::Brace, self.statements.clone());
        block.set_span(self.braces.span_close());
        block
    }
}

impl Parse for Function {
    fn parse(input: ParseStream<'_>) -> syn::Result<Self> {
        let (attributes, visibility) = (input.call(Attribute::parse_outer)?, input.parse()?);
        let is_block = input.peek(Token![impl]) || input.peek(Token![mod]) || input.peek(Token![trait]);
        let wanted = if is_block { WANTED_INSIDE } else { WANTED };
        let signature = input.parse().map_err(|error| Error::new(error.span(), wanted))?;
        Ok(Self { attributes, visibility, signature, body: input.parse()? })
    }
}

const WANTED: &str = "this attribute goes on a function or method with a body";
const WANTED_INSIDE: &str = "this attribute goes on a function or method with a body; for all functions of a block, use `#[llmobs::instrument]`";

impl Parse for Body {
    fn parse(input: ParseStream<'_>) -> syn::Result<Self> {
        let tree: TokenTree = input.parse().map_err(|error| Error::new(error.span(), WANTED))?;
        let span = tree.span();
        let braces = block(tree).ok_or_else(|| Error::new(span, WANTED))?;
        let mut tokens: Vec<TokenTree> = braces.stream().into_iter().collect();
        let inner = tokens.chunks(3).take_while(|chunk| is_inner_attribute(chunk)).count() * 3;
        let statements = tokens.split_off(inner).into_iter().collect();
        Ok(Self { braces, inner_attributes: tokens.into_iter().collect(), statements })
    }
}

/// A group in braces. `$body:block` of a `macro_rules!` macro has an invisible group around it.
fn block(tree: TokenTree) -> Option<Group> {
    match tree {
        TokenTree::Group(group) if group.delimiter() == Delimiter::Brace => Some(group),
        TokenTree::Group(group) if group.delimiter() == Delimiter::None => {
            block(group.stream().into_iter().next()?)
        }
        _ => None,
    }
}

/// `#`, `!`, `[…]`
fn is_inner_attribute(tokens: &[TokenTree]) -> bool {
    matches!(
        tokens,
        [TokenTree::Punct(hash), TokenTree::Punct(bang), TokenTree::Group(group)]
            if hash.as_char() == '#' && bang.as_char() == '!' && group.delimiter() == Delimiter::Bracket
    )
}
