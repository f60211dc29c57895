"""Texts from outside that want to be more than texts."""

import re
from typing import Any
from urllib.parse import urlencode

import pytest
from django.contrib import admin
from django.db import DataError, connection, transaction
from django.db.models import CharField, TextField
from django.test import Client
from django.urls import reverse

from calendly_integration.admin import formatting
from calendly_integration.models import Booking, CalendlyBooking, Host, WebhookDelivery
from calendly_integration.models.visible import UNSEEN

from . import factories
from .test_pages import named, pages

HOSTILE = {
    "script": "<script>alert('x')</script><img src=x onerror=alert(1)>",
    "formula": '=HYPERLINK("http://evil.example","click")',
    "turned": "\u202egnp.exe\u202c \u2066x\u2069",
    "controls": "a\x01b\x7fc",
    "long": "w" * 10_240,
    "emoji": "👩‍👩‍👧‍👦🇷🇴" * 20,
    "template": "{{ 7|add:7 }}{% now 'Y' %}%s%(x)s{0}",
    "entities": "&lt;b&gt;&amp;",
}


SHORT = [text for text in HOSTILE.values() if len(text) < 64]


# The short ones together, once from each end: columns cut what is too long.
@pytest.mark.parametrize(
    "text",
    ["".join(SHORT), "".join(reversed(SHORT)), HOSTILE["long"], HOSTILE["emoji"]],
    ids=["short", "short, reversed", "long", "emoji"],
)
def test_every_page_shows_it_escaped_and_bounded(root: Client, db: None, text: str) -> None:
    factories.create_booking(factories.create_account(text), text=text)
    for address in pages():
        answer = root.get(address)
        assert answer.status_code == 200, address
        body = answer.content.decode()
        assert "<script>alert" not in body, address
        assert "<img src=x" not in body, address
        assert 'href="javascript:' not in body, address
        assert not set("\u202e\u2066\x01\x7f") & set(_readable(body)), address
        assert len(body) < 200_000, address


def _readable(body: str) -> str:
    """What people read: without tags, and without what a form keeps as it was typed."""
    return re.sub(r"<[^>]*>", "", re.sub(r"<textarea.*?</textarea>", "", body, flags=re.DOTALL))


def _everywhere(text: str) -> None:
    """The text in every column of every row that is not one of a few words."""
    for model in factories.MODELS:
        columns = [
            field
            for field in model._meta.concrete_fields
            if isinstance(field, CharField | TextField) and not field.choices and not field.primary_key
        ]
        for number, row in enumerate(model._default_manager.all()):
            for field in columns:
                if not field.unique:
                    setattr(row, field.name, f"{text}{number}"[: field.max_length])
            model._default_manager.filter(pk=row.pk).update(
                **{field.attname: getattr(row, field.attname) for field in columns if not field.unique}
            )


def test_marks_that_turn_text_are_seen_in_every_column_choice_title_and_log(root: Client, db: None) -> None:
    for number in range(2):  # a filter with one choice is not shown
        factories.create_booking(factories.create_account(f"{HOSTILE['turned']}{number}"), number)
    _everywhere("\u202eA\u2066")
    for model in factories.MODELS:
        for row in model._default_manager.all():
            assert not UNSEEN.search(str(row)), model
    booking = Booking.objects.first()
    assert booking is not None
    admin.site.get_model_admin(Booking).log_change(_by(root), booking, "x")
    special = ("booking_calendar", "booking_add", "followup_board", "calendlyaccount_system_status")
    extra = [reverse(f"admin:calendly_integration_{name}") for name in special]
    extra += [
        reverse("admin:index"),
        reverse("admin:app_list", args=["calendly_integration"]),
        reverse("home"),
    ]
    for act in ("cancel", "reschedule", "reassign", "no_show"):
        extra.append(reverse(f"admin:calendly_integration_booking_{act}", args=[booking.pk]))
    extra.append(reverse("admin:calendly_integration_booking_change", args=["\u202egone"]))
    person = reverse("admin:calendly_integration_booking_person")
    extra += [f"{person}?{urlencode({'email': email})}" for email in (booking.email_key, "\u202e@x.ro")]
    chosen = urlencode({"role": Host.objects.values_list("role", flat=True)[0]})
    extra += [
        f"{reverse(f'{named(Host)}_changelist')}?{query}" for query in (chosen, chosen + "&%E2%80%AEx=1")
    ]
    shown_so = 0
    for address in (*pages(), *extra):
        body = root.get(address, follow=True).content.decode()
        found = UNSEEN.search(_readable(body).replace("\r\n", "\n"))
        assert not found, (address, _readable(body)[found.start() - 60 : found.end() + 20])
        shown_so += "\\u202e" in body
    assert shown_so > 20


def _by(browser: Client) -> Any:
    """A request of whoever that browser is."""
    return browser.get(reverse("admin:index")).wsgi_request


@pytest.mark.parametrize("act", ["cancel", "reschedule"])
def test_the_pages_that_ask_do_too(root: Client, db: None, act: str) -> None:
    for text in HOSTILE.values():
        booking = factories.create_booking(factories.create_account(text), text=text)
        body = root.get(
            reverse(f"admin:calendly_integration_booking_{act}", args=[booking.pk])
        ).content.decode()
        assert "<script>alert" not in body
        assert "\u202e" not in body
        assert len(body) < 100_000


@pytest.mark.parametrize(
    "raw",
    [
        b'{"name": "\\ud800 <script>alert(1)</script> \\u202e"}',
        b"\xff\xfe\x00<script>",
        b"[" * 50_000,
        b"[" * 900 + b"]" * 900,
        b'{"a": "' + b"x" * 900_000 + b'"}',
        b"",
        b"null",
    ],
)
def test_any_body_can_be_shown(root: Client, db: None, raw: bytes) -> None:
    factories.create_booking(factories.create_account())
    WebhookDelivery.objects.update(body=raw)
    answer = root.get(reverse(f"{named(WebhookDelivery)}_change", args=[WebhookDelivery.objects.get().pk]))
    assert answer.status_code == 200
    body = answer.content.decode()
    assert "<script>alert" not in body
    assert "<script>" not in body.replace('<script src="', "")
    assert len(body) < 150_000


def test_a_lone_surrogate_in_kept_evidence_breaks_no_page(root: Client, db: None) -> None:
    booking = factories.create_booking(factories.create_account())
    hostile = {"invitee_raw": {"name": "\ud83d", "\ud800": 1}, "request": {"x": "\x00"}}
    if connection.vendor == "postgresql":
        with pytest.raises(DataError), transaction.atomic():  # it keeps no such thing
            CalendlyBooking.objects.update(**hostile)
    else:
        CalendlyBooking.objects.update(**hostile)
    assert (
        root.get(reverse("admin:calendly_integration_booking_change", args=[booking.pk])).status_code == 200
    )


@pytest.mark.parametrize(
    ("given", "seen"),
    [
        ("plain", "plain"),
        ("a\u202eb", "a\\u202eb"),
        ("\x00", "\\u0000"),
        ("👩‍👧", "👩‍👧"),
        ("שלום", "שלום"),
        ("ștefan\n", "ștefan\n"),
        ("a\r\nb\rc", "a\nb\nc"),
    ],
)
def test_only_what_cannot_be_seen_is_written_as_an_escape(given: str, seen: str) -> None:
    assert formatting.visible(given) == seen


@pytest.mark.parametrize(
    "url",
    [
        "javascript:alert(1)",
        "JAVASCRIPT:alert(1)",
        "data:text/html,x",
        " https://x y",
        "//evil",
        "",
        "https://a\nb",
    ],
)
def test_only_addresses_of_the_web_become_links(url: Any) -> None:
    assert "<a " not in formatting.link(url)


@pytest.mark.parametrize("url", ["javascript:alert(1)//https://x", "https://x\n", "data:text/html,x"])
def test_no_page_of_a_booking_links_elsewhere(root: Client, db: None, url: str) -> None:
    booking = factories.create_booking(factories.create_account())
    Booking.objects.update(meeting_url=url, cancel_url=url, reschedule_url=url)
    for page in ("change", "reschedule"):
        body = root.get(reverse(f"{named(Booking)}_{page}", args=[booking.pk])).content.decode()
        assert f'href="{url}' not in body
        assert f'data-copy="{url}' not in body


def test_an_address_of_the_web_becomes_a_link() -> None:
    assert 'href="https://zoom.us/j/1?a=1&amp;b=2"' in formatting.link("https://zoom.us/j/1?a=1&b=2")
