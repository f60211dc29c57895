/* Draws the calendar. The server sends the meetings on the wall clock of the chosen zone, and answers each click and drag. */
"use strict";

document.addEventListener("DOMContentLoaded", () => {
    const root = document.querySelector(".calendly .meetings");
    const form = root.querySelector(".filters");
    form.addEventListener("change", () => form.requestSubmit());
    form.querySelector("button").hidden = true;

    const setup = JSON.parse(document.getElementById("calendar-setup")?.textContent ?? "null");
    if (!setup) return;
    const phone = matchMedia("(max-width: 640px)").matches;
    if (phone && setup.list) return location.replace(setup.list);

    const { words } = setup;
    const NOBODY = "none";
    const part = (selector) => root.querySelector(selector);
    const grid = part(".grid"), dialog = part("dialog");
    let calendar = null;

    const make = (tag, text, className) => Object.assign(document.createElement(tag), { textContent: text, className });
    const tell = (text) => part(".messages").replaceChildren(...(text ? [make("p", text, "note note-wait")] : []));
    const address = (more) => new URLSearchParams({ ...setup.query, ...more });

    // The library calls its parts a table and puts buttons where a table may have none: no role is better than that.
    const TABLE = ["table", "rowgroup", "row", "columnheader", "rowheader", "cell"].map((role) => `[role=${role}]`);
    const PLACES = ["colindex", "rowindex", "colcount", "rowcount", "colspan", "rowspan"].map((place) => `aria-${place}`);
    new MutationObserver(() => {
        grid.querySelectorAll(TABLE.join()).forEach((each) => each.removeAttribute("role"));
        for (const name of PLACES) grid.querySelectorAll(`[${name}]`).forEach((each) => each.removeAttribute(name));
        // What scrolls can be reached by keyboard, also while no meeting is in it.
        grid.querySelectorAll(".ec-main:not([tabindex])").forEach((each) => each.setAttribute("tabindex", "0"));
    }).observe(grid, { childList: true, subtree: true, attributeFilter: ["role", ...PLACES] });

    const lanes = (events) => {
        const known = new Map(setup.hosts.map((host) => [host.id, host.title]));
        for (const event of events) known.set(event.host_id || NOBODY, event.host);
        const found = [...known].map(([id, title]) => ({ id, title }));
        return found.length ? found : [{ id: NOBODY, title: words.no_host }];
    };

    const ask = async (path, more) => {
        const response = await fetch(`${path}?${more}`, { headers: { Accept: "application/json" } });
        if (!response.ok) throw new Error(String(response.status));
        return response.json();
    };
    const days = (info) => ({ start: info.startStr.slice(0, 10), end: info.endStr.slice(0, 10) });

    const drawn = (event) => ({
        id: event.id,
        start: event.start,
        end: event.end,
        title: event.invitee,
        resourceIds: [event.host_id || NOBODY],
        startEditable: true,
        classNames: [`status-${event.status}`, ...(event.no_show ? ["no-show"] : [])],
        styles: [`--calendly-event: ${event.color}`],
        extendedProps: event,
    });
    const shade = (start, end, label, kind, resourceIds) => ({
        start, end, resourceIds, title: label, display: "background", classNames: ["shaded", kind], extendedProps: { shade: label },
    });
    const shifted = (wall, minutes) => new Date(Date.parse(`${wall}Z`) + minutes * 60000).toISOString().slice(0, 19);
    // The pauses before and after a meeting, which nobody can book.
    const pauses = (event) => [
        [shifted(event.start, -event.before), event.start],
        [event.end, shifted(event.end, event.after)],
    ].filter(([start, end]) => start < end).map(([start, end]) => shade(start, end, "", "closed", [event.host_id || NOBODY]));

    const meetings = async (info) => {
        let answer = null;
        try {
            answer = await ask(setup.feed, address(days(info)));
        } catch {
            tell(words.failed);
            return [];
        }
        if (answer.offset !== calendar?.getOption("timeZone")) calendar?.setOption("timeZone", answer.offset);
        part(".zone .offset").textContent = answer.offset_text;
        const resources = lanes(answer.events);
        calendar?.setOption("resources", resources);
        part(".clock-changes").replaceChildren(...answer.changes.map((change) => make("p", change.text, "note note-wait")));
        tell(answer.cut || (answer.events.length ? "" : words.empty));
        const all = resources.map((each) => each.id);
        return [
            ...answer.events.map(drawn),
            ...(setup.view.toLowerCase().includes("timegrid") ? answer.events.flatMap(pauses) : []),
            ...answer.changes.map((change) => shade(change.start, change.end, change.label, "clocks", all)),
        ];
    };

    const hours = async (info) => {
        if (!setup.hours_of.length) return [];
        const asked = address(days(info));
        asked.delete("host");
        for (const host of setup.hours_of) asked.append("host", host);
        const answer = await ask(setup.hours, asked).catch(() => ({ hours: [] }));
        return answer.hours.map((each) => shade(each.start, each.end, each.kind === "busy" ? words.busy : "", each.kind, [each.host]));
    };

    const content = ({ event }) => {
        const props = event.extendedProps;
        if (props.shade !== undefined) return { domNodes: props.shade ? [make("span", props.shade, "shade")] : [] };
        const mark = make("span", `${props.no_show ? "✗ " : ""}${props.moved ? "↷ " : ""}`, "mark");
        mark.ariaHidden = "true";
        return {
            domNodes: [
                make("span", props.time, "time"),
                mark,
                make("span", props.invitee, "who"),
                make("span", [props.type, props.host].filter(Boolean).join(" · "), "more"),
                make("span", props.label, "visually-hidden"),
            ],
        };
    };

    const show = async (id, more) => {
        const path = setup.meeting.replace(/[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}/, id);
        await htmx.ajax("GET", `${path}?${address(more)}`, { target: "#meeting", swap: "innerHTML" });
        if (part("#meeting").children.length) dialog.showModal();
    };

    // A drag changes nothing by itself: the meeting goes back, and the server asks, or says why it cannot be.
    const propose = (info) => {
        const props = info.event.extendedProps;
        const shift = info.event.start - info.oldEvent.start;
        info.revert();
        const at = shifted(props.start, shift / 60000);
        if (shift || info.newResource) show(props.id, { at, host: info.newResource?.id ?? "" });
    };

    const book = ({ dateStr, resource }) => {
        const host = resource && resource.id !== NOBODY ? { host: resource.id } : {};
        location.assign(`${setup.book}?${address({ ...host, at: dateStr.slice(0, 19) })}`);
    };

    calendar = EventCalendar.create(grid, {
        view: setup.view,
        date: setup.date,
        timeZone: setup.offset,
        locale: setup.locale,
        firstDay: 1,
        hiddenDays: setup.hidden_days,
        weekNumbers: setup.view === "dayGridMonth",
        weekNumberContent: ({ week }) => words.week.replace("%d", week),
        allDaySlot: false,
        nowIndicator: true,
        dayMaxEvents: true,
        moreLinkContent: ({ num }) => words.more.replace("%d", num),
        buttonText: (texts) => ({ ...texts, close: words.close }),
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
        headerToolbar: { start: "", center: "", end: "" },
        slotLabelFormat: { hour: "2-digit", minute: "2-digit", hourCycle: "h23" },
        eventTimeFormat: { hour: "2-digit", minute: "2-digit", hourCycle: "h23" },
        resources: lanes([]),
        eventSources: [{ events: meetings }, { events: hours }],
        eventContent: content,
        eventClick: ({ event }) => { if (event.extendedProps.id) show(event.extendedProps.id, {}); },
        eventDrop: propose,
        dateClick: setup.book ? book : undefined,
    });
    setInterval(() => { if (!document.hidden && !dialog.open) calendar.refetchEvents(); }, 60000);

    // A folded day opens over the others: Escape closes it, and one is where one was.
    let fold = null;
    grid.addEventListener("focusin", ({ target }) => { fold = target.closest(".ec-day-foot a") ?? fold; });
    grid.addEventListener("keydown", (event) => {
        const close = grid.querySelector(".ec-popup .ec-day-head a");
        if (event.key !== "Escape" || !close) return;
        close.click();
        fold?.focus();
    });
    dialog.addEventListener("click", (event) => { if (event.target === dialog) dialog.close(); });
    dialog.addEventListener("close", () => part("#meeting").replaceChildren());
});
