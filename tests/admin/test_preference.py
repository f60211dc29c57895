"""The zone in which a person of the staff reads times: chosen on Today, for oneself."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
import time_machine
from django.contrib.admin.models import LogEntry
from django.test import Client
from django.urls import reverse

from calendly_integration.models import Preference, SyncRun

from . import factories
from .conftest import APP
from .test_today import address, page

NOW = datetime(2026, 11, 25, 10, tzinfo=UTC)
ZONE = f"admin:{APP}_preference_zone"
pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def noon() -> Any:
    with time_machine.travel(NOW, tick=False) as traveller:
        yield traveller


@pytest.fixture
def quiet(db: None) -> dict[str, Any]:
    """A host, an event type, and somebody else's preference."""
    return factories.create_account("Ana")


def choose(client: Client, zone: str, **more: str) -> Any:
    return client.post(reverse(ZONE), {"zone": zone, **more}, follow=True)


@pytest.mark.parametrize("who", ["staff", "viewer", "superuser"])
def test_a_person_chooses_the_zone_of_the_pages(
    entered: Callable[..., Client], quiet: dict[str, Any], who: str
) -> None:
    client = entered(who)
    factories.create_booking(quiet, 56)  # 14:00 UTC
    assert "16:00–16:30" in page(client)
    told = choose(client, "america/new_york").content.decode()
    assert "Times are shown in the zone America/New_York." in told
    assert "09:00–09:30" in told
    assert LogEntry.objects.get().change_message == "Times are shown in the zone America/New_York."
    assert "Times in America/New_York (UTC-5)." in page(client)


def test_one_persons_zone_is_not_anothers(entered: Callable[..., Client], quiet: dict[str, Any]) -> None:
    choose(entered("viewer"), "UTC")
    assert "Times in Europe/Bucharest" in page(entered("staff"))
    listed = entered("viewer").get(reverse(f"admin:{APP}_preference_changelist")).context["cl"]
    assert [row.time_zone for row in listed.result_list] == ["UTC"]


@pytest.mark.parametrize("name", ["", "Mars/Base", "../../etc/passwd", "x" * 5000, "<b>", "a\0b"])
def test_an_unknown_zone_is_told_and_changes_nothing(staff: Client, quiet: dict[str, Any], name: str) -> None:
    before = Preference.objects.count()
    assert "There is no time zone" in choose(staff, name).content.decode()
    assert (Preference.objects.count(), LogEntry.objects.count()) == (before, 0)


def test_one_comes_back_only_to_a_page_of_the_portal(staff: Client, quiet: dict[str, Any]) -> None:
    wanted = address(day="2026-12-01")
    assert staff.post(reverse(ZONE), {"zone": "UTC", "next": wanted})["Location"] == wanted
    for evil in ("https://evil.example/", "//evil.example", "javascript:alert(1)"):
        assert staff.post(reverse(ZONE), {"zone": "UTC", "next": evil})["Location"] == address()


def test_the_zone_is_not_changed_by_reading_or_by_outsiders_or_without_csrf(
    entered: Callable[..., Client], quiet: dict[str, Any]
) -> None:
    before = list(Preference.objects.values())
    assert entered("staff").get(reverse(ZONE)).status_code == 405
    assert entered("staff", enforce_csrf_checks=True).post(reverse(ZONE), {"zone": "UTC"}).status_code == 403
    assert entered("stranger").post(reverse(ZONE), {"zone": "UTC"}).status_code == 403
    for who in ("customer", "nobody"):
        assert "/login/" in entered(who).post(reverse(ZONE), {"zone": "UTC"})["Location"]
    assert list(Preference.objects.values()) == before


LANGUAGE = f"admin:{APP}_preference_language"


def test_a_person_chooses_the_language_and_it_is_remembered(staff: Client, quiet: dict[str, Any]) -> None:
    here = address(day="2026-12-01")
    assert '<html lang="en"' in staff.get(here).content.decode()
    answer = staff.post(reverse(LANGUAGE), {"language": "ro", "next": here})
    assert answer["Location"] == here
    assert answer.cookies["django_language"]["max-age"] == 365 * 24 * 3600
    assert '<html lang="ro"' in staff.get(here).content.decode()


@pytest.mark.parametrize("code", ["de", "xx", "", "ro\0"])
def test_a_language_that_the_project_does_not_have_changes_nothing(staff: Client, code: str) -> None:
    assert "django_language" not in staff.post(reverse(LANGUAGE), {"language": code}).cookies


def test_languages_that_the_project_does_not_have_are_not_offered(staff: Client, settings: Any) -> None:
    settings.LANGUAGES = [("en", "English"), ("de", "Deutsch")]
    assert reverse(LANGUAGE) not in page(staff)


def test_the_language_is_chosen_by_people_of_the_office_and_by_post(entered: Callable[..., Client]) -> None:
    assert entered("viewer").get(reverse(LANGUAGE)).status_code == 405
    assert entered("stranger").post(reverse(LANGUAGE), {"language": "ro"}).status_code == 403
    assert "/login/" in entered("nobody").post(reverse(LANGUAGE), {"language": "ro"})["Location"]


def test_breadcrumbs_and_titles_are_in_the_viewers_zone(staff: Client, quiet: dict[str, Any]) -> None:
    run = SyncRun.objects.create(account=quiet["account"], window_start=NOW, started_at=NOW, status="done")
    change = reverse(f"admin:{APP}_syncrun_change", args=[run.pk])
    assert "2026-11-25 12:00 UTC+02:00" in staff.get(change).content.decode()
    choose(staff, "America/New_York")
    for name in ("change", "history"):
        page_of_run = staff.get(reverse(f"admin:{APP}_syncrun_{name}", args=[run.pk])).content.decode()
        assert "2026-11-25 05:00 UTC-05:00" in page_of_run
        assert "10:00 UTC" not in page_of_run
