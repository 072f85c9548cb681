//! Resolves paths to items, and records the re-exports on the way.

use crate::source::{Crate, ItemKind, Name};

/// The item or module to which a path resolves.
#[derive(Clone)]
pub(crate) struct Target {
    /// The module that defines the item, or the module itself.
    pub(crate) module: usize,
    /// `None` if the path resolves to a module.
    pub(crate) item: Option<String>,
    /// The modules with the imports that the path goes through, and the name in each.
    pub(crate) through: Vec<(usize, String)>,
}

/// The imports that are being resolved, as a module and an index. A recursive import is not followed.
type Trail = Vec<(usize, usize)>;

impl Crate {
    /// Returns everything to which a path resolves in a module. Empty for items of other crates and for local variables.
    ///
    /// A path through a module to an unknown item, such as one that a macro defines, resolves to an item of that module.
    pub(crate) fn resolve(&self, from: usize, path: &[String]) -> Vec<Target> {
        self.resolve_from(from, path, &mut Trail::new())
    }

    /// The modules that define a macro of this name, for macros that are in scope without an import.
    pub(crate) fn macros(&self, name: &str) -> Vec<Target> {
        let is_macro = |name: &Name| matches!(name, Name::Item { kind: ItemKind::Macro, .. });
        let defining = self.modules.iter().enumerate().filter(|(_, module)| {
            module.names.get(name).is_some_and(|meanings| meanings.iter().any(is_macro))
        });
        let target = |module| Target { module, item: Some(name.to_owned()), through: Vec::new() };
        defining.map(|(module, _)| target(module)).collect()
    }

    /// The traits that a module re-exports. A glob import of the module imports them without their names.
    pub(crate) fn re_exported_traits(&self, module: usize) -> Vec<Target> {
        let mut traits = Vec::new();
        let (mut seen, mut open) = (vec![module], vec![module]);
        while let Some(module) = open.pop() {
            for import in self.modules[module].imports.iter().filter(|import| import.is_public) {
                for target in self.resolve(module, &import.path) {
                    match &target.item {
                        Some(item) if self.is_trait(target.module, item) => traits.push(target),
                        None if import.is_glob && !seen.contains(&target.module) => {
                            seen.push(target.module);
                            open.push(target.module);
                        }
                        _ => {}
                    }
                }
            }
        }
        traits
    }

    fn is_trait(&self, module: usize, name: &str) -> bool {
        let is_trait = |name: &Name| matches!(name, Name::Item { kind: ItemKind::Trait, .. });
        self.modules[module].names.get(name).is_some_and(|meanings| meanings.iter().any(is_trait))
    }

    fn resolve_from(&self, from: usize, path: &[String], trail: &mut Trail) -> Vec<Target> {
        let (mut module, mut rest, mut is_anchored) = (from, path, false);
        while let [first, others @ ..] = rest {
            match first.as_str() {
                "crate" => module = 0,
                "self" => {}
                "super" => match self.modules[module].parent {
                    Some(parent) => module = parent,
                    None => return Vec::new(),
                },
                _ => break,
            }
            (rest, is_anchored) = (others, true);
        }
        self.walk(from, module, rest, is_anchored, trail)
    }

    /// Follows a path from a module. `is_anchored` states that the path is known to be in this crate.
    fn walk(
        &self,
        from: usize,
        module: usize,
        path: &[String],
        is_anchored: bool,
        trail: &mut Trail,
    ) -> Vec<Target> {
        let Some((first, rest)) = path.split_first() else {
            return vec![Target { module, item: None, through: Vec::new() }];
        };
        let found = self.lookup(from, module, first, trail);
        if found.is_empty() && !is_anchored && self.own_name.as_ref() == Some(first) {
            return self.walk(from, 0, rest, true, trail);
        }
        if found.is_empty() && is_anchored {
            return vec![Target { module, item: Some(first.clone()), through: Vec::new() }];
        }
        let continues = !rest.is_empty() && found.iter().any(|target| target.item.is_none());
        let mut targets = Vec::new();
        for target in found {
            match target.item {
                None => {
                    let further = self.walk(from, target.module, rest, true, trail);
                    targets.extend(further.into_iter().map(|further| further.behind(&target.through)));
                }
                // The rest of the path is a variant or an associated item.
                Some(_) if !continues => targets.push(target),
                Some(_) => {}
            }
        }
        targets
    }

    /// Resolves a name of a module, as seen from another module. Names that a module declares shadow those of its glob imports.
    fn lookup(&self, from: usize, module: usize, name: &str, trail: &mut Trail) -> Vec<Target> {
        let is_visible = |is_public: bool| is_public || self.is_inside(from, module);
        let here = [(module, name.to_owned())];
        let mut found = Vec::new();
        for meaning in self.modules[module].names.get(name).into_iter().flatten() {
            match *meaning {
                Name::Module { id, is_public } if is_visible(is_public) => {
                    found.push(Target { module: id, item: None, through: Vec::new() });
                }
                Name::Item { is_public, .. } if is_visible(is_public) => {
                    found.push(Target { module, item: Some(name.to_owned()), through: Vec::new() });
                }
                Name::Import(index) if !trail.contains(&(module, index)) => {
                    let import = &self.modules[module].imports[index];
                    if is_visible(import.is_public) {
                        trail.push((module, index));
                        let targets = self.resolve_from(module, &import.path, trail);
                        trail.pop();
                        if targets.is_empty() {
                            // An item of another crate that this module re-exports.
                            found.push(Target { module, item: Some(name.to_owned()), through: Vec::new() });
                        }
                        found.extend(targets.into_iter().map(|target| target.behind(&here)));
                    }
                }
                _ => {}
            }
        }
        if found.is_empty() {
            for (index, glob) in self.modules[module].imports.iter().enumerate() {
                if !glob.is_glob || !is_visible(glob.is_public) || trail.contains(&(module, index)) {
                    continue;
                }
                trail.push((module, index));
                for source in self.resolve_from(module, &glob.path, trail) {
                    if source.item.is_none() {
                        let targets = self.lookup(module, source.module, name, trail);
                        let targets = targets.into_iter().map(|target| target.behind(&source.through));
                        found.extend(targets.map(|target| target.behind(&here)));
                    }
                }
                trail.pop();
            }
        }
        found
    }
}

impl Target {
    /// Returns the same target, with these imports before the others.
    fn behind(self, first: &[(usize, String)]) -> Self {
        Self { through: [first, &self.through].concat(), ..self }
    }
}
