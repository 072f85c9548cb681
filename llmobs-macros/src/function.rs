//! The function that an attribute stands on. Its body is never parsed: what is half-typed or wrong there reaches rustc
//! and the editor as it is.

use proc_macro2::{Delimiter, Group, TokenStream, TokenTree};
use syn::parse::{Parse, ParseStream};
use syn::{Attribute, Error, Signature, Token, Visibility};

pub(crate) struct Function {
    pub(crate) attributes: Vec<Attribute>,
    pub(crate) visibility: Visibility,
    pub(crate) signature: Signature,
    pub(crate) body: Body,
}

/// The body without its braces, which are kept for their place in the source.
pub(crate) struct Body {
    pub(crate) braces: Group,
    /// `#![…]` at the beginning, which has to stay there.
    pub(crate) inner_attributes: TokenStream,
    statements: TokenStream,
}

impl Body {
    /// The user's own block. That it is not copied keeps both its braces where they are, for messages about its end.
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
const WANTED_INSIDE: &str = "this attribute goes on a function or method with a body; for all in a block there is `#[llmobs::instrument]`";

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

/// A group in braces, also where a macro by example passed it on as `$body:block`, which puts an invisible group around it.
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
