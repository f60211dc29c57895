"""Views of the list that a person keeps, each one's own."""

from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.admin.models import LogEntry
from django.test import Client
from django.urls import reverse

from calendly_integration.models import SavedView
from calendly_integration.services.backoffice import saved_views

from . import factories

LIST = "admin:calendly_integration_booking_changelist"
SAVE = "admin:calendly_integration_booking_views_save"
FORGET = "admin:calendly_integration_booking_views_forget"


def test_a_view_is_saved_shown_as_a_chip_and_deleted(entered: Callable[..., Client], db: None) -> None:
    viewer = entered("viewer")
    answer = viewer.post(
        reverse(SAVE), {"name": " My canceled ", "query": "status__exact=canceled&evil=1&p=3"}, follow=True
    )
    view = SavedView.objects.get()
    assert (view.name, view.query) == ("My canceled", "status__exact=canceled")
    assert answer.redirect_chain[-1][0].endswith("?status__exact=canceled")
    text = answer.content.decode()
    assert "The view “My canceled” is saved." in text
    assert 'href="?status__exact=canceled" aria-current="true"' in text
    assert LogEntry.objects.count() == 1
    viewer.post(reverse(FORGET), {"view": view.pk})
    assert not SavedView.objects.exists()


def test_nobody_sees_or_deletes_anothers(entered: Callable[..., Client], db: None) -> None:
    entered("viewer").post(reverse(SAVE), {"name": "Victors own", "query": "q=secret"})
    view = SavedView.objects.get()
    root = entered("superuser")
    assert "Victors own" not in root.get(reverse(LIST)).content.decode()
    assert (
        "Victors own"
        not in root.get(reverse("admin:calendly_integration_savedview_changelist")).content.decode()
    )
    page = reverse("admin:calendly_integration_savedview_change", args=[view.pk])
    assert root.get(page).status_code == 403
    root.post(reverse(FORGET), {"view": view.pk})
    assert SavedView.objects.count() == 1


@pytest.mark.parametrize("address", [SAVE, FORGET])
def test_only_by_post_with_the_token_and_the_right(
    entered: Callable[..., Client], db: None, address: str
) -> None:
    factories.create_booking(factories.create_account())
    before = list(SavedView.objects.values())
    assert entered("viewer").get(reverse(address)).status_code == 405
    booking_request = {"name": "x", "view": SavedView.objects.get().pk}
    assert (
        entered("superuser", enforce_csrf_checks=True).post(reverse(address), booking_request).status_code
        == 403
    )
    assert entered("stranger").post(reverse(address), booking_request).status_code == 403
    assert list(SavedView.objects.values()) == before


@pytest.mark.parametrize(
    "booking_request", [{"name": "  "}, {"name": "x", "query": "q=" + "a" * 1500}, {"view": "9" * 30}]
)
def test_bad_input_keeps_nothing_and_says_so(
    staff: Client, db: None, booking_request: dict[str, str]
) -> None:
    address = FORGET if "view" in booking_request else SAVE
    answer: Any = staff.post(reverse(address), booking_request, follow=True)
    assert answer.status_code == 200
    assert 'class="messagelist"' in answer.content.decode()
    assert not SavedView.objects.exists()


def test_a_name_twice_replaces_and_many_are_enough(staff: Client, db: None, monkeypatch: Any) -> None:
    monkeypatch.setattr(saved_views, "MAX_VIEWS", 1)
    for name, query in (("a", "q=1"), ("a", "q=2"), ("b", "q=3")):
        staff.post(reverse(SAVE), {"name": name, "query": query})
    assert SavedView.objects.get().query == "q=2"
