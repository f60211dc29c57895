"""A small model of what Calendly tells of one stranger's meeting: its halves, the deliveries about them, and what
a booking must show when all of them have come. It shares no code with the sandbox or with what it checks."""

import json
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

API = "https://api.calendly.com"
START = datetime(2026, 11, 24, 8, tzinfo=UTC)
BEGIN = datetime(2026, 11, 23, 5, tzinfo=UTC)
# Location of the event at Calendly, the place that is shown, the link that is shown.
PLACES: tuple[tuple[dict[str, Any] | None, str, str], ...] = (
    (None, "", ""),
    ({"type": "physical", "location": "Str. Lungă 1", "additional_info": None}, "Str. Lungă 1", ""),
    (
        {"type": "custom", "location": "Sala 2 (https://meet.example/r/7), etaj 3"},
        "Sala 2 (https://meet.example/r/7), etaj 3",
        "https://meet.example/r/7",
    ),
    (
        {"type": "zoom", "status": "pushed", "join_url": "https://zoom.example.com/j/81", "data": None},
        "zoom",
        "https://zoom.example.com/j/81",
    ),
    ({"type": "ask_invitee", "location": "La dumneavoastră"}, "La dumneavoastră", ""),
)


def stamp(at: datetime) -> str:
    """A time as Calendly writes it."""
    return at.strftime("%Y-%m-%dT%H:%M:%S.%fZ")


@dataclass
class Facts:
    """What is new with each half: the invitee may choose all of it anew on the page that moves a meeting."""

    zone: str = "Europe/Bucharest"
    phone: str | None = None
    host: str = f"{API}/users/EXAMPLEHOST00001"
    event_type: str = f"{API}/event_types/EXAMPLETYPE00001"
    event_name: str = "Discovery call"
    place: int = 0
    answer: str = "Hello"
    guest: str = ""
    name: str = "Nora Field"
    email: str = "nora@example.com"
    portal: bool = False


@dataclass
class Half:
    """One event with its only invitee."""

    number: int
    facts: Facts
    created_at: datetime
    status: str = "active"
    rescheduled: bool = False
    old: "Half | None" = None
    new: "Half | None" = None
    canceled: dict[str, Any] | None = None
    no_show: dict[str, Any] | None = None

    @property
    def event_uri(self) -> str:
        return f"{API}/scheduled_events/EXAMPLEEVENT{self.number:04}"

    @property
    def uri(self) -> str:
        return f"{self.event_uri}/invitees/EXAMPLEINVITEE{self.number:04}"

    @property
    def start(self) -> datetime:
        return START + timedelta(hours=self.number)


@dataclass
class Meeting:
    """The story so far. Each act delivers what Calendly would: `bodies`, in the order in which it happened."""

    bodies: list[bytes] = field(default_factory=list)
    halves: list[Half] = field(default_factory=list)
    now: datetime = BEGIN

    @property
    def last(self) -> Half:
        return self.halves[-1]

    def book(self, facts: Facts, old: Half | None = None) -> None:
        """Booked on the public page, or the new half of a move."""
        half = Half(len(self.halves) + 1, facts, self._moment(), old=old)
        self.halves.append(half)
        if old is not None:
            old.new = half
            self._cancel(old, "invitee", None, rescheduled=True)
        self._tell("invitee.created", half)

    def move(self, facts: Facts) -> None:
        """Moved on the page, by the invitee."""
        self.book(facts, old=self.last)

    def cancel(self, by: str, reason: str | None) -> None:
        self._cancel(self.last, by, reason, rescheduled=False)

    def mark(self) -> None:
        half, at = self.last, self._moment()
        half.no_show = {"uri": f"{API}/invitee_no_shows/EXAMPLEMARK{half.number:05}", "created_at": stamp(at)}
        self._tell("invitee_no_show.created", half)

    def unmark(self) -> None:
        self.last.no_show = None
        self._tell("invitee_no_show.deleted", self.last)

    def shown(self, hosts: dict[str, str], kinds: dict[str, str]) -> dict[str, Any]:
        """What the booking must show, given names of the hosts and event types that are mirrored, by URI."""
        half, facts = self.last, self.last.facts
        canceled = half.canceled or {}
        _location, place, link = PLACES[facts.place]
        return {
            "status": "canceled" if half.canceled else "confirmed",
            "start_at": half.start,
            "event_id": half.event_uri.rpartition("/")[2],
            "invitee_name": facts.name,
            "invitee_email": facts.email,
            "time_zone": facts.zone,
            "phone": facts.phone or "",
            "host": hosts.get(facts.host),
            "event_type": kinds.get(facts.event_type),
            "event_name": facts.event_name,
            "location": place,
            "meeting_url": link,
            "cancel_url": f"https://calendly.com/cancellations/{half.number}",
            "reschedule_url": f"https://calendly.com/reschedulings/{half.number}",
            "answers": [facts.answer],
            "guests": [facts.guest] if facts.guest else [],
            "no_show": half.no_show is not None,
            "canceled_by": canceled.get("canceled_by", ""),
            "cancel_reason": canceled.get("reason") or "",
            "created_at": self.halves[0].created_at,
            "asked_of_the_portal": any(each.facts.portal for each in self.halves),
        }

    def _moment(self) -> datetime:
        self.now += timedelta(seconds=61)
        return self.now

    def _cancel(self, half: Half, by: str, reason: str | None, *, rescheduled: bool) -> None:
        half.status, half.rescheduled = "canceled", rescheduled
        half.canceled = {
            "canceled_by": half.facts.name if by == "invitee" else "Mara Host",
            "canceler_type": by,
            "reason": reason,
            "created_at": stamp(self._moment()),
        }
        self._tell("invitee.canceled", half)

    def _tell(self, kind: str, half: Half) -> None:
        at = self._moment()
        payload = _invitee(half, at) | {"scheduled_event": _event(half, at)}
        if half.canceled:
            payload["cancellation"] = payload["scheduled_event"]["cancellation"] = half.canceled
        envelope = {
            "created_at": stamp(at),
            "created_by": f"{API}/users/X",
            "event": kind,
            "payload": payload,
        }
        self.bodies.append(json.dumps(envelope).encode())


def _invitee(half: Half, at: datetime) -> dict[str, Any]:
    facts = half.facts
    ours = {"utm_source": "vai_agent", "utm_medium": "vai_portal", "utm_content": f"{half.number:032x}"}
    return {
        "uri": half.uri,
        "email": facts.email,
        "name": facts.name,
        "status": half.status,
        "timezone": facts.zone,
        "event": half.event_uri,
        "created_at": stamp(half.created_at),
        "updated_at": stamp(at),
        "tracking": ours if facts.portal else {},
        "rescheduled": half.rescheduled,
        "old_invitee": half.old.uri if half.old else None,
        "new_invitee": half.new.uri if half.new else None,
        "cancel_url": f"https://calendly.com/cancellations/{half.number}",
        "reschedule_url": f"https://calendly.com/reschedulings/{half.number}",
        "text_reminder_number": facts.phone,
        "questions_and_answers": [{"question": "What about?", "answer": facts.answer, "position": 0}],
        "no_show": half.no_show,
    }


def _event(half: Half, at: datetime) -> dict[str, Any]:
    facts = half.facts
    return {
        "uri": half.event_uri,
        "name": facts.event_name,
        "status": half.status,
        "start_time": stamp(half.start),
        "end_time": stamp(half.start + timedelta(minutes=30)),
        "event_type": facts.event_type,
        "location": PLACES[facts.place][0],
        "event_memberships": [{"user": facts.host, "user_email": "h@example.com", "user_name": "H"}],
        "event_guests": [{"email": facts.guest}] if facts.guest else [],
        "invitees_counter": {"active": int(half.status == "active"), "limit": 1, "total": 1},
        "created_at": stamp(half.created_at),
        "updated_at": stamp(at),
    }
