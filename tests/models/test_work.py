"""Rows that are work: claimed by one, finished only by who holds the lease."""

import threading
from datetime import timedelta

import pytest
import time_machine
from django.db import connections as databases

from calendly_integration.models import WebhookDelivery
from tests.factories import now

LEASE = timedelta(seconds=60)


def waiting(count: int) -> list[WebhookDelivery]:
    """So many due rows, the first one waiting longest."""
    return [
        WebhookDelivery.objects.create(
            digest=str(number),
            body=b"",
            received_at=now(),
            next_attempt_at=now() - timedelta(seconds=100 - number),
        )
        for number in range(count)
    ]


@pytest.mark.django_db
def test_the_longest_waiting_are_claimed_first(clock: time_machine.Traveller) -> None:
    rows = waiting(5)
    claimed = WebhookDelivery.objects.claim(now=now(), lease=LEASE, limit=3)
    assert [row.pk for row in claimed] == [row.pk for row in rows[:3]]
    assert {row.attempts for row in claimed} == {1}
    assert {row.next_attempt_at for row in claimed} == {now() + LEASE}
    stored = WebhookDelivery.objects.get(pk=rows[0].pk)
    assert (stored.lease_token, stored.attempts) == (claimed[0].lease_token, 1)
    assert [row.pk for row in WebhookDelivery.objects.claim(now=now(), lease=LEASE, limit=9)] == [
        row.pk for row in rows[3:]
    ]
    assert WebhookDelivery.objects.claim(now=now(), lease=LEASE, limit=9) == []


@pytest.mark.django_db
def test_what_is_not_due_or_done_is_not_claimed(clock: time_machine.Traveller) -> None:
    later, done = waiting(2)
    WebhookDelivery.objects.filter(pk=later.pk).update(next_attempt_at=now() + timedelta(microseconds=1))
    WebhookDelivery.objects.filter(pk=done.pk).update(next_attempt_at=None)
    assert WebhookDelivery.objects.claim(now=now(), lease=LEASE, limit=9) == []
    clock.shift(1)
    assert [row.pk for row in WebhookDelivery.objects.claim(now=now(), lease=LEASE, limit=9)] == [later.pk]


@pytest.mark.django_db
def test_who_died_needs_no_cleaning_up(clock: time_machine.Traveller) -> None:
    waiting(1)
    [first] = WebhookDelivery.objects.claim(now=now(), lease=LEASE, limit=1)
    clock.shift(61)
    [second] = WebhookDelivery.objects.claim(now=now(), lease=LEASE, limit=1)
    assert second.attempts == 2
    assert not WebhookDelivery.objects.finish(first, status="applied")
    assert WebhookDelivery.objects.get().status == "received"
    assert WebhookDelivery.objects.finish(second, status="applied")
    assert second.status == "applied"
    row = WebhookDelivery.objects.get()
    assert (row.status, row.next_attempt_at, row.lease_token) == ("applied", None, None)


@pytest.mark.django_db
def test_a_clock_that_steps_back_gives_nothing_out_twice(clock: time_machine.Traveller) -> None:
    waiting(1)
    [claimed] = WebhookDelivery.objects.claim(now=now(), lease=LEASE, limit=1)
    clock.shift(-600)
    assert WebhookDelivery.objects.claim(now=now(), lease=LEASE, limit=1) == []
    assert WebhookDelivery.objects.finish(claimed, status="applied")


@pytest.mark.django_db(transaction=True)
def test_many_claimers_never_get_the_same_row(clock: time_machine.Traveller) -> None:
    waiting(40)
    gate, claimed, errors = threading.Barrier(8), list[int](), list[Exception]()

    def take() -> None:
        try:
            gate.wait()
            while rows := WebhookDelivery.objects.claim(now=now(), lease=LEASE, limit=3):
                claimed.extend(row.pk for row in rows)
        except Exception as error:
            errors.append(error)
        finally:
            databases.close_all()

    threads = [threading.Thread(target=take) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not errors
    assert len(claimed) == len(set(claimed)) == 40
