//! What becomes of each argument: its name in the captured input, and how the body gets it.

use proc_macro2::{Span, TokenStream};
use quote::{ToTokens, format_ident};
use syn::ext::IdentExt as _;
use syn::{FnArg, Ident, Pat, PatIdent, Signature, parse_quote};

use crate::diagnostics::{Errors, similar};
use crate::options::Options;

/// An argument other than `self` and `_`.
pub(crate) struct Argument {
    /// `#[cfg]`, to be repeated wherever the argument is mentioned.
    pub(crate) cfg: TokenStream,
    /// What the signature calls it.
    pub(crate) ident: Ident,
    /// What the input calls it, unless it is left out.
    pub(crate) captured_as: Option<String>,
    /// What the user wrote: the body begins by binding it anew. That keeps lints about unused variables, and lets the
    /// body assign a local borrow to a `mut` argument (tokio-rs/tracing#2209, #2717).
    pub(crate) pattern: Pat,
    /// The names in `pattern` that an option of the attribute uses.
    pub(crate) used_by_options: Vec<Ident>,
}

impl Argument {
    /// Reads the arguments of a signature, and leaves plain names in it.
    pub(crate) fn take_all(signature: &mut Signature, options: &Options, errors: &mut Errors) -> Vec<Self> {
        let mut arguments = Vec::new();
        let mut names: Vec<String> = Vec::new();
        for (index, input) in signature.inputs.iter_mut().enumerate() {
            let FnArg::Typed(input) = input else { continue };
            let bindings = bindings(&input.pat);
            let own_names: Vec<String> = bindings.iter().map(|name| name.unraw().to_string()).collect();
            if own_names.is_empty() {
                continue;
            }
            let skipped = options.skip_all || options.skip.iter().any(|skip| bindings.contains(&skip));
            let used = bindings.iter().filter(|name| options.mention(name));
            let ident = match &*input.pat {
                Pat::Ident(PatIdent { by_ref: None, subpat: None, ident, .. }) => ident.clone(),
                _ => format_ident!("__llmobs_argument_{index}", span = Span::mixed_site()),
            };
            let cfg = input.attrs.iter().filter(|attribute| attribute.path().is_ident("cfg"));
            arguments.push(Self {
                cfg: cfg.map(ToTokens::to_token_stream).collect(),
                captured_as: (!skipped).then(|| own_names.join(", ")),
                used_by_options: used.map(|name| (*name).clone()).collect(),
                pattern: std::mem::replace(&mut *input.pat, plain(&ident)),
                ident,
            });
            names.extend(own_names);
        }
        for skip in &options.skip {
            let name = skip.unraw().to_string();
            // `self` is never captured, but other attributes want to be told so.
            if name != "self" && !names.contains(&name) {
                let meant = similar(&name, names.iter().map(String::as_str));
                let hint = meant.map(|meant| format!(": did you mean `{meant}`?")).unwrap_or_default();
                errors.at(skip.span(), format_args!("no argument is called `{skip}`{hint}"));
            }
        }
        arguments
    }

    /// The pattern with nothing but what options use, to be matched against a reference before the body runs.
    pub(crate) fn pattern_for_options(&self) -> Option<Pat> {
        if self.used_by_options.is_empty() || bindings(&self.pattern) == [&self.ident] {
            return None;
        }
        let mut pattern = self.pattern.clone();
        borrow(&mut pattern, &self.used_by_options);
        Some(pattern)
    }
}

fn plain(ident: &Ident) -> Pat {
    let ident = ident.clone();
    Pat::Ident(PatIdent { attrs: Vec::new(), by_ref: None, mutability: None, ident, subpat: None })
}

/// The names that a pattern binds, in the order in which they stand.
fn bindings(pattern: &Pat) -> Vec<&Ident> {
    match pattern {
        Pat::Ident(pattern) => {
            let inner = pattern.subpat.iter().flat_map(|(_, inner)| bindings(inner));
            std::iter::once(&pattern.ident).chain(inner).collect()
        }
        Pat::Paren(pattern) => bindings(&pattern.pat),
        Pat::Reference(pattern) => bindings(&pattern.pat),
        Pat::Slice(pattern) => pattern.elems.iter().flat_map(bindings).collect(),
        Pat::Struct(pattern) => pattern.fields.iter().flat_map(|field| bindings(&field.pat)).collect(),
        Pat::Tuple(pattern) => pattern.elems.iter().flat_map(bindings).collect(),
        Pat::TupleStruct(pattern) => pattern.elems.iter().flat_map(bindings).collect(),
        // Arguments take no alternatives at the top, and inside them patterns are irrefutable: others bind nothing.
        _ => Vec::new(),
    }
}

/// Leaves of a pattern the names that are used, as it takes a reference apart.
fn borrow(pattern: &mut Pat, used: &[Ident]) {
    match pattern {
        Pat::Ident(PatIdent { ident, subpat: None, .. }) => {
            *pattern = if used.contains(ident) { plain(ident) } else { parse_quote!(_) };
        }
        Pat::Ident(PatIdent { by_ref, mutability, subpat, .. }) => {
            (*by_ref, *mutability) = (None, None);
            if let Some((_, inner)) = subpat {
                borrow(inner, used);
            }
        }
        Pat::Paren(pattern) => borrow(&mut pattern.pat, used),
        Pat::Reference(pattern) => borrow(&mut pattern.pat, used),
        Pat::Slice(pattern) => pattern.elems.iter_mut().for_each(|inner| borrow(inner, used)),
        Pat::Struct(pattern) => {
            for field in &mut pattern.fields {
                field.colon_token.get_or_insert_default();
                borrow(&mut field.pat, used);
            }
        }
        Pat::Tuple(pattern) => pattern.elems.iter_mut().for_each(|inner| borrow(inner, used)),
        Pat::TupleStruct(pattern) => pattern.elems.iter_mut().for_each(|inner| borrow(inner, used)),
        _ => {}
    }
}
