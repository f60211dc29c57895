"""The history of the demo: as if it had happened."""

from collections import Counter
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
import time_machine

from calendly_integration.management import demo_history
from calendly_integration.models import (
    Booking,
    CalendlyAccount,
    FollowUp,
    OutboxMessage,
    RefusedAttempt,
    TimelineEntry,
)
from calendly_integration.sandbox.calendly import Calendly

from ..factories import assert_consistent

NOW = datetime(2026, 11, 26, 9, 30, tzinfo=UTC)
SPANS = {"past": timedelta(weeks=5), "ahead": timedelta(weeks=1)}


def test_the_history_is_whole_agrees_with_calendly_and_lies_in_the_past(
    account: CalendlyAccount, sandbox: Calendly
) -> None:
    with time_machine.travel(NOW, tick=True):
        made = demo_history.make(sandbox, account, now=NOW, **SPANS)
        again = demo_history.make(sandbox, account, now=NOW, **SPANS)

    assert made > 60
    assert again == 0
    assert_consistent(sandbox)
    rows = Booking.objects.select_related("host", "event_type")
    assert {row.source for row in rows} == {"agent", "public", "staff"}
    assert {row.status for row in rows} == {"confirmed", "canceled"}
    assert len({row.host for row in rows}) == 3
    assert len({row.event_type.color for row in rows if row.event_type}) == 6
    assert any(row.no_show_at for row in rows)
    assert any(row.start_at > NOW for row in rows if row.start_at)
    actions = set(TimelineEntry.objects.values_list("action", flat=True))
    assert {"booked", "confirmed", "canceled", "rescheduled", "no_show", "followup_noted"} <= actions
    assert len(set(FollowUp.objects.values_list("status", flat=True))) >= 3
    assert RefusedAttempt.objects.open().count() == 3
    assert Booking.objects.exclude(staff_note="").count() == 2
    assert Counter(OutboxMessage.objects.values_list("status", flat=True))["parked"] == 1
    assert not OutboxMessage.objects.waiting().exists()
    assert all(message.created_at < NOW for message in OutboxMessage.objects.all())
    for booking in rows.prefetch_related("timeline"):
        moments = [entry.at for entry in booking.timeline.all()]
        assert all(earlier <= later for earlier, later in pairwise(moments))
        assert moments[-1] < NOW
        assert booking.start_at is not None
        assert booking.created_at < booking.start_at
    assert abs(sandbox.now() - sandbox.clock()) < timedelta(seconds=1)


@pytest.mark.parametrize("kind", ["a booking", "an event type"])
def test_it_is_not_made_beside_other_data(
    account: CalendlyAccount, sandbox: Calendly, event_types: object, kind: str
) -> None:
    if kind == "a booking":
        Booking.objects.create(
            account=account, source="staff", invitee_email="ana@example.com", created_at=NOW
        )

    assert demo_history.make(sandbox, account, now=NOW) == 0
