"""Records as Calendly's JSON. Keys that Calendly leaves out are left out here too."""

from __future__ import annotations

import hashlib
from datetime import timedelta
from urllib.parse import urlsplit

from . import moments
from .sandbox import Sandbox
from .store import Cancellation, Event, EventType, Invitee, Json, NoShow, Schedule, Subscription, User

# Kinds in requests and types in answers are spelled differently; `zoom` was seen live.
TYPES = {"zoom_conference": "zoom", "gotomeeting_conference": "gotomeeting"}
CONFERENCES = (
    "zoom_conference",
    "google_conference",
    "gotomeeting_conference",
    "microsoft_teams_conference",
    "webex_conference",
)


def person(sandbox: Sandbox, user: User) -> Json:
    """A user as embedded in memberships and among the hosts of an event type."""
    return {
        "uri": sandbox.user_uri(user),
        "name": user.name,
        "slug": user.slug,
        "email": user.email,
        "scheduling_url": f"{sandbox.public_base}/{user.slug}",
        "timezone": user.timezone,
        "time_notation": "24h",
        "avatar_url": None,
        "created_at": moments.text(user.created_at),
        "updated_at": moments.text(user.updated_at),
        "locale": user.locale,
    }


def user(sandbox: Sandbox, user: User) -> Json:
    return person(sandbox, user) | {"current_organization": sandbox.organization_uri, "resource_type": "User"}


def membership(sandbox: Sandbox, user: User) -> Json:
    return {
        "uri": sandbox.uri("organization_memberships", user.membership_id),
        "role": user.role,
        "user": person(sandbox, user),
        "organization": sandbox.organization_uri,
        "created_at": moments.text(user.created_at),
        "updated_at": moments.text(user.updated_at),
    }


def organization(sandbox: Sandbox) -> Json:
    item = sandbox.organization
    plan = {"paid": "standard", "enterprise": "enterprise", "generous": "enterprise"}
    return {
        "uri": sandbox.organization_uri,
        "name": item.name,
        "kind": "single",
        "plan": plan.get(sandbox.options.plan, "basic"),
        "stage": sandbox.options.plan if sandbox.options.plan in ("free", "trial") else "paid",
        "created_at": moments.text(item.created_at),
        "updated_at": moments.text(item.updated_at),
    }


def scheduling_url(sandbox: Sandbox, item: EventType) -> str:
    return f"{sandbox.public_base}/{sandbox.state.users[item.owner_id].slug}/{item.slug}"


def event_type(sandbox: Sandbox, item: EventType) -> Json:
    owner = sandbox.state.users[item.owner_id]
    team = item.pooling_type is not None
    owner_uri = sandbox.uri("teams", item.id) if team else sandbox.user_uri(owner)
    html = None if item.description is None else f"<p>{item.description}</p>"
    return {
        "uri": sandbox.uri("event_types", item.id),
        "name": item.name,
        "active": item.active,
        "slug": item.slug,
        "scheduling_url": scheduling_url(sandbox, item),
        "duration": item.duration,
        "duration_options": item.duration_options,
        "kind": item.kind,
        "pooling_type": item.pooling_type,
        "type": "StandardEventType",
        "color": item.color,
        "created_at": moments.text(item.created_at),
        "updated_at": moments.text(item.updated_at),
        "internal_note": None,
        "is_paid": False,
        "description_plain": item.description,
        "description_html": html,
        "profile": {"type": "Team" if team else "User", "name": owner.name, "owner": owner_uri},
        "secret": False,
        "booking_method": "instant",
        "custom_questions": item.questions,
        "deleted_at": moments.text_or_none(item.deleted_at),
        "admin_managed": False,
        "locations": item.locations,
        "position": item.position,
        "locale": item.locale,
        "start_time_increment": item.increment,
        "before_buffer": item.before_buffer,
        "after_buffer": item.after_buffer,
    }


def schedule(sandbox: Sandbox, item: Schedule) -> Json:
    return {
        "uri": sandbox.uri("user_availability_schedules", item.id),
        "default": True,
        "name": item.name,
        "user": sandbox.user_uri(item.user_id),
        "timezone": item.timezone,
        "rules": item.rules,
    }


def cancellation(item: Cancellation) -> Json:
    return {
        "canceled_by": item.canceled_by,
        "reason": item.reason,
        "canceler_type": item.canceler_type,
        "created_at": moments.text(item.created_at),
    }


def location(sandbox: Sandbox, event: Event) -> Json | None:
    """The location. A conference gets its link only after a while, as at the live service."""
    if event.location is None:
        return None
    kind = event.location["kind"]
    if kind not in CONFERENCES:
        body = {"type": kind, "location": event.location.get("location")}
        if kind in ("physical", "inbound_call"):
            body["additional_info"] = event.location.get("additional_info")
        return body
    settled = sandbox.now() >= event.settles_at
    body = {"type": TYPES.get(kind, kind), "status": event.settles_to if settled else "processing"}
    pushed = body["status"] == "pushed"
    number = str(int(hashlib.sha256(event.id.encode()).hexdigest()[:12], 16))[:11].rjust(11, "8")
    body["join_url"] = f"https://{body['type'].split('_')[0]}.example.com/j/{number}" if pushed else None
    if kind != "google_conference":
        body["data"] = _conference_data(kind, number) if pushed else None
    return body


def _conference_data(kind: str, number: str) -> Json:
    if kind != "zoom_conference":
        return {"id": number}
    dial_in = {"country": "RO", "country_name": "Romania", "number": "+40 21 000 0000", "type": "toll"}
    return {
        "id": int(number),
        "password": "made-up",
        "settings": {"global_dial_in_numbers": [dial_in]},
        "extra": {"intl_numbers_url": "https://zoom.example.com/u/abc"},
    }


def event_in_webhook(sandbox: Sandbox, item: Event) -> Json:
    """An event as embedded in a delivery: no buffered times and no calendar entry."""
    hosts = [sandbox.state.users[key] for key in item.host_ids]
    updated = item.updated_at
    conference = item.location is not None and item.location["kind"] in CONFERENCES
    changes = item.settles_to != "processing"
    if conference and changes and updated < item.settles_at <= sandbox.now():
        updated = item.settles_at
    body = {
        "uri": sandbox.uri("scheduled_events", item.id),
        "name": item.name,
        "meeting_notes_plain": None,
        "meeting_notes_html": None,
        "status": item.status,
        "start_time": moments.text(item.start),
        "end_time": moments.text(item.end),
        "event_type": sandbox.uri("event_types", item.event_type_id),
        "location": location(sandbox, item),
        "invitees_counter": {
            "total": len(item.invitee_ids),
            "active": len(sandbox.state.active_invitees(item)),
            "limit": item.seats,
        },
        "created_at": moments.text(item.created_at),
        "updated_at": moments.text(updated),
        "event_memberships": [
            {"user": sandbox.user_uri(host), "user_email": host.email, "user_name": host.name}
            for host in hosts
        ],
        "event_guests": item.guests,
    }
    if item.cancellation is not None:
        body["cancellation"] = cancellation(item.cancellation)
    return body


def event(sandbox: Sandbox, item: Event) -> Json:
    body = event_in_webhook(sandbox, item)
    before, after = timedelta(minutes=item.before_buffer), timedelta(minutes=item.after_buffer)
    for host in body["event_memberships"]:
        host["buffered_start_time"] = moments.text(item.start - before)
        host["buffered_end_time"] = moments.text(item.end + after)
    return body | {"calendar_event": None}


def invitee(sandbox: Sandbox, item: Invitee) -> Json:
    mark = None if item.no_show_id is None else sandbox.state.no_shows[item.no_show_id]
    body = {
        "uri": sandbox.invitee_uri(item.id),
        "email": item.email,
        "first_name": item.first_name,
        "last_name": item.last_name,
        "name": item.name,
        "status": item.status,
        "questions_and_answers": item.answers,
        "timezone": item.timezone,
        "event": sandbox.uri("scheduled_events", item.event_id),
        "created_at": moments.text(item.created_at),
        "updated_at": moments.text(item.updated_at),
        "tracking": item.tracking,
        "text_reminder_number": item.text_reminder_number,
        "rescheduled": item.rescheduled,
        "old_invitee": _with_present_base(sandbox, item.old_invitee),
        "new_invitee": _with_present_base(sandbox, item.new_invitee),
        "cancel_url": f"{sandbox.public_base}/cancellations/{item.id}",
        "reschedule_url": f"{sandbox.public_base}/reschedulings/{item.id}",
        "routing_form_submission": None,
        "payment": None,
        "no_show": None
        if mark is None
        else {"uri": sandbox.uri("invitee_no_shows", mark.id), "created_at": moments.text(mark.created_at)},
        "reconfirmation": None,
        "scheduling_method": item.scheduling_method,
        "invitee_scheduled_by": _with_present_base(sandbox, item.scheduled_by),
    }
    if item.cancellation is not None:
        body["cancellation"] = cancellation(item.cancellation)
    return body


def _with_present_base(sandbox: Sandbox, uri: str | None) -> str | None:
    """A stored URI with the current base: a saved state may have another one."""
    return None if uri is None else sandbox.api_base + urlsplit(uri).path


def no_show(sandbox: Sandbox, item: NoShow) -> Json:
    return {
        "uri": sandbox.uri("invitee_no_shows", item.id),
        "invitee": sandbox.invitee_uri(item.invitee_id),
        "created_at": moments.text(item.created_at),
    }


def subscription(sandbox: Sandbox, item: Subscription) -> Json:
    """The signing key is left out."""
    return {
        "uri": sandbox.uri("webhook_subscriptions", item.id),
        "callback_url": item.callback_url,
        "created_at": moments.text(item.created_at),
        "updated_at": moments.text(item.updated_at),
        "retry_started_at": moments.text_or_none(item.retry_started_at),
        "state": item.state,
        "events": item.events,
        "scope": item.scope,
        "organization": sandbox.organization_uri,
        "user": None if item.user_id is None else sandbox.user_uri(item.user_id),
        "group": None if item.group_id is None else sandbox.uri("groups", item.group_id),
        "creator": sandbox.user_uri(item.creator_id),
    }
