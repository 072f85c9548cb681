//! Finds the modules that a module uses, by all paths in its imports, types, expressions, patterns, attributes and macros.
//!
//! A method call has no path. It counts only if the code names the type, as a use of the module that defines the type.
//! Inherent `impl` blocks in other modules are also found, since calls of their methods would otherwise be missed.

use std::collections::HashMap;
use std::fmt;
use std::path::PathBuf;

use proc_macro2::{Delimiter, Group, Span, TokenStream, TokenTree};
use syn::visit::{self, Visit};
use syn::{
    Arm, Attribute, Block, Expr, Field, FieldValue, ImplItem, Item, ItemMod, ItemUse, Lit, Local, Macro,
    Meta, Pat, PatIdent, Path, Stmt, StmtMacro, TraitItem, UseTree, Variant, VisRestricted,
};

use crate::names::Target;
use crate::source::{Crate, Import, attributes, imports, is_test_only, leaves, text};

/// A location where a module uses another one.
pub(crate) struct Use {
    pub(crate) from: Vec<String>,
    pub(crate) to: Vec<String>,
    /// The used item, as `module::Item`, and the re-exports on the way.
    pub(crate) item: String,
    pub(crate) file: PathBuf,
    pub(crate) line: usize,
}

impl fmt::Display for Use {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{} uses {}", self.file.display(), self.line, self.item)
    }
}

/// All uses between the modules of a crate, in the order of the sources.
pub(crate) fn uses(source: &Crate) -> Vec<Use> {
    let mut found = Vec::new();
    for (module, read) in source.modules.iter().enumerate() {
        let mut visitor = Visitor { source, module, scopes: Vec::new(), found };
        read.items.iter().for_each(|item| visitor.visit_item(item));
        found = visitor.found;
    }
    found
}

struct Visitor<'a> {
    source: &'a Crate,
    module: usize,
    found: Vec<Use>,
    /// The names that the enclosing blocks declare, innermost last: the path of an import, or `None` for an item.
    scopes: Vec<HashMap<String, Option<Vec<String>>>>,
}

/// Which paths among tokens count.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Paths {
    All,
    /// Paths with `::`. In an attribute, a single word is rarely an item.
    Long,
}

impl Visitor<'_> {
    fn path(&mut self, path: &[String], span: Span) {
        for target in self.targets(path) {
            self.target(&target, span);
        }
    }

    fn macro_path(&mut self, path: &[String], span: Span) {
        let name = path.first().filter(|_| path.len() == 1).cloned();
        assert!(name.as_deref() != Some("include"), "`include!` is not followed");
        let mut targets = self.targets(path);
        if let Some(name) = name.filter(|_| targets.is_empty()) {
            targets = self.source.macros(&name);
        }
        for target in &targets {
            self.target(target, span);
        }
    }

    fn targets(&self, path: &[String]) -> Vec<Target> {
        let first = path.first();
        match first.and_then(|first| self.scopes.iter().rev().find_map(|scope| scope.get(first))) {
            Some(None) => Vec::new(),
            Some(Some(import)) => {
                let path = [import, &path[1..]].concat();
                self.source.resolve(self.module, &path)
            }
            None => self.source.resolve(self.module, path),
        }
    }

    /// Records a use of the module that defines the item, and of each module that re-exports it on the way.
    fn target(&mut self, target: &Target, span: Span) {
        let modules = &self.source.modules;
        let named = |module: usize, item: Option<&String>| {
            let path: Vec<&str> = modules[module].path.iter().chain(item).map(String::as_str).collect();
            path.join("::")
        };
        let item = named(target.module, target.item.as_ref());
        let through: Vec<_> = target.through.iter().filter(|(module, _)| *module != self.module).collect();
        let re_exports = through.iter().map(|(module, name)| named(*module, Some(name)));
        let re_exports: Vec<String> = re_exports.collect();
        let described = if re_exports.is_empty() {
            item.clone()
        } else {
            format!("{item}, re-exported as {}", re_exports.join(" and "))
        };
        let mut add = |module: usize, item: String| {
            if module != self.module {
                self.found.push(Use {
                    from: modules[self.module].path.clone(),
                    to: modules[module].path.clone(),
                    item,
                    file: modules[self.module].file.clone(),
                    line: span.start().line,
                });
            }
        };
        add(target.module, described);
        for ((module, _), name) in through.iter().zip(re_exports) {
            add(*module, format!("{name}, which re-exports {item}"));
        }
    }

    fn import(&mut self, import: &Import) {
        let mut targets = self.source.resolve(self.module, &import.path);
        if targets.is_empty() {
            targets = self.targets(&import.path);
        }
        for mut target in targets {
            if import.is_glob && target.item.is_none() {
                target.item = Some("*".to_owned());
                if !self.source.is_inside(self.module, target.module) {
                    for found in self.source.re_exported_traits(target.module) {
                        self.target(&found, import.span);
                    }
                }
            }
            self.target(&target, import.span);
        }
    }

    /// Finds the paths among tokens that are not parsed.
    fn tokens(&mut self, tokens: &TokenStream, counted: Paths) {
        let tokens: Vec<TokenTree> = tokens.clone().into_iter().collect();
        let is = |at: usize, sign: char| matches!(tokens.get(at), Some(TokenTree::Punct(punct)) if punct.as_char() == sign);
        let mut at = 0;
        while let Some(token) = tokens.get(at) {
            at += 1;
            let first = match token {
                TokenTree::Ident(first) => first,
                TokenTree::Group(group) => {
                    self.tokens(&group.stream(), counted);
                    continue;
                }
                TokenTree::Literal(_) | TokenTree::Punct(_) => continue,
            };
            let begins = begins_path(&tokens[..at - 1], first == "crate");
            let mut path = vec![text(first)];
            let mut group = None;
            while is(at, ':') && is(at + 1, ':') {
                match tokens.get(at + 2) {
                    Some(TokenTree::Ident(next)) => path.push(text(next)),
                    Some(TokenTree::Group(found)) if found.delimiter() == Delimiter::Brace => {
                        group = Some(found);
                    }
                    _ => break,
                }
                at += 3;
                if group.is_some() {
                    break;
                }
            }
            if !begins {
                continue;
            }
            if let Some(group) = group {
                self.group(&path, group, counted);
            } else if is(at, '!') && matches!(tokens.get(at + 1), Some(TokenTree::Group(_))) {
                self.macro_path(&path, first.span());
            } else if counted == Paths::All || path.len() > 1 {
                self.path(&path, first.span());
            }
        }
    }

    /// `prefix::{…}` among tokens.
    fn group(&mut self, prefix: &[String], group: &Group, counted: Paths) {
        let mut imports = Vec::new();
        match syn::parse2::<UseTree>(TokenTree::from(group.clone()).into()) {
            Ok(tree) => leaves(&tree, prefix, false, &mut imports),
            Err(_) => self.tokens(&group.stream(), counted),
        }
        for import in &imports {
            self.import(import);
        }
    }

    /// The paths that serde takes as strings.
    fn strings(&mut self, tokens: &TokenStream) {
        for token in tokens.clone() {
            match token {
                TokenTree::Group(group) => self.strings(&group.stream()),
                TokenTree::Literal(literal) => {
                    if let Ok(Lit::Str(value)) = syn::parse_str::<Lit>(&literal.to_string())
                        && let Ok(path) = value.parse::<Path>()
                    {
                        self.path(&segments(&path), literal.span());
                    }
                }
                TokenTree::Ident(_) | TokenTree::Punct(_) => {}
            }
        }
    }
}

/// Returns whether a word after these tokens begins a path, and is not a field, method, lifetime or macro variable.
fn begins_path(before: &[TokenTree], is_crate: bool) -> bool {
    let sign = |back: usize| match before.iter().rev().nth(back) {
        Some(TokenTree::Punct(punct)) => Some(punct.as_char()),
        _ => None,
    };
    match sign(0) {
        Some('.') => sign(1) == Some('.'),
        Some(':') => sign(1) != Some(':'),
        Some('$') => is_crate,
        Some('\'') => false,
        _ => true,
    }
}

fn segments(path: &Path) -> Vec<String> {
    path.segments.iter().map(|segment| text(&segment.ident)).collect()
}

impl<'ast> Visit<'ast> for Visitor<'_> {
    fn visit_item(&mut self, item: &'ast Item) {
        if !is_test_only(attributes(item)) {
            visit::visit_item(self, item);
        }
    }

    /// Modules are visited separately.
    fn visit_item_mod(&mut self, _: &'ast ItemMod) {}

    fn visit_item_use(&mut self, item: &'ast ItemUse) {
        for import in &imports(item) {
            self.import(import);
        }
    }

    fn visit_impl_item(&mut self, item: &'ast ImplItem) {
        let attributes = match item {
            ImplItem::Const(item) => &item.attrs,
            ImplItem::Fn(item) => &item.attrs,
            ImplItem::Macro(item) => &item.attrs,
            ImplItem::Type(item) => &item.attrs,
            _ => &Vec::new(),
        };
        if !is_test_only(attributes) {
            visit::visit_impl_item(self, item);
        }
    }

    fn visit_trait_item(&mut self, item: &'ast TraitItem) {
        let attributes = match item {
            TraitItem::Const(item) => &item.attrs,
            TraitItem::Fn(item) => &item.attrs,
            TraitItem::Macro(item) => &item.attrs,
            TraitItem::Type(item) => &item.attrs,
            _ => &Vec::new(),
        };
        if !is_test_only(attributes) {
            visit::visit_trait_item(self, item);
        }
    }

    fn visit_field(&mut self, field: &'ast Field) {
        if !is_test_only(&field.attrs) {
            visit::visit_field(self, field);
        }
    }

    fn visit_field_value(&mut self, field: &'ast FieldValue) {
        if !is_test_only(&field.attrs) {
            visit::visit_field_value(self, field);
        }
    }

    fn visit_variant(&mut self, variant: &'ast Variant) {
        if !is_test_only(&variant.attrs) {
            visit::visit_variant(self, variant);
        }
    }

    fn visit_arm(&mut self, arm: &'ast Arm) {
        if !is_test_only(&arm.attrs) {
            visit::visit_arm(self, arm);
        }
    }

    fn visit_local(&mut self, local: &'ast Local) {
        if !is_test_only(&local.attrs) {
            visit::visit_local(self, local);
        }
    }

    fn visit_stmt_macro(&mut self, statement: &'ast StmtMacro) {
        if !is_test_only(&statement.attrs) {
            visit::visit_stmt_macro(self, statement);
        }
    }

    fn visit_expr(&mut self, expression: &'ast Expr) {
        let attributes = match expression {
            Expr::Assign(expression) => &expression.attrs,
            Expr::Block(expression) => &expression.attrs,
            Expr::Call(expression) => &expression.attrs,
            Expr::Macro(expression) => &expression.attrs,
            Expr::MethodCall(expression) => &expression.attrs,
            _ => &Vec::new(),
        };
        if !is_test_only(attributes) {
            visit::visit_expr(self, expression);
        }
    }

    fn visit_block(&mut self, block: &'ast Block) {
        let mut scope = HashMap::new();
        for statement in &block.stmts {
            let Stmt::Item(item) = statement else { continue };
            let ident = match item {
                Item::Use(item) => {
                    for import in imports(item) {
                        scope.extend(import.name.map(|name| (name, Some(import.path))));
                    }
                    continue;
                }
                Item::Const(item) => &item.ident,
                Item::Enum(item) => &item.ident,
                Item::Fn(item) => &item.sig.ident,
                Item::Static(item) => &item.ident,
                Item::Struct(item) => &item.ident,
                Item::Trait(item) => &item.ident,
                Item::Type(item) => &item.ident,
                Item::Macro(item) => match &item.ident {
                    Some(ident) => ident,
                    None => continue,
                },
                _ => continue,
            };
            scope.insert(text(ident), None);
        }
        self.scopes.push(scope);
        visit::visit_block(self, block);
        self.scopes.pop();
    }

    fn visit_path(&mut self, path: &'ast Path) {
        if path.leading_colon.is_none()
            && let Some(first) = path.segments.first()
        {
            self.path(&segments(path), first.ident.span());
        }
        visit::visit_path(self, path);
    }

    fn visit_pat(&mut self, pattern: &'ast Pat) {
        // A name in capitals is a constant or a variant rather than a new variable.
        if let Pat::Ident(PatIdent { by_ref: None, mutability: None, subpat: None, ident, .. }) = pattern
            && ident.to_string().starts_with(char::is_uppercase)
        {
            self.path(&[text(ident)], ident.span());
        }
        visit::visit_pat(self, pattern);
    }

    fn visit_macro(&mut self, invocation: &'ast Macro) {
        if invocation.path.leading_colon.is_none()
            && let Some(first) = invocation.path.segments.first()
        {
            self.macro_path(&segments(&invocation.path), first.ident.span());
        }
        self.tokens(&invocation.tokens, Paths::All);
    }

    fn visit_attribute(&mut self, attribute: &'ast Attribute) {
        if attribute.path().is_ident("doc") {
            return;
        }
        self.visit_path(attribute.path());
        match &attribute.meta {
            Meta::Path(_) => {}
            Meta::List(list) => {
                self.tokens(&list.tokens, Paths::Long);
                if attribute.path().is_ident("serde") {
                    self.strings(&list.tokens);
                }
            }
            Meta::NameValue(meta) => self.visit_expr(&meta.value),
        }
    }

    fn visit_token_stream(&mut self, tokens: &'ast TokenStream) {
        self.tokens(tokens, Paths::All);
    }

    /// `pub(in path)` permits uses, but is not a use.
    fn visit_vis_restricted(&mut self, _: &'ast VisRestricted) {}
}
