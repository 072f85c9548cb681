//! Values that serialize in the form that Datadog wants.

/// Implements `Serialize` by the form on the wire, so that a typed value goes the way of any other that is annotated.
macro_rules! as_on_the_wire {
    ($($name:ident),*) => {$(
        impl ::serde::Serialize for $name {
            fn serialize<S: ::serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                ::serde_json::Value::from(self.clone()).serialize(serializer)
            }
        }
    )*};
}
pub(crate) use as_on_the_wire;
