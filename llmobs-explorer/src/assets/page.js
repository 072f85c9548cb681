// What scripts add: everything here also works without them, by links and forms.
"use strict";

const find = (selector, from = document) => from.querySelector(selector);
const all = (selector, from = document) => [...from.querySelectorAll(selector)];
const say = (text) => {
    const place = find("#said");
    place.textContent = text;
    clearTimeout(say.timer);
    say.timer = setTimeout(() => (place.textContent = ""), 4000);
};

/** A page of this server as a document. */
async function load(url) {
    const answer = await fetch(url, { headers: { accept: "text/html" } });
    if (!answer.ok) throw new Error(`${answer.status} ${answer.statusText}`);
    return new DOMParser().parseFromString(await answer.text(), "text/html");
}

/* Theme */
const theme = find("#theme");
theme.hidden = false;
theme.addEventListener("click", () => {
    const root = document.documentElement;
    const dark = root.dataset.theme ? root.dataset.theme === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
    root.dataset.theme = dark ? "light" : "dark";
    localStorage.setItem("theme", root.dataset.theme);
});

/* Lists: rows lead where their first link leads; j, k and Enter move; the time applies at once. */
find("#last")?.addEventListener("change", (event) => {
    all('input[name="from"], input[name="to"]', event.target.form).forEach((input) => input.remove());
    event.target.form.requestSubmit();
});
find(".search")?.addEventListener("submit", (event) => {
    // Addresses without empty parts are easier to read.
    all("input, select", event.target).forEach((field) => (field.disabled = field.value === ""));
});
addEventListener("pageshow", () => all(".search :disabled").forEach((field) => (field.disabled = false)));
document.addEventListener("click", (event) => {
    const row = event.target.closest("tr[data-href]");
    if (!row || event.target.closest("a, button") || getSelection().toString()) return;
    if (event.ctrlKey || event.metaKey) open(row.dataset.href);
    else location.href = row.dataset.href;
});
function moveRow(step) {
    const rows = all("tr[data-href]");
    if (!rows.length) return;
    const at = rows.findIndex((row) => row.classList.contains("current"));
    const next = rows[Math.min(Math.max(at + step, 0), rows.length - 1)];
    rows[at]?.classList.remove("current");
    next.classList.add("current");
    find("a", next).focus({ preventScroll: true });
    next.scrollIntoView({ block: "nearest" });
}

// On a narrow page the facets stand above the rows, folded.
if (matchMedia("(max-width: 62rem)").matches && find(".facets")) find(".facets").open = false;

/* Live: asks for changes, and draws the list anew when there are some. */
const results = find("#results");
const live = find("#live");
if (results && !new URLSearchParams(location.search).has("page")) {
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
            // At first too: something may have come between the page and the first question, or while it was paused.
            if (changes !== seen) await redraw();
            seen = changes;
        } catch {
            // The explorer may have been stopped; it may come back.
            await new Promise((done) => setTimeout(done, 3000));
        }
    }
}
// What is drawn anew under a pressed button would not get the click.
let pressed = false;
addEventListener("pointerdown", () => (pressed = true), true);
["pointerup", "pointercancel"].forEach((end) => addEventListener(end, () => (pressed = false), true));
async function redraw() {
    const fresh = find("#results", await load(location.href));
    const place = find("#results");
    while (pressed) await new Promise((done) => setTimeout(done, 100));
    if (!fresh) return;
    // What somebody did to the list stays: folded facets, the row one has come to.
    const folded = find(".facets", place)?.open === false;
    if (folded && find(".facets", fresh)) find(".facets", fresh).open = false;
    const current = find("tr.current", place)?.dataset.href;
    if (current) all("tr[data-href]", fresh).find((row) => row.dataset.href === current)?.classList.add("current");
    if (fresh.innerHTML === place.innerHTML) return;
    const inside = place.contains(document.activeElement);
    const focused = inside ? document.activeElement.getAttribute("href") : null;
    const folding = inside && document.activeElement.matches(".facets summary");
    const before = find(".pager span", place)?.textContent;
    place.replaceChildren(...fresh.childNodes);
    if (focused) all("a", place).find((link) => link.getAttribute("href") === focused)?.focus({ preventScroll: true });
    if (folding) find(".facets summary", place)?.focus({ preventScroll: true });
    const after = find(".pager span", place)?.textContent;
    if (before !== after) say(after);
    await new Promise((done) => setTimeout(done, 700));
}

/* Traces: the panel of a span is fetched when it is asked for; branches unfold in place. */
const grid = find(".waterfall");
const spanRows = () => all("tr[data-span]", grid);
const level = (row) => Number(row.getAttribute("aria-level"));

async function select(row, push = true) {
    const before = find('tr[aria-selected="true"]', grid);
    before?.setAttribute("aria-selected", "false");
    before?.setAttribute("tabindex", "-1");
    row.setAttribute("aria-selected", "true");
    row.setAttribute("tabindex", "0");
    row.focus({ preventScroll: true });
    row.scrollIntoView({ block: "nearest" });
    const panel = find("#panel");
    panel.setAttribute("aria-busy", "true");
    // Not from `data-span`: HTML has no zero bytes, which an id may have.
    const url = find("a.name", row).getAttribute("href");
    if (push) history.replaceState(null, "", url);
    const wanted = (select.wanted = new URL(url, location).searchParams.get("span"));
    try {
        const page = await load(`${grid.dataset.trace}/spans/${encodeURIComponent(wanted)}`);
        // Somebody may have moved on meanwhile.
        if (select.wanted === wanted) panel.replaceChildren(...page.body.childNodes);
    } catch (error) {
        say(`The span could not be loaded: ${error.message}`);
    } finally {
        if (select.wanted === wanted) panel.removeAttribute("aria-busy");
        addCopyButtons(panel);
    }
}
async function insertRows(url, after) {
    const answer = await fetch(url);
    if (!answer.ok) throw new Error(`${answer.status} ${answer.statusText}`);
    const holder = document.createElement("template");
    holder.innerHTML = `<table><tbody>${await answer.text()}</tbody></table>`;
    after.after(...find("tbody", holder.content).childNodes);
}
function below(row) {
    const rows = [];
    for (let next = row.nextElementSibling; next && level(next) > level(row); next = next.nextElementSibling) rows.push(next);
    return rows;
}
async function fold(row, unfold) {
    const link = find("a.fold", row);
    if (!link || row.getAttribute("aria-expanded") === String(unfold)) return;
    if (unfold) {
        try {
            await insertRows(link.dataset.fold, row);
        } catch (error) {
            return say(`The spans below could not be loaded: ${error.message}`);
        }
    } else {
        const gone = below(row);
        const selected = gone.some((child) => child.getAttribute("aria-selected") === "true");
        gone.forEach((child) => child.remove());
        if (selected) select(row);
    }
    row.setAttribute("aria-expanded", unfold);
    link.textContent = unfold ? "▾" : "▸";
    link.setAttribute("aria-label", `${unfold ? "Fold" : "Unfold"} ${find(".name", row).textContent}`);
}
grid?.addEventListener("click", async (event) => {
    const more = event.target.closest("a[data-more]");
    const foldLink = event.target.closest("a.fold");
    const row = event.target.closest("tr");
    if (event.ctrlKey || event.metaKey) return;
    if (more) {
        event.preventDefault();
        try {
            await insertRows(more.getAttribute("href"), row);
            row.remove();
        } catch (error) {
            say(`More spans could not be loaded: ${error.message}`);
        }
    } else if (foldLink) {
        event.preventDefault();
        fold(row, row.getAttribute("aria-expanded") !== "true");
    } else if (row?.dataset.span) {
        event.preventDefault();
        select(row);
    }
});
grid?.addEventListener("keydown", (event) => {
    const rows = spanRows();
    const row = document.activeElement.closest("tr[data-span]");
    const at = rows.indexOf(row);
    const moves = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: rows.length - 1 };
    if (event.key in moves) {
        event.preventDefault();
        const next = rows[Math.min(Math.max(moves[event.key], 0), rows.length - 1)];
        if (next) select(next);
    } else if (event.key === "ArrowRight" && row) {
        event.preventDefault();
        if (row.getAttribute("aria-expanded") === "false") fold(row, true);
        else if (rows[at + 1] && level(rows[at + 1]) > level(row)) select(rows[at + 1]);
    } else if (event.key === "ArrowLeft" && row) {
        event.preventDefault();
        if (row.getAttribute("aria-expanded") === "true") fold(row, false);
        else {
            const above = rows.slice(0, at).reverse().find((other) => level(other) < level(row));
            if (above) select(above);
        }
    } else if (event.key === "Enter" && row) {
        find("#panel").focus();
    }
});
if (grid) {
    const selected = find('tr[aria-selected="true"]', grid);
    selected?.scrollIntoView({ block: "nearest" });
}

/* Keys: ignored where somebody writes. */
document.addEventListener("keydown", (event) => {
    if (event.target.closest("input, textarea, select") || event.ctrlKey || event.metaKey || event.altKey) {
        if (event.key === "Escape") event.target.blur();
        return;
    }
    if (event.key === "/") {
        event.preventDefault();
        (find("#q") ?? find("#find"))?.focus();
    } else if (event.key === "j" || event.key === "k") {
        const step = event.key === "j" ? 1 : -1;
        if (!grid) return moveRow(step);
        const rows = spanRows();
        const at = rows.findIndex((row) => row.getAttribute("aria-selected") === "true");
        const next = rows[Math.min(Math.max(at + step, 0), rows.length - 1)];
        if (next) select(next);
    } else if (event.key === "e") {
        find(".next-error")?.click();
    } else if (event.key === "Escape" && grid) {
        find('tr[aria-selected="true"]', grid)?.focus();
    } else if (event.key === "?") {
        say("/ filter · j k move · Enter open · ← → fold · e next error · Esc back to the tree");
    }
});

/* Lines to paste can be copied. */
function addCopyButtons(from) {
    if (!navigator.clipboard) return;
    all("pre[data-copy]", from).forEach((pre) => {
        if (find("button.copy", pre)) return;
        const text = pre.textContent;
        const button = document.createElement("button");
        button.type = "button";
        button.className = "copy";
        button.textContent = "Copy";
        button.addEventListener("click", async () => {
            await navigator.clipboard.writeText(text);
            say("Copied");
        });
        pre.append(button);
    });
}
addCopyButtons(document);
