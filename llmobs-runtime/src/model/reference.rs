//! A reference to a span, to be kept or sent elsewhere.

use std::fmt;

use serde::de::{Deserialize, Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde::ser::{Serialize, SerializeStruct as _, Serializer};

/// A reference to a span: to [evaluate](crate::eval::Evaluation) it, to [link](crate::Annotation::link) to it, or to store it in a log or a
/// database with the answer that a user saw.
///
/// It is serialized as `{"span_id": "…", "trace_id": "…"}`. A program that stores the two ids in its own way puts them together again:
///
/// ```
/// # use llmobs_runtime as llmobs;
/// use llmobs::SpanRef;
///
/// let (trace_id, span_id) = ("6716ab1300000000f3a1b2c3d4e5f607".to_owned(), "1234567890123456789".to_owned());
/// let reference = SpanRef { trace_id, span_id };
/// assert_eq!(reference.span_id, "1234567890123456789");
/// ```
// Not `non_exhaustive`: the pair is a whole reference in Datadog's API, and a literal shows which id is which.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct SpanRef {
    /// The id of the trace: 32 hexadecimal digits, or a decimal number if another program began the trace with an id of 64 bits.
    pub trace_id: String,
    /// The id of the span, in decimal.
    pub span_id: String,
}

impl Serialize for SpanRef {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut fields = serializer.serialize_struct("SpanRef", 2)?;
        fields.serialize_field("span_id", &self.span_id)?;
        fields.serialize_field("trace_id", &self.trace_id)?;
        fields.end()
    }
}

impl<'de> Deserialize<'de> for SpanRef {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Fields;

        impl<'de> Visitor<'de> for Fields {
            type Value = SpanRef;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object with the texts `span_id` and `trace_id`")
            }

            /// Formats without field names, such as postcard, read the fields in the order in which they are written.
            fn visit_seq<A: SeqAccess<'de>>(self, mut fields: A) -> Result<SpanRef, A::Error> {
                let mut next =
                    |index| fields.next_element()?.ok_or_else(|| A::Error::invalid_length(index, &self));
                let span_id = next(0)?;
                Ok(SpanRef { span_id, trace_id: next(1)? })
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<SpanRef, A::Error> {
                let (mut trace_id, mut span_id) = (None, None);
                while let Some(key) = map.next_key::<String>()? {
                    match key.as_str() {
                        "trace_id" => trace_id = Some(map.next_value::<String>()?),
                        "span_id" => span_id = Some(map.next_value::<String>()?),
                        _ => drop(map.next_value::<IgnoredAny>()?),
                    }
                }
                let trace_id = trace_id.ok_or_else(|| A::Error::missing_field("trace_id"))?;
                Ok(SpanRef { trace_id, span_id: span_id.ok_or_else(|| A::Error::missing_field("span_id"))? })
            }
        }

        deserializer.deserialize_struct("SpanRef", &["span_id", "trace_id"], Fields)
    }
}

#[cfg(test)]
mod tests {
    use super::SpanRef;

    #[test]
    fn a_reference_can_be_serialized() {
        let reference = SpanRef { trace_id: "0af".to_owned(), span_id: "7".to_owned() };
        let json = serde_json::to_string(&reference).unwrap();
        assert_eq!(json, r#"{"span_id":"7","trace_id":"0af"}"#);
        assert_eq!(serde_json::from_str::<SpanRef>(&json).unwrap(), reference);
        let more = r#"{"trace_id":"0af","x":[1],"span_id":"7"}"#;
        assert_eq!(serde_json::from_str::<SpanRef>(more).unwrap(), reference);
        assert!(serde_json::from_str::<SpanRef>(r#"{"span_id":"7"}"#).is_err());
        // Formats without field names.
        assert_eq!(serde_json::from_str::<SpanRef>(r#"["7","0af"]"#).unwrap(), reference);
        assert!(serde_json::from_str::<SpanRef>(r#"["7"]"#).is_err());
    }
}
