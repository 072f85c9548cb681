//! Types whose values cannot be read without waiting for a lock.

use std::any::type_name;
use std::cell::RefCell;
use std::cmp::Reverse;
use std::rc::Rc;
use std::sync::{Arc, Mutex, RwLock};

/// The text that replaces such a value, after the name of its type.
pub(crate) const NOT_READ: &str = "not captured, because reading it may wait for a lock";

/// Returns whether serializing a `T` waits for a lock, which the caller may hold.
///
/// serde takes the lock before the serializer is called, so that only the type can be examined. References and [wrappers] are looked
/// through in the same way. The compiler knows the name of the type: optimized code decides at run time only for wrappers of generic types.
#[inline(always)]
#[expect(clippy::inline_always, reason = "the name is a constant only where the type is known")]
pub(crate) fn locks_to_serialize<T: ?Sized>() -> bool {
    let name = type_name::<T>();
    // All locks are generic.
    name.ends_with('>') && {
        // The elements of most collections are references.
        let name = name.strip_prefix('&').unwrap_or(name);
        let name = name.strip_prefix('&').unwrap_or(name);
        is_lock(name) || has_locks(name) || is_wrapper(name) && wraps_lock(name)
    }
}

/// Returns whether formatting a `T` with `Debug` waits for a lock. Most locks only try to acquire it.
pub(crate) fn locks_to_debug<T: ?Sized>() -> bool {
    has_locks(wrapped(type_name::<T>()))
}

#[inline(always)]
#[expect(clippy::inline_always, reason = "the name is a constant only where the type is known")]
fn is_lock(name: &str) -> bool {
    is_a(name, type_name::<Mutex<()>>())
        || is_a(name, type_name::<RwLock<()>>())
        || name.starts_with("lock_api::mutex::Mutex<")
        || name.starts_with("lock_api::remutex::ReentrantMutex<")
        || name.starts_with("lock_api::rwlock::RwLock<")
}

/// Returns whether a type of this name is a collection that contains locks.
#[inline(always)]
#[expect(clippy::inline_always, reason = "the name is a constant only where the type is known")]
fn has_locks(name: &str) -> bool {
    name.starts_with("dashmap::DashMap<") || name.starts_with("dashmap::set::DashSet<")
}

#[inline(always)]
#[expect(clippy::inline_always, reason = "the name is a constant only where the type is known")]
fn is_wrapper(name: &str) -> bool {
    name.starts_with('&') || name.ends_with(">>") && wrappers().into_iter().any(|wrapper| is_a(name, wrapper))
}

#[inline(never)]
fn wraps_lock(name: &str) -> bool {
    let name = wrapped(name);
    is_lock(name) || has_locks(name)
}

/// Returns the innermost type in a type of this name.
fn wrapped(mut name: &str) -> &str {
    loop {
        let plain = name.strip_prefix("&mut ").or_else(|| name.strip_prefix('&'));
        let inner = || wrappers().into_iter().find_map(|wrapper| name.strip_prefix(constructor(wrapper)));
        match plain.or_else(inner) {
            Some(inner) => name = inner,
            None => return name,
        }
    }
}

/// Returns the types that serde serializes as their inner value, and that can contain a lock.
#[inline(always)]
#[expect(clippy::inline_always, reason = "the names are constants only where they are used")]
fn wrappers() -> [&'static str; 5] {
    [
        type_name::<Arc<()>>(),
        type_name::<Box<()>>(),
        type_name::<Rc<()>>(),
        type_name::<RefCell<()>>(),
        type_name::<Reverse<()>>(),
    ]
}

/// Returns whether two types differ only in their arguments.
#[inline(always)]
#[expect(clippy::inline_always, reason = "the name is a constant only where the type is known")]
fn is_a(name: &str, generic: &str) -> bool {
    name.starts_with(constructor(generic))
}

/// `Name<` of `Name<()>`
#[inline(always)]
#[expect(clippy::inline_always, reason = "the name is a constant only where the type is known")]
fn constructor(generic: &str) -> &str {
    generic.strip_suffix("()>").unwrap_or(generic)
}
