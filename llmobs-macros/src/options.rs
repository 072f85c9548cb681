//! What stands in the brackets of an attribute.

use proc_macro2::{Span, TokenStream, TokenTree};
use quote::ToTokens as _;
use syn::ext::IdentExt;
use syn::parse::{Parse, ParseStream, Parser as _};
use syn::punctuated::Punctuated;
use syn::{Expr, Ident, Lit, Token, parenthesized, token};

use crate::diagnostics::{Errors, similar};

/// The kind of span that an attribute makes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Workflow,
    Agent,
    Task,
    Tool,
    Llm,
    Embedding,
    Retrieval,
}

impl Kind {
    /// The variant of the same name in the runtime.
    pub(crate) fn variant(self) -> Ident {
        Ident::new(&format!("{self:?}"), Span::mixed_site())
    }

    fn has_model(self) -> bool {
        matches!(self, Self::Llm | Self::Embedding)
    }
}

/// The options that take a text, each also the name of the method that takes it in the runtime.
const TEXTS: [&str; 5] = ["name", "session_id", "ml_app", "model_name", "model_provider"];
/// What other crates and other languages call them.
const ALIASES: [(&str, &str); 5] = [
    ("model", "model_name"),
    ("provider", "model_provider"),
    ("session", "session_id"),
    ("skip_input", "skip_all"),
    ("skip_args", "skip_all"),
];
const OTHERS: [&str; 3] = ["skip", "skip_all", "skip_output"];

#[derive(Default)]
pub(crate) struct Options {
    /// Options with a text, by name, in the order in which they were given and are evaluated.
    pub(crate) texts: Vec<(Ident, Expr)>,
    /// Without `r#`.
    pub(crate) skip: Vec<Ident>,
    pub(crate) skip_all: bool,
    pub(crate) skip_output: bool,
}

impl Options {
    /// Reads all options, and says all that is wrong with them.
    pub(crate) fn parse(kind: Kind, tokens: TokenStream, errors: &mut Errors) -> Self {
        let mut options = Self::default();
        let given = Punctuated::<Given, Token![,]>::parse_terminated.parse2(tokens).unwrap_or_else(|error| {
            errors.add(error);
            Punctuated::new()
        });
        let mut seen: Vec<Ident> = Vec::new();
        for Given { name, value } in given {
            if seen.contains(&name) {
                errors.at(name.span(), format_args!("`{name}` is given twice"));
            } else {
                options.take(kind, name.clone(), value, errors);
            }
            seen.push(name);
        }
        options
    }

    /// Whether an argument is to be left out of the input.
    pub(crate) fn skips(&self, name: &Ident) -> bool {
        self.skip_all || self.skip.contains(&name.unraw())
    }

    /// Whether an expression among the options uses a name.
    pub(crate) fn mention(&self, name: &Ident) -> bool {
        fn contains(tokens: TokenStream, name: &Ident) -> bool {
            tokens.into_iter().any(|token| match token {
                TokenTree::Ident(ident) => ident == *name,
                TokenTree::Group(group) => contains(group.stream(), name),
                // `"{name}"` and `"{:name$}"` in a format string. Too often is harmless.
                TokenTree::Literal(literal) => literal.to_string().contains(&name.unraw().to_string()),
                TokenTree::Punct(_) => false,
            })
        }
        self.texts.iter().any(|(_, value)| contains(value.to_token_stream(), name))
    }

    fn take(&mut self, kind: Kind, name: Ident, value: Value, errors: &mut Errors) {
        match (name.to_string().as_str(), value) {
            ("model_name" | "model_provider", _) if !kind.has_model() => {
                errors.at(name.span(), format_args!("`{name}` is an option of `llm` and `embedding` alone"));
            }
            (text, Value::Expr(value)) if TEXTS.contains(&text) => self.texts.push((name, value)),
            ("skip", Value::Names(names)) => self.skip = names,
            ("skip_all", Value::None) => self.skip_all = true,
            ("skip_output", Value::None) => self.skip_output = true,
            (text, _) if TEXTS.contains(&text) => {
                errors.at(name.span(), format_args!("`{name}` takes a value: `{name} = …`"));
            }
            ("skip", _) => errors.at(name.span(), "`skip` takes names of arguments: `skip(a, b)`"),
            (flag, _) if OTHERS.contains(&flag) => {
                errors.at(name.span(), format_args!("`{name}` takes no value"));
            }
            (unknown, _) => {
                let known = TEXTS.into_iter().chain(OTHERS);
                let alias = ALIASES.into_iter().find(|(alias, _)| *alias == unknown).map(|(_, name)| name);
                let hint = alias.or_else(|| similar(unknown, known.clone())).map_or_else(
                    || format!("the options are {}", known.collect::<Vec<_>>().join(", ")),
                    |meant| format!("did you mean `{meant}`?"),
                );
                errors.at(name.span(), format_args!("no option is called `{name}`: {hint}"));
            }
        }
    }
}

/// One option as it is written: `name`, `name = expression` or `name(argument, …)`.
struct Given {
    name: Ident,
    value: Value,
}

enum Value {
    None,
    Expr(Expr),
    Names(Vec<Ident>),
}

impl Parse for Given {
    fn parse(input: ParseStream<'_>) -> syn::Result<Self> {
        if input.peek(Lit) {
            return Err(input.error("options have names: `name = \"…\"`"));
        }
        let name = Ident::parse_any(input)?;
        let value = if input.peek(Token![=]) {
            input.parse::<Token![=]>()?;
            Value::Expr(input.parse()?)
        } else if input.peek(token::Paren) {
            let names;
            parenthesized!(names in input);
            let names = names.parse_terminated(Ident::parse_any, Token![,])?;
            Value::Names(names.iter().map(IdentExt::unraw).collect())
        } else {
            Value::None
        };
        Ok(Self { name, value })
    }
}
