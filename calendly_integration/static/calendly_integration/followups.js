// Follow-ups: a card dragged to another column sends the form, or follows the link, that leads there.
// The buttons on the card do the same without a mouse. A text is copied by its button.
"use strict";

document.addEventListener("DOMContentLoaded", () => {
    let dragged = null;

    const way = (card, column) => card.querySelector(`[data-column="${CSS.escape(column.dataset.column)}"]`);

    for (const card of document.querySelectorAll("[data-card]")) {
        card.draggable = true;
        card.addEventListener("dragstart", (event) => {
            dragged = card;
            event.dataTransfer.effectAllowed = "move";
            event.dataTransfer.setData("text/plain", card.id);
        });
        card.addEventListener("dragend", () => { dragged = null; });
    }

    for (const column of document.querySelectorAll(".board > [data-column]")) {
        const end = () => column.classList.remove("drop-here");
        column.addEventListener("dragover", (event) => {
            if (!dragged || !way(dragged, column)) return;
            event.preventDefault();
            column.classList.add("drop-here");
        });
        column.addEventListener("dragleave", (event) => {
            if (!column.contains(event.relatedTarget)) end();
        });
        column.addEventListener("drop", (event) => {
            event.preventDefault();
            end();
            const found = dragged && way(dragged, column);
            if (!found) return;
            if (found.tagName === "FORM") found.requestSubmit();
            else window.location.assign(found.href);
        });
    }

    for (const button of document.querySelectorAll("[data-copy]")) {
        if (!navigator.clipboard) continue;
        const label = button.textContent;
        button.hidden = false;
        button.addEventListener("click", async () => {
            await navigator.clipboard.writeText(button.parentElement.querySelector("[data-copy-source]").innerText);
            button.textContent = button.dataset.done;
            setTimeout(() => { button.textContent = label; }, 2000);
        });
    }
});
