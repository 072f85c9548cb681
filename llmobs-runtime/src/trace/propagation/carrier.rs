//! The traits of carriers that headers can be written to and read from.

use std::borrow::Borrow;
use std::collections::{BTreeMap, HashMap};
use std::hash::{BuildHasher, Hash};

use serde_json::{Map, Value};

/// A carrier that headers can be written to, such as the request of an HTTP client.
///
/// ```
/// # use llmobs_runtime as llmobs;
/// struct Request(Vec<(String, String)>);
///
/// impl llmobs::propagation::Injector for Request {
///     fn set(&mut self, name: &'static str, value: String) {
///         self.0.retain(|(other, _)| !other.eq_ignore_ascii_case(name));
///         self.0.push((name.to_owned(), value));
///     }
/// }
/// # llmobs::inject(&mut Request(Vec::new()));
/// ```
pub trait Injector {
    /// Sets a header, replacing those of the same name. Names are case-insensitive, and `name` is in lower case. The value is printable
    /// ASCII.
    fn set(&mut self, name: &'static str, value: String);
}

/// A carrier that headers can be read from, such as the request that a server received.
///
/// ```
/// # use llmobs_runtime as llmobs;
/// struct Request(Vec<(String, String)>);
///
/// impl llmobs::propagation::Extractor for Request {
///     fn get_all<'a>(&'a self, name: &str) -> Vec<&'a [u8]> {
///         let named = self.0.iter().filter(|(other, _)| other.eq_ignore_ascii_case(name));
///         named.map(|(_, value)| value.as_bytes()).collect()
///     }
/// }
/// # let _ = llmobs::extract(&Request(Vec::new()));
/// ```
pub trait Extractor {
    /// Returns the values of all headers with a name. Names are case-insensitive, and `name` is in lower case.
    fn get_all<'a>(&'a self, name: &str) -> Vec<&'a [u8]>;
}

impl<T: Injector + ?Sized> Injector for &mut T {
    fn set(&mut self, name: &'static str, value: String) {
        (**self).set(name, value);
    }
}

impl<T: Extractor + ?Sized> Extractor for &T {
    fn get_all<'a>(&'a self, name: &str) -> Vec<&'a [u8]> {
        (**self).get_all(name)
    }
}

impl<K, V, S> Injector for HashMap<K, V, S>
where
    K: From<&'static str> + Borrow<str> + Eq + Hash,
    V: From<String>,
    S: BuildHasher,
{
    fn set(&mut self, name: &'static str, value: String) {
        self.retain(|other, _| !other.borrow().eq_ignore_ascii_case(name));
        self.insert(name.into(), value.into());
    }
}

impl<K: From<&'static str> + Borrow<str> + Ord, V: From<String>> Injector for BTreeMap<K, V> {
    fn set(&mut self, name: &'static str, value: String) {
        self.retain(|other, _| !other.borrow().eq_ignore_ascii_case(name));
        self.insert(name.into(), value.into());
    }
}

impl<K: From<&'static str> + Borrow<str>, V: From<String>> Injector for Vec<(K, V)> {
    fn set(&mut self, name: &'static str, value: String) {
        self.retain(|(other, _)| !other.borrow().eq_ignore_ascii_case(name));
        self.push((name.into(), value.into()));
    }
}

fn named<'a, K, V>(pairs: impl Iterator<Item = (&'a K, &'a V)>, name: &str) -> Vec<&'a [u8]>
where
    K: Borrow<str> + 'a,
    V: AsRef<[u8]> + 'a,
{
    let named = pairs.filter(|(other, _)| (*other).borrow().eq_ignore_ascii_case(name));
    named.map(|(_, value)| value.as_ref()).collect()
}

impl<K: Borrow<str>, V: AsRef<[u8]>, S> Extractor for HashMap<K, V, S> {
    fn get_all<'a>(&'a self, name: &str) -> Vec<&'a [u8]> {
        named(self.iter(), name)
    }
}

impl<K: Borrow<str>, V: AsRef<[u8]>> Extractor for BTreeMap<K, V> {
    fn get_all<'a>(&'a self, name: &str) -> Vec<&'a [u8]> {
        named(self.iter(), name)
    }
}

impl<K: Borrow<str>, V: AsRef<[u8]>> Extractor for [(K, V)] {
    fn get_all<'a>(&'a self, name: &str) -> Vec<&'a [u8]> {
        named(self.iter().map(|(key, value)| (key, value)), name)
    }
}

impl<K: Borrow<str>, V: AsRef<[u8]>> Extractor for Vec<(K, V)> {
    fn get_all<'a>(&'a self, name: &str) -> Vec<&'a [u8]> {
        self.as_slice().get_all(name)
    }
}

/// Uses members that are strings, such as those of the `_meta` of a request of the Model Context Protocol.
impl Injector for Map<String, Value> {
    fn set(&mut self, name: &'static str, value: String) {
        self.retain(|other, _| !other.eq_ignore_ascii_case(name));
        self.insert(name.to_owned(), value.into());
    }
}

impl Extractor for Map<String, Value> {
    fn get_all<'a>(&'a self, name: &str) -> Vec<&'a [u8]> {
        let named = self.iter().filter(|(other, _)| other.eq_ignore_ascii_case(name));
        named.filter_map(|(_, value)| Some(value.as_str()?.as_bytes())).collect()
    }
}

#[cfg(feature = "http")]
impl Injector for http::HeaderMap {
    fn set(&mut self, name: &'static str, value: String) {
        if let Ok(value) = http::HeaderValue::try_from(value) {
            self.insert(name, value);
        }
    }
}

#[cfg(feature = "http")]
impl Extractor for http::HeaderMap {
    fn get_all<'a>(&'a self, name: &str) -> Vec<&'a [u8]> {
        http::HeaderMap::get_all(self, name).iter().map(http::HeaderValue::as_bytes).collect()
    }
}
