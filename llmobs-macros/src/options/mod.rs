//! The options of an attribute of a kind.

mod syntax;

use proc_macro2::{Span, TokenStream, TokenTree};
use quote::{ToTokens as _, quote, quote_spanned};
use syn::ext::IdentExt as _;
use syn::{Expr, Ident};

use crate::diagnostics::{Errors, similar};
use crate::return_type::LazyKind;
use syntax::{OptionSyntax, Value, names, pairs};

/// The module of llmobs that expansions call. Its name has the version, so that other crates do not come to depend on it.
const RUNTIME: &str = concat!(
    "__private_",
    env!("CARGO_PKG_VERSION_MAJOR"),
    "_",
    env!("CARGO_PKG_VERSION_MINOR"),
    "_",
    env!("CARGO_PKG_VERSION_PATCH")
);
pub(crate) use syntax::{Pair, parse_all};

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

/// The options that take a text, with the kinds that they are limited to. Each name is also that of the runtime's method that takes the
/// text.
const TEXTS: [(&str, &[Kind]); 6] = [
    ("name", &[]),
    ("session_id", &[]),
    ("ml_app", &[]),
    ("model_name", &[Kind::Llm, Kind::Embedding]),
    ("model_provider", &[Kind::Llm, Kind::Embedding]),
    ("version", &[Kind::Agent]),
];
/// The other options, with the value that each takes.
const OTHERS: [(&str, &str); 17] = [
    ("inputs", "names of arguments: `inputs(a, b)`"),
    ("skip", "names of arguments: `skip(a, b)`"),
    ("redact", "names of arguments: `redact(a, b)`"),
    ("skip_all", "no value"),
    ("skip_output", "no value"),
    ("skip_error", "no value"),
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
/// The names of the same options in other crates and languages.
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
/// The option that `instrument` adds in a block, because the other options apply to all functions of the block together.
pub(crate) const IN_BLOCK: &str = "__in_block";
/// Pairs of options that contradict each other.
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
#[expect(clippy::struct_excessive_bools, reason = "each is an option that takes no value")]
pub(crate) struct Options {
    /// `crate = …`
    root: Option<TokenStream>,
    /// The options with a text, in the order in which they are given and evaluated.
    pub(crate) texts: Vec<(Ident, Expr)>,
    /// Without `r#`, like all names of arguments here.
    pub(crate) inputs: Option<Vec<Ident>>,
    pub(crate) skip: Vec<Ident>,
    pub(crate) redact: Vec<Ident>,
    pub(crate) skip_all: bool,
    pub(crate) skip_output: bool,
    pub(crate) skip_error: bool,
    pub(crate) input: Option<Expr>,
    /// With the name of the option, where errors are reported.
    pub(crate) output: Option<(Ident, Expr)>,
    /// Tags, metadata and metrics, in the order in which they are given and evaluated.
    pub(crate) annotations: Vec<Annotation>,
    pub(crate) parent: Option<Expr>,
    /// `future`, `iterator` or `stream`: what the function returns, if the signature does not show it.
    pub(crate) lazy: Option<(LazyKind, Span)>,
    pub(crate) fold: Option<(Ident, Expr)>,
    /// Whether the options belong to a whole block, so that a name may be an argument of another function.
    pub(crate) in_block: bool,
}

/// One entry of `tags(…)`, `metadata(…)` or `metrics(…)`.
pub(crate) struct Annotation {
    pub(crate) kind: AnnotationKind,
    pub(crate) pair: Pair,
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum AnnotationKind {
    Tag,
    Metadata,
    Metric,
}

impl Annotation {
    /// Returns whether the value uses `ret`, so that it is evaluated after the body.
    pub(crate) fn needs_returned(&self) -> bool {
        ret(&self.pair.value).is_some()
    }
}

/// How an argument is captured.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum CaptureMode {
    Value,
    Redacted,
    Skipped,
}

impl Options {
    /// Reads all options, and reports all errors in them.
    pub(crate) fn parse(kind: Kind, tokens: TokenStream, errors: &mut Errors) -> Self {
        let mut options = Self::default();
        let mut seen: Vec<Ident> = Vec::new();
        for OptionSyntax { name, value } in parse_all(tokens, errors) {
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
            errors.at(
                name.span(),
                format_args!("`{name}` is also in `skip`: keep it in `skip` or in `redact`"),
            );
        }
        options
    }

    /// Returns the path of the runtime that expansions call, with this span.
    pub(crate) fn runtime(&self, place: Span) -> TokenStream {
        let root = self.root.clone().unwrap_or_else(|| quote_spanned!(place=> ::llmobs));
        let module = Ident::new(RUNTIME, place);
        quote!(#root::#module)
    }

    /// Returns how an argument is captured.
    pub(crate) fn capture_mode(&self, name: &Ident) -> CaptureMode {
        let name = name.unraw();
        if self.redact.contains(&name) {
            CaptureMode::Redacted
        } else if self.input.is_some() || self.skip_all || self.skip.contains(&name) {
            CaptureMode::Skipped
        } else {
            match &self.inputs {
                Some(inputs) if !inputs.contains(&name) => CaptureMode::Skipped,
                None if name == "self" => CaptureMode::Skipped,
                _ => CaptureMode::Value,
            }
        }
    }

    /// Returns every name that must be an argument. `skip(self)` is allowed, although `self` is not captured by default.
    pub(crate) fn named_arguments(&self) -> impl Iterator<Item = &Ident> {
        let skip = self.skip.iter().filter(|name| *name != "self");
        self.inputs.iter().flatten().chain(skip).chain(&self.redact)
    }

    /// Returns whether an expression that is evaluated before the body mentions a name.
    pub(crate) fn mention(&self, name: &Ident) -> bool {
        let texts = self.texts.iter().map(|(_, value)| value);
        let annotations =
            self.annotations.iter().filter(|one| !one.needs_returned()).map(|one| &one.pair.value);
        let name = name.unraw().to_string();
        texts
            .chain(annotations)
            .chain(&self.input)
            .chain(&self.parent)
            .any(|value| mention(value.to_token_stream(), &name).is_some())
    }

    /// Returns the names of all options that are evaluated after the body.
    pub(crate) fn after(&self) -> impl Iterator<Item = Span> {
        let annotations =
            self.annotations.iter().filter(|one| one.needs_returned()).map(|one| one.pair.key_span);
        self.output.iter().map(|(name, _)| name.span()).chain(annotations)
    }

    fn take(&mut self, kind: Kind, name: Ident, value: Value, errors: &mut Errors) {
        let option = name.to_string();
        let text = TEXTS.into_iter().find(|(text, _)| *text == option);
        match (option.as_str(), value) {
            (_, _) if text.is_some_and(|(_, kinds)| !kinds.is_empty() && !kinds.contains(&kind)) => {
                let kinds = text.map_or(&[][..], |(_, kinds)| kinds);
                let kinds: Vec<String> =
                    kinds.iter().map(|kind| format!("`{kind:?}`").to_lowercase()).collect();
                errors.at(name.span(), format_args!("`{name}` is only an option of {}", kinds.join(" and ")));
            }
            (_, Value::Expr(value)) if text.is_some() => self.texts.push((name, value)),
            ("inputs", Value::List(list)) => self.inputs = Some(errors.or_default(names(list))),
            ("skip", Value::List(list)) => self.skip = errors.or_default(names(list)),
            ("redact", Value::List(list)) => self.redact = errors.or_default(names(list)),
            ("skip_all", Value::None) => self.skip_all = true,
            ("skip_output", Value::None) => self.skip_output = true,
            ("skip_error", Value::None) => self.skip_error = true,
            ("input", Value::Expr(value)) => self.input = Some(value),
            ("output", Value::Expr(value)) => self.output = Some((name, value)),
            ("tags", Value::List(list)) => self.annotate(AnnotationKind::Tag, list, errors),
            ("metadata", Value::List(list)) => self.annotate(AnnotationKind::Metadata, list, errors),
            ("metrics", Value::List(list)) => self.annotate(AnnotationKind::Metric, list, errors),
            ("parent", Value::Expr(value)) => self.parent = Some(value),
            ("crate", Value::Expr(Expr::Path(path))) => self.root = Some(path.into_token_stream()),
            ("fold", Value::Expr(value)) => self.fold = Some((name, value)),
            ("future", Value::None) => self.lazy = Some((LazyKind::Future, name.span())),
            ("iterator", Value::None) => self.lazy = Some((LazyKind::Iterator, name.span())),
            ("stream", Value::None) => self.lazy = Some((LazyKind::Stream, name.span())),
            (IN_BLOCK, Value::None) => self.in_block = true,
            (option, _) => errors.at(name.span(), mistake(option)),
        }
    }

    fn annotate(&mut self, kind: AnnotationKind, list: TokenStream, errors: &mut Errors) {
        let pairs = errors.or_default(pairs(list));
        self.annotations.extend(pairs.into_iter().map(|pair| Annotation { kind, pair }));
    }
}

/// The names of the options that the attribute of a kind takes.
#[cfg(test)]
pub(crate) fn names_of(kind: Kind) -> impl Iterator<Item = &'static str> {
    let of_kind = move |kinds: &[Kind]| kinds.is_empty() || kinds.contains(&kind);
    let texts = TEXTS.into_iter().filter(move |(_, kinds)| of_kind(kinds)).map(|(name, _)| name);
    texts.chain(OTHERS.into_iter().map(|(name, _)| name))
}

fn conflict(one: &Ident, other: &Ident) -> bool {
    CONFLICTS.iter().any(|(a, b)| (one == a && other == b) || (one == b && other == a))
}

/// Returns the message for an option that is unknown, or that has the wrong form of value.
fn mistake(given: &str) -> String {
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
    format!("unknown option `{given}`: {hint}")
}

/// Returns where an expression mentions a name, including in a format string such as `"{name}"` or `"{name:?}"`. A false positive is
/// harmless.
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

/// Returns the name `ret` as an expression writes it, if it does, with its hygiene.
pub(crate) fn ret(expression: &Expr) -> Option<Ident> {
    mention(expression.to_token_stream(), "ret").map(|span| Ident::new("ret", span))
}
