"""What a list may be asked by its address: its own filters, its dates, its search, and nothing of its columns."""

import itertools
import re
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.contrib import admin
from django.contrib.admin.templatetags.admin_list import date_hierarchy
from django.contrib.auth.models import User
from django.db.models import Model
from django.test import Client
from django.urls import reverse

from calendly_integration.admin import bulk_run, list_conditions
from calendly_integration.models import (
    AgentKey,
    Booking,
    BulkRun,
    CalendlyAccount,
    OutboxMessage,
    VAIMetadata,
)
from calendly_integration.services.backoffice import today

from . import factories
from .test_pages import named

LOOKUPS = ("", "exact", "startswith", "regex", "iregex", "contains", "gt", "isnull", "in", "length")
HUGE = "99999999999999999999"
ABSURD = ("9999", "0", "-1", "10000", HUGE, "1", "٣", "\0", "x", "9" * 5000)
PARTS = ("year", "month", "day")
# The columns that nobody may guess letter by letter.
SECRETS = {
    Booking: (
        "cancel_url",
        "reschedule_url",
        "agent_key__digest",
        "account__token_encrypted",
        "calendly_bookings__invitee_raw",
    ),
    AgentKey: ("digest",),
    CalendlyAccount: ("token_encrypted", "signing_keys_encrypted"),
}


def paths(model: type[Model], depth: int = 2) -> Iterator[str]:
    """All columns of a model and of what it leads to, in both directions."""
    for field in model._meta.get_fields():
        yield field.name
        if depth > 1 and field.is_relation and field.related_model is not None:
            yield from (f"{field.name}__{each}" for each in paths(field.related_model, depth - 1))


def listed(browser: Client, model: type[Model], **query: str) -> Any:
    return browser.get(reverse(f"{named(model)}_changelist"), query)


def build_list(page: Any, request: Any) -> None:
    """All that a list reads of its address, without the page around it: filters, rows, order, conditions, dates.
    Building a page takes seven times as long."""
    changelist = page.get_changelist_instance(request)
    list_conditions.conditions(changelist)
    date_hierarchy(changelist)


@pytest.fixture
def list_request(people: dict[str, Any], rf: Any) -> Callable[[dict[str, str]], Any]:
    """`list_request({"status": "x"})`: the superuser's request for a list."""

    def make(query: dict[str, str]) -> Any:
        request = rf.get("/", query)
        request.user = people["superuser"]
        return request

    return make


def readable(answer: Any) -> str:
    return str(answer.content.decode())


@pytest.mark.parametrize("model", factories.MODELS)
def test_a_list_offers_its_filters_and_dates_and_no_other_column(
    model: type[Model], people: Any, rf: Any
) -> None:
    for text in ("Ana", "Ion"):  # a filter with one choice is not shown
        factories.create_booking(factories.create_account(text))
    VAIMetadata.objects.update(agent_type="sales")
    page: Any = admin.site._registry[model]
    request = rf.get("/")
    request.user = people["superuser"]
    offered = {
        name
        for path in set(paths(model))
        for lookup in LOOKUPS
        if page.lookup_allowed(name := "__".join(filter(None, (path, lookup))), "x", request)
    }
    own = {
        name
        for spec in page.get_changelist_instance(request).filter_specs
        for name in spec.expected_parameters()
    }
    assert offered <= own | set(page.linked_lookups)
    assert not [name for name in offered if name.endswith(("startswith", "regex", "contains", "length"))]


@pytest.mark.parametrize("model", SECRETS)
def test_a_secret_cannot_be_guessed_by_a_filter(
    entered: Callable[..., Client], db: None, model: type[Model]
) -> None:
    factories.create_booking(factories.create_account())
    CalendlyAccount.objects.update(token_encrypted="gAAAA", signing_keys_encrypted="gAAAA")
    viewer = entered("viewer")
    for column, lookup in itertools.product(SECRETS[model], ("startswith", "regex", "gt", "isnull", "exact")):
        for guess in ("h", "("):
            answer = listed(viewer, model, **{f"{column}__{lookup}": guess})
            assert answer.status_code == 200
            assert answer.context["cl"].result_count == 0
            assert "nothing is listed" in readable(answer)


@pytest.mark.parametrize("model", factories.MODELS)
def test_every_list_refuses_another_column_with_a_clear_page(
    root: Client, db: None, model: type[Model]
) -> None:
    factories.create_booking(factories.create_account())
    for name in (
        "pk__regex",
        "no_such_column",
        "booking__cancel_url__startswith",
        "user__password__startswith",
    ):
        answer = listed(root, model, **{name: "(a+)+$"})
        assert answer.status_code == 200
        assert answer.context["cl"].result_count == 0
        assert "nothing is listed" in readable(answer)
        assert "Show the whole list" in readable(answer)


@pytest.mark.parametrize("model", factories.MODELS)
def test_absurd_dates_are_no_fault_of_the_server(root: Client, list_request: Any, model: type[Model]) -> None:
    factories.create_booking(factories.create_account())
    page: Any = admin.site._registry[model]
    moments = [field.name for field in model._meta.fields if field.get_internal_type() == "DateTimeField"]
    own = [field for field in moments if page.date_hierarchy == field]
    for field, part, value in itertools.product(own, PARTS, ABSURD):
        query = {f"{field}__{part}": value}
        build_list(page, list_request(query))
        if part != "year":
            build_list(page, list_request({**query, f"{field}__year": "9999"}))
    for field in moments:  # another one is refused by its name, whatever the value is
        for value in ABSURD if field in own else [HUGE]:
            query = {f"{field}__{part}": value for part in PARTS}
            assert listed(root, model, **query).status_code == 200, query


@pytest.mark.parametrize("model", factories.MODELS)
def test_absurd_values_of_what_a_list_offers_are_none_either(
    root: Client, list_request: Any, model: type[Model]
) -> None:
    factories.create_booking(factories.create_account())
    page: Any = admin.site._registry[model]
    specs = page.get_changelist_instance(list_request({})).filter_specs
    names = {name for spec in specs for name in spec.expected_parameters()} | set(page.linked_lookups)
    values = (HUGE, "\0", "x", "-1", "9999-12-31T23:59:59-14:00", "0001-01-01T00:00:00+14:00", "2026-02-30")
    # Each alone: the first value that is refused would hide the others.
    alone = [{name: value} for name in names for value in values]
    alone += [{name: value} for name in ("p", "o", "q") for value in ABSURD if value != "\0"]
    for query in (*alone, {"q": "a " * 5000}, {"_facets": "True"}):
        build_list(page, list_request(query))
    # And the page, with all of them.
    together = [dict.fromkeys(names, value) for value in values] if names else []
    odd = [dict.fromkeys(("p", "o", "q"), value) for value in ("\0", HUGE)]
    odd += [{"all": ""}, {"_facets": "True"}, {"p": "999", "e": "1"}]
    for query in (*together, *odd):
        assert listed(root, model, **query).status_code == 200, query


def test_a_year_that_can_be_is_listed_still(root: Client, db: None) -> None:
    factories.create_booking(factories.create_account())
    for query, found in (
        ({"start_at__year": "2026"}, 1),
        ({"start_at__year": "2025"}, 0),
        ({"start_at__year": "2026", "start_at__month": "11", "start_at__day": "23"}, 1),
        ({"start_at__year": "2026", "start_at__month": "2", "start_at__day": "30"}, 0),
    ):
        assert listed(root, Booking, **query).context["cl"].result_count == found


@pytest.mark.parametrize("kind", ["csv", "xlsx"])
def test_an_export_is_asked_nothing_else_than_the_list(staff: Client, db: None, kind: str) -> None:
    factories.create_booking(factories.create_account())
    address = reverse(f"admin:calendly_integration_booking_export_{kind}")
    for query in (
        {"cancel_url__startswith": "https"},
        {"cancel_url__startswith": "z"},
        *({f"start_at__{part}": value} for part in PARTS for value in ABSURD),
    ):
        answer: Any = staff.get(address, query, follow=True)
        assert answer.status_code == 200
        if "cancel_url__startswith" in query:
            assert answer.redirect_chain
            assert answer.context["cl"].result_count == 0


def test_a_saved_view_keeps_no_other_column_and_opens_with_absurd_dates(staff: Client, db: None) -> None:
    factories.create_booking(factories.create_account())
    save = reverse("admin:calendly_integration_booking_views_save")
    query = f"start_at__year={HUGE}&cancel_url__startswith=https"
    answer: Any = staff.post(save, {"name": "far", "query": query}, follow=True)
    assert answer.status_code == 200
    assert "cancel_url" not in readable(answer)
    forget = reverse("admin:calendly_integration_booking_views_forget")
    assert staff.post(forget, {"view": "9" * 5000}, follow=True).status_code == 200


def test_an_action_on_all_that_is_found_reads_no_other_column(staff: Client, db: None) -> None:
    booking = factories.create_booking(factories.create_account())
    chosen = {
        "action": "cancel_many",
        "select_across": "1",
        "index": "0",
        "_selected_action": str(booking.pk),
    }
    address = reverse(f"{named(Booking)}_changelist")
    pages = [
        readable(staff.post(f"{address}?cancel_url__startswith={guess}", chosen))
        for guess in ("https", "zzz")
    ]
    assert all("secret-way" not in page and "Nora" not in page for page in pages)


@pytest.mark.parametrize("key", [HUGE, "-1", "x", "\0", "9" * 5000, "", "0" * 40])
@pytest.mark.parametrize(("model", "action"), [(Booking, "cancel_many"), (OutboxMessage, "send_again")])
def test_an_action_on_rows_that_cannot_be_does_nothing(
    staff: Client, db: None, key: str, model: type[Model], action: str
) -> None:
    factories.create_booking(factories.create_account())
    address = reverse(f"{named(model)}_changelist")
    answer = staff.post(address, {"action": action, "index": "0", "_selected_action": key}, follow=True)
    assert answer.status_code == 200
    assert not BulkRun.objects.exclude(by="Ana").exists()


def test_our_own_links_to_lists_ask_what_the_lists_offer(root: Client, clock: Any, db: None) -> None:
    account = factories.create_account()
    for number in range(1, 102):  # more than are listed: there is a link to all
        factories.create_booking(account, number)
    early = factories.NOW - timedelta(days=1)
    Booking.objects.update(confirmed_at=None, mailed_without_link_at=early, created_at=early)
    item = bulk_run.BulkItem.objects.get()
    pages = [
        reverse("admin:app_list", args=["calendly_integration"]),
        reverse("admin:calendly_integration_calendlyaccount_system_status"),
        reverse("admin:calendly_integration_followup_board"),
        reverse("admin:calendly_integration_bulkrun_change", args=[item.run_id]),
    ]
    followed = {link for page in pages for link in _lists(readable(root.get(page)))}
    for address in followed:
        assert "nothing is listed" not in readable(root.get(address)), address
    assert len(followed) > 12
    page: Any = admin.site._registry[Booking]
    for name in (
        *today.unconfirmed_lookups(now=factories.NOW),
        *today.without_link_lookups(now=factories.NOW),
    ):
        assert page.lookup_allowed(name, "x")


def _lists(body: str) -> set[str]:
    """The links to lists that ask for something."""
    parts = body.replace("&amp;", "&").split('href="')[1:]
    links = {part.split('"')[0] for part in parts}
    return {link for link in links if re.match(r"/admin/calendly_integration/\w+/\?", link)}


def test_the_reference_projects_users_and_groups_are_asked_nothing_else_either(root: Client) -> None:
    for model, names in (("user", ("date_joined", "last_login", "password")), ("group", ("user__password",))):
        address = reverse(f"admin:auth_{model}_changelist")
        assert root.get(address).status_code == 200
        for name, lookup, value in itertools.product(
            names, (*PARTS, "startswith", "regex"), ("0", "9999", HUGE)
        ):
            answer = root.get(address, {f"{name}__{lookup}": value})
            assert answer.status_code == 200
            assert answer.context["cl"].result_count == 0
    staff = root.get(reverse("admin:auth_user_changelist"), {"is_staff__exact": "1"})
    assert staff.context["cl"].result_count
    page = reverse("admin:auth_user_change", args=[User.objects.get(username="root").pk])
    for field in ("groups", "user_permissions"):
        assert root.post(page, {"username": "root", field: HUGE}).status_code == 200
    assert root.get(reverse("admin:auth_user_change", args=[HUGE])).status_code == 302


def test_the_search_behind_a_choice_takes_any_text(root: Client, db: None) -> None:
    factories.create_booking(factories.create_account())
    wanted = {"app_label": "calendly_integration", "model_name": "followup", "field_name": "booking"}
    for term in ("Nora", "\0", "a " * 5000):
        assert root.get(reverse("admin:autocomplete"), {**wanted, "term": term}).status_code == 200
