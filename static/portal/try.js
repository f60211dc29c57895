"use strict";

// Books as an agent does. The key stays in this page's memory and is never displayed.
(() => {
  const form = document.getElementById("try-box");
  if (!form) return;
  const words = form.dataset;
  const state = document.getElementById("try-state");
  const slots = document.getElementById("try-slots");
  const log = document.getElementById("try-log");
  const language = document.documentElement.lang;
  const timezone = Intl.DateTimeFormat().resolvedOptions().timeZone;
  let held = null;

  form.querySelector(".zone").textContent = `(${timezone})`;

  async function key() {
    if (held && Date.now() < held.until) return held.text;
    const token = form.elements.csrfmiddlewaretoken.value;
    const answer = await fetch(words.keyUrl, { method: "POST", headers: { "X-CSRFToken": token } });
    if (!answer.ok) throw new Error(words.noKey);
    const made = await answer.json();
    held = { text: made.key, until: Date.now() + (made.expiresIn - 30) * 1000 };
    return held.text;
  }

  function add(parent, tag, text, kind) {
    const made = document.createElement(tag);
    made.textContent = text;
    if (kind) made.className = kind;
    parent.append(made);
    return made;
  }

  function block(parent, text) {
    add(parent, "pre", text).tabIndex = 0;
  }

  async function call(method, url, body) {
    const text = await key();
    const headers = { Authorization: `Bearer ${text}`, Accept: "application/json", "Accept-Language": language };
    if (body) headers["Content-Type"] = "application/json";
    const began = performance.now();
    const answer = await fetch(url, { method, headers, credentials: "omit", body: body && JSON.stringify(body) });
    const raw = await answer.text();
    const took = Math.round(performance.now() - began);
    let data = null;
    try { data = JSON.parse(raw); } catch { /* shown as it is */ }

    const masked = { ...headers, Authorization: `Bearer ${text.slice(0, 16)}_••••••••` };
    const lines = Object.entries(masked).map(([name, value]) => `${name}: ${value}`);
    const asked = [`${method} ${new URL(url, location.href)}`, ...lines];
    if (body) asked.push("", JSON.stringify(body, null, 2));
    const entry = document.createElement("article");
    add(entry, "h3", words.request);
    block(entry, asked.join("\n"));
    add(entry, "h3", `${words.answer}: ${answer.status} · ${took} ms`, answer.ok ? "good" : "bad");
    block(entry, data ? JSON.stringify(data, null, 2) : raw);
    log.prepend(entry);
    return data;
  }

  function local(instant) {
    const at = new Date(instant);
    return new Date(at.getTime() - at.getTimezoneOffset() * 60000).toISOString().slice(0, 16);
  }

  function offer(found) {
    const shown = { weekday: "short", day: "numeric", month: "short", hour: "2-digit", minute: "2-digit" };
    slots.replaceChildren();
    state.textContent = found.length ? `${words.free} (${timezone})` : words.none;
    for (const slot of found.slice(0, 12)) {
      const button = add(slots, "button", new Date(slot.startTime).toLocaleString(language, shown));
      button.type = "button";
      button.addEventListener("click", () => {
        form.elements.time.value = local(slot.startTime);
        for (const each of slots.children) each.setAttribute("aria-pressed", String(each === button));
      });
    }
  }

  async function guarded(work) {
    const buttons = form.querySelectorAll("button");
    buttons.forEach((each) => { each.disabled = true; });
    state.textContent = words.asking;
    try {
      await work();
    } catch (error) {
      state.textContent = error instanceof TypeError ? words.away : error.message;
    } finally {
      buttons.forEach((each) => { each.disabled = false; });
    }
  }

  document.getElementById("try-free").addEventListener("click", () => guarded(async () => {
    const query = new URLSearchParams({ eventType: form.elements.type.value, timezone });
    if (form.elements.time.value) query.set("start", form.elements.time.value);
    const data = await call("GET", `${words.availability}?${query}`);
    if (data && data.slots) offer(data.slots);
    else state.textContent = (data && (data.message || data.error)) || "";
  }));

  form.addEventListener("submit", (event) => {
    event.preventDefault();
    guarded(async () => {
      const body = {
        eventType: form.elements.type.value,
        inviteeEmail: form.elements.email.value,
        inviteeName: form.elements.name.value,
        timezone,
        conversationId: `try-${Date.now()}`,
        agentType: "try-it",
      };
      if (form.elements.time.value) body.preferredTime = form.elements.time.value;
      const data = await call("POST", words.schedule, body);
      slots.replaceChildren();
      state.textContent = (data && (data.message || data.error)) || "";
    });
  });
})();
