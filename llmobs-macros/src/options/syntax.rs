//! The syntax of options: `name`, `name = expression`, `name(…)`.

use proc_macro2::{Delimiter, Group, Span, TokenStream, TokenTree};
use syn::ext::IdentExt;
use syn::parse::{Parse, ParseStream, Parser as _};
use syn::{Expr, Ident, LitStr, Token, parenthesized, token};

use crate::diagnostics::Errors;

/// One option, not yet checked.
pub(crate) struct OptionSyntax {
    pub(crate) name: Ident,
    pub(crate) value: Value,
}

pub(crate) enum Value {
    None,
    Expr(Expr),
    /// The parentheses with their content.
    List(TokenStream),
}

/// Reads options separated by commas. An error in one does not hide the errors in others.
pub(crate) fn parse_all<T: Parse>(tokens: TokenStream, errors: &mut Errors) -> Vec<T> {
    let parser = |input: ParseStream<'_>| {
        let options;
        parenthesized!(options in input);
        let mut all = Vec::new();
        while !options.is_empty() {
            match options.parse() {
                Ok(_) if !options.is_empty() && !options.peek(Token![,]) => {
                    errors.add(options.error("expected `,` between options"));
                }
                Ok(option) => all.push(option),
                Err(error) => errors.add(error),
            }
            skip_past_comma(&options);
        }
        Ok(all)
    };
    // The parser itself never fails.
    parser.parse2(in_parentheses(tokens)).unwrap_or_default()
}

/// Tokens in parentheses with the span of the last token, where an unexpected end is reported.
fn in_parentheses(tokens: TokenStream) -> TokenStream {
    let end = tokens.clone().into_iter().last().map_or_else(Span::call_site, |last| last.span());
    let mut group = Group::new(Delimiter::Parenthesis, tokens);
    group.set_span(end);
    TokenTree::from(group).into()
}

fn skip_past_comma(input: ParseStream<'_>) {
    while !input.is_empty() && !input.peek(Token![,]) {
        let _ = input.parse::<TokenTree>();
    }
    let _ = input.parse::<Token![,]>();
}

impl Parse for OptionSyntax {
    fn parse(input: ParseStream<'_>) -> syn::Result<Self> {
        let name = Ident::parse_any(input)
            .map_err(|error| syn::Error::new(error.span(), "options have names: `name = \"…\"`"))?;
        let value = if input.peek(Token![=]) {
            let equals: Token![=] = input.parse()?;
            if input.is_empty() || input.peek(Token![,]) {
                return Err(syn::Error::new(equals.span, format!("`{name}` takes a value: `{name} = …`")));
            }
            Value::Expr(input.parse()?)
        } else if input.peek(token::Paren) {
            Value::List(input.parse::<TokenTree>()?.into())
        } else {
            Value::None
        };
        Ok(Self { name, value })
    }
}

/// Reads `(a, b)`. The names are without `r#`.
pub(crate) fn names(list: TokenStream) -> syn::Result<Vec<Ident>> {
    let name = |input: ParseStream<'_>| {
        let name = Ident::parse_any(input);
        name.map_err(|error| syn::Error::new(error.span(), "expected the name of an argument"))
    };
    let names = items(list, name)?;
    Ok(names.iter().map(IdentExt::unraw).collect())
}

/// Reads a list in parentheses, separated by commas. The parentheses are parsed here, so that an unexpected end is reported at the closing
/// one.
fn items<T>(list: TokenStream, item: fn(ParseStream<'_>) -> syn::Result<T>) -> syn::Result<Vec<T>> {
    let parser = |input: ParseStream<'_>| {
        let list;
        parenthesized!(list in input);
        let items = list.parse_terminated(item, Token![,])?;
        Ok(items.into_iter().collect())
    };
    parser.parse2(list)
}

/// One entry of `(key = expression, …)`.
pub(crate) struct Pair {
    pub(crate) key: String,
    pub(crate) key_span: Span,
    pub(crate) value: Expr,
}

pub(crate) fn pairs(list: TokenStream) -> syn::Result<Vec<Pair>> {
    items(list, Pair::parse)
}

impl Parse for Pair {
    fn parse(input: ParseStream<'_>) -> syn::Result<Self> {
        let key_span = input.span();
        let key = if input.peek(LitStr) {
            input.parse::<LitStr>()?.value()
        } else {
            // `a.b` is a key too, as in the attributes of tracing.
            let mut key = Ident::parse_any(input)?.unraw().to_string();
            while input.peek(Token![.]) {
                input.parse::<Token![.]>()?;
                key = format!("{key}.{}", Ident::parse_any(input)?.unraw());
            }
            key
        };
        input.parse::<Token![=]>()?;
        Ok(Self { key, key_span, value: input.parse()? })
    }
}
