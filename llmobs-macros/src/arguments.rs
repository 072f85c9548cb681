//! The arguments of a function: how each is captured, and how the body gets it.

use proc_macro2::{Span, TokenStream, TokenTree};
use quote::{ToTokens, format_ident};
use syn::ext::IdentExt as _;
use syn::{Attribute, FnArg, Ident, Member, Meta, Pat, PatIdent, Signature, parse_quote};

use crate::diagnostics::{Errors, similar};
use crate::options::{CaptureMode, Options};

/// An argument other than `self`.
pub(crate) struct Argument {
    /// `#[cfg]`, repeated wherever the expansion mentions the argument.
    pub(crate) cfg: TokenStream,
    /// `#[allow]` and the like, repeated where the expansion binds the argument again.
    pub(crate) lints: TokenStream,
    /// The name in the signature of the expansion.
    pub(crate) ident: Ident,
    /// The names in `pattern` that are captured.
    pub(crate) captured: Vec<(Ident, CaptureMode)>,
    /// The pattern of the user, which the body binds again. This keeps lints about unused variables, and lets the body
    /// assign a local borrow to a `mut` argument (tokio-rs/tracing#2209, #2717).
    pub(crate) pattern: Pat,
    /// The names in `pattern` that options of the attribute use.
    pub(crate) used_by_options: Vec<Ident>,
}

impl Argument {
    /// Reads the arguments of a signature, and replaces their patterns with names.
    pub(crate) fn take_all(signature: &mut Signature, options: &Options, errors: &mut Errors) -> Vec<Self> {
        let mut arguments = Vec::new();
        let mut names: Vec<String> = signature.receiver().iter().map(|_| "self".to_owned()).collect();
        for (index, input) in signature.inputs.iter_mut().enumerate() {
            let FnArg::Typed(input) = input else { continue };
            let bindings = bindings(&input.pat);
            let own_names: Vec<String> = bindings.iter().map(|name| name.unraw().to_string()).collect();
            // A binding `_name` inside a pattern is unused on purpose, and capturing it would use it.
            let is_whole = name_of(&input.pat).is_some();
            let captured = bindings.iter().filter(|name| is_whole || !name.to_string().starts_with('_'));
            let captured = captured.map(|name| ((*name).clone(), options.capture_mode(name)));
            let used = bindings.iter().filter(|name| options.mention(name));
            let ident = match name_of(&input.pat) {
                Some(name) if !name.to_string().starts_with('_') => name.clone(),
                _ => format_ident!("__llmobs_argument_{index}", span = Span::mixed_site()),
            };
            let attributes = |wanted: &[&str]| {
                let is_wanted = |one: &&Attribute| wanted.iter().any(|name| one.path().is_ident(name));
                input.attrs.iter().filter(is_wanted).map(ToTokens::to_token_stream).collect::<TokenStream>()
            };
            let cfg = attributes(&["cfg", "cfg_attr"]);
            let lints = attributes(&["allow", "deny", "expect", "forbid", "warn"]);
            input.attrs.iter_mut().for_each(allow_instead_of_expect);
            arguments.push(Self {
                cfg,
                lints,
                captured: captured.filter(|(_, mode)| *mode != CaptureMode::Skipped).collect(),
                used_by_options: used.map(|name| (*name).clone()).collect(),
                pattern: std::mem::replace(&mut *input.pat, plain(&ident)),
                ident,
            });
            names.extend(own_names);
        }
        for named in options.named_arguments() {
            let name = named.to_string();
            if !options.in_block && !names.contains(&name) {
                let meant = similar(&name, names.iter().map(String::as_str));
                let hint = meant.map(|meant| format!(": did you mean `{meant}`?")).unwrap_or_default();
                errors.at(named.span(), format_args!("no argument named `{named}`{hint}"));
            }
        }
        arguments
    }

    /// Returns whether the pattern is a name, so that the argument is captured as a whole.
    pub(crate) fn is_named(&self) -> bool {
        name_of(&self.pattern).is_some()
    }

    /// Returns whether the pattern borrows a part mutably. The whole must then be mutable.
    pub(crate) fn borrows_mutably(&self) -> bool {
        let tokens: Vec<String> = self.pattern.to_token_stream().into_iter().flat_map(flat).collect();
        tokens.windows(2).any(|pair| pair == ["ref", "mut"])
    }

    /// Returns whether the name begins with `_`. Clippy warns if such a name is used, or bound to an expression without effect.
    pub(crate) fn is_unused_on_purpose(&self) -> bool {
        name_of(&self.pattern).is_some_and(|name| name.to_string().starts_with('_'))
    }

    /// Returns the pattern for a reference to the argument, with only the names that are used before the body runs.
    pub(crate) fn borrowed_pattern(&self) -> Option<Pat> {
        let values = self.captured.iter().filter(|(_, mode)| *mode == CaptureMode::Value && !self.is_named());
        let names: Vec<&Ident> = values.map(|(name, _)| name).chain(&self.used_by_options).collect();
        if names.is_empty() || name_of(&self.pattern) == Some(&self.ident) {
            return None;
        }
        let mut pattern = self.pattern.clone();
        borrow(&mut pattern, &names);
        Some(pattern)
    }
}

/// The tokens in a token, as text.
fn flat(token: TokenTree) -> Vec<String> {
    match token {
        TokenTree::Group(group) => group.stream().into_iter().flat_map(flat).collect(),
        other => vec![other.to_string()],
    }
}

/// Returns the name if a pattern is only a name.
fn name_of(pattern: &Pat) -> Option<&Ident> {
    match pattern {
        Pat::Ident(PatIdent { by_ref: None, subpat: None, ident, .. }) => Some(ident),
        _ => None,
    }
}

/// Turns `#[expect]` in the signature into `#[allow]`: the expectation is fulfilled where the body binds the argument.
fn allow_instead_of_expect(attribute: &mut Attribute) {
    if let Meta::List(list) = &mut attribute.meta
        && list.path.is_ident("expect")
    {
        list.path = parse_quote!(allow);
    }
}

fn plain(ident: &Ident) -> Pat {
    let ident = ident.clone();
    Pat::Ident(PatIdent { attrs: Vec::new(), by_ref: None, mutability: None, ident, subpat: None })
}

/// Returns the names that a pattern binds, in order.
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
        // Each case binds the same names.
        Pat::Or(pattern) => pattern.cases.first().into_iter().flat_map(bindings).collect(),
        _ => Vec::new(),
    }
}

/// Reduces a pattern to these names, without parts that move or dereference: it is matched against a reference.
fn borrow(pattern: &mut Pat, names: &[&Ident]) {
    match pattern {
        Pat::Ident(PatIdent { ident, subpat: None, .. }) => {
            *pattern = if names.contains(&&*ident) { plain(ident) } else { parse_quote!(_) };
        }
        Pat::Ident(PatIdent { ident, subpat: Some((_, inner)), .. }) if !names.contains(&&*ident) => {
            *pattern = (**inner).clone();
            borrow(pattern, names);
        }
        Pat::Ident(PatIdent { by_ref, mutability, subpat, .. }) => {
            (*by_ref, *mutability) = (None, None);
            if let Some((_, inner)) = subpat {
                borrow(inner, names);
            }
        }
        Pat::Or(pattern) => pattern.cases.iter_mut().for_each(|inner| borrow(inner, names)),
        Pat::Reference(reference) => {
            *pattern = (*reference.pat).clone();
            borrow(pattern, names);
        }
        Pat::Paren(pattern) => borrow(&mut pattern.pat, names),
        Pat::Slice(pattern) => pattern.elems.iter_mut().for_each(|inner| borrow(inner, names)),
        Pat::Struct(pattern) => {
            for field in &mut pattern.fields {
                borrow(&mut field.pat, names);
                // Without a colon for a field that is bound by its own name, because a lint would call it redundant.
                if name_of(&field.pat).is_none_or(|name| field.member != Member::Named(name.clone())) {
                    field.colon_token.get_or_insert_default();
                }
            }
        }
        Pat::Tuple(pattern) => pattern.elems.iter_mut().for_each(|inner| borrow(inner, names)),
        Pat::TupleStruct(pattern) => pattern.elems.iter_mut().for_each(|inner| borrow(inner, names)),
        _ => {}
    }
}
