"""Made-up answers of Calendly for the tests of this folder."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

PAYLOADS = Path(__file__).parent.parent / "payloads"
API = "https://api.calendly.com"
USER = f"{API}/users/2f6b9a10-6c3d-4e8f-8a71-5d0c2e9b4f36"
ORGANIZATION = f"{API}/organizations/EXAMPLEORG000001"
EVENT_TYPE = f"{API}/event_types/3f0c8c2e-7d5a-4c1b-9a55-0f6b3c1d2e4a"
EVENT = f"{API}/scheduled_events/b7d1c6a4-2e90-4d3b-8f17-6a5c0e9d4b21"
INVITEE = f"{EVENT}/invitees/0e4f7a92-5c1d-4b68-9e3a-7d2b8c6f1a50"
NO_SHOW = f"{API}/invitee_no_shows/6a1f1111-2222-4333-8444-555566667777"
SUBSCRIPTION = f"{API}/webhook_subscriptions/9c9c9c9c-1111-4222-8333-444455556666"
MOMENT = "2026-11-20T09:00:00.104417Z"


def delivery(name: str) -> dict[str, Any]:
    data: dict[str, Any] = json.loads((PAYLOADS / f"{name}.json").read_text())
    return data


def invitee() -> dict[str, Any]:
    payload: dict[str, Any] = delivery("invitee.created__api")["payload"]
    del payload["scheduled_event"]
    return payload


def scheduled_event() -> dict[str, Any]:
    event: dict[str, Any] = delivery("invitee.created__api")["payload"]["scheduled_event"]
    return event


def event_type() -> dict[str, Any]:
    path = next(PAYLOADS.glob("event_type.created__*.json"))
    payload: dict[str, Any] = json.loads(path.read_text())["payload"]
    return payload


def user() -> dict[str, Any]:
    return {
        "uri": USER,
        "name": "Mara Host",
        "slug": "mara-host-example",
        "email": "mara.host@example.com",
        "scheduling_url": "https://calendly.com/mara-host-example",
        "timezone": "Europe/Berlin",
        "avatar_url": None,
        "created_at": MOMENT,
        "updated_at": MOMENT,
        "current_organization": ORGANIZATION,
    }


def membership() -> dict[str, Any]:
    uri = f"{API}/organization_memberships/EXAMPLEMEMBER0001"
    return {"uri": uri, "role": "owner", "user": user(), "organization": ORGANIZATION}


def organization() -> dict[str, Any]:
    return {"uri": ORGANIZATION, "plan": "teams", "stage": "paid", "created_at": MOMENT, "updated_at": MOMENT}


def subscription() -> dict[str, Any]:
    return {
        "uri": SUBSCRIPTION,
        "callback_url": "https://portal.example.com/webhooks/calendly",
        "created_at": MOMENT,
        "updated_at": MOMENT,
        "retry_started_at": None,
        "state": "active",
        "events": ["invitee.created", "invitee.canceled"],
        "scope": "organization",
        "organization": ORGANIZATION,
        "user": None,
        "creator": USER,
    }


def schedule() -> dict[str, Any]:
    return {
        "uri": f"{API}/user_availability_schedules/EXAMPLESCHEDULE1",
        "default": True,
        "name": "Working hours",
        "user": USER,
        "timezone": "Europe/Bucharest",
        "rules": [
            {"type": "wday", "wday": "monday", "intervals": [{"from": "09:00", "to": "17:00"}]},
            {"type": "date", "date": "2026-12-24", "intervals": []},
        ],
    }


def cancellation() -> dict[str, Any]:
    return {"canceled_by": "Mara Host", "reason": "ill", "canceler_type": "host", "created_at": MOMENT}


def available_time() -> dict[str, Any]:
    return {
        "status": "available",
        "invitees_remaining": 3,
        "start_time": "2026-12-03T15:00:00Z",
        "scheduling_url": "https://calendly.com/d/abc",
    }


def busy_time() -> dict[str, Any]:
    return {
        "type": "calendly",
        "start_time": "2026-12-03T15:00:00Z",
        "end_time": "2026-12-03T15:30:00Z",
        "buffered_start_time": "2026-12-03T15:00:00Z",
        "buffered_end_time": "2026-12-03T15:40:00Z",
        "event": {"uri": EVENT},
    }


def page(*items: dict[str, Any], next_page_token: str | None = None) -> dict[str, Any]:
    evil = "https://evil.example.net/steal" if next_page_token else None
    return {
        "collection": list(items),
        "pagination": {
            "count": len(items),
            "next_page": evil,
            "previous_page": None,
            "next_page_token": next_page_token,
            "previous_page_token": None,
        },
    }
