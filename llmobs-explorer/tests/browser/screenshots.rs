//! The pictures of the README. `UPDATE_SCREENSHOTS=1 cargo test -p llmobs-explorer --test browser screenshots` updates them.

use std::path::Path;

use super::page::with_page;
use super::showcase;

#[test]
fn the_pictures_of_the_readme_show_this_page() {
    with_page(|page| {
        showcase::send(page.explorer);
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/images");
        let take = |name: &str| {
            if std::env::var_os("UPDATE_SCREENSHOTS").is_some_and(|value| value == "1") {
                std::fs::create_dir_all(&folder).unwrap();
                page.screenshot(&folder.join(name));
            }
        };
        page.visit("/traces");
        assert_eq!(page.texts(".pager span"), ["1 to 44 of 44"]);
        take("explorer-traces.png");
        page.visit(&format!("/traces/{}?span=8", showcase::OPENED));
        assert_eq!(page.texts(".panel h2"), ["llm write_answer ✓ ok"]);
        take("explorer-trace.png");
    });
}
