//! The modules of a crate, read from its sources without building it.

use std::collections::HashMap;
use std::fs;
use std::path::{Path, PathBuf};

use proc_macro2::Span;
use syn::punctuated::Punctuated;
use syn::{
    Attribute, Expr, ForeignItem, Ident, Item, ItemMod, ItemUse, Lit, Meta, Token, UseTree, Visibility,
};

/// A crate without the items that are compiled only for tests.
pub(crate) struct Crate {
    /// The first is the root.
    pub(crate) modules: Vec<Module>,
    /// The name that `extern crate self as …` gives to the crate in all its modules.
    pub(crate) own_name: Option<String>,
}

pub(crate) struct Module {
    /// The names from the root to this module. Empty for the root.
    pub(crate) path: Vec<String>,
    /// The source file of the module, relative to the argument `base` of [`Crate::load`].
    pub(crate) file: PathBuf,
    pub(crate) parent: Option<usize>,
    pub(crate) items: Vec<Item>,
    pub(crate) names: HashMap<String, Vec<Name>>,
    pub(crate) imports: Vec<Import>,
}

/// A meaning of a name in a module. A name can have several, since types, values and macros have separate namespaces.
pub(crate) enum Name {
    Module {
        id: usize,
        is_public: bool,
    },
    Item {
        kind: ItemKind,
        is_public: bool,
    },
    /// An index into [`Module::imports`].
    Import(usize),
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum ItemKind {
    Macro,
    Trait,
    Other,
}

/// One leaf of a `use` declaration.
#[derive(Clone)]
pub(crate) struct Import {
    pub(crate) path: Vec<String>,
    /// The name in the module. `None` for `*` and for `as _`.
    pub(crate) name: Option<String>,
    pub(crate) is_glob: bool,
    /// Whether other modules can import the name from this one.
    pub(crate) is_public: bool,
    pub(crate) span: Span,
}

impl Crate {
    /// Reads the crate with this root file. The paths of its modules are relative to `base`.
    pub(crate) fn load(root: &Path, base: &Path) -> Self {
        let mut loader = Loader { modules: Vec::new(), exported: Vec::new(), own_name: None, base };
        let folder = root.parent().expect("a file is in a folder").to_owned();
        let search = Search { folder: folder.clone(), path_folder: folder };
        loader.add(None, Vec::new(), parse(root).items, root, &search);
        for (module, name) in std::mem::take(&mut loader.exported) {
            let path =
                [vec!["crate".to_owned()], loader.modules[module].path.clone(), vec![name.clone()]].concat();
            let import =
                Import { path, name: Some(name), is_glob: false, is_public: true, span: Span::call_site() };
            loader.import(0, import);
        }
        Self { modules: loader.modules, own_name: loader.own_name }
    }

    /// Returns whether a module is `ancestor` or inside it.
    pub(crate) fn is_inside(&self, module: usize, ancestor: usize) -> bool {
        self.modules[module].path.starts_with(&self.modules[ancestor].path)
    }
}

fn parse(file: &Path) -> syn::File {
    let text = fs::read_to_string(file).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
    syn::parse_file(&text).unwrap_or_else(|error| panic!("{}: {error}", file.display()))
}

struct Loader<'a> {
    modules: Vec<Module>,
    /// The macros with `#[macro_export]`, which the root re-exports, with the modules that define them.
    exported: Vec<(usize, String)>,
    own_name: Option<String>,
    base: &'a Path,
}

/// The folders with the files of child modules.
struct Search {
    /// The folder of `name.rs` and `name/mod.rs`.
    folder: PathBuf,
    /// The folder that `#[path]` is relative to.
    path_folder: PathBuf,
}

impl Loader<'_> {
    fn add(
        &mut self,
        parent: Option<usize>,
        path: Vec<String>,
        items: Vec<Item>,
        file: &Path,
        search: &Search,
    ) -> usize {
        let id = self.modules.len();
        let relative = file.strip_prefix(self.base).unwrap_or(file).to_owned();
        let (names, imports) = (HashMap::new(), Vec::new());
        self.modules.push(Module { path, file: relative, parent, items: Vec::new(), names, imports });
        let mut items: Vec<Item> = items.into_iter().filter(|item| !is_test_only(attributes(item))).collect();
        for item in &mut items {
            if let Item::Mod(module) = item {
                if let Some(child) = self.load_child(id, module, file, search) {
                    let is_public = is_public(&module.vis);
                    self.name(id, text(&module.ident), Name::Module { id: child, is_public });
                }
            } else {
                self.declare(id, item);
            }
        }
        self.modules[id].items = items;
        id
    }

    fn name(&mut self, module: usize, name: String, meaning: Name) {
        self.modules[module].names.entry(name).or_default().push(meaning);
    }

    fn import(&mut self, module: usize, import: Import) {
        let index = self.modules[module].imports.len();
        if let Some(name) = import.name.clone() {
            self.name(module, name, Name::Import(index));
        }
        self.modules[module].imports.push(import);
    }

    fn load_child(
        &mut self,
        parent: usize,
        module: &mut ItemMod,
        file: &Path,
        search: &Search,
    ) -> Option<usize> {
        let name = text(&module.ident);
        let path = [self.modules[parent].path.clone(), vec![name.clone()]].concat();
        let given = path_attribute(&module.attrs).map(|given| search.path_folder.join(given));
        if let Some((_, items)) = module.content.take() {
            let folder = given.unwrap_or_else(|| search.folder.join(&name));
            let search = Search { folder: folder.clone(), path_folder: folder };
            return Some(self.add(Some(parent), path, items, file, &search));
        }
        let flat = search.folder.join(format!("{name}.rs"));
        let own_folder = search.folder.join(&name);
        let (file, search) = match given {
            Some(file) => {
                let folder = file.parent().expect("a file is in a folder").to_owned();
                (file, Search { folder: folder.clone(), path_folder: folder })
            }
            None if flat.exists() => {
                (flat, Search { folder: own_folder, path_folder: search.folder.clone() })
            }
            None => {
                (own_folder.join("mod.rs"), Search { folder: own_folder.clone(), path_folder: own_folder })
            }
        };
        let parsed = parse(&file);
        (!is_test_only(&parsed.attrs)).then(|| self.add(Some(parent), path, parsed.items, &file, &search))
    }

    /// Records the names that an item declares in its module.
    fn declare(&mut self, module: usize, item: &Item) {
        let (ident, vis, kind) = match item {
            Item::Const(item) => (&item.ident, &item.vis, ItemKind::Other),
            Item::Enum(item) => (&item.ident, &item.vis, ItemKind::Other),
            Item::Fn(item) => (&item.sig.ident, &item.vis, ItemKind::Other),
            Item::Static(item) => (&item.ident, &item.vis, ItemKind::Other),
            Item::Struct(item) => (&item.ident, &item.vis, ItemKind::Other),
            Item::Trait(item) => (&item.ident, &item.vis, ItemKind::Trait),
            Item::TraitAlias(item) => (&item.ident, &item.vis, ItemKind::Trait),
            Item::Type(item) => (&item.ident, &item.vis, ItemKind::Other),
            Item::Union(item) => (&item.ident, &item.vis, ItemKind::Other),
            Item::ExternCrate(item) => {
                if item.ident == "self" {
                    self.own_name = item.rename.as_ref().map(|(_, name)| text(name));
                }
                return;
            }
            Item::ForeignMod(block) => {
                for item in &block.items {
                    let (ident, vis) = match item {
                        ForeignItem::Fn(item) => (&item.sig.ident, &item.vis),
                        ForeignItem::Static(item) => (&item.ident, &item.vis),
                        ForeignItem::Type(item) => (&item.ident, &item.vis),
                        _ => continue,
                    };
                    let item = Name::Item { kind: ItemKind::Other, is_public: is_public(vis) };
                    self.name(module, text(ident), item);
                }
                return;
            }
            Item::Macro(item) => {
                if let Some(ident) = &item.ident {
                    let name = text(ident);
                    if item.attrs.iter().any(|attribute| attribute.path().is_ident("macro_export"))
                        && module != 0
                    {
                        self.exported.push((module, name.clone()));
                    }
                    self.name(module, name, Name::Item { kind: ItemKind::Macro, is_public: true });
                }
                return;
            }
            Item::Use(item) => {
                for import in imports(item) {
                    self.import(module, import);
                }
                return;
            }
            _ => return,
        };
        self.name(module, text(ident), Name::Item { kind, is_public: is_public(vis) });
    }
}

/// The leaves of a `use` declaration. Empty if it begins with `::`, which is the path of another crate.
pub(crate) fn imports(item: &ItemUse) -> Vec<Import> {
    let mut imports = Vec::new();
    if item.leading_colon.is_none() {
        leaves(&item.tree, &[], is_public(&item.vis), &mut imports);
    }
    imports
}

/// Adds the leaves of a part of a `use` declaration.
pub(crate) fn leaves(tree: &UseTree, prefix: &[String], is_public: bool, imports: &mut Vec<Import>) {
    let mut add = |last: Option<&Ident>, name: Option<String>, span: Span| {
        // `a::{self}` imports `a`.
        let last = last.map(text).filter(|last| last != "self" || prefix.is_empty());
        let is_self = last.is_none() && name.is_some();
        let name = if is_self && name.as_deref() == Some("self") { prefix.last().cloned() } else { name };
        let path = prefix.iter().cloned().chain(last).collect();
        let name = name.filter(|name| name != "_");
        imports.push(Import { path, name, is_glob: false, is_public, span });
    };
    match tree {
        UseTree::Path(tree) => {
            let prefix = [prefix, &[text(&tree.ident)]].concat();
            leaves(&tree.tree, &prefix, is_public, imports);
        }
        UseTree::Name(tree) => add(Some(&tree.ident), Some(text(&tree.ident)), tree.ident.span()),
        UseTree::Rename(tree) => add(Some(&tree.ident), Some(text(&tree.rename)), tree.ident.span()),
        UseTree::Glob(tree) => {
            let path = prefix.to_vec();
            imports.push(Import { path, name: None, is_glob: true, is_public, span: tree.star_token.span });
        }
        UseTree::Group(tree) => {
            tree.items.iter().for_each(|tree| leaves(tree, prefix, is_public, imports));
        }
    }
}

/// An identifier without `r#`.
pub(crate) fn text(ident: &Ident) -> String {
    ident.to_string().trim_start_matches("r#").to_owned()
}

fn is_public(visibility: &Visibility) -> bool {
    !matches!(visibility, Visibility::Inherited)
}

/// The value of `#[path = "…"]`.
fn path_attribute(attributes: &[Attribute]) -> Option<String> {
    attributes.iter().find_map(|attribute| match &attribute.meta {
        Meta::NameValue(meta) if meta.path.is_ident("path") => match &meta.value {
            Expr::Lit(value) => match &value.lit {
                Lit::Str(value) => Some(value.value()),
                _ => None,
            },
            _ => None,
        },
        _ => None,
    })
}

/// Returns whether an item is compiled only for tests: it has `#[test]`, or a `#[cfg]` that is false without `test`.
pub(crate) fn is_test_only(attributes: &[Attribute]) -> bool {
    attributes.iter().any(|attribute| {
        let path = attribute.path();
        path.segments.last().is_some_and(|last| last.ident == "test")
            || path.is_ident("cfg") && attribute.parse_args().is_ok_and(|meta| needs_test(&meta))
    })
}

fn needs_test(condition: &Meta) -> bool {
    let Meta::List(list) = condition else {
        return condition.path().is_ident("test") || condition.path().is_ident("doctest");
    };
    let parts = list.parse_args_with(Punctuated::<Meta, Token![,]>::parse_terminated).unwrap_or_default();
    if list.path.is_ident("all") {
        parts.iter().any(needs_test)
    } else {
        list.path.is_ident("any") && !parts.is_empty() && parts.iter().all(needs_test)
    }
}

pub(crate) fn attributes(item: &Item) -> &[Attribute] {
    match item {
        Item::Const(item) => &item.attrs,
        Item::Enum(item) => &item.attrs,
        Item::ExternCrate(item) => &item.attrs,
        Item::Fn(item) => &item.attrs,
        Item::ForeignMod(item) => &item.attrs,
        Item::Impl(item) => &item.attrs,
        Item::Macro(item) => &item.attrs,
        Item::Mod(item) => &item.attrs,
        Item::Static(item) => &item.attrs,
        Item::Struct(item) => &item.attrs,
        Item::Trait(item) => &item.attrs,
        Item::TraitAlias(item) => &item.attrs,
        Item::Type(item) => &item.attrs,
        Item::Union(item) => &item.attrs,
        Item::Use(item) => &item.attrs,
        _ => &[],
    }
}
