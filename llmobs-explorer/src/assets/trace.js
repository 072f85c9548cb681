// Traces: the panel of a span is fetched on demand, and branches unfold in place. Links also work without scripts.
"use strict";

const grid = find(".waterfall");
const spanRows = () => all("tr[data-span]", grid);
const level = (row) => Number(row.getAttribute("aria-level"));

/** The spans that the user folded or unfolded. */
const folds = new Map();

/** Takes the spans from a newer page of the trace, and returns whether there are any. Keeps the panel, the branches and the focus. */
async function redrawTrace(page) {
    const banner = find(".banner", page);
    if (!banner || banner.innerHTML === find(".banner").innerHTML) return false;
    const inside = grid.contains(document.activeElement);
    const selected = () => find('tr[aria-selected="true"]', grid)?.dataset.span;
    const before = selected();
    find(".banner").replaceWith(banner);
    all("thead, tbody", grid).forEach((part) => part.replaceWith(find(`.waterfall > ${part.localName}`, page)));
    find(".next-error")?.remove();
    find(".find").append(...all(".next-error", page));
    for (const [span, unfold] of folds) {
        const row = spanRows().find((row) => row.dataset.span === span);
        if (row) await fold(row, unfold);
    }
    if (inside) find('tr[aria-selected="true"]', grid)?.focus({ preventScroll: true });
    // Without a span in the address, the root is shown. A root that arrives later replaces it.
    if (selected() !== before) showSpan(page);
    say(find(".spans", banner).textContent);
    return true;
}

/** Shows the span of another page. */
function showSpan(page) {
    ["#panel", "#details"].forEach((part) => find(part).replaceChildren(...find(part, page).childNodes));
}

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
    // Not from `data-span`, because ids may contain zero bytes and HTML cannot.
    const url = find("a.name", row).getAttribute("href");
    if (push) history.replaceState(null, "", url);
    const wanted = (select.wanted = new URL(url, location).searchParams.get("span"));
    try {
        const page = await load(`${grid.dataset.trace}/spans/${encodeURIComponent(wanted)}`);
        // The user may have selected another span meanwhile.
        if (select.wanted === wanted) showSpan(page);
    } catch (error) {
        say(`The span could not be loaded: ${error.message}`);
    } finally {
        if (select.wanted === wanted) panel.removeAttribute("aria-busy");
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
    folds.set(row.dataset.span, unfold);
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
