"""Values that cannot be, in every address, query and form field of our admin: a clear page, never a fault."""

import itertools
import re
from collections.abc import Collection, Iterator
from html.parser import HTMLParser
from typing import Any

import pytest
from django.contrib import admin
from django.test import Client
from django.urls import reverse

from calendly_integration.models import Booking, EventType, FollowUp, OutboxMessage
from calendly_integration.sandbox.calendly import Calendly

from . import factories

HUGE = "99999999999999999999"
ABSURD = (
    "x",
    "-1",
    HUGE,
    "9" * 5000,
    "٣",
    "\0",
    "\u202e",
    "🙂" * 400,
    "9999-12-31",
    "0001-01-01",
    "2026-02-30",
    "9999-12-31T23:59:59Z",
    "0001-01-01T00:00:00Z",
    "0001-01-01T00:00:00+14:00",
    "9999-12-31T23:59:59-14:00",
    "2026-11-24T10:00:00+99:99",
    "localtime",
    "../../etc/passwd",
    "//evil.example",
)
# One of each kind.
WORST = (HUGE, "\0", "9999-12-31", "9999-12-31T23:59:59Z", "0001-01-01T00:00:00Z", "../../etc/passwd")
QUERIES = (
    "from",
    "start",
    "end",
    "zone",
    "to",
    "event_type",
    "timezone",
    "followup",
    "date",
    "host",
    "email",
    "name",
    "phone",
    "conversation",
    "day",
    "view",
    "status",
    "source",
    "color",
    "p",
    "o",
    "q",
    "assigned",
    "due",
    "_popup",
    "_changelist_filters",
    "_facets",
    "all",
    "e",
    "period",
)


class Forms(HTMLParser):
    """The forms of a page that are sent: where to, and what stands in their fields."""

    def __init__(self, body: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str]]] = []
        self.inside = False
        self.select = ""
        self.feed(body)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if tag == "form":
            self.inside = given.get("method", "get").lower() == "post"
            if self.inside:
                self.found.append((given.get("action", ""), {}))
        name = given.get("name", "")
        if not self.inside or not name or name == "csrfmiddlewaretoken":
            return
        fields = self.found[-1][1]
        if tag in ("input", "textarea", "button"):
            if given.get("type") not in ("radio", "checkbox") or "checked" in given or name not in fields:
                fields[name] = given.get("value", "")
        elif tag == "select":
            self.select = name
            fields[name] = ""

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self.inside = False


def addresses() -> Iterator[str]:
    """Every address of our admin, with one of our rows where it is about one."""
    for model in factories.MODELS:
        page: Any = admin.site._registry[model]
        row = model._default_manager.first()
        assert row is not None
        for pattern in page.get_urls():
            if pattern.name is None:
                continue
            if "object_id" not in str(pattern.pattern):
                yield reverse(f"admin:{pattern.name}")
            else:
                yield reverse(f"admin:{pattern.name}", args=[row.pk])
    yield reverse("admin:app_list", args=["calendly_integration"])


@pytest.fixture
def meeting(booking: Booking, sandbox: Calendly, flush: Any) -> Booking:
    """A real booking beside rows of every kind, all of them in states in which something can be done."""
    flush()
    account = factories.create_account()
    factories.create_booking(account)
    OutboxMessage.objects.update(status="waiting")
    EventType.objects.filter(pk=booking.event_type_id).update(
        questions=[
            {
                "name": "Which?",
                "type": "single_select",
                "answer_choices": ["a", "b"],
                "position": 0,
                "enabled": True,
            },
            {
                "name": "Both?",
                "type": "multi_select",
                "answer_choices": ["a", "b"],
                "position": 1,
                "enabled": True,
                "include_other": True,
            },
            {"name": "Why?", "type": "text", "position": 2, "enabled": True},
            {"name": "Number?", "type": "phone_number", "position": 3, "enabled": True},
        ]
    )
    return booking


def test_absurd_keys_of_rows(root: Client, db: None) -> None:
    factories.create_booking(factories.create_account())
    for model in factories.MODELS:
        page: Any = admin.site._registry[model]
        for pattern in page.get_urls():
            if pattern.name is None or "object_id" not in str(pattern.pattern):
                continue
            for key in (HUGE, "\0", "x", "9" * 5000, "../../etc/passwd"):
                address = reverse(f"admin:{pattern.name}", args=[key])
                for answer in (root.get(address), root.post(address, {"sure": "yes"})):
                    assert answer.status_code in (200, 302, 403, 404, 405), (address[:80], key[:40])


def mixed(names: Collection[str]) -> Iterator[dict[str, str]]:
    """Each value in each field once, in as many requests as there are values."""
    for turn in range(len(WORST)):
        yield {name: WORST[(place + turn) % len(WORST)] for place, name in enumerate(names)}


def test_absurd_queries_of_every_page(root: Client, meeting: Booking) -> None:
    kind = str(meeting.event_type_id)
    for address in dict.fromkeys(addresses()):
        about_a_row = re.search(r"/[0-9a-f-]{36}/|/\d+/", address)
        for query in itertools.islice(mixed(QUERIES), 1 if about_a_row else None):
            assert root.get(address, query).status_code < 500, (address, query)
    for act in ("reschedule", "reassign"):
        address = reverse(f"admin:calendly_integration_booking_{act}", args=[meeting.pk])
        _each(root, address, {})
    _each(root, reverse("admin:calendly_integration_booking_add"), {"event_type": kind})
    _each(root, reverse("admin:calendly_integration_booking_calendar"), {})
    _each(
        root, reverse("admin:calendly_integration_booking_feed"), {"start": "2026-11-23", "end": "2026-11-30"}
    )


def _each(browser: Client, address: str, usual: dict[str, str]) -> None:
    """Each value among others that cannot be, and the two worst of them alone."""
    names = QUERIES[:11]
    alone = [{name: value} for name in names for value in ("\0", "9999-12-31T23:59:59Z")]
    for given in (*alone, *mixed([name for name in names if name not in usual])):
        assert browser.get(address, {**usual, **given}).status_code < 500, (address, given)


def test_absurd_values_in_every_field_of_every_form(root: Client, meeting: Booking) -> None:
    add = reverse("admin:calendly_integration_booking_add") + f"?event_type={meeting.event_type_id}"
    acts = ("cancel", "reschedule", "reassign", "send_confirmation", "refetch")
    own = [reverse(f"admin:calendly_integration_booking_{act}", args=[meeting.pk]) for act in acts]
    tried: set[tuple[str, str]] = set()
    for page in (add, *own, *dict.fromkeys(addresses())):
        FollowUp.objects.update(status="planned")  # another form may have closed it
        answer = root.get(page)
        if answer.status_code != 200 or answer.streaming or "text/html" not in answer["Content-Type"]:
            continue
        for action, fields in Forms(answer.content.decode()).found:
            address = action or page
            if address.startswith(("?", "#")):
                address = page.partition("?")[0] + address
            new = [name for name in fields if (address, name) not in tried]
            if "logout" in address or not new:
                continue
            tried |= {(address, name) for name in new}
            costly = "_booking_" in page or "/booking/" in page  # each look at them asks Calendly
            for given in _absurd_forms(new, costly=costly):
                done = root.post(address, {**fields, **given})
                assert done.status_code < 500, (address, given)
    names = {name for _address, name in tried}
    assert names >= {
        "aliases",
        "allowed_keys",
        "assignee",
        "code",
        "email",
        "expires_on",
        "guests",
        "note",
        "once",
        "question_0",
        "question_1",
        "reason",
        "scopes",
        "start-1",
        "timezone",
        "upto",
        "zone",
        "_selected_action",
    }


def _absurd_forms(names: list[str], *, costly: bool) -> Iterator[dict[str, str]]:
    """Absurd values for these fields: alone, because what a form refuses in one field would hide another, and
    all together."""
    for name in names:
        takes_time = name in ("start", "upto", "expires_on", "timezone", "zone", "date")
        for value in WORST if takes_time or not costly else (HUGE, "\0"):
            yield {name: value}
    if len(names) > 1:
        yield from (mixed(names) if costly else (dict.fromkeys(names, value) for value in ABSURD))


def test_a_form_of_many_keys_that_cannot_be_changes_nothing(root: Client, meeting: Booking) -> None:
    edit = reverse("admin:calendly_integration_eventtype_edit", args=[meeting.event_type_id])
    answer = root.post(edit, {"aliases": "x", "open_to": "keys", "allowed_keys": [HUGE]})
    assert answer.status_code == 200
    assert not EventType.objects.filter(open_to="keys").exists()
    assign = reverse("admin:calendly_integration_followup_assign", args=[FollowUp.objects.get().pk])
    assert "Choose a colleague from the list." in root.post(assign, {"assignee": HUGE}, follow=True).text
