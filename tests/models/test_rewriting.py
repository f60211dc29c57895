"""Many rows in few statements: the same as one by one."""

import uuid
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext

from calendly_integration.models import CircuitState, WebhookDelivery, bulk_sql
from calendly_integration.models.bulk_sql import alteration, insert_missing, insertion, send

NOW = datetime(2026, 11, 23, 6, tzinfo=UTC)

pytestmark = pytest.mark.django_db


def delivery(number: int, **columns: Any) -> WebhookDelivery:
    return WebhookDelivery(digest=f"{number}", body=b"\x00%d" % number, received_at=NOW, **columns)


def test_rows_that_are_there_already_are_left_out() -> None:
    insert_missing([delivery(1, kind="first")])
    insert_missing([delivery(1, kind="again"), delivery(2), delivery(2)])
    assert list(WebhookDelivery.objects.order_by("digest").values_list("digest", "kind")) == [
        ("1", "first"),
        ("2", ""),
    ]
    assert bytes(WebhookDelivery.objects.get(digest="2").body) == b"\x002"


def test_each_row_gets_its_own_values() -> None:
    insert_missing([delivery(number) for number in range(3)])
    first, second, third = WebhookDelivery.objects.order_by("digest")
    token = uuid.uuid4()
    changes = [
        (first.pk, {"kind": "a", "lease_token": token, "applied_at": NOW}),
        (second.pk, {"kind": "b", "lease_token": None, "applied_at": None}),
        (third.pk, {}),
    ]
    send(alteration(WebhookDelivery, changes))
    rows = WebhookDelivery.objects.order_by("digest").values_list("kind", "lease_token", "applied_at")
    assert list(rows) == [("a", token, NOW), ("b", None, None), ("", None, None)]


def test_where_narrows_the_rows() -> None:
    token = uuid.uuid4()
    insert_missing([delivery(1, lease_token=token), delivery(2)])
    changes = [(row.pk, {"kind": "mine"}) for row in WebhookDelivery.objects.all()]
    send(alteration(WebhookDelivery, changes, where={"lease_token": token}))
    assert set(WebhookDelivery.objects.values_list("digest", "kind")) == {("1", "mine"), ("2", "")}


def test_json_goes_in_and_comes_out_the_same() -> None:
    detail = {"text": "Ștefan", "list": [1, None, {"deep": True}]}
    insert_missing(
        [CircuitState(pk="one", opened_at=NOW, probed_by=detail), CircuitState(pk="two", opened_at=NOW)]
    )
    send(alteration(CircuitState, [("two", {"probed_by": detail})]))
    assert list(CircuitState.objects.values_list("probed_by", flat=True)) == [detail, detail]


def test_one_statement_stores_a_delivery() -> None:
    """Its own transaction would be two more, in which SQLite locks everybody else out."""
    with CaptureQueriesContext(connection) as captured:
        insert_missing([delivery(number) for number in range(10)])
    assert len(captured) == 1


def test_nothing_to_change_is_no_statement(django_assert_num_queries: Callable[[int], Any]) -> None:
    with django_assert_num_queries(0):
        send([*insertion([]), *alteration(WebhookDelivery, [])])


def test_many_rows_are_cut_into_statements_that_a_database_takes(monkeypatch: pytest.MonkeyPatch) -> None:
    fields = len(CircuitState._meta.concrete_fields)
    monkeypatch.setattr(bulk_sql, "MOST_VALUES", 2 * fields)
    statements = insertion([CircuitState(pk=f"{number}", opened_at=NOW) for number in range(5)])
    assert [len(each.rows) for each in statements] == [2, 2, 1]
    send(statements)
    assert set(CircuitState.objects.values_list("pk", flat=True)) == set("01234")


def test_a_row_that_is_there_is_an_error_where_nothing_else_is_said() -> None:
    insert_missing([CircuitState(pk="one", opened_at=NOW)])
    with pytest.raises(IntegrityError), transaction.atomic():
        send(
            insertion([CircuitState(pk="two", opened_at=NOW)])
            + insertion([CircuitState(pk="one", opened_at=NOW)])
        )
    assert CircuitState.objects.count() == 1


@pytest.mark.postgres
def test_postgresql_takes_them_in_one_round_trip() -> None:
    delivered, circuit = (
        delivery(1, kind="a %s; --"),
        CircuitState(pk="one", opened_at=NOW, probed_by={"text": "'; %s"}),
    )
    statements = insertion([delivered]) + insertion([circuit])
    changes = [("one", {"beat_at": NOW}), ("two", {"beat_at": NOW})]
    with CaptureQueriesContext(connection) as captured:
        send(statements + alteration(CircuitState, changes))
    assert len(captured) == 1
    assert WebhookDelivery.objects.get().kind == "a %s; --"
    assert CircuitState.objects.get().probed_by == {"text": "'; %s"}
