"""Where staff land, and what the admin's index and sidebar show them."""

from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.auth.models import Group, User
from django.test import Client
from django.urls import reverse

from calendly_integration import groups
from calendly_integration.models import OutboxMessage, WebhookDelivery

from . import factories
from .conftest import APP, person

INDEX = "/admin/"
TODAY = f"/admin/{APP}/"
TECHNICAL = ("heartbeat", "idempotencyrecord", "outboxmessage", "webhookdelivery", "timelineentry", "syncrun")
pytestmark = pytest.mark.django_db


def login(next_page: str = "") -> str:
    """Where a person of the office is led after the login."""
    user = person("ioana", permissions=["view_booking"])
    user.set_password("a-long-password")
    user.save()
    given = {"username": "ioana", "password": "a-long-password", "next": next_page or INDEX}
    answer = Client().post(reverse("admin:login"), given, follow=True)
    return str(answer.redirect_chain[-1][0])


def of(group: str) -> Client:
    """The browser of somebody in the group."""
    user = User.objects.create(username=group, is_staff=True)
    user.groups.add(Group.objects.get(name=group))
    browser = Client(headers={"accept-language": "en"})
    browser.force_login(user)
    return browser


@pytest.fixture
def starts_on_today(settings: Any) -> None:
    """The setting of the reference project."""
    settings.CALENDLY_INTEGRATION = settings.CALENDLY_INTEGRATION | {"START_ON_TODAY": True}


@pytest.mark.usefixtures("starts_on_today")
def test_staff_land_on_today_after_the_login() -> None:
    assert login() == TODAY


@pytest.mark.usefixtures("starts_on_today")
def test_the_page_that_was_asked_for_comes_before_today() -> None:
    assert login(reverse("admin:password_change")) == reverse("admin:password_change")


def test_a_project_that_does_not_want_it_keeps_djangos_index(staff: Client) -> None:
    assert staff.get(INDEX).status_code == 200


@pytest.mark.usefixtures("starts_on_today")
def test_djangos_index_is_reached_by_a_link(root: Client) -> None:
    assert f"{INDEX}?all" in root.get(TODAY).content.decode()
    assert "Authentication and Authorization" in root.get(f"{INDEX}?all").content.decode()


@pytest.mark.usefixtures("starts_on_today")
def test_people_who_may_not_see_bookings_keep_djangos_index(entered: Callable[..., Client]) -> None:
    assert entered("stranger").get(INDEX).status_code == 200


def test_the_index_and_the_sidebar_leave_out_the_tables_of_the_machine(root: Client) -> None:
    for address in (INDEX, TODAY):
        whole = root.get(address).content.decode()
        seen = whole if address == INDEX else whole.split('id="nav-sidebar"')[1].split("</nav>")[0]
        assert reverse(f"admin:{APP}_booking_changelist") in seen
        for model in TECHNICAL:
            assert reverse(f"admin:{APP}_{model}_changelist") not in seen, model


def test_every_table_of_the_machine_is_reached_from_the_system_status(root: Client) -> None:
    seen = root.get(reverse(f"admin:{APP}_calendlyaccount_system_status")).content.decode()
    for model in TECHNICAL:
        address = reverse(f"admin:{APP}_{model}_changelist")
        assert address in seen, model
        assert root.get(address).status_code == 200


def test_the_links_have_counts(staff: Client) -> None:
    factories.create_booking(factories.create_account())
    OutboxMessage.objects.update(status="parked")
    seen = staff.get(reverse(f"admin:{APP}_host_changelist"))
    office, system = seen.wsgi_request._calendly_nav  # type: ignore[attr-defined]
    assert [link.label for link in office] == ["Today", "Bookings", "Calendar", "Follow-ups", "Event types"]
    assert [link.label for link in system] == ["Hosts", "Agent keys", "The Calendly account", "System status"]
    assert [link.count for link in office][-1] == "1"
    assert system[-1].count == str(OutboxMessage.objects.count() + WebhookDelivery.objects.count())
    assert [link.here for link in system] == [True, False, False, False]


def test_each_group_sees_its_own_links() -> None:
    def links(group: str) -> list[str]:
        seen = of(group).get(TODAY).wsgi_request
        return [link.label for part in seen._calendly_nav for link in part]  # type: ignore[attr-defined]

    office = ["Today", "Bookings", "Calendar", "Follow-ups", "Event types", "Hosts"]
    assert links(groups.VIEWERS) == office
    assert links(groups.STAFF) == [*office, "System status"]
    assert links(groups.ADMINISTRATORS) == [*office, "Agent keys", "The Calendly account", "System status"]


def test_viewers_see_no_raw_data() -> None:
    booking = factories.create_booking(factories.create_account())
    page = reverse(f"admin:{APP}_booking_change", args=[booking.pk])
    host = reverse(f"admin:{APP}_host_change", args=[booking.host_id])
    viewer, staff = of(groups.VIEWERS), of(groups.STAFF)
    for address, words in ((page, "Invitee data from Calendly"), (host, "raw-data")):
        assert words in staff.get(address).content.decode()
        assert words not in viewer.get(address).content.decode()


def test_staff_neither_make_agent_keys_nor_replace_the_signing_key() -> None:
    account = factories.create_account()["account"]
    rotate = reverse(f"admin:{APP}_calendlyaccount_rotate", args=[account.pk])
    add = reverse(f"admin:{APP}_agentkey_add")
    for address in (rotate, add):
        assert of(groups.ADMINISTRATORS).get(address).status_code == 200
        User.objects.all().delete()
        assert of(groups.STAFF).get(address).status_code == 403
        User.objects.all().delete()


@pytest.mark.parametrize("language", ["en", "ro"])
def test_what_one_may_not_do_is_said_on_a_page_with_a_way_back(db: None, language: str) -> None:
    booking = factories.create_booking(factories.create_account())
    browser = Client(headers={"accept-language": language})
    browser.force_login(person("victor", permissions=["view_booking"]))
    for name, args in (
        ("booking_cancel", [booking.pk]),
        ("agentkey_add", []),
        ("outboxmessage_changelist", []),
    ):
        answer = browser.get(reverse(f"admin:{APP}_{name}", args=args))
        seen = answer.content.decode()
        assert answer.status_code == 403
        assert f'href="{TODAY}"' in seen
        assert {"en": "An administrator can give it to you", "ro": "Un administrator"}[language] in seen


def test_a_page_that_does_not_exist_leads_back(staff: Client) -> None:
    answer = staff.get(reverse(f"admin:{APP}_booking_cancel", args=["00000000-0000-0000-0000-000000000000"]))
    assert answer.status_code == 404
    assert f'href="{TODAY}"' in answer.content.decode()


def test_people_without_a_page_of_ours_are_led_to_the_administration(entered: Callable[..., Client]) -> None:
    answer = entered("stranger").get(reverse(f"admin:{APP}_booking_changelist"))
    assert answer.status_code == 403
    assert f'href="{INDEX}"' in answer.content.decode()


@pytest.mark.parametrize(
    "permission", ["view_booking", "view_followup", "view_eventtype", "view_calendlyaccount"]
)
def test_the_counts_of_one_permission_alone_are_read(permission: str) -> None:
    factories.create_booking(factories.create_account())
    browser = Client()
    browser.force_login(person("one", permissions=[permission]))
    assert browser.get(f"/admin/{APP}/").status_code in (200, 404)
    assert browser.get(reverse(f"admin:{APP}_host_changelist")).status_code == 403
