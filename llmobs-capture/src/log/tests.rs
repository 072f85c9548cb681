use super::Limiter;

#[test]
fn messages_are_logged_once_a_minute_and_after_the_clock_is_set_back() {
    let limiter = Limiter::new();
    let admitted = [1000, 1000, 1059, 1060, 1061, 900].map(|now| limiter.admits(now));
    assert_eq!(admitted, [true, false, false, true, false, true]);
}
