/* Buttons that copy a text: a meeting's link, a new key. Handled on the page, because parts of it are renewed. */
"use strict";

(() => {
    const timers = new WeakMap();

    const show = (root) => {
        for (const button of root.querySelectorAll(".calendly button.copy[hidden]")) {
            button.setAttribute("aria-live", "polite");
            button.hidden = false;
        }
    };

    const say = (button, words) => {
        button.dataset.label ??= button.textContent;
        button.textContent = words;
        clearTimeout(timers.get(button));
        timers.set(button, setTimeout(() => { button.textContent = button.dataset.label; }, 3000));
    };

    // Where the browser keeps its clipboard to itself, the text is selected: a key copies it.
    const select = (button) => {
        let text = button.parentElement.querySelector("code");
        if (!text) {
            text = document.createElement("code");
            text.className = "by-hand";
            text.textContent = button.dataset.copy;
            button.after(" ", text);
        }
        getSelection().selectAllChildren(text);
        say(button, button.dataset.byHand);
    };

    document.addEventListener("click", async (event) => {
        const button = event.target.closest?.(".calendly button.copy");
        if (!button) return;
        try {
            await navigator.clipboard.writeText(button.dataset.copy);
            say(button, button.dataset.done);
        } catch {
            select(button);
        }
    });

    document.addEventListener("htmx:afterSwap", () => show(document));
    show(document);
})();
