//! Comparison with `serde_json`, and with the documented form of values that it rejects.

use std::collections::BTreeMap;

use serde::ser::{
    Serialize, SerializeMap as _, SerializeStruct as _, SerializeStructVariant as _,
    SerializeTupleStruct as _, SerializeTupleVariant as _, Serializer,
};
use serde_json::{Map, Value, json};

use super::whole;

/// A value of each form of serde's data model, except plain ones.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Form {
    UnitStruct,
    NewtypeStruct,
    TupleStruct,
    Struct,
    EmptyStruct,
    UnitVariant,
    NewtypeVariant,
    TupleVariant,
    StructVariant,
    NestedVariant,
    Bytes,
}

const FORMS: [Form; 11] = [
    Form::UnitStruct,
    Form::NewtypeStruct,
    Form::TupleStruct,
    Form::Struct,
    Form::EmptyStruct,
    Form::UnitVariant,
    Form::NewtypeVariant,
    Form::TupleVariant,
    Form::StructVariant,
    Form::NestedVariant,
    Form::Bytes,
];

impl Serialize for Form {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::UnitStruct => serializer.serialize_unit_struct("U"),
            Self::NewtypeStruct => serializer.serialize_newtype_struct("N", &7),
            Self::TupleStruct => {
                let mut tuple = serializer.serialize_tuple_struct("T", 2)?;
                tuple.serialize_field("a\"b")?;
                tuple.serialize_field(&Self::UnitStruct)?;
                tuple.end()
            }
            Self::Struct => {
                let mut fields = serializer.serialize_struct("S", 3)?;
                fields.serialize_field("b", &[1, 2])?;
                fields.skip_field("skipped")?;
                fields.serialize_field("a", &Self::TupleStruct)?;
                fields.end()
            }
            Self::EmptyStruct => serializer.serialize_struct("E", 0)?.end(),
            Self::UnitVariant => serializer.serialize_unit_variant("V", 0, "unit"),
            Self::NewtypeVariant => serializer.serialize_newtype_variant("V", 1, "newtype", &None::<u8>),
            Self::TupleVariant => {
                let mut tuple = serializer.serialize_tuple_variant("V", 2, "tuple", 2)?;
                tuple.serialize_field(&1)?;
                tuple.serialize_field(&Self::Struct)?;
                tuple.end()
            }
            Self::StructVariant => {
                let mut fields = serializer.serialize_struct_variant("V", 3, "struct", 2)?;
                fields.serialize_field("x", &1.5)?;
                fields.serialize_field("y", &Self::TupleVariant)?;
                fields.end()
            }
            Self::NestedVariant => {
                serializer.serialize_newtype_variant("V", 4, "nested", &Self::StructVariant)
            }
            Self::Bytes => serializer.serialize_bytes(&[0, 10, 255]),
        }
    }
}

/// Checks that `serde_json` writes the same text.
#[track_caller]
fn same<T: Serialize + ?Sized>(value: &T) {
    assert_eq!(whole(value), serde_json::to_string(value).unwrap());
}

#[test]
fn each_form_of_serde_is_written_as_by_serde_json() {
    for form in FORMS {
        same(&form);
        same(&Some(form));
        same(&[form, form]);
        same(&(1, form, "end"));
        same(&BTreeMap::from([("before", Form::UnitVariant), ("the form", form)]));
    }
    same(&FORMS);
}

#[test]
fn plain_values_are_written_as_by_serde_json() {
    same(&());
    same(&[true, false]);
    same(&(i8::MIN, i16::MIN, i32::MIN, i64::MIN));
    same(&(u8::MAX, u16::MAX, u32::MAX, u64::MAX));
    same(&(i128::from(i64::MIN), u128::from(u64::MAX)));
    same(&['a', '"', '\\', 'é', '\u{10ffff}', '\n', '\0']);
    same(&(None::<u8>, Some(Some(1)), Some(())));
    same(&(Vec::<u8>::new(), BTreeMap::<u8, u8>::new(), ""));
    same(&[Ok::<_, ()>("fine"), Err(())]);
    same(&std::time::Duration::from_millis(1500));
    same(&std::net::Ipv6Addr::LOCALHOST);
}

#[test]
fn floats_have_a_point_and_the_shortest_digits() {
    for value in [0.0, -0.0, 1.0, 2.0, -2.5, 0.1, 0.1 + 0.2, 1e-4, 123_456_789.125, 1e15, 1e-5, 1.5e-7, 1e16]
    {
        same(&value);
    }
    for value in [1.25e21, 1e300, f64::MAX, f64::MIN_POSITIVE, 5e-324, f64::EPSILON] {
        same(&value);
    }
    for value in [0.1_f32, 16_777_216.0, 3.4e38, 1.1e-38, 1e16, 1e-5, -1.0] {
        same(&value);
        assert_eq!(whole(&value).parse::<f32>().unwrap().to_bits(), value.to_bits());
    }
    assert_eq!(whole(&(2.0, 1e21, 0.1_f32, 1e-7, -0.0)), "[2.0,1e+21,0.1,1e-7,-0.0]");
}

#[test]
fn text_is_escaped_as_by_serde_json() {
    for code in 0..=0x2ff {
        let text = format!("<{}>", char::from_u32(code).unwrap());
        let json = whole(&text);
        assert_eq!(super::unquoted(&json), text);
        // serde_json has two additional short escapes.
        if code != 8 && code != 12 {
            same(&text);
        }
    }
    same("\u{2028}\u{2029}\u{feff}\u{202e}e\u{301}\u{1f468}\u{200d}\u{1f469}\u{fffd}");
    same("\"\\\"\\\\\n\r\t/\u{7f}");
    assert_eq!(whole("\u{8}\u{c}\u{1b}[0m"), r#""\u0008\u000c\u001b[0m""#);
}

/// Returns a random tree.
fn tree(random: &mut fastrand::Rng, depth: u32) -> Value {
    let text = |random: &mut fastrand::Rng| -> String {
        let length = random.usize(..6);
        let any = ['a', '"', '\\', '\n', '\u{1}', 'é', '漢', '🦀', ':', ',', '[', '{'];
        (0..length).map(|_| any[random.usize(..any.len())]).collect()
    };
    match random.u32(..if depth == 0 { 6 } else { 8 }) {
        0 => Value::Null,
        1 => random.bool().into(),
        2 => random.u64(..).into(),
        3 => random.i64(..).into(),
        4 => (random.f64() * 1e6 - 5e5).into(),
        5 => text(random).into(),
        6 => (0..random.usize(..5)).map(|_| tree(random, depth - 1)).collect(),
        _ => (0..random.usize(..5))
            .map(|_| (text(random), tree(random, depth - 1)))
            .collect::<Map<_, _>>()
            .into(),
    }
}

#[test]
fn random_trees_are_written_as_by_serde_json() {
    let mut random = fastrand::Rng::with_seed(20_251_122);
    for _ in 0..3000 {
        same(&tree(&mut random, 5));
    }
}

#[test]
fn numbers_beyond_json_become_text() {
    let wide =
        (u128::MAX, i128::MIN, u128::from(u64::MAX) + 1, i128::from(i64::MAX) + 1, i128::from(i64::MIN) - 1);
    assert_eq!(
        whole(&wide),
        "[\"340282366920938463463374607431768211455\",\"-170141183460469231731687303715884105728\",\
          \"18446744073709551616\",\"9223372036854775808\",\"-9223372036854775809\"]"
    );
    assert_eq!(
        whole(&(f64::NAN, -f64::NAN, f64::INFINITY, f64::NEG_INFINITY)),
        r#"["NaN","NaN","Infinity","-Infinity"]"#
    );
    assert_eq!(whole(&(f32::NAN, f32::INFINITY, f32::NEG_INFINITY)), r#"["NaN","Infinity","-Infinity"]"#);
}

/// A map with one entry whose key has any type, which `BTreeMap` does not allow.
struct Entry<K>(K);

impl<K: Serialize> Serialize for Entry<K> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        map.serialize_key(&self.0)?;
        map.serialize_value(&1)?;
        map.end()
    }
}

#[test]
fn keys_that_serde_json_accepts_are_equal() {
    same(&BTreeMap::from([(-1, 'a'), (2, 'b')]));
    same(&BTreeMap::from([(false, 1), (true, 2)]));
    same(&BTreeMap::from([('"', 1), ('é', 2)]));
    same(&BTreeMap::from([("", 1), ("a b\n", 2)]));
    same(&BTreeMap::from([(u128::from(u64::MAX) + 1, 1)]));
    same(&Entry(1.5));
    same(&Entry(Form::UnitVariant));
    same(&Entry(Form::NewtypeStruct));
    same(&Entry(std::net::Ipv4Addr::LOCALHOST));
}

#[test]
fn keys_that_serde_json_rejects_are_json_texts() {
    let text = |json: String| serde_json::from_str::<Value>(&json).unwrap();
    assert_eq!(text(whole(&Entry((1, "a")))), json!({ "[1,\"a\"]": 1 }));
    assert_eq!(text(whole(&Entry(Form::Struct))), json!({ "{\"b\":[1,2],\"a\":[\"a\\\"b\",null]}": 1 }));
    assert_eq!(text(whole(&Entry(()))), json!({ "null": 1 }));
    assert_eq!(text(whole(&Entry(Some(3)))), json!({ "3": 1 }));
    assert_eq!(text(whole(&Entry(f64::NAN))), json!({ "NaN": 1 }));
    assert_eq!(text(whole(&Entry(Form::Bytes))), json!({ "[0,10,255]": 1 }));
    assert_eq!(text(whole(&Entry(Entry(Entry("in"))))), json!({ "{\"{\\\"in\\\":1}\":1}": 1 }));
    let pairs = BTreeMap::from([((1, 2), "a"), ((3, 4), "b")]);
    assert_eq!(text(whole(&pairs)), json!({ "[1,2]": "a", "[3,4]": "b" }));
}
