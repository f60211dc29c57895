/* The free starts are in the invitee's time zone: when another zone is chosen, they are loaded again. */
"use strict";

(() => {
    let asked = null;

    /* The page as it is with all that was typed, without the rest of its effects. */
    async function fresh(form, signal) {
        const typed = new FormData(form);
        typed.set("look", "1");
        const answer = await fetch(window.location.href, {
            method: "POST", body: typed, credentials: "same-origin", cache: "no-store", signal,
        });
        if (!answer.ok) { throw new Error(String(answer.status)); }
        return new DOMParser().parseFromString(await answer.text(), "text/html");
    }

    async function showIn(zone) {
        if (asked) { asked.abort(); }
        asked = new AbortController();
        const slots = document.getElementById("slots");
        slots.setAttribute("aria-busy", "true");
        try {
            const page = await fresh(zone.form, asked.signal);
            for (const id of ["slots", "slots-submit"]) {
                const part = page.getElementById(id);
                if (!part) { throw new Error(id); } // logged out meanwhile
                document.getElementById(id).replaceWith(document.importNode(part, true));
            }
            const heading = document.querySelector("#slots h2");
            document.getElementById("slots-told").textContent = heading.textContent;
        } catch (error) {
            // Without an answer the form says it when it is sent: it knows on which clock the starts stand.
            if (error.name !== "AbortError") { slots.removeAttribute("aria-busy"); }
        }
    }

    function begin() {
        const zone = document.querySelector("form select[name=timezone]");
        if (zone && document.getElementById("slots")) { zone.addEventListener("change", () => showIn(zone)); }
    }

    if (document.readyState === "loading") {
        document.addEventListener("DOMContentLoaded", begin);
    } else {
        begin();
    }
})();
