// Runs before the page is drawn, so that the theme does not flicker.
"use strict";
{
    const chosen = localStorage.getItem("theme");
    if (chosen) document.documentElement.dataset.theme = chosen;
}
