//! Wrappers that are not `Serialize` themselves, around a value that is.

use std::fmt::Debug;
use std::ops::Deref;

use serde::Serialize;

use crate::guard::guarded;
use crate::lock::locks_to_debug;
use crate::text::plain;

/// How many bytes of two `Debug` texts are compared.
const COMPARED: usize = 4096;

/// Returns the value inside a wrapper such as `axum::Json`, if the wrapper is only a name for it.
///
/// A wrapper with its own `Debug` may hide the value, and a larger one may compute it on deref. Neither is unwrapped.
pub fn newtype<T>(value: &T) -> Option<&T::Target>
where
    T: Debug + Deref<Target: Debug + Serialize + Sized>,
{
    if size_of::<T>() != size_of::<T::Target>() || size_of::<T>() == 0 {
        return None;
    }
    guarded(|| {
        let inner = &**value;
        // It is replaced by its own note.
        if locks_to_debug::<T::Target>() {
            return Some(inner);
        }
        let is_named = is_named(&shown(value), &shown(inner));
        is_named.then_some(inner)
    })?
}

fn shown(value: &dyn Debug) -> String {
    plain(format_args!("{value:?}"), COMPARED)
}

/// Returns whether a text is `Name(inner)`.
fn is_named(text: &str, inner: &str) -> bool {
    let Some((name, rest)) = text.split_once('(') else { return false };
    let is_name = !name.is_empty() && name.chars().all(|char| char.is_alphanumeric() || char == '_');
    // The last bytes of a text that was cut are a note.
    let is_cut = text.len() > COMPARED;
    let beginning = COMPARED.saturating_sub(name.len() + "(".len() + "😀".len());
    is_name
        && if is_cut {
            rest.as_bytes().get(..beginning) == inner.as_bytes().get(..beginning)
        } else {
            rest.strip_suffix(')') == Some(inner)
        }
}

#[cfg(test)]
mod tests {
    use std::fmt;

    use super::*;

    /// A type whose `Debug` output looks like that of a newtype.
    struct Wrapper<M> {
        value: u64,
        _more: M,
    }

    impl<M> Deref for Wrapper<M> {
        type Target = u64;

        fn deref(&self) -> &u64 {
            &self.value
        }
    }

    impl<M> Debug for Wrapper<M> {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            write!(f, "Wrapper({})", self.value)
        }
    }

    #[test]
    fn only_a_value_of_the_same_size_is_unwrapped() {
        assert_eq!(newtype(&Wrapper { value: 7, _more: () }), Some(&7));
        assert_eq!(newtype(&Wrapper { value: 7, _more: 0_u64 }), None);
    }
}
