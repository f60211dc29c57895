"""Every page of the back-office in Romanian, and what it answers when something fails: no English is left in it."""

import re
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from html.parser import HTMLParser
from typing import Any

import pytest
from django.contrib import admin
from django.contrib.auth.models import User
from django.db.models import Model
from django.test import Client
from django.urls import reverse

from calendly_integration.models import (
    Booking,
    BulkItem,
    CalendlyAccount,
    CalendlyBooking,
    EventType,
    FollowUp,
    OutboxMessage,
    SyncRun,
    TimelineEntry,
    WebhookDelivery,
)
from calendly_integration.sandbox.calendly import Calendly

from ..test_translations import romanian
from . import factories

APP = "calendly_integration"
# Words that every English sentence needs and no Romanian one has.
ENGLISH = re.compile(
    r"\b(the|is|of|not|and|to|was|be|this|that|with|it|has|been|cannot|have|by|for|or|you|could|no|yet)\b"
)
SPOKEN = ("aria-label", "title", "placeholder", "alt", "data-done", "data-by-hand", "value")
LOST = "could not connect to Calendly (ConnectionRefusedError)"
DENIED = "Permission Denied: You do not have permission to access this resource."


class Words(HTMLParser):
    """The texts of a page that people see or hear; raw data aside."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.found: list[str] = []
        self._skipped = 0
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: Any) -> None:
        """Attributes that are read out."""
        self._skipped += tag in ("script", "style", "pre", "code")
        given = dict(attrs)
        spoken = SPOKEN if tag == "input" and given.get("type") in ("submit", "button") else SPOKEN[:-1]
        self.found += [given[name] for name in spoken if given.get(name)]

    def handle_endtag(self, tag: str) -> None:
        """The end of what is not read."""
        self._skipped -= tag in ("script", "style", "pre", "code")

    def handle_data(self, data: str) -> None:
        """A text."""
        if not self._skipped and data.strip():
            self.found.append(" ".join(data.split()))


def english(page: str) -> list[str]:
    """The texts that are English sentences, or English words of ours that have a translation."""
    known = {key for key, text in romanian().items() if isinstance(key, str) and " " in key and text != key}
    return [text for text in Words(page).found if ENGLISH.search(text) or text in known]


# They answer no page, or only what is posted.
SKIPPED = ("save", "forget", "columns", "feed", "csv", "xlsx", "zone", "language")


def addresses() -> Iterator[str]:
    """The home page, and all that the app's admin classes serve, with each row."""
    yield "/"
    yield reverse("admin:app_list", args=[APP])
    for model in factories.MODELS:
        keys = list(model._default_manager.values_list("pk", flat=True))
        assert keys
        for pattern in admin.site._registry[model].get_urls():
            page = str(pattern.name).rpartition("_")[2]
            if pattern.name is None or page in SKIPPED:
                continue
            for args in [[key] for key in keys] if "object_id" in str(pattern.pattern) else [[]]:
                yield reverse(f"admin:{pattern.name}", args=args)


@pytest.fixture
def browser(db: None) -> Client:
    """The superuser, who speaks Romanian."""
    found = Client(headers={"accept-language": "ro"})
    found.force_login(User.objects.create_superuser("radu"))
    return found


def troubled() -> None:
    """A row of everything, and all that can be wrong with it."""
    now = datetime.now(UTC)
    booking = factories.create_booking(factories.create_account("Ana"), text="Nora")
    Booking.objects.update(
        failure="Calendly has no such booking.",
        no_show_at=now,
        canceled_by="Maria",
        start_at=now,
        end_at=None,
    )
    CalendlyBooking.objects.update(
        pending_action="resolve", next_attempt_at=now, last_error=LOST, cancel_reason="Moved to another time"
    )
    CalendlyBooking.objects.create(
        booking=booking,
        status="active",
        invitee_uri="i",
        event_uri="e",
        start_at=now + timedelta(days=1),
        last_error=DENIED,
        created_at=now,
    )
    WebhookDelivery.objects.update(last_error="email is missing")
    OutboxMessage.objects.update(last_error="the portal answered 503")
    CalendlyAccount.objects.update(
        health="failing",
        health_note="Unauthenticated: The access token expired",
        quota_exhausted_until=now + timedelta(hours=2),
        subscription_state="disabled",
    )
    SyncRun.objects.update(status="failed", error=DENIED)
    BulkItem.objects.update(note=f"refused: {DENIED}", last_error=LOST)
    FollowUp.objects.update(scheduled_for=now - timedelta(hours=1))
    TimelineEntry.objects.create(
        booking=booking, at=now, actor="system", action="not_canceled", detail={"error": DENIED}
    )
    OutboxMessage.objects.create(
        queue=OutboxMessage.objects.earliest("pk").queue,
        path="/calendly/notify",
        body={},
        once_key="late",
        created_at=now - timedelta(minutes=6),
        last_error="could not connect to the portal (TimeoutError)",
    )


def test_english_is_found_where_it_is(browser: Client) -> None:
    troubled()
    text = browser.get(
        reverse("admin:app_list", args=[APP]), headers={"accept-language": "en"}
    ).content.decode()
    assert {"Needs attention", "Previous day", "Meetings of the day"} <= set(english(text))


def test_no_page_holds_english(browser: Client) -> None:
    troubled()
    found = {}
    for address in addresses():
        answer = browser.get(address, follow=True)
        assert answer.status_code in (200, 403, 405), address
        is_page = answer.status_code == 200 and "<html" in answer.content.decode()
        assert not is_page or '<html lang="ro"' in answer.content.decode(), address
        if left := english(answer.content.decode()):
            found[address] = left
    assert found == {}


def test_no_empty_list_holds_english(browser: Client) -> None:
    found = {}
    for model in factories.MODELS:
        address = reverse(f"admin:{APP}_{model._meta.model_name}_changelist")
        for query in ("", "?q=nimeni"):
            if left := english(browser.get(address + query, follow=True).content.decode()):
                found[address + query] = left
    assert found == {}


FAILURES: tuple[dict[str, Any], ...] = (
    {"kind": "refuse"},
    {"kind": "drop"},
    {"kind": "status", "status": 401},
    {"kind": "status", "status": 403},
    {"kind": "status", "status": 404},
    {"kind": "status", "status": 429, "seconds": 90},
    {"kind": "status", "status": 500},
)


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("failure", FAILURES, ids=lambda each: str(each.get("status", each["kind"])))
def test_no_answer_to_a_failure_holds_english(
    browser: Client,
    booking: Booking,
    sandbox: Calendly,
    event_types: dict[str, EventType],
    failure: dict[str, Any],
    flush: Callable[[], None],
) -> None:
    flush()
    kind, options = failure["kind"], {key: value for key, value in failure.items() if key != "kind"}
    start = {"start": "2026-11-24T10:00:00Z"}
    form = {
        "name": "Ioana",
        "email": "ioana@example.com",
        "timezone": "Europe/Bucharest",
        "language": "ro",
    } | start
    account = CalendlyAccount.objects.get()
    acts: list[tuple[str, Model | None, dict[str, str]]] = [
        ("booking_reschedule", booking, start),
        ("booking_cancel", booking, {"code": "other", "reason": "boală"}),
        ("booking_add", None, form),
        ("booking_no_show", booking, {}),
        ("booking_refetch", booking, {}),
        ("calendlyaccount_check", account, {}),
        ("calendlyaccount_sync", account, {}),
        ("calendlyaccount_subscribe", account, {}),
        ("calendlyaccount_rotate", account, {}),
        ("eventtype_sync", None, {}),
        ("eventtype_standard", None, {}),
    ]
    found = {}
    for name, row, given in acts:
        sandbox.faults.clear()
        sandbox.faults.add(kind, times=None, **options)
        address = reverse(f"admin:{APP}_{name}", args=[row.pk] if row is not None else [])
        query = f"?event_type={event_types['Sales Demo'].pk}" if name == "booking_add" else ""
        answer = browser.post(address + query, given, follow=True)
        assert answer.status_code == 200, name
        if left := english(answer.content.decode()):
            found[name] = left
    assert found == {}
