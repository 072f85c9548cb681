// Lists and traces update themselves when data arrives.
"use strict";

const live = find("#live");
const follows = find("[data-live]");
if (follows && !new URLSearchParams(location.search).has("page")) {
    live.hidden = false;
    const set = (on) => {
        live.setAttribute("aria-pressed", on);
        find("span:last-child", live).textContent = on ? "Live" : "Paused";
        sessionStorage.setItem("paused", on ? "" : "1");
    };
    set(!sessionStorage.getItem("paused"));
    live.addEventListener("click", () => set(live.getAttribute("aria-pressed") !== "true"));
    watch();
}
async function watch() {
    let seen = null;
    for (;;) {
        try {
            const paused = live.getAttribute("aria-pressed") !== "true" || document.hidden;
            if (paused) {
                await new Promise((done) => setTimeout(done, 500));
                continue;
            }
            const answer = await fetch(seen === null ? "/api/changes" : `/api/changes?after=${seen}`);
            const { changes } = await answer.json();
            // The first time too: data may have arrived before the first request, or during a pause.
            if (changes !== seen && (await redraw())) await new Promise((done) => setTimeout(done, 700));
            seen = changes;
        } catch {
            // The explorer may have stopped, and may start again.
            await new Promise((done) => setTimeout(done, 3000));
        }
    }
}
// An element that is replaced while a button is pressed would not get the click.
let pressed = false;
addEventListener("pointerdown", () => (pressed = true), true);
["pointerup", "pointercancel"].forEach((end) => addEventListener(end, () => (pressed = false), true));

/** Redraws the page, and returns whether anything has changed. */
async function redraw() {
    const address = location.href;
    const fresh = await load(address);
    while (pressed) await new Promise((done) => setTimeout(done, 100));
    // The user may have selected another span.
    if (location.href !== address) return redraw();
    return grid ? redrawTrace(fresh) : redrawList(fresh);
}
function redrawList(page) {
    const fresh = find("#results", page);
    const place = find("#results");
    if (!fresh) return false;
    // Keeps the state of the list: folded facets and the current row.
    const folded = find(".facets", place)?.open === false;
    if (folded && find(".facets", fresh)) find(".facets", fresh).open = false;
    const current = find("tr.current", place)?.dataset.href;
    if (current) all("tr[data-href]", fresh).find((row) => row.dataset.href === current)?.classList.add("current");
    if (fresh.innerHTML === place.innerHTML) return false;
    const inside = place.contains(document.activeElement);
    const focused = inside ? document.activeElement.getAttribute("href") : null;
    const folding = inside && document.activeElement.matches(".facets summary");
    const before = find(".pager span", place)?.textContent;
    place.replaceChildren(...fresh.childNodes);
    if (focused) all("a", place).find((link) => link.getAttribute("href") === focused)?.focus({ preventScroll: true });
    if (folding) find(".facets summary", place)?.focus({ preventScroll: true });
    const after = find(".pager span", place)?.textContent;
    if (before !== after) say(after);
    return true;
}
