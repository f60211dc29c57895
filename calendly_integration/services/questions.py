"""An event type's questions and location, settled before Calendly is asked."""

from collections.abc import Sequence
from typing import Any

from ..calendly.types import Answer
from ..models import EventType
from .catalog import plain


class Unanswered(ValueError):
    """A required question has no answer. `questions` are their texts."""

    def __init__(self, questions: list[str]) -> None:
        super().__init__("; ".join(questions))
        self.questions = questions


class UnknownQuestion(ValueError):
    """The event type does not ask that. `questions` are those it asks."""

    def __init__(self, asked: str, questions: list[str]) -> None:
        super().__init__(asked)
        self.asked, self.questions = asked, questions


class NoPhone(ValueError):
    """The host calls the invitee, so a phone number is needed."""


def answers(event_type: EventType, given: Sequence[tuple[str, str]]) -> tuple[Answer, ...]:
    """The answers in Calendly's exact wording of the questions. Blank ones are left out.

    Raises Unanswered, UnknownQuestion. Source: calendly-api, section 8 (texts are compared to the letter there).
    """
    asked = [question for question in event_type.questions if question.get("enabled", True)]
    by_text = {plain(str(question["name"])): question for question in asked}
    found: dict[str, Answer] = {}
    for text, answer in given:
        question = by_text.get(plain(text))
        if question is None:
            raise UnknownQuestion(text, [str(each["name"]) for each in asked])
        if answer.strip():
            name = str(question["name"])
            found[name] = Answer(name, answer.strip(), int(question.get("position") or 0))
    names = [str(question["name"]) for question in asked if question.get("required")]
    missing = [name for name in names if name not in found]
    if missing:
        raise Unanswered(missing)
    return tuple(sorted(found.values(), key=lambda answer: answer.position))


def location(event_type: EventType, phone: str) -> dict[str, str] | None:
    """The place to ask for: the first configured one that we can fill in; None where none is configured.

    Raises NoPhone. Source: calendly-api, section 8: needed wherever one is configured, not for round robin.
    """
    if not event_type.locations or event_type.pooling == "round_robin":
        return None
    places = sorted(event_type.locations, key=lambda place: place.get("position") or 0)
    number = international(phone)
    for place in places:
        filled = _filled(place, number)
        if filled is not None:
            return filled
    raise NoPhone


def _filled(place: dict[str, Any], phone: str | None) -> dict[str, str] | None:
    kind = str(place.get("kind"))
    if kind in ("outbound_call", "ask_invitee"):
        return {"kind": kind, "location": phone} if phone else None
    if kind in ("physical", "custom"):
        return {"kind": kind, "location": str(place.get("location") or "")}
    return {"kind": kind}


def international(phone: str) -> str | None:
    """The number as E.164, or None where it is not a possible one."""
    if not phone:
        return None
    import phonenumbers  # here: its tables are large, and many processes never need them

    try:
        number = phonenumbers.parse(phone, None)
    except phonenumbers.NumberParseException:
        return None
    if not phonenumbers.is_possible_number(number):
        return None
    return str(phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164))
