//! The texts of errors of clients.

use std::any::Any;
use std::error::Error;
use std::fmt::Display;
use std::iter::successors;

use super::url::without_secrets;

/// A longer chain of causes, or one that is a circle, ends here.
const MAX_CAUSES: usize = 16;

/// The text of an error of any type, with the causes of those that are known.
pub(super) fn text_of<E: Display + 'static>(error: &E) -> String {
    known(error).map_or_else(|| without_secrets(&error.to_string()), text_of_error)
}

/// The text of an error and of its causes, without what may be secret in URLs.
pub(super) fn text_of_error(error: &(dyn Error + 'static)) -> String {
    let mut text = error.to_string();
    for cause in successors(error.source(), |&cause| cause.source()).take(MAX_CAUSES) {
        let cause = cause.to_string();
        // Some errors say their cause themselves.
        if !text.contains(&cause) {
            text = format!("{text}: {cause}");
        }
    }
    without_secrets(&text)
}

/// The error behind a type that may be any: a boxed one, or that of a client.
fn known(error: &dyn Any) -> Option<&(dyn Error + 'static)> {
    if let Some(boxed) = error.downcast_ref::<Box<dyn Error + Send + Sync>>() {
        return Some(&**boxed);
    }
    #[cfg(feature = "reqwest")]
    if let Some(error) = error.downcast_ref::<reqwest::Error>() {
        return Some(error);
    }
    #[cfg(feature = "reqwest-middleware")]
    if let Some(error) = error.downcast_ref::<reqwest_middleware::Error>() {
        return Some(error);
    }
    #[cfg(feature = "async-openai")]
    if let Some(error) = error.downcast_ref::<async_openai::error::OpenAIError>() {
        return Some(error);
    }
    error.downcast_ref::<std::io::Error>().map(|error| error as _)
}

#[cfg(test)]
mod tests {
    use std::fmt;
    use std::io;

    use super::*;

    #[derive(Debug)]
    struct Outer(io::Error);

    impl Display for Outer {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("cannot send to http://localhost/?key=SECRET")
        }
    }

    impl Error for Outer {
        fn source(&self) -> Option<&(dyn Error + 'static)> {
            Some(&self.0)
        }
    }

    #[test]
    fn causes_follow_the_error() {
        let refused =
            || io::Error::new(io::ErrorKind::ConnectionRefused, "refused by http://user:SECRET@host");
        let boxed: Box<dyn Error + Send + Sync> = Box::new(Outer(refused()));
        assert_eq!(text_of(&boxed), "cannot send to http://localhost/: refused by http://host");
        assert_eq!(
            text_of(&io::Error::other(Outer(refused()))),
            "cannot send to http://localhost/: refused by http://host"
        );
        // An error of another type says what it says.
        assert_eq!(text_of(&"no route"), "no route");
    }
}
