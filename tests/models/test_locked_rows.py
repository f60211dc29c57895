"""Columns of many rows saved in one statement."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from calendly_integration.models import SyncRun, WebhookDelivery
from calendly_integration.models.locked_rows import save_columns

NOW = datetime(2026, 11, 23, 6, tzinfo=UTC)

pytestmark = pytest.mark.django_db


def runs(account: Any) -> list[SyncRun]:
    for number in range(3):
        SyncRun.objects.create(
            account=account, status="done", window_start=NOW, started_at=NOW + timedelta(hours=number)
        )
    return list(SyncRun.objects.order_by("pk"))


def test_each_row_gets_its_own_values_and_keeps_its_other_columns(account: Any) -> None:
    rows = runs(account)
    for number, row in enumerate(rows):
        row.seen, row.error, row.changed = number, f"Ștefan {number}", 99
    save_columns(rows, {"seen", "error"})
    assert list(SyncRun.objects.order_by("pk").values_list("seen", "error", "changed")) == [
        (0, "Ștefan 0", 0),
        (1, "Ștefan 1", 0),
        (2, "Ștefan 2", 0),
    ]


def test_large_columns_that_are_not_saved_stay_in_the_table_and_in_the_rows(account: Any) -> None:
    row = WebhookDelivery.objects.create(digest="a", body=b"{}", received_at=NOW)
    row.kind = "invitee.created"
    save_columns([row], {"kind"})
    assert row.body == b"{}"
    row.refresh_from_db()
    assert (row.kind, bytes(row.body)) == ("invitee.created", b"{}")


def test_many_rows_take_one_statement(account: Any, django_assert_num_queries: Any) -> None:
    rows = runs(account)
    with django_assert_num_queries(1):
        save_columns(rows, {"seen"})


def test_nothing_to_save_takes_no_statement(account: Any, django_assert_num_queries: Any) -> None:
    rows = runs(account)
    with django_assert_num_queries(0):
        save_columns([], {"seen"})
        save_columns(rows, set())
