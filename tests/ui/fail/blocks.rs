//! Mistakes on a block are reported at their tokens, and the block is still emitted.

struct Store;

#[llmobs::instrument(tol, tool, task, pub_only, pub_only, pubonly, agent = 1, skip_output)]
impl Store {
    fn find(&self) {}

    #[llmobs::skip]
    fn skipped(&self) {}
}

#[llmobs::instrument(session_id = )]
impl Store {
    fn no_value(&self) {}
}

#[llmobs::instrument(llm, name = +, tool)]
impl Store {
    fn no_expression(&self) {}
}

#[llmobs::instrument(colour, nam = "x", version = "1", skip(questoin), skip_output, fold = drop)]
impl Store {
    fn told_once(&self) {}

    fn not_again(&self, question: &str) {
        let _ = question;
    }
}

#[llmobs::instrument(crate = "llmobs")]
impl Store {
    fn no_path(&self) {}
}

#[llmobs::instrument(session_id = self.id, skip_all = true)]
impl Store {
    fn no_such_field(&self) {}

    fn no_such_field_again(&self) {}
}

#[llmobs::instrument]
pub struct Struct {
    field: u8,
}

#[llmobs::instrument]
pub(crate) async fn function() {}

#[llmobs::instrument]
mod elsewhere;

#[llmobs::instrument]
unsafe extern "C" {}

#[llmobs::skip]
fn alone() {}

#[llmobs::instrument]
mod steps {
    #[llmobs::instrument]
    fn function() {}

    impl super::Store {
        fn half_typed(&self, text: &str) -> usize {
            text.
        }

        pub(super) fn wrong(&self) -> u8 {
            ""
        }

        fn wrong_lifetime(&self, text: &str) -> Option<&str> {
            Some(text)
        }

        fn moved_twice(&self, text: String) -> (String, String) {
            (text, text)
        }

        async fn no_tail(&self) -> u8 {
            let _ = 1;
        }

        fn no_iterator(&self) -> impl Iterator<Item = String> {
            0..1
        }
    }
}

fn main() {
    Store.find();
    Store.skipped();
    Store.no_value();
    Store.no_expression();
    Store.told_once();
    Store.not_again("");
    Store.no_path();
    Store.wrong();
    let _ = Struct { field: 1 };
    let _ = function();
    alone();
}
