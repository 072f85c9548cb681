//! What stands in the brackets of an attribute.

mod given;

use proc_macro2::{Span, TokenStream, TokenTree};
use quote::{ToTokens as _, quote_spanned};
use syn::ext::IdentExt as _;
use syn::{Expr, Ident};

use crate::diagnostics::{Errors, similar};
use crate::lazy::Lazy;
use given::{Given, Value, names, pairs};
pub(crate) use given::{Pair, parse_all};

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
}

/// The options that take a text, each also the name of the method that takes it in the runtime, with the kinds that
/// have it.
const TEXTS: [(&str, &[Kind]); 6] = [
    ("name", &[]),
    ("session_id", &[]),
    ("ml_app", &[]),
    ("model_name", &[Kind::Llm, Kind::Embedding]),
    ("model_provider", &[Kind::Llm, Kind::Embedding]),
    ("version", &[Kind::Agent]),
];
/// The other options and how each is written.
const OTHERS: [(&str, &str); 16] = [
    ("inputs", "names of arguments: `inputs(a, b)`"),
    ("skip", "names of arguments: `skip(a, b)`"),
    ("redact", "names of arguments: `redact(a, b)`"),
    ("skip_all", "no value"),
    ("skip_output", "no value"),
    ("input", "a value: `input = …`"),
    ("output", "a value: `output = …`"),
    ("tags", "keys and values: `tags(key = …)`"),
    ("metadata", "keys and values: `metadata(key = …)`"),
    ("metrics", "keys and values: `metrics(key = …)`"),
    ("parent", "a value: `parent = …`"),
    ("crate", "a path: `crate = path::to::llmobs`"),
    ("future", "no value"),
    ("iterator", "no value"),
    ("stream", "no value"),
    ("fold", "a function: `fold = path`"),
];
/// What other crates and other languages call them.
const ALIASES: [(&str, &str); 12] = [
    ("model", "model_name"),
    ("provider", "model_provider"),
    ("session", "session_id"),
    ("app", "ml_app"),
    ("skip_input", "skip_all"),
    ("skip_inputs", "skip_all"),
    ("skip_args", "skip_all"),
    ("args", "inputs"),
    ("fields", "metadata"),
    ("properties", "metadata"),
    ("crate_path", "crate"),
    ("ret", "output"),
];
/// What `instrument` tells the attributes in its block: the options are meant for all functions of it together.
pub(crate) const IN_BLOCK: &str = "__in_block";
/// Pairs that contradict each other.
const CONFLICTS: [(&str, &str); 12] = [
    ("inputs", "skip"),
    ("inputs", "skip_all"),
    ("input", "inputs"),
    ("input", "skip"),
    ("input", "skip_all"),
    ("input", "redact"),
    ("output", "skip_output"),
    ("output", "fold"),
    ("fold", "skip_output"),
    ("future", "iterator"),
    ("future", "stream"),
    ("iterator", "stream"),
];

#[derive(Default)]
pub(crate) struct Options {
    /// `crate = …`
    root: Option<TokenStream>,
    /// Options with a text, by name, in the order in which they were given and are evaluated.
    pub(crate) texts: Vec<(Ident, Expr)>,
    /// Without `r#`, as all names of arguments here.
    pub(crate) inputs: Option<Vec<Ident>>,
    pub(crate) skip: Vec<Ident>,
    pub(crate) redact: Vec<Ident>,
    pub(crate) skip_all: bool,
    pub(crate) skip_output: bool,
    pub(crate) input: Option<Expr>,
    /// With its name, for what is wrong with it.
    pub(crate) output: Option<(Ident, Expr)>,
    /// Tags, metadata and metrics, in the order in which they were given and are evaluated.
    pub(crate) notes: Vec<Note>,
    pub(crate) parent: Option<Expr>,
    /// What the signature does not show: that the function returns a future, an iterator or a stream.
    pub(crate) lazy: Option<(Lazy, Span)>,
    pub(crate) fold: Option<(Ident, Expr)>,
    /// The options are those of a whole block, so that a name may be of an argument of another function.
    pub(crate) in_block: bool,
}

/// One of `tags(…)`, `metadata(…)` or `metrics(…)`.
pub(crate) struct Note {
    pub(crate) sort: Sort,
    pub(crate) pair: Pair,
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Sort {
    Tag,
    Metadata,
    Metric,
}

impl Note {
    /// Whether the value is known only when the body has run.
    pub(crate) fn needs_returned(&self) -> bool {
        ret(&self.pair.value).is_some()
    }
}

/// What becomes of an argument in the input.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Showing {
    Value,
    Redacted,
    Nothing,
}

impl Options {
    /// Reads all options, and says all that is wrong with them.
    pub(crate) fn parse(kind: Kind, tokens: TokenStream, errors: &mut Errors) -> Self {
        let mut options = Self::default();
        let mut seen: Vec<Ident> = Vec::new();
        for Given { name, value } in parse_all(tokens, errors) {
            if seen.contains(&name) {
                errors.at(name.span(), format_args!("`{name}` is given twice"));
                continue;
            }
            for other in seen.iter().filter(|other| conflict(other, &name)) {
                errors
                    .at(name.span(), format_args!("`{name}` and `{other}` contradict each other: keep one"));
            }
            options.take(kind, name.clone(), value, errors);
            seen.push(name);
        }
        for name in options.redact.iter().filter(|name| options.skip.contains(name)) {
            errors.at(name.span(), format_args!("`{name}` is skipped too: keep it in `skip` or in `redact`"));
        }
        options
    }

    /// The path of the crate, from which all that is generated is reached, as if it stood in this place.
    pub(crate) fn root(&self, place: Span) -> TokenStream {
        self.root.clone().unwrap_or_else(|| quote_spanned!(place=> ::llmobs))
    }

    /// What the input shows of an argument.
    pub(crate) fn showing(&self, name: &Ident) -> Showing {
        let name = name.unraw();
        if self.redact.contains(&name) {
            Showing::Redacted
        } else if self.input.is_some() || self.skip_all || self.skip.contains(&name) {
            Showing::Nothing
        } else {
            match &self.inputs {
                Some(inputs) if !inputs.contains(&name) => Showing::Nothing,
                None if name == "self" => Showing::Nothing,
                _ => Showing::Value,
            }
        }
    }

    /// Every name that should be one of an argument. What is never captured by itself may be skipped all the same.
    pub(crate) fn named_arguments(&self) -> impl Iterator<Item = &Ident> {
        let skip = self.skip.iter().filter(|name| *name != "self");
        self.inputs.iter().flatten().chain(skip).chain(&self.redact)
    }

    /// Whether an expression that is evaluated before the body uses a name.
    pub(crate) fn mention(&self, name: &Ident) -> bool {
        let texts = self.texts.iter().map(|(_, value)| value);
        let notes = self.notes.iter().filter(|note| !note.needs_returned()).map(|note| &note.pair.value);
        let name = name.unraw().to_string();
        texts
            .chain(notes)
            .chain(&self.input)
            .chain(&self.parent)
            .any(|value| mention(value.to_token_stream(), &name).is_some())
    }

    /// The tokens of all that is evaluated when the body has run.
    pub(crate) fn after(&self) -> impl Iterator<Item = Span> {
        let notes = self.notes.iter().filter(|note| note.needs_returned()).map(|note| note.pair.key_span);
        self.output.iter().map(|(name, _)| name.span()).chain(notes)
    }

    fn take(&mut self, kind: Kind, name: Ident, value: Value, errors: &mut Errors) {
        let option = name.to_string();
        let text = TEXTS.into_iter().find(|(text, _)| *text == option);
        match (option.as_str(), value) {
            (_, _) if text.is_some_and(|(_, kinds)| !kinds.is_empty() && !kinds.contains(&kind)) => {
                let kinds = text.map_or(&[][..], |(_, kinds)| kinds);
                let kinds: Vec<String> =
                    kinds.iter().map(|kind| format!("`{kind:?}`").to_lowercase()).collect();
                errors
                    .at(name.span(), format_args!("`{name}` is an option of {} alone", kinds.join(" and ")));
            }
            (_, Value::Expr(value)) if text.is_some() => self.texts.push((name, value)),
            ("inputs", Value::List(list)) => self.inputs = Some(errors.or_default(names(list))),
            ("skip", Value::List(list)) => self.skip = errors.or_default(names(list)),
            ("redact", Value::List(list)) => self.redact = errors.or_default(names(list)),
            ("skip_all", Value::None) => self.skip_all = true,
            ("skip_output", Value::None) => self.skip_output = true,
            ("input", Value::Expr(value)) => self.input = Some(value),
            ("output", Value::Expr(value)) => self.output = Some((name, value)),
            ("tags", Value::List(list)) => self.note(Sort::Tag, list, errors),
            ("metadata", Value::List(list)) => self.note(Sort::Metadata, list, errors),
            ("metrics", Value::List(list)) => self.note(Sort::Metric, list, errors),
            ("parent", Value::Expr(value)) => self.parent = Some(value),
            ("crate", Value::Expr(Expr::Path(path))) => self.root = Some(path.into_token_stream()),
            ("fold", Value::Expr(value)) => self.fold = Some((name, value)),
            ("future", Value::None) => self.lazy = Some((Lazy::Future, name.span())),
            ("iterator", Value::None) => self.lazy = Some((Lazy::Iterator, name.span())),
            ("stream", Value::None) => self.lazy = Some((Lazy::Stream, name.span())),
            (IN_BLOCK, Value::None) => self.in_block = true,
            (given, _) => errors.at(name.span(), complaint(given)),
        }
    }

    fn note(&mut self, sort: Sort, list: TokenStream, errors: &mut Errors) {
        let pairs = errors.or_default(pairs(list));
        self.notes.extend(pairs.into_iter().map(|pair| Note { sort, pair }));
    }
}

fn conflict(one: &Ident, other: &Ident) -> bool {
    CONFLICTS.iter().any(|(a, b)| (one == a && other == b) || (one == b && other == a))
}

/// What is wrong with an option that is unknown, or that was not written in its way.
fn complaint(given: &str) -> String {
    let ways = TEXTS.into_iter().map(|(text, _)| (text, None));
    let mut ways = ways.chain(OTHERS.into_iter().map(|(other, way)| (other, Some(way))));
    if let Some((_, way)) = ways.clone().find(|(known, _)| *known == given) {
        let way = way.map_or_else(|| format!("a value: `{given} = …`"), str::to_owned);
        return format!("`{given}` takes {way}");
    }
    let known = ways.clone().map(|(known, _)| known);
    let alias = ALIASES.into_iter().find(|(alias, _)| *alias == given).map(|(_, name)| name);
    let hint = alias.or_else(|| similar(given, known)).map_or_else(
        || {
            format!(
                "the options are {}",
                ways.by_ref().map(|(known, _)| known).collect::<Vec<_>>().join(", ")
            )
        },
        |meant| format!("did you mean `{meant}`?"),
    );
    format!("no option is called `{given}`: {hint}")
}

/// Where an expression uses a name, also in a format string such as `"{name}"` or `"{name:?}"`. Too often is harmless.
fn mention(tokens: TokenStream, name: &str) -> Option<Span> {
    tokens.into_iter().find_map(|token| match token {
        TokenTree::Ident(ident) => (ident.unraw() == name).then(|| ident.span()),
        TokenTree::Group(group) => mention(group.stream(), name),
        TokenTree::Literal(literal) => {
            let text = literal.to_string();
            let is_named =
                text.contains('{') && text.split(['{', '$', ':', '}', '.']).any(|word| word == name);
            is_named.then(|| literal.span())
        }
        TokenTree::Punct(_) => None,
    })
}

/// The name `ret` as an expression writes it, if it does: a name is the same only where it comes from the same macro.
pub(crate) fn ret(expression: &Expr) -> Option<Ident> {
    mention(expression.to_token_stream(), "ret").map(|span| Ident::new("ret", span))
}
