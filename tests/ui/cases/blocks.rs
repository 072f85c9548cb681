//! What is wrong on a block is told on its token, and beside it the block is there.

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
    }
}

fn main() {
    Store.find();
    Store.skipped();
    Store.no_value();
    Store.no_path();
    Store.wrong();
    let _ = Struct { field: 1 };
    let _ = function();
    alone();
}
