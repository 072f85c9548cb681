//! The numbers that a metric can be.

use serde_json::Number;

/// A number to put on a span: any integer or float, or an `Option` of one, where `None` stands for no metric.
///
/// It is implemented for Rust's own number types and not meant to be implemented elsewhere.
pub trait Metric: sealed::Sealed {
    #[doc(hidden)]
    fn reading(self) -> Reading;
}

/// What a value says as a metric.
#[derive(Clone, Debug, PartialEq)]
#[doc(hidden)]
pub enum Reading {
    Absent,
    NotFinite,
    Is(Number),
}

mod sealed {
    /// Public by name and private by path, so that nobody else can implement it.
    pub trait Sealed {}
}

macro_rules! metrics {
    ($($number:ty => |$value:ident| $reading:expr;)*) => {$(
        impl sealed::Sealed for $number {}
        impl Metric for $number {
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
    f32 => |value| f64::from(value).reading();
    f64 => |value| Number::from_f64(value).map_or(Reading::NotFinite, Reading::Is);
}

impl<M: Metric> sealed::Sealed for Option<M> {}
impl<M: Metric> Metric for Option<M> {
    fn reading(self) -> Reading {
        self.map_or(Reading::Absent, Metric::reading)
    }
}
