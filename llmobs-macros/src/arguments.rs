//! What becomes of each argument: its name in the captured input, and how the body gets it.

use proc_macro2::Span;
use quote::format_ident;
use syn::ext::IdentExt as _;
use syn::{Attribute, FnArg, Ident, Pat, PatIdent, Signature};

use crate::diagnostics::{Errors, similar};
use crate::options::Options;

/// An argument other than `self` and `_`.
pub(crate) struct Argument {
    /// `#[cfg]`, to be repeated wherever the argument is mentioned.
    pub(crate) cfg: Vec<Attribute>,
    /// What the signature calls it.
    pub(crate) ident: Ident,
    /// What the input calls it, unless it is left out.
    pub(crate) captured_as: Option<String>,
    /// What the user wrote: the body begins by binding it anew. That keeps lints about unused variables, and lets the
    /// body assign a local borrow to a `mut` argument (tokio-rs/tracing#2209, #2717).
    pub(crate) pattern: Pat,
}

impl Argument {
    /// Reads the arguments of a signature, and leaves plain names in it.
    pub(crate) fn take_all(signature: &mut Signature, options: &Options, errors: &mut Errors) -> Vec<Self> {
        let mut arguments = Vec::new();
        let mut names: Vec<String> = vec!["self".to_owned()];
        for (index, input) in signature.inputs.iter_mut().enumerate() {
            let FnArg::Typed(input) = input else { continue };
            let bindings = bindings(&input.pat);
            let own_names = bindings.iter().map(|name| name.unraw().to_string());
            let name = own_names.clone().collect::<Vec<_>>().join(", ");
            names.extend(own_names);
            if name.is_empty() {
                continue;
            }
            let skipped = options.skip_all || options.skip.iter().any(|skip| bindings.contains(&skip));
            let ident = match &*input.pat {
                Pat::Ident(PatIdent {
                    by_ref: None,
                    subpat: None,
                    ident,
                    ..
                }) => ident.clone(),
                _ => format_ident!("__llmobs_argument_{index}", span = Span::mixed_site()),
            };
            let plain = Pat::Ident(PatIdent {
                attrs: Vec::new(),
                by_ref: None,
                mutability: None,
                ident: ident.clone(),
                subpat: None,
            });
            arguments.push(Self {
                cfg: input
                    .attrs
                    .iter()
                    .filter(|attribute| attribute.path().is_ident("cfg"))
                    .cloned()
                    .collect(),
                ident,
                captured_as: (!skipped).then_some(name),
                pattern: std::mem::replace(&mut *input.pat, plain),
            });
        }
        for skip in options
            .skip
            .iter()
            .filter(|skip| !names.contains(&skip.unraw().to_string()))
        {
            let known = names.iter().map(String::as_str).filter(|name| *name != "self");
            let hint = similar(&skip.to_string(), known).map(|meant| format!(": did you mean `{meant}`?"));
            errors.at(
                skip.span(),
                format_args!("no argument is called `{skip}`{}", hint.unwrap_or_default()),
            );
        }
        arguments
    }
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
        Pat::Struct(pattern) => pattern
            .fields
            .iter()
            .flat_map(|field| bindings(&field.pat))
            .collect(),
        Pat::Tuple(pattern) => pattern.elems.iter().flat_map(bindings).collect(),
        Pat::TupleStruct(pattern) => pattern.elems.iter().flat_map(bindings).collect(),
        Pat::Type(pattern) => bindings(&pattern.pat),
        // Every alternative binds the same names.
        Pat::Or(pattern) => pattern.cases.first().map(bindings).unwrap_or_default(),
        _ => Vec::new(),
    }
}
