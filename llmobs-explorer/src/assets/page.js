// Additions by scripts. Links and forms also work without them.
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

/* Lists: a row opens its first link; j, k and Enter navigate; a new time range applies at once. */
find("#last")?.addEventListener("change", (event) => {
    all('input[name="from"], input[name="to"]', event.target.form).forEach((input) => input.remove());
    event.target.form.requestSubmit();
});
find(".search")?.addEventListener("submit", (event) => {
    // Removes empty parameters from the address.
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

// On a narrow page, the facets are above the rows and folded.
if (matchMedia("(max-width: 62rem)").matches && find(".facets")) find(".facets").open = false;

/* Keys: ignored in text fields. */
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

/* Buttons to copy commands. */
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
