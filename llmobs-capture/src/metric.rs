//! The numbers that a metric can have.

use std::fmt::Display;

use serde_json::Number;

/// A number that a span can have as a metric: an integer or a float of Rust, a [`Number`] of serde_json, a `bool` as 1 or 0, a
/// reference to one of these, or an `Option` of one, where `None` changes nothing.
///
/// The trait is sealed.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be used as a metric",
    label = "give an integer, a float, a `bool` or a `serde_json::Number`, a reference to one, or an `Option` of one"
)]
pub trait Metric: sealed::Sealed {
    #[doc(hidden)]
    fn reading(self) -> Reading;
}

/// A value as a metric.
#[derive(Clone, Debug, PartialEq)]
#[doc(hidden)]
pub enum Reading {
    Absent,
    NotFinite,
    Is(Number),
}

mod sealed {
    /// Public by name and private by path, so that the trait cannot be implemented elsewhere.
    pub trait Sealed {}
}

macro_rules! metrics {
    ($($number:ty => |$value:ident| $reading:expr;)*) => {$(
        impl sealed::Sealed for $number {}
        impl Metric for $number {
            #[inline]
            fn reading(self) -> Reading {
                let $value = self;
                $reading
            }
        }
    )*};
}

metrics! {
    i8 => |value| Reading::Is(value.into());
    i16 => |value| Reading::Is(value.into());
    i32 => |value| Reading::Is(value.into());
    i64 => |value| Reading::Is(value.into());
    isize => |value| Reading::Is(value.into());
    u8 => |value| Reading::Is(value.into());
    u16 => |value| Reading::Is(value.into());
    u32 => |value| Reading::Is(value.into());
    u64 => |value| Reading::Is(value.into());
    usize => |value| Reading::Is(value.into());
    i128 => |value| Number::from_i128(value).map_or_else(|| by_text(value), Reading::Is);
    u128 => |value| Number::from_u128(value).map_or_else(|| by_text(value), Reading::Is);
    // The shortest digits: 0.1, not 0.10000000149011612.
    f32 => |value| by_text(value);
    f64 => |value| Number::from_f64(value).map_or(Reading::NotFinite, Reading::Is);
    bool => |value| Reading::Is(u8::from(value).into());
    Number => |value| Reading::Is(value);
}

fn by_text(value: impl Display) -> Reading {
    value.to_string().parse::<f64>().map_or(Reading::NotFinite, Metric::reading)
}

impl<M: Metric + Clone> sealed::Sealed for &M {}
impl<M: Metric + Clone> Metric for &M {
    #[inline]
    fn reading(self) -> Reading {
        self.clone().reading()
    }
}

impl<M: Metric> sealed::Sealed for Option<M> {}
impl<M: Metric> Metric for Option<M> {
    fn reading(self) -> Reading {
        self.map_or(Reading::Absent, Metric::reading)
    }
}

#[cfg(test)]
mod tests;
