/* One start is chosen among the days, each of which is a radio group of its own. The sentence beside the button names it. */
"use strict";

(() => {
    const choose = (radio) => {
        for (const each of document.querySelectorAll("#slots input[type=radio]")) each.checked = each === radio;
        document.getElementById("slots-choice").textContent = radio.dataset.text;
    };

    document.addEventListener("change", ({ target }) => {
        if (target.matches("#slots input[type=radio]")) choose(target);
    });

    // Of days with one name only one can be open: an open one that comes beside the old ones would be closed.
    document.addEventListener("htmx:beforeSwap", ({ detail }) => {
        if (!detail.serverResponse.includes('id="slots"')) return;
        for (const day of document.querySelectorAll("#slots details[open]")) day.open = false;
    });

    document.addEventListener("click", (event) => {
        const start = event.target.closest("#slots button[data-start]")?.dataset.start;
        if (!start) return;
        event.preventDefault();
        const radio = document.querySelector(`#slots input[value="${start}"]`);
        radio.closest("details").open = true;
        choose(radio);
        radio.focus();
    });
})();
