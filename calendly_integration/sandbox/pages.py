"""HTML pages: an overview of what happened, and the invitee's pages to book, cancel and reschedule."""

from __future__ import annotations

from datetime import timedelta
from html import escape
from urllib.parse import parse_qsl, quote
from zoneinfo import ZoneInfo

from . import availability, markup, moments
from .calendly import Calendly
from .errors import Problem
from .http_messages import Request, Response, allowed_methods
from .markup import STYLE_PATH, field, hidden, link, page, table, tag
from .store import Event, EventType, Invitee

ROWS = 50
DAYS_SHOWN = 14
TONES = {"active": "good", "delivered": "good", "canceled": "bad", "failed": "bad", "dropped": "bad"}
CHANGEABLE = ("name", "email", "timezone", "text_reminder_number")
PHONE_LABEL = "Phone for text reminders"
ONE_SEGMENT, FORMS = 1, ("cancellations", "reschedulings")


def handles(calendly: Calendly, request: Request) -> bool:
    """Whether the path belongs to a page and not to the API."""
    if request.path in ("/", STYLE_PATH, "/favicon.ico"):
        return True
    parts = request.path.strip("/").split("/")
    return len(parts) > ONE_SEGMENT and (
        parts[0] in (*FORMS, "d") or _public_type(calendly, parts) is not None
    )


def handle(calendly: Calendly, request: Request) -> Response:
    """Show a page or process its form. An error becomes a page with its status."""
    if request.method == "OPTIONS":
        return allowed_methods(("GET", "POST"))
    parts = request.path.strip("/").split("/")
    form = dict(parse_qsl(request.body.decode("utf-8", "replace"), keep_blank_values=True))
    try:
        with calendly.lock:
            if request.path == STYLE_PATH:
                return markup.style()
            if request.path == "/favicon.ico":
                return Response(204)
            if request.path == "/":
                return _home(calendly, request)
            if parts[0] == "cancellations":
                return _cancellation(calendly, request, calendly.find_invitee(parts[1]), form)
            if parts[0] == "reschedulings":
                return _rescheduling(calendly, request, calendly.find_invitee(parts[1]), form)
            return _booking(calendly, request, parts, form)
    except Problem as problem:
        text = problem.body.get("details", [problem.body])[0]["message"]
        back = f"<p>{link('/', 'Back to the overview')}</p>"
        body = f'<p class="say bad" role=alert>{escape(str(text))}</p>{back}'
        return page("Not possible", body, status=problem.status)


def _public_type(calendly: Calendly, parts: list[str]) -> EventType | None:
    for item in calendly.state.event_types.values():
        if [calendly.state.users[item.owner_id].slug, item.slug] == parts[:2]:
            return item
    return None


def _local(calendly: Calendly, event: Event) -> str:
    zone = ZoneInfo(calendly.state.users[event.host_ids[0]].timezone)
    start, end = event.start.astimezone(zone), event.end.astimezone(zone)
    return f"{moments.spoken(start)}\u2013{end:%H:%M} {zone.key}"


def _home(calendly: Calendly, request: Request) -> Response:
    watching = "watch" in request.query
    watch = link("/", "Stop refreshing") if watching else link("/?watch=1", "Refresh every 3 seconds")
    parts = (
        f"<p>{watch}</p>",
        "<h2>Book as an invitee</h2>",
        _types(calendly),
        "<h2>Meetings</h2>",
        _meetings(calendly),
        "<h2>Webhooks sent</h2>",
        _webhooks(calendly),
        "<h2>API calls</h2>",
        _calls(calendly),
    )
    lead = f"a sandbox; its clock shows {calendly.now():%Y-%m-%d %H:%M:%S} UTC"
    return page("Local Calendly", "".join(parts), refresh=watching, lead=lead)


def _types(calendly: Calendly) -> str:
    rows = []
    for item in calendly.state.event_types.values():
        owner = calendly.state.users[item.owner_id]
        usable = item.active and item.deleted_at is None
        name = link(f"/{owner.slug}/{item.slug}", item.name) if usable else escape(item.name)
        state = tag("active", "good") if usable else tag("deleted" if item.deleted_at else "inactive", "bad")
        hosts = ", ".join(calendly.state.users[key].name for key in item.host_ids)
        rows.append([name, f"{item.duration} min", escape(hosts), state])
    return table(("Event type", "Length", "Host", "State"), rows, "No event types.")


def _meetings(calendly: Calendly) -> str:
    newest = sorted(calendly.state.invitees.values(), key=lambda item: item.created_at, reverse=True)[:ROWS]
    rows = []
    for item in newest:
        event = calendly.state.events[item.event_id]
        actions = ""
        if item.status == "active" and event.start > calendly.now():
            actions = (
                f"{link(f'/reschedulings/{item.id}', 'Move')} · {link(f'/cancellations/{item.id}', 'Cancel')}"
            )
        state = tag("moved" if item.rescheduled else item.status, TONES[item.status])
        if item.no_show_id is not None:
            state += " " + tag("no-show", "bad")
        who = f"{escape(item.name)}<br><span class=note>{escape(item.email)}</span>"
        how = "API" if item.scheduling_method == "api" else "page"
        rows.append([_local(calendly, event), escape(event.name), who, how, state, actions])
    return table(
        ("When", "What", "Invitee", "Booked by", "State", "As the invitee"), rows, "No bookings yet."
    )


def _webhooks(calendly: Calendly) -> str:
    rows = []
    for item in reversed(calendly.state.deliveries[-ROWS:]):
        subscription = calendly.state.subscriptions.get(item.subscription_id)
        target = "(deleted)" if subscription is None else subscription.callback_url
        body = f"<details><summary>{escape(item.event)}</summary><pre>{escape(item.body)}</pre></details>"
        state = tag(item.status, TONES.get(item.status, "wait"))
        tries = (
            f"{item.tries}: {', '.join(result.partition(':')[0] for result in item.results[-3:])}"
            if item.results
            else str(item.tries)
        )
        rows.append([f"{item.created_at:%H:%M:%S}", body, escape(target), escape(tries), state])
    return table(
        ("Time", "Event", "To", "Tries", "State"), rows, "No webhooks sent. Is there a subscription?"
    )


def _calls(calendly: Calendly) -> str:
    rows = []
    for item in list(calendly.calls)[: -ROWS - 1 : -1]:
        status = "none" if item.status is None else str(item.status)
        tone = "good" if status.startswith("2") else "bad"
        what = f"{escape(item.method)} {escape(item.path)}"
        if item.body:
            what = f"<details><summary>{what}</summary><pre>{escape(item.body)}</pre></details>"
        rows.append([f"{item.at:%H:%M:%S}", what, tag(status, tone), escape(item.fault or "")])
    return table(("Time", "Call", "Status", "Fault"), rows, "No calls yet.")


def _cancellation(calendly: Calendly, request: Request, invitee: Invitee, form: dict[str, str]) -> Response:
    if request.method == "POST":
        calendly.cancel_as_invitee(invitee, form.get("reason", "").strip() or None)
        return _done("Canceled", "The meeting is canceled.")
    body = (
        f"{_summary(calendly, invitee)}<form method=post><label>Reason"
        "<textarea name=reason rows=3></textarea></label><button>Cancel the meeting</button></form>"
    )
    return page("Cancel", body)


def _summary(calendly: Calendly, invitee: Invitee) -> str:
    event = calendly.state.events[invitee.event_id]
    state = tag(invitee.status, TONES[invitee.status])
    return f"<p>{escape(event.name)} with {escape(invitee.name)}, {_local(calendly, event)} {state}</p>"


def _done(title: str, text: str) -> Response:
    return page(title, f'<p class="say good" role=status>{escape(text)}</p><p>{link("/", "Overview")}</p>')


def _rescheduling(calendly: Calendly, request: Request, invitee: Invitee, form: dict[str, str]) -> Response:
    if request.method == "POST":
        changes = {name: form.get(name) for name in CHANGEABLE}
        new = calendly.reschedule_as_invitee(invitee, form.get("start_time", ""), **changes)
        return _done("Moved", f"The meeting is now {_local(calendly, calendly.state.events[new.event_id])}.")
    event_type = calendly.state.event_types[calendly.state.events[invitee.event_id].event_type_id]
    start = request.query.get("start_time")
    if start is None:
        return page(
            "Move",
            _summary(calendly, invitee)
            + _slots(calendly, event_type, f"/reschedulings/{invitee.id}?start_time="),
        )
    zone = calendly.state.users[event_type.owner_id].timezone
    button = f"<button>Move to {_start_text(calendly, event_type, start)}</button>"
    fields = (
        f"{field('name', 'Name', invitee.name)}{field('email', 'E-mail', invitee.email, kind='email')}"
        f"{field('timezone', 'Time zone', invitee.timezone or zone)}"
        f"{field('text_reminder_number', PHONE_LABEL, invitee.text_reminder_number or '', required=False)}"
    )
    form_html = f"<form method=post>{hidden('start_time', start)}{fields}{button}</form>"
    return page("Move", _summary(calendly, invitee) + form_html)


def _start_text(calendly: Calendly, event_type: EventType, start: str) -> str:
    """The start in the host's time zone; the text itself if it is no instant."""
    moment = moments.parse(start)
    zone = ZoneInfo(calendly.state.users[event_type.owner_id].timezone)
    return escape(start) if moment is None else f"{moments.spoken(moment.astimezone(zone))} {zone.key}"


def _slots(calendly: Calendly, event_type: EventType, prefix: str) -> str:
    """Links to the free starts of the next days, in the host's time zone."""
    now = calendly.now()
    zone = ZoneInfo(calendly.state.users[event_type.owner_id].timezone)
    days: dict[str, list[str]] = {}
    for moment, _ in availability.starts(
        calendly.state, event_type, now, now + timedelta(days=DAYS_SHOWN), now
    ):
        here = moment.astimezone(zone)
        url = prefix + quote(moments.seconds(moment))
        day = f"{moments.DAYS[here.weekday()]} {here:%d} {moments.MONTHS[here.month - 1]}"
        days.setdefault(day, []).append(f"<li>{link(url, f'{here:%H:%M}')}</li>")
    if not days:
        return "<p class=note>No free times in the next two weeks.</p>"
    blocks = [f"<h2>{day}</h2><ul class=slots>{''.join(items)}</ul>" for day, items in days.items()]
    return f"<p class=note>Times in {escape(zone.key)}</p>{''.join(blocks)}"


def _booking(calendly: Calendly, request: Request, parts: list[str], form: dict[str, str]) -> Response:
    code = parts[1] if parts[0] == "d" else None
    if code is not None and code in calendly.state.links:
        event_type = calendly.state.event_types[calendly.state.links[code].event_type_id]
    else:
        event_type = calendly.find_event_type(_public_type(calendly, parts) or "")
    base = f"/{quote(parts[0])}/{quote(parts[1])}" + (f"/{quote(event_type.slug)}" if code else "")
    start = request.query.get("start_time") or (parts[2] if len(parts) > 2 and code is None else None)
    title = f"{event_type.name}, {event_type.duration} minutes"
    if request.method == "POST":
        return _book(calendly, event_type, form, code)
    if start is None:
        return page(title, _slots(calendly, event_type, f"{base}?start_time="))
    questions = "".join(
        field(f"q:{item['name']}", item["name"], required=item["required"]) for item in event_type.questions
    )
    body = (
        f'<form method=post action="{escape(base)}">{hidden("start_time", start)}'
        f"{field('name', 'Name')}{field('email', 'E-mail', kind='email')}"
        f"{field('timezone', 'Time zone', calendly.owner.timezone)}"
        f"{field('text_reminder_number', PHONE_LABEL, required=False)}{questions}"
        f"{field('utm_source', 'Tracking: utm_source', required=False)}"
        f"{field('utm_medium', 'Tracking: utm_medium', required=False)}"
        f"{field('utm_content', 'Tracking: utm_content', required=False)}"
        f"<button>Book {_start_text(calendly, event_type, start)}</button></form>"
    )
    return page(title, body)


def _book(calendly: Calendly, event_type: EventType, form: dict[str, str], code: str | None) -> Response:
    answers = {name.removeprefix("q:"): text for name, text in form.items() if name.startswith("q:") and text}
    tracking = {name: form[name] for name in ("utm_source", "utm_medium", "utm_content") if form.get(name)}
    invitee = calendly.book_as_invitee(
        event_type,
        form.get("start_time", ""),
        email=form.get("email", ""),
        name=form.get("name", ""),
        timezone=form.get("timezone"),
        tracking=tracking,
        answers=answers,
        link=code,
        text_reminder_number=form.get("text_reminder_number") or None,
    )
    return _done("Booked", f"Booked: {_local(calendly, calendly.state.events[invitee.event_id])}.")
