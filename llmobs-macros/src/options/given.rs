//! One option as it is written: `name`, `name = expression`, `name(…)`.

use proc_macro2::{Span, TokenStream};
use syn::ext::IdentExt;
use syn::parse::{Parse, ParseStream, Parser as _};
use syn::punctuated::Punctuated;
use syn::{Expr, Ident, Lit, LitStr, Token, parenthesized, token};

use crate::diagnostics::Errors;

pub(crate) struct Given {
    pub(crate) name: Ident,
    pub(crate) value: Value,
}

pub(crate) enum Value {
    None,
    Expr(Expr),
    /// What stands between parentheses.
    List(TokenStream),
}

impl Given {
    /// Reads options with commas between them. What is wrong with one does not hide the others.
    pub(crate) fn parse_all(tokens: TokenStream, errors: &mut Errors) -> Vec<Self> {
        let parser = |input: ParseStream<'_>| {
            let mut all = Vec::new();
            while !input.is_empty() {
                match input.parse::<Self>() {
                    Ok(_) if !input.is_empty() && !input.peek(Token![,]) => {
                        errors.add(input.error("expected `,` between options"));
                    }
                    Ok(given) => all.push(given),
                    Err(error) => errors.add(error),
                }
                skip_past_comma(input);
            }
            Ok(all)
        };
        // The parser itself never fails.
        parser.parse2(tokens).unwrap_or_default()
    }
}

fn skip_past_comma(input: ParseStream<'_>) {
    while !input.is_empty() && !input.peek(Token![,]) {
        let _ = input.parse::<proc_macro2::TokenTree>();
    }
    let _ = input.parse::<Token![,]>();
}

impl Parse for Given {
    fn parse(input: ParseStream<'_>) -> syn::Result<Self> {
        if input.peek(Lit) {
            return Err(input.error("options have names: `name = \"…\"`"));
        }
        let name = Ident::parse_any(input)?;
        let value = if input.peek(Token![=]) {
            let equals: Token![=] = input.parse()?;
            if input.is_empty() || input.peek(Token![,]) {
                return Err(syn::Error::new(equals.span, format!("`{name}` takes a value: `{name} = …`")));
            }
            Value::Expr(input.parse()?)
        } else if input.peek(token::Paren) {
            let list;
            parenthesized!(list in input);
            Value::List(list.parse()?)
        } else {
            Value::None
        };
        Ok(Self { name, value })
    }
}

/// `a, b`, without `r#`.
pub(crate) fn names(list: TokenStream) -> syn::Result<Vec<Ident>> {
    let parser = |input: ParseStream<'_>| input.parse_terminated(Ident::parse_any, Token![,]);
    Ok(parser.parse2(list)?.iter().map(IdentExt::unraw).collect())
}

/// One of `key = expression, …`.
pub(crate) struct Pair {
    pub(crate) key: String,
    pub(crate) key_span: Span,
    pub(crate) value: Expr,
}

pub(crate) fn pairs(list: TokenStream) -> syn::Result<Vec<Pair>> {
    Ok(Punctuated::<Pair, Token![,]>::parse_terminated.parse2(list)?.into_iter().collect())
}

impl Parse for Pair {
    fn parse(input: ParseStream<'_>) -> syn::Result<Self> {
        let key_span = input.span();
        let key = if input.peek(LitStr) {
            input.parse::<LitStr>()?.value()
        } else {
            // `a.b` is a key too, as in other instrumenting attributes.
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
