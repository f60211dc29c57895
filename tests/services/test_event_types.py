"""Event types and hosts mirrored, and found by what agents call them."""

from typing import Any

import pytest
import time_machine

from calendly_integration.calendly.errors import CalendlyError
from calendly_integration.models import CalendlyAccount, EventType, Host
from calendly_integration.sandbox.calendly import Calendly
from calendly_integration.services.catalog import event_types

from ..factories import mirrored, now, strict

pytestmark = pytest.mark.django_db


def test_the_mirror_holds_what_calendly_lists(calendly: Calendly, account: CalendlyAccount) -> None:
    kind = EventType.objects.get(name="Technical Support")
    assert (kind.slug, kind.duration, kind.buffer_before, kind.buffer_after) == (
        "technical-support",
        45,
        0,
        10,
    )
    assert (kind.kind, kind.pooling, kind.active, kind.is_exclusive) == ("solo", "", True, True)
    assert kind.scheduling_url == "https://calendly.com/ana-ionescu/technical-support"
    assert [question["name"] for question in kind.questions] == ["Please describe the problem."]
    assert [place["kind"] for place in kind.locations] == ["zoom_conference"]
    assert kind.raw["uri"] == kind.uri
    assert [host.name for host in kind.hosts.all()] == ["Ana Ionescu"]
    assert set(Host.objects.values_list("name", "time_zone", "role", "active")) == {
        ("Ana Ionescu", "Europe/Bucharest", "owner", True),
        ("Radu Marin", "Europe/Bucharest", "user", True),
    }
    assert event_types.sync(account, now=now()) == (2, 4)
    account.refresh_from_db()
    assert (account.synced_at, account.health) == (now(), "ok")
    strict(calendly)


def test_the_hosts_of_a_pool_are_all_of_them(calendly: Calendly, account: CalendlyAccount) -> None:
    people = list(calendly.state.users.values())
    calendly.add_round_robin_type("Any of us", people)
    calendly.add_collective_type("All of us", people)
    mirrored(account)
    pool, together = EventType.objects.get(name="Any of us"), EventType.objects.get(name="All of us")
    assert {host.name for host in pool.hosts.all()} == {"Ana Ionescu", "Radu Marin"}
    assert pool.hosts.count() == together.hosts.count() == 2
    assert (pool.is_exclusive, together.is_exclusive) == (False, True)


def test_a_pool_whose_members_calendly_does_not_name_has_no_hosts(
    calendly: Calendly, account: CalendlyAccount
) -> None:
    calendly.add_round_robin_type("Any of us", list(calendly.state.users.values()))
    calendly.faults.add("status", path="/event_type_memberships.*", status=403, times=None)
    mirrored(account)
    assert EventType.objects.get(name="Any of us").hosts.count() == 0


def test_inactive_and_deleted_types_are_kept_but_cannot_be_booked(
    calendly: Calendly, account: CalendlyAccount
) -> None:
    calendly.change_event_type("Sales Demo", active=False)
    calendly.delete_event_type("Strategy Call")
    gone = calendly.find_event_type("Quick Consultation")
    del calendly.state.event_types[gone.id]
    mirrored(account)
    assert set(EventType.objects.bookable().values_list("name", flat=True)) == {"Technical Support"}
    assert set(event_types.event_types().values_list("name", flat=True)) == {
        "Sales Demo",
        "Technical Support",
    }
    assert EventType.objects.count() == 4
    calendly.state.event_types[gone.id] = gone
    mirrored(account)
    assert event_types.find("quick consultation").active


def test_a_member_who_left_is_inactive_and_comes_back(calendly: Calendly, account: CalendlyAccount) -> None:
    radu = next(user for user in calendly.state.users.values() if user.name == "Radu Marin")
    del calendly.state.users[radu.id]
    mirrored(account)
    assert set(event_types.hosts().values_list("name", flat=True)) == {"Ana Ionescu"}
    calendly.state.users[radu.id] = radu
    radu.name = "Radu Marin-Pop"
    mirrored(account)
    assert set(event_types.hosts().values_list("name", flat=True)) == {"Ana Ionescu", "Radu Marin-Pop"}
    assert Host.objects.count() == 2


def test_a_token_that_may_not_list_members_knows_itself(calendly: Calendly, account: CalendlyAccount) -> None:
    calendly.faults.add("status", path="/organization_memberships.*", status=403, times=None)
    Host.objects.all().delete()
    mirrored(account)
    assert [host.name for host in Host.objects.all()] == ["Ana Ionescu"]


def test_a_list_that_breaks_off_deletes_nothing(
    calendly: Calendly, account: CalendlyAccount, clock: time_machine.Traveller
) -> None:
    for number in range(120):
        calendly.add_event_type(f"Type {number}", active=False)
    mirrored(account)
    assert EventType.objects.count() == 124
    original = calendly.handle

    def handle(request: Any) -> Any:
        if "page_token" in request.query:
            calendly.faults.add("status", path="/event_types", status=503)
        return original(request)

    calendly.handle = handle  # type: ignore[method-assign]
    with pytest.raises(CalendlyError):
        mirrored(account)
    assert not EventType.objects.filter(deleted_at__isnull=False).exists()


def test_a_change_is_seen_by_the_next_sync(calendly: Calendly, account: CalendlyAccount) -> None:
    before = EventType.objects.get(name="Sales Demo")
    calendly.change_event_type("Sales Demo", name="Demo", after_buffer=30, before_buffer=5)
    mirrored(account)
    after = EventType.objects.get(pk=before.pk)
    assert (after.name, after.buffer_before, after.buffer_after) == ("Demo", 5, 30)


def test_a_name_is_preferred_after_a_slug_and_an_id(calendly: Calendly, account: CalendlyAccount) -> None:
    calendly.add_event_type("sales-demo 2")
    other = calendly.add_event_type("Sales-Demo")
    other.slug = "something-else"
    mirrored(account)
    assert event_types.find("sales-demo").name == "Sales Demo"
    assert event_types.find("something-else").name == "Sales-Demo"


def test_romanian_names_are_found_without_their_diacritics(
    calendly: Calendly, account: CalendlyAccount
) -> None:
    calendly.add_event_type("Ședință de strategie")
    mirrored(account)
    for query in (
        "sedinta de strategie",
        "ȘEDINȚĂ DE STRATEGIE",
        "Şedinţă  de strategie",
        " ședință de strategie ",
    ):
        assert event_types.find(query).name == "Ședință de strategie"
    with pytest.raises(event_types.EventTypeNotFound):
        event_types.find("No such")


@pytest.mark.parametrize(
    ("name", "query"),
    [
        ("Ana’s “big” demo – 30 min", 'ana\'s "big" demo - 30 min'),
        ('Ana\'s "big" demo - 30 min', "ANA´S „BIG” DEMO — 30 MIN"),
        ("Consultație «rapidă»", "consultatie 'rapida'"),
        ("Need help?", "need help"),
        ("Need help", "Need help ?"),
        ("Follow\u00ad-up", "follow\u2011up"),
    ],
)
def test_kinds_of_quotes_and_dashes_and_a_question_mark_make_no_other_name(
    calendly: Calendly, account: CalendlyAccount, name: str, query: str
) -> None:
    calendly.add_event_type(name)
    mirrored(account)
    assert event_types.find(query).name == name


def test_what_is_only_a_mark_finds_nothing(calendly: Calendly) -> None:
    for query in ("?", "'", "-", " "):
        with pytest.raises(event_types.EventTypeNotFound):
            event_types.find(query)


def with_two_hosts(calendly: Calendly, account: CalendlyAccount, name: str, slug: str) -> None:
    """Another host has an event type of that name."""
    radu = next(user for user in calendly.state.users.values() if user.name == "Radu Marin")
    calendly.add_event_type(name, owner=radu).slug = slug
    mirrored(account)


@pytest.mark.parametrize("query", ["Sales Demo", "sales demo", "SALES  DÉMO"])
def test_a_name_of_two_is_ambiguous(calendly: Calendly, account: CalendlyAccount, query: str) -> None:
    with_two_hosts(calendly, account, "Sales Demo", "sales-demo")
    with pytest.raises(event_types.EventTypeAmbiguous) as caught:
        event_types.find(query)
    assert {host.name for kind in caught.value.event_types for host in kind.hosts.all()} == {
        "Ana Ionescu",
        "Radu Marin",
    }
    EventType.objects.filter(hosts__name="Ana Ionescu", name="Sales Demo").update(active=False)
    assert event_types.find(query).hosts.get().name == "Radu Marin"


@pytest.mark.parametrize("slug", ["sales-demo", "demo-by-radu"])
def test_an_id_a_slug_and_a_uri_are_never_ambiguous(
    calendly: Calendly, account: CalendlyAccount, slug: str
) -> None:
    with_two_hosts(calendly, account, "Sales Demo", slug)
    for kind in EventType.objects.filter(name="Sales Demo"):
        for key in (str(kind.pk), str(kind.pk).upper(), kind.uri, kind.uri.rpartition("/")[2]):
            assert event_types.find(key) == kind
        assert event_types.find(kind.slug).slug == kind.slug


def test_a_slug_that_is_written_like_a_name_of_two_is_ambiguous_unless_it_is_one_hosts(
    calendly: Calendly, account: CalendlyAccount
) -> None:
    calendly.add_event_type("Audit")
    with_two_hosts(calendly, account, "Audit", "audit-2")
    assert event_types.find("audit").hosts.get().name == "Ana Ionescu"
    with pytest.raises(event_types.EventTypeAmbiguous):
        event_types.find("Audit")
    EventType.objects.filter(slug="audit-2").update(slug="audit")
    with pytest.raises(event_types.EventTypeAmbiguous):
        event_types.find("audit")


def test_an_alias_of_two_is_ambiguous_and_a_name_goes_before_it(calendly: Calendly) -> None:
    EventType.objects.filter(name__in=["Sales Demo", "Strategy Call"]).update(aliases=["Prezentare"])
    with pytest.raises(event_types.EventTypeAmbiguous):
        event_types.find("prezentare")
    EventType.objects.filter(name="Quick Consultation").update(name="Prezentare")
    assert event_types.find("prezentare").slug == "quick-consultation"


@pytest.mark.parametrize("key", ["", "x", "495826aa-e5e4-41ce-8492-2771c93f883c", "a\x00b", "%", "_", "é"])
def test_no_such_host(calendly: Calendly, key: str) -> None:
    with pytest.raises(event_types.HostNotFound):
        event_types.find_host(key)


def test_a_host_is_found_by_our_id_and_by_calendlys(calendly: Calendly) -> None:
    host = Host.objects.get(name="Radu Marin")
    for key in (str(host.pk), host.pk.hex, host.uri.rpartition("/")[2]):
        assert event_types.find_host(key) == host
    Host.objects.filter(pk=host.pk).update(active=False)
    with pytest.raises(event_types.HostNotFound):
        event_types.find_host(str(host.pk))
