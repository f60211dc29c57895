/* Cancelling: the fields for a kind of reason. Bulk actions: the progress, without a manual reload. */
"use strict";

(() => {
    const EVERY = 2000;
    const LONGEST = 30000;

    /* A box that is only for some kinds of reason is hidden for the others. */
    function onlyFor(box) {
        const form = box.form;
        const row = box.closest("div");
        const kinds = box.dataset.onlyFor.split(" ");
        const show = () => { row.hidden = !kinds.includes(form.elements.code.value); };
        form.addEventListener("change", show);
        show();
    }

    /* The same page again: its live parts take the place of ours, but not of one that holds the focus. */
    function follow(run) {
        let pause = EVERY;
        const again = () => window.setTimeout(look, pause);

        async function look() {
            if (document.hidden) {
                again();
                return;
            }
            try {
                const answer = await fetch(window.location.href, { credentials: "same-origin", cache: "no-store" });
                if (!answer.ok) { throw new Error(String(answer.status)); }
                const page = new DOMParser().parseFromString(await answer.text(), "text/html");
                const fresh = page.getElementById("bulk-run");
                if (!fresh) { return; } // logged out meanwhile
                pause = EVERY;
                take(fresh);
                if (fresh.dataset.unfinished === "0") { return; }
            } catch {
                pause = Math.min(pause * 2, LONGEST);
            }
            again();
        }

        function take(fresh) {
            for (const part of fresh.querySelectorAll("[data-live]")) {
                const old = run.querySelector(`[data-live="${part.dataset.live}"]`);
                const done = fresh.dataset.unfinished === "0";
                if (old && (done || !old.contains(document.activeElement)) && old.innerHTML !== part.innerHTML) {
                    old.replaceWith(document.importNode(part, true));
                }
            }
        }

        again();
    }

    function begin() {
        document.querySelectorAll("input[data-only-for]").forEach(onlyFor);
        const run = document.getElementById("bulk-run");
        if (run && run.dataset.unfinished !== "0") { follow(run); }
    }

    if (document.readyState === "loading") {
        document.addEventListener("DOMContentLoaded", begin);
    } else {
        begin();
    }
})();
