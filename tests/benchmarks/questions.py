"""A burst of deliveries of bookings that only the portal knows: how soon it has answered and has all messages."""

import json
import time
import uuid
from datetime import datetime, timedelta

import requests
from django.db import connections
from django.utils import timezone

from calendly_integration.models import VAIMetadata

from . import burst, load, processes, rows, stand_ins
from .figures import Figure
from .surroundings import KEY, Place

MESSAGES = 3


def measure(place: Place, *, count: int) -> list[Figure]:
    """With its worker, and a portal that takes 20 ms for each answer."""
    now = timezone.now()
    rows.empty()
    rows.account_with_event_type(now)
    connections.close_all()
    bodies = [_external_delivery(number, now=now) for number in range(count)]
    known = {
        str(body["payload"]["event"]).rpartition("/")[2]: {"conversation_id": f"conv-{number}", "notes": "n"}
        for number, body in enumerate(bodies)
    }
    with (
        stand_ins.portal(place.portal) as portal,
        processes.worker(place.environment()) as worker,
        processes.web(place.environment(), place.web) as web,
    ):
        requests.post(f"{portal.url}/sandbox/metadata", json=known, timeout=30).raise_for_status()
        burst.warm_up(place, web)
        before = worker.seconds(), portal.seconds()
        texts = [json.dumps(body, separators=(",", ":")) for body in bodies]
        outcome = load.send(load.Spec(place.web, "/webhooks/calendly", KEY, burst.AT_ONCE, texts))
        burst.check_all_accepted(outcome, count)
        messages = burst.wait_for_messages(portal, count * MESSAGES, outcome.ended_at, within=300)
        time.sleep(1)  # what came back last is written down
        spent = [
            (end - begin) / count * 1000
            for begin, end in zip(before, (worker.seconds(), portal.seconds()), strict=True)
        ]
    assert len(messages) == len({each.key for each in messages}), "a message was sent twice"
    without_answer = VAIMetadata.objects.filter(asked_at=None).count()
    assert not without_answer, f"{without_answer} questions have no answer"
    ended = max(each.at for each in messages) - outcome.ended_at
    return [
        Figure("questions: asked and told of all after the burst's end", ended, "s", 20),
        Figure("questions: processor time a delivery: worker", spent[0], "ms"),
        Figure("questions: processor time a delivery: the stand-in portal", spent[1], "ms"),
    ]


def _external_delivery(number: int, *, now: datetime) -> dict[str, object]:
    """A delivery of a booking that the portal made through another database."""
    body: dict[str, object] = rows.delivered(
        email=f"invitee-{number}-{uuid.uuid4().hex[:8]}@example.com",
        name=f"Invitee {number}",
        tracking={
            "utm_source": "vai_agent",
            "utm_medium": "vai_portal",
            "utm_content": f"elsewhere-{number}",
        },
        start=(now + timedelta(days=1 + number % 300, minutes=number)).replace(second=0, microsecond=0),
        now=now,
    )
    return body
