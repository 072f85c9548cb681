//! One attribute for a whole block: tokio-rs/tracing#2852, #1638, #1123; servo/servo#42578; hotpath-rs#36, #38

#![expect(unreachable_pub, reason = "`pub` is what the option `pub_only` looks for")]

use expect_test::expect;

use crate::support::check;

struct Store {
    rows: Vec<String>,
}

#[llmobs::instrument(tool, session_id = self.rows.len(), pub_only)]
impl Store {
    pub fn add(&mut self, row: &str) -> usize {
        self.rows.push(self.normalized(row));
        self.len()
    }

    #[llmobs::retrieval(name = "search")]
    pub async fn find(&self, query: &str) -> Vec<&String> {
        self.rows.iter().filter(|row| row.contains(query)).collect()
    }

    #[llmobs::skip]
    pub fn len(&self) -> usize {
        self.rows.len()
    }

    fn normalized(&self, row: &str) -> String {
        format!("{}. {row}", self.rows.len())
    }
}

#[test]
fn of_methods() {
    let tree = expect![[r#"
        tool add  in {"row":"a"}  out 1
        retrieval search  in {"query":"a"}  out 0. a
    "#]];
    check(
        || {
            let mut store = Store { rows: vec![] };
            assert_eq!(store.add("a"), 1);
            assert_eq!(pollster::block_on(store.find("a")), ["0. a"]);
        },
        &tree,
    );
}

#[llmobs::instrument(workflow)]
mod pipeline {
    pub(super) fn run(text: &str) -> String {
        let cleaned = clean::trim(text);
        Shout::shout(&cleaned)
    }

    #[llmobs::instrument(task, skip_all)]
    mod clean {
        pub(super) fn trim(text: &str) -> &str {
            text.trim()
        }
    }

    trait Shout {
        fn shout(&self) -> String;
    }

    impl Shout for &str {
        fn shout(&self) -> String {
            self.to_uppercase()
        }
    }
}

#[test]
fn of_modules() {
    let tree = expect![[r#"
        workflow run  in {"text":" a "}  out A
        ├─ task trim  out a
        └─ workflow shout  out A
    "#]];
    check(|| assert_eq!(pipeline::run(" a "), "A"), &tree);
}
