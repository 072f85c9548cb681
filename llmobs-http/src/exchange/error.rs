//! The texts of errors of clients.

use std::any::Any;
use std::error::Error;
use std::fmt::Display;
use std::iter::successors;

use super::url::without_secrets;

/// The most causes that are followed, because a chain may be circular.
const MAX_CAUSES: usize = 16;

/// Returns the text of an error of any type, with the causes of known types.
pub(super) fn text_of<E: Display + 'static>(error: &E) -> String {
    known(error).map_or_else(|| without_secrets(&error.to_string()), text_of_error)
}

/// Returns the text of an error and of its causes, without secrets in URLs.
pub(super) fn text_of_error(error: &(dyn Error + 'static)) -> String {
    let mut text = error.to_string();
    for cause in successors(error.source(), |&cause| cause.source()).take(MAX_CAUSES) {
        let cause = cause.to_string();
        // The text of some errors includes their cause.
        if !text.contains(&cause) {
            text = format!("{text}: {cause}");
        }
    }
    without_secrets(&text)
}

/// Returns the error in a value of any type: a boxed error, or the error of a client.
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
        // Errors of other types have only their text.
        assert_eq!(text_of(&"no route"), "no route");
    }
}
