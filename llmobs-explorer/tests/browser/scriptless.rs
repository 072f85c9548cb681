//! The main functions work in a browser without scripts.

use super::page::with_page;
use super::showcase;

#[test]
fn lists_and_traces_work_without_scripts() {
    with_page(|page| {
        page.without_scripts();
        page.visit("/");
        page.follow("form button");
        assert_eq!(page.texts("h1"), ["agent travel_desk"]);
        assert_eq!(page.count("tr[data-span]"), 6);

        showcase::send(page.explorer);
        page.visit("/traces");
        assert_eq!(page.texts(".pager span"), ["1 to 45 of 45"]);
        // Buttons that need scripts are hidden.
        let seen = "[...document.querySelectorAll('.tools button')].filter((button) => button.checkVisibility()).length";
        assert_eq!(page.ask(seen), 0);
        page.submit("#q", "@status:error");
        assert_eq!(page.texts(".pager span"), ["1 to 3 of 3"]);
        page.follow("thead th:nth-child(4) a");
        page.follow(".facets a[title='@ml_app:travel-desk']");
        assert_eq!(page.ask("document.querySelector('#q').value"), "@status:error @ml_app:travel-desk");

        page.visit(&format!("/traces/{}", showcase::OPENED));
        page.follow("tr[data-span='4'] .name");
        assert_eq!(page.texts(".panel h2"), ["llm choose_step ✓ ok"]);
        assert_eq!(page.texts("tr[aria-selected=true] .name"), ["choose_step"]);
        assert_eq!(page.texts(".message.user"), ["user Book two seats on the 18:55, please."]);
        page.follow("tr[data-span='5'] a.fold");
        assert_eq!(page.texts(".panel h2"), ["tool timetable ✓ ok"]);
        assert_eq!(page.count("tr[data-span='6'], tr[data-span='7']"), 2);
        page.submit("#find", "ask_");
        assert_eq!(page.texts(".waterfall .name"), ["ask_harbour"]);
    });
}
