"""What must hold after each story, whatever happened in it: the preface of the list of faults."""

import json
from collections import Counter
from typing import Any

from calendly_integration.sandbox.portal import Message

from .processes import until
from .system import System

WORK = ("webhookdelivery", "calendlybooking", "outboxqueue", "vaimetadata", "bulkitem", "pendingmail")
ONCE_A_BOOKING = ("/calendly/notify", "/calendly/confirmed", "/calendly/canceled")


def check(system: System) -> None:
    """Nothing is left to do, both sides hold the same meetings, each effect was had once, nobody complained."""
    finished(system)
    assert meetings_there(system) == bookings_here(system)
    check_effects(system)
    assert not system.calendly.unknown_fields
    assert not system.calendly.unknown_paths
    if not system.complaints_allowed:
        assert "Traceback" not in system.logged(), system.logged()


def finished(system: System) -> None:
    """Wait until no work is left. Fails after half a minute, saying what is."""
    until(lambda: not unfinished(system), within=30, every=0.1, what=lambda: unfinished(system))


def unfinished(system: System) -> list[Any]:
    """Work that is left anywhere: on its way to us, in our tables, in an open transaction."""
    ask = system.database.rows
    with system.calendly.lock:
        left: list[Any] = [("sent", each.event) for each in system.calendly.state.open_deliveries.values()]
    for table in WORK:
        columns = "todo, last_error" if table == "bookingleg" else "attempts, last_error"
        due = ask(
            f"SELECT next_attempt_at, lease_token, {columns} FROM calendly_integration_{table} "
            "WHERE next_attempt_at IS NOT NULL"
        )
        left += [(table, *row) for row in due]
    left += ask("SELECT path, last_error FROM calendly_integration_outboxmessage WHERE status = 'waiting'")
    left += ask("SELECT id, status FROM calendly_integration_booking WHERE status = 'pending'")
    if "postgres" in system.database.url:
        left += ask(
            "SELECT query FROM pg_stat_activity "
            "WHERE datname = current_database() AND state LIKE 'idle in transaction%'"
        )
    return left


def meetings_there(system: System) -> set[tuple[str, str]]:
    """Event id and address of all active invitees at Calendly."""
    with system.calendly.lock:
        invitees = list(system.calendly.state.invitees.values())
    return {(each.event_id, each.email) for each in invitees if each.status == "active"}


def bookings_here(system: System) -> set[tuple[str, str]]:
    """The same of our confirmed bookings."""
    sql = "SELECT event_id, invitee_email FROM calendly_integration_booking WHERE status = 'confirmed'"
    return {(event, email) for event, email in system.database.rows(sql)}


def check_effects(system: System) -> None:
    """What we hold for sent was accepted there, each fact under one key, and each key once."""
    ask = system.database.rows
    sent = ask("SELECT idempotency_key FROM calendly_integration_outboxmessage WHERE status = 'sent'")
    accepted = system.portal.accepted()
    assert {plain(key) for (key,) in sent} == {plain(each.key) for each in accepted}
    facts = Counter(fact(each) for each in accepted)
    assert not [told for told, times in facts.items() if times > 1]
    assert not ask("SELECT path FROM calendly_integration_outboxmessage WHERE status = 'parked'")
    if not system.repeats_allowed:
        new = system.portal.arrivals[system.arrivals_before :]
        keys = Counter(each.key for each in new if each.kept)
        assert not [key for key, times in keys.items() if times > 1]


def plain(key: object) -> str:
    """A UUID as either database gives it."""
    return str(key).replace("-", "")


def fact(message: Message) -> str:
    """What a message tells: two messages with the same are one too many."""
    body = {name: value for name, value in message.json.items() if name != "timestamp"}
    if message.path in ONCE_A_BOOKING:
        return f"{message.path} {body['booking_id']}"
    invitee = body.get("data", {}).get("invitee_uri")
    if message.path == "/analytics/log" and invitee and "no_show" not in body["event_type"]:
        return f"{body['event_type']} {invitee}"
    return f"{message.path} {json.dumps(body, sort_keys=True)}"
