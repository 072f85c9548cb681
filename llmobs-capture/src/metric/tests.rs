use serde_json::Number;

use super::{Metric, Reading};

#[test]
fn numbers_of_all_types_are_metrics() {
    assert_eq!(1_u8.reading(), Reading::Is(1.into()));
    assert_eq!((&-1_isize).reading(), Reading::Is((-1).into()));
    assert_eq!(Some(u64::MAX).reading(), Reading::Is(u64::MAX.into()));
    assert_eq!(None::<i16>.reading(), Reading::Absent);
    // Floats have the shortest digits.
    assert_eq!(0.1_f32.reading(), Reading::Is(Number::from_f64(0.1).unwrap()));
    assert_eq!(f64::NAN.reading(), Reading::NotFinite);
    assert_eq!(f32::INFINITY.reading(), Reading::NotFinite);
    assert_eq!(5_u128.reading(), Reading::Is(5.into()));
    assert_eq!(u128::MAX.reading(), Reading::Is(Number::from_f64(3.402_823_669_209_385e38).unwrap()));
    assert_eq!(i128::MIN.reading(), Reading::Is(Number::from_f64(-1.701_411_834_604_692_3e38).unwrap()));
}
