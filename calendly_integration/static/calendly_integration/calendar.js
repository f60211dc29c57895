/* The calendar of the bookings. The server sends the meetings on the wall clock of the chosen zone. */
"use strict";

document.addEventListener("DOMContentLoaded", () => {
    const root = document.querySelector(".calendly .meetings");
    const setup = JSON.parse(document.getElementById("calendar-setup").textContent);
    const { words } = setup;
    const part = (selector) => root.querySelector(selector);
    const form = part(".filters"), grid = part(".grid"), messages = part(".messages"), dialog = part("dialog");
    const VIEWS = ["timeGridDay", "timeGridWeek", "dayGridMonth", "listWeek", "resourceTimeGridDay", "resourceTimelineWeek"];
    const NOBODY = "none";
    const phone = matchMedia("(max-width: 640px)").matches;
    let offsets = [];
    let calendar = null;
    let complaint = "";

    const make = (tag, text, className = "") => {
        const made = document.createElement(tag);
        made.textContent = text;
        if (className) made.className = className;
        return made;
    };

    // The library calls its parts a table and puts buttons where a table may have none: no role is better than that.
    const TABLE = ["table", "rowgroup", "row", "columnheader", "rowheader", "cell"].map((role) => `[role=${role}]`);
    const PLACES = ["colindex", "rowindex", "colcount", "rowcount", "colspan", "rowspan"].map((part) => `aria-${part}`);
    const unroled = () => {
        grid.querySelectorAll(TABLE.join()).forEach((each) => each.removeAttribute("role"));
        for (const name of PLACES) grid.querySelectorAll(`[${name}]`).forEach((each) => each.removeAttribute(name));
        // What scrolls can be reached by keyboard, also while no meeting is in it.
        grid.querySelectorAll(".ec-main:not([tabindex])").forEach((each) => each.setAttribute("tabindex", "0"));
    };
    const watched = { childList: true, subtree: true, attributeFilter: ["role", ...PLACES] };
    new MutationObserver(unroled).observe(grid, watched);

    const value = (name) => form.elements[name].value;
    const pad = (number) => String(number).padStart(2, "0");
    const day = (at) => `${at.getFullYear()}-${pad(at.getMonth() + 1)}-${pad(at.getDate())}`;

    // The address can be shared: it says all that was chosen, and nothing that is usual.
    const chosen = () => {
        const found = new URLSearchParams();
        for (const name of ["host", "event_type", "status", "source"]) {
            if (value(name)) found.set(name, value(name));
        }
        if (value("color") !== "type") found.set("color", value("color"));
        found.set("zone", value("zone"));
        return found;
    };

    const keep = () => {
        const address = chosen();
        address.set("view", calendar.getOption("view"));
        address.set("date", day(calendar.getOption("date")));
        history.replaceState(null, "", `?${address}`);
        return address;
    };

    const tell = (text) => {
        messages.replaceChildren(...(text ? [make("p", text, "note note-wait")] : []));
    };

    const legend = () => {
        const list = part(".legend");
        const byStatus = value("color") === "status";
        const kinds = byStatus ? setup.statuses : [...setup.types, { label: words.other, color: "" }];
        list.replaceChildren(...kinds.map((kind) => {
            const item = make("li", "");
            const swatch = make("span", "", "swatch");
            if (byStatus) swatch.classList.add(`status-${kind.value}`);
            else if (kind.color) swatch.style.setProperty("--calendly-event", kind.color);
            item.append(swatch, kind.label);
            return item;
        }));
        list.hidden = false;
        root.dataset.color = value("color");
    };

    const lanes = (events) => {
        const known = new Map(setup.hosts.map((host) => [host.id, host.title]));
        for (const event of events) known.set(event.host_id || NOBODY, event.host);
        const only = value("host");
        const found = [...known].filter(([id]) => !only || id === only).map(([id, title]) => ({ id, title }));
        return found.length ? found : [{ id: NOBODY, title: words.no_host }];
    };

    const drawn = (event) => ({
        id: event.id,
        start: event.start,
        end: event.end,
        title: event.invitee,
        resourceIds: [event.host_id || NOBODY],
        startEditable: true,
        classNames: [`status-${event.status}`],
        styles: event.color ? [`--calendly-event: ${event.color}`] : [],
        extendedProps: event,
    });

    const shaded = (change, resources) => ({
        start: change.start,
        end: change.end,
        title: change.label,
        display: "background",
        resourceIds: resources.map((each) => each.id),
        classNames: ["clocks"],
        extendedProps: { shade: change.label },
    });

    const load = async (info) => {
        const asked = chosen();
        asked.set("start", info.startStr.slice(0, 10));
        asked.set("end", info.endStr.slice(0, 10));
        let answer = null;
        try {
            const response = await fetch(`${setup.feed}?${asked}`, { headers: { Accept: "application/json" } });
            answer = await response.json();
            if (!response.ok) throw new Error(answer.error);
        } catch {
            tell(words.failed);
            return [];
        }
        offsets = answer.offsets.map(([from, minutes]) => [Date.parse(from), minutes * 60000]);
        const resources = lanes(answer.events);
        calendar?.setOption("resources", resources);
        part(".clock-changes").replaceChildren(...answer.changes.map((change) => make("p", change.text, "note note-wait")));
        tell(complaint || answer.cut || (answer.events.length ? "" : words.empty));
        complaint = "";
        return [...answer.events.map(drawn), ...answer.changes.map((change) => shaded(change, resources))];
    };

    const content = ({ event, view }) => {
        const props = event.extendedProps;
        if (props.shade) return { domNodes: [make("span", props.shade, "shade")] };
        const more = [props.type, props.host].filter(Boolean).join(" · ");
        // Where the place says how long it lasts, the start is enough: a short meeting has one line.
        const time = view.type.startsWith("list") ? props.time : props.time.split("–")[0];
        return {
            domNodes: [
                make("span", time, "time"),
                make("span", props.invitee, "who"),
                make("span", more, "more"),
                make("span", props.status_label, "visually-hidden"),
            ],
        };
    };

    const open = ({ event }) => {
        const props = event.extendedProps;
        if (props.shade) return;
        dialog.querySelector("h2").textContent = props.invitee;
        const state = props.no_show ? `${props.status_label}, ${words.no_show}` : props.status_label;
        for (const field of dialog.querySelectorAll("[data-of]")) {
            field.textContent = field.dataset.of === "state" ? state : props[field.dataset.of] || "–";
        }
        const buttons = dialog.querySelector(".buttons");
        const first = buttons.querySelector(".open");
        first.href = props.url;
        buttons.replaceChildren(first, ...props.actions.map((action) => {
            const link = make("a", action.label);
            link.href = action.url;
            return link;
        }));
        dialog.showModal();
    };

    // How far the zone's clocks are from UTC now, as the library and as people write it. A page may stay open for days.
    const offsetNow = () => {
        const parts = new Intl.DateTimeFormat("en", { timeZone: setup.zone, timeZoneName: "longOffset" }).formatToParts();
        const exact = parts.find((each) => each.type === "timeZoneName").value.slice(3) || "+00:00";
        const [, sign, hours, minutes] = exact.match(/(.)(\d+):(\d+)/);
        return { exact, text: exact === "+00:00" ? "UTC" : `UTC${sign}${Number(hours)}${minutes === "00" ? "" : `:${minutes}`}` };
    };

    const followClocks = () => {
        const { exact, text } = offsetNow();
        if (exact === calendar.getOption("timeZone")) return;
        calendar.setOption("timeZone", exact);
        part(".zone .offset").textContent = text;
    };

    // The instant at which the clocks of the zone show this; the first where they show it twice; null where never.
    const instant = (wall) => {
        const bare = Date.parse(`${wall}Z`);
        for (const [number, [from, offset]] of offsets.entries()) {
            const at = bare - offset;
            const until = offsets[number + 1]?.[0] ?? Infinity;
            if (at < until && (number === 0 || at >= from)) return new Date(at);
        }
        return null;
    };

    // A drag changes nothing by itself: the event goes back, and the page that moves it asks.
    const propose = (info) => {
        const props = info.event.extendedProps;
        const shift = info.event.start - info.oldEvent.start;
        const wall = new Date(Date.parse(`${props.start}Z`) + shift).toISOString().slice(0, 19);
        info.revert();
        if (!props.move || info.newResource) {
            tell(props.move ? words.other_host : props.fixed);
            return;
        }
        if (!shift) return;
        const at = instant(wall);
        if (at === null || at <= new Date()) {
            tell(at === null ? words.gap : words.past);
            return;
        }
        tell(words.asking);
        location.assign(`${props.move}?${new URLSearchParams({ start: at.toISOString().replace(".000", "") })}`);
    };

    const start = () => {
        const wanted = VIEWS.includes(setup.view) ? setup.view : phone ? "listWeek" : "timeGridWeek";
        calendar = EventCalendar.create(grid, {
            view: wanted,
            date: setup.date,
            timeZone: setup.offset,
            locale: setup.locale,
            firstDay: 1,
            allDaySlot: false,
            nowIndicator: true,
            dayMaxEvents: true,
            moreLinkContent: ({ num }) => words.more.replace("%d", num),
            views: {
                timeGridWeek: phone ? { columnWidth: "6.5rem" } : {},
                dayGridMonth: phone ? { height: "44rem" } : {},
                // A column a day, in which the meetings stand one below another.
                resourceTimelineWeek: { slotDuration: { days: 1 } },
            },
            scrollTime: "07:00:00",
            slotHeight: 32,
            snapDuration: "00:15:00",
            height: phone ? undefined : "75vh",
            eventDurationEditable: false,
            editable: false,
            lazyFetching: false,
            headerToolbar: { start: "prev,next today", center: "title", end: VIEWS.join(",") },
            buttonText: (texts) => ({ ...texts, ...Object.fromEntries(VIEWS.map((view) => [view, words[view]])), today: words.today, prev: words.previous, next: words.next, close: words.close }),
            slotLabelFormat: { hour: "2-digit", minute: "2-digit", hourCycle: "h23" },
            eventTimeFormat: { hour: "2-digit", minute: "2-digit", hourCycle: "h23" },
            noEventsContent: "",  // it is told above the calendar
            resources: lanes([]),
            eventSources: [{ events: load }],
            eventContent: content,
            eventClick: open,
            eventDrop: propose,
            datesSet: () => { if (calendar) keep(); },
        });
        grid.hidden = false;
        part(".plain").hidden = true;
        form.querySelector("button").hidden = true;
        legend();
        keep();
        setInterval(followClocks, 60000);
    };

    form.addEventListener("change", (event) => {
        const address = keep();
        // Another zone has another present: the page is made anew.
        if (event.target.name === "zone") return location.assign(`?${address}`);
        legend();
        calendar.refetchEvents();
    });
    // A folded day opens over the others: Escape closes it, and one is where one was.
    let fold = null;
    grid.addEventListener("focusin", ({ target }) => { fold = target.closest(".ec-day-foot a") ?? fold; });
    grid.addEventListener("keydown", (event) => {
        const close = grid.querySelector(".ec-popup .ec-day-head a");
        if (event.key !== "Escape" || !close) return;
        close.click();
        fold?.focus();
    });
    form.addEventListener("submit", (event) => event.preventDefault());
    dialog.addEventListener("click", (event) => { if (event.target === dialog) dialog.close(); });
    start();
});
