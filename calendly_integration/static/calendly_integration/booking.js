/* Buttons that copy the text beside them: the invitee's links, a new key. */
"use strict";

for (const button of document.querySelectorAll(".calendly button.copy")) {
    const label = button.textContent;
    let timer = 0;

    const say = (words) => {
        button.textContent = words;
        clearTimeout(timer);
        timer = setTimeout(() => { button.textContent = label; }, 3000);
    };

    // Where the browser keeps its clipboard to itself, the text is selected: a key copies it.
    const select = () => {
        const text = button.parentElement.querySelector("a, code");
        if (!text) return;
        getSelection().selectAllChildren(text);
        say(button.dataset.byHand);
    };

    button.setAttribute("aria-live", "polite");
    button.hidden = false;
    button.addEventListener("click", async () => {
        try {
            await navigator.clipboard.writeText(button.dataset.copy);
            say(button.dataset.done);
        } catch {
            select();
        }
    });
}
