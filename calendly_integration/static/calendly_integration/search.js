/* The search on every page, by keyboard: "/" or Ctrl+K opens it, arrows choose, Enter follows, Escape closes.
   htmx fetches what is found. Without this script Enter leads to the list of bookings. */
"use strict";
{
    const field = document.getElementById("calendly-search");
    const found = document.getElementById("calendly-found");
    let chosen = -1;

    const options = () => [...found.querySelectorAll('[role="option"]')];

    function open(shown) {
        found.hidden = !shown;
        field.setAttribute("aria-expanded", String(shown));
        if (!shown) choose(-1);
    }

    function choose(number) {
        const all = options();
        chosen = all.length && number >= 0 ? number % all.length : -1;
        all.forEach((option, index) => option.setAttribute("aria-selected", String(index === chosen)));
        if (chosen >= 0) {
            field.setAttribute("aria-activedescendant", all[chosen].id);
            all[chosen].scrollIntoView({block: "nearest"});
        } else {
            field.removeAttribute("aria-activedescendant");
        }
    }

    const isTyping = (target) => target.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName);

    document.addEventListener("keydown", (event) => {
        const slash = event.key === "/" && !isTyping(event.target) && !event.ctrlKey && !event.metaKey && !event.altKey;
        const k = event.key.toLowerCase() === "k" && (event.ctrlKey || event.metaKey);
        if (slash || k) {
            event.preventDefault();
            field.focus();
            field.select();
        }
    });

    field.addEventListener("keydown", (event) => {
        const all = options();
        if (event.key === "Escape") {
            open(false);
        } else if (found.hidden || !all.length) {
            return;
        } else if (event.key === "ArrowDown") {
            choose(chosen + 1);
        } else if (event.key === "ArrowUp") {
            choose(chosen <= 0 ? all.length - 1 : chosen - 1);
        } else if (event.key === "Enter" && chosen >= 0) {
            all[chosen].click();
        } else {
            return;
        }
        event.preventDefault();
    });

    found.addEventListener("htmx:afterSwap", () => {
        choose(-1);
        open(field.value.trim() !== "");
    });
    field.addEventListener("focus", () => open(field.value.trim() !== "" && found.childElementCount > 0));
    document.addEventListener("click", (event) => {
        if (!field.form.contains(event.target)) open(false);
    });
    field.form.addEventListener("focusout", (event) => {
        if (event.relatedTarget && !field.form.contains(event.relatedTarget)) open(false);
    });
}
