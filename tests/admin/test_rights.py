"""Every address of our admin, asked by everybody: the right person, the wrong one, nobody."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest
from django.contrib import admin
from django.db.models import Model
from django.test import Client
from django.urls import reverse

from calendly_integration.admin.read_only import ReadOnlyAdmin
from calendly_integration.models import (
    AgentKey,
    Booking,
    CalendlyAccount,
    EventType,
    OutboxMessage,
    SavedView,
    WebhookDelivery,
)

from . import factories
from .test_complete import LIST_ACTIONS
from .test_pages import named

NOT_ALLOWED, LOGIN, NO_POST = 403, 302, 405
ACTS = (
    (Booking, "cancel", "cancel_booking"),
    (Booking, "reschedule", "reschedule_booking"),
    (Booking, "reassign", "reschedule_booking"),
    (Booking, "no_show", "mark_no_show"),
    (Booking, "undo_no_show", "mark_no_show"),
    (Booking, "staff_note", "note_booking"),
    (Booking, "send_confirmation", "resend_outboxmessage"),
    (Booking, "refetch", "replay_webhookdelivery"),
    (Booking, "retry_old_cancellation", "reschedule_booking"),
    (WebhookDelivery, "replay", "replay_webhookdelivery"),
    (OutboxMessage, "resend", "resend_outboxmessage"),
    (OutboxMessage, "park", "resend_outboxmessage"),
    (AgentKey, "revoke", "manage_agent_keys"),
    (CalendlyAccount, "check", "sync_calendlyaccount"),
    (CalendlyAccount, "sync", "sync_calendlyaccount"),
    (CalendlyAccount, "subscribe", "manage_calendlyaccount"),
    (CalendlyAccount, "rotate", "manage_calendlyaccount"),
    (EventType, "edit", "change_eventtype"),
    (EventType, "seen", "change_eventtype"),
)


@dataclass
class Address:
    """Where, and who may come there."""

    url: str
    viewers: bool


@pytest.fixture
def addresses(db: None) -> list[Address]:
    """All that the app's admin classes serve."""
    factories.create_booking(factories.create_account())
    OutboxMessage.objects.update(status="waiting")
    found = []
    for model in factories.MODELS:
        row = model._default_manager.first()
        assert row is not None
        for pattern in admin.site._registry[model].get_urls():
            if pattern.name is None:  # sends old addresses on to the page
                continue
            if pattern.name.endswith(("_preference_zone", "_preference_language")):
                continue  # a person's own, and asked for in test_preference.py
            args = [row.pk] if "object_id" in str(pattern.pattern) else []
            page = pattern.name.rpartition("_")[2]
            if pattern.name.endswith("_known_person"):
                page = "known_person"
            viewers = page in (
                *("changelist", "change", "history", "status", "board", "search", "person"),
                *("calendar", "feed", "meeting", "hours"),
            )
            # Everybody's own: nobody sees another's view, whoever sees the list may keep one.
            viewers = viewers and (model is not SavedView or page == "changelist")
            if page in ("save", "forget", "columns"):
                continue  # tests/admin/test_saved_views.py, test_booking_list.py
            days = "?start=2026-11-23&end=2026-11-24" if page == "feed" else ""
            found.append(Address(reverse(f"admin:{pattern.name}", args=args) + days, viewers))
    return found


def unchanged() -> list[Any]:
    return [list(model._default_manager.order_by("pk").values()) for model in factories.MODELS]


def registered(model: type[Model]) -> ReadOnlyAdmin[Any]:
    """The admin of that model."""
    found = admin.site._registry[model]
    assert isinstance(found, ReadOnlyAdmin)
    return found


def test_the_list_of_acts_here_is_whole() -> None:
    known = {
        (model, act.name, act.permission)
        for model in factories.MODELS
        for act in registered(model).get_object_actions()
    }
    assert known == set(ACTS)


@pytest.mark.parametrize("who", ["stranger", "customer", "nobody"])
@pytest.mark.parametrize("method", ["get", "post"])
def test_outsiders_see_and_do_nothing(
    entered: Callable[..., Client], addresses: list[Address], who: str, method: str
) -> None:
    browser, before = entered(who), unchanged()
    for address in addresses:
        answer = getattr(browser, method)(address.url)
        expected = NOT_ALLOWED if who == "stranger" else LOGIN
        assert answer.status_code == expected, (address.url, answer.status_code)
        if expected == LOGIN:
            assert "/login/" in answer["Location"]
    assert unchanged() == before


def test_viewers_see_and_do_nothing_else(entered: Callable[..., Client], addresses: list[Address]) -> None:
    browser, before = entered("viewer"), unchanged()
    for address in addresses:
        seen = browser.get(address.url)
        assert seen.status_code == (200 if address.viewers else NOT_ALLOWED), address.url
        assert b"/cancel/" not in seen.content or seen.status_code == NOT_ALLOWED
        done = browser.post(address.url, {"sure": "yes", "name": "x", "scopes": "book", "reason": "x"})
        allowed = (NOT_ALLOWED, 200, NO_POST) if address.viewers else (NOT_ALLOWED,)
        assert done.status_code in allowed, address.url
    assert unchanged() == before


def test_the_superuser_gets_no_page_on_which_data_could_be_typed_over(
    root: Client, addresses: list[Address]
) -> None:
    before = unchanged()
    for address in addresses:
        if address.url.endswith(("/change/", "/delete/")) or (
            address.url.endswith("/add/") and not re.search("/(agentkey|booking)/", address.url)
        ):
            assert root.post(address.url, {"status": "failed"}).status_code == NOT_ALLOWED
    assert unchanged() == before


def test_each_act_asks_for_its_own_permission(addresses: list[Address]) -> None:
    from .conftest import OWN, person, views

    def browser(name: str, permissions: list[str]) -> Client:
        found = Client()
        found.force_login(person(name, permissions=permissions))
        return found

    for permission in sorted({permission for _model, _act, permission in ACTS}):
        one = browser(f"one {permission}", [*views(), permission])
        others = browser(f"others {permission}", [*views(), *(set(OWN) - {permission})])
        blind = browser(f"blind {permission}", [permission])
        for model, act, needed in ACTS:
            if needed != permission:
                continue
            key = model._default_manager.first().pk
            url, page = (reverse(f"{named(model)}_{name}", args=[key]) for name in (act, "change"))
            assert one.get(url).status_code == 200, url
            assert others.get(url).status_code == NOT_ALLOWED, url
            assert others.post(url, {"reason": "x"}).status_code == NOT_ALLOWED, url
            assert url not in others.get(page).content.decode()
            assert blind.get(url).status_code == NOT_ALLOWED, url


def test_each_act_refuses_a_post_without_the_token_of_its_form(
    entered: Callable[..., Client], addresses: list[Address]
) -> None:
    browser, before = entered("superuser", enforce_csrf_checks=True), unchanged()
    for model, act, _permission in ACTS:
        url = reverse(f"{named(model)}_{act}", args=[model._default_manager.first().pk])
        assert browser.post(url, {"reason": "x"}).status_code == NOT_ALLOWED, url
    assert unchanged() == before


def test_the_list_actions_are_only_there_for_those_who_may(
    entered: Callable[..., Client], addresses: list[Address]
) -> None:
    for model, action in sorted(LIST_ACTIONS, key=str):
        address = reverse(f"{named(model)}_changelist") + ("?tab=all" if model is Booking else "")
        assert f'value="{action}"' in entered("staff").get(address).content.decode()
        assert f'value="{action}"' not in entered("viewer").get(address).content.decode()
        before = unchanged()
        booking_request = {
            "action": action,
            "_selected_action": model._default_manager.first().pk,
            "sure": "yes",
        }
        entered("viewer").post(address, booking_request)
        assert unchanged() == before
