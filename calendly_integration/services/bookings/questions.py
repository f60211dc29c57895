"""The answers to an event type's questions, and its location, checked before Calendly is asked."""

from collections.abc import Sequence
from typing import Any

from ...calendly.payloads import Answer
from ...models import EventType
from ..catalog.event_types import normalize_name
from ..errors import InvalidBookingRequest
from . import phones

Question = dict[str, Any]
# Several texts are the choices of one question.
Given = Sequence[tuple[str, str | Sequence[str]]]


FIELD = "customAnswers"


def enabled(event_type: EventType) -> list[Question]:
    """The questions that are asked."""
    return [question for question in event_type.questions if question.get("enabled", True)]


def answers(
    event_type: EventType, given: Given, evidence: phones.Evidence | None = None
) -> tuple[Answer, ...]:
    """The answers with Calendly's exact texts of the questions and choices. Blank answers are left out; choices of
    one question are separated by line breaks.

    Raises InvalidBookingRequest. Source: calendly-api, section 8 (texts are compared to the letter there) and
    section 4 (phone numbers).
    """
    asked = enabled(event_type)
    texts: dict[int, list[str]] = {}  # by the place of the question: two may have one name
    for text, answer in given:
        found = [each.strip() for each in ([answer] if isinstance(answer, str) else answer) if each.strip()]
        number = _number(asked, text, texts)
        if found:
            texts.setdefault(number, []).extend(found)
    missing = [
        _name(each) for number, each in enumerate(asked) if each.get("required") and number not in texts
    ]
    if missing:
        raise InvalidBookingRequest(FIELD, "unanswered", questions="; ".join(missing))
    checked = [
        Answer(
            question=_name(asked[number]),
            answer=_checked(asked[number], given_texts, evidence),
            position=int(asked[number].get("position") or 0),
        )
        for number, given_texts in sorted(texts.items())
    ]
    return tuple(sorted(checked, key=lambda answer: answer.position))


def fits(question: Question, answer: str) -> bool:
    """True if the question takes this answer."""
    try:
        _checked(question, [answer], None)
    except InvalidBookingRequest:
        return False
    return True


def _name(question: Question) -> str:
    return str(question["name"])


def _number(asked: list[Question], text: str, answered: dict[int, list[str]]) -> int:
    """The number of the question with this text, or the same normalized text. Of several, the next unanswered."""
    wanted = normalize_name(text)
    same = [number for number, question in enumerate(asked) if _name(question) == text.strip()]
    same = same or [
        number for number, question in enumerate(asked) if normalize_name(_name(question)) == wanted
    ]
    if not same:
        names = "; ".join(_name(each) for each in asked)
        raise InvalidBookingRequest(FIELD, "unknown_question", asked=text, questions=names)
    return next((number for number in same if number not in answered), same[0])


def _checked(question: Question, texts: list[str], evidence: phones.Evidence | None) -> str:
    """The answer as Calendly takes it for this type of question."""
    kind = question.get("type")
    if kind == "multi_select":
        lines = [line.strip() for text in texts for line in text.splitlines() if line.strip()]
        return "\n".join(dict.fromkeys(_choice(question, line) for line in lines))
    if len(texts) > 1:
        raise InvalidBookingRequest(FIELD, "answered_twice", question=_name(question))
    if kind == "single_select":
        return _choice(question, texts[0])
    if kind == "phone_number":
        number = phones.international(texts[0], evidence)
        if number is None:
            raise InvalidBookingRequest(FIELD, "not_a_phone", question=_name(question), answer=texts[0])
        return number
    return texts[0]


def _choice(question: Question, text: str) -> str:
    """The choice in Calendly's spelling; another answer where the question takes one."""
    choices = [str(each) for each in question.get("answer_choices") or ()]
    if not choices or text in choices:
        return text
    same = [each for each in choices if normalize_name(each) == normalize_name(text)]
    if len(same) == 1:
        return same[0]
    if question.get("include_other") and not same:
        return text
    known = "; ".join(choices)
    raise InvalidBookingRequest(FIELD, "not_a_choice", question=_name(question), answer=text, choices=known)


def location(
    event_type: EventType, phone: str, place: str = "", evidence: phones.Evidence | None = None
) -> dict[str, str] | None:
    """The location to send: the first configured one that we can fill in; None if none is configured. If the event
    type asks the invitee for a place, it is `place`.

    Raises InvalidBookingRequest. Source: calendly-api, section 8: needed where one is configured, not for round
    robin.
    """
    if not event_type.locations or event_type.pooling == "round_robin":
        return None
    places = sorted(event_type.locations, key=lambda each: each.get("position") or 0)
    if place.strip():
        places.sort(key=lambda each: each.get("kind") != "ask_invitee")
    for each in places:
        filled = _filled(each, phone, place.strip(), evidence)
        if filled is not None:
            return filled
    if places[0].get("kind") == "ask_invitee":
        raise InvalidBookingRequest("location", "location_needed")
    raise InvalidBookingRequest("phone", "phone_needed")


def asks_for_place(event_type: EventType) -> bool:
    """True if the event type asks the invitee for the place."""
    return event_type.pooling != "round_robin" and any(
        each.get("kind") == "ask_invitee" for each in event_type.locations or ()
    )


def _filled(
    configured: dict[str, Any], phone: str, place: str, evidence: phones.Evidence | None
) -> dict[str, str] | None:
    kind = str(configured.get("kind"))
    if kind in ("outbound_call", "ask_invitee"):
        text = phones.international(phone, evidence) if kind == "outbound_call" else place
        return {"kind": kind, "location": text} if text else None
    if kind in ("physical", "custom"):
        return {"kind": kind, "location": str(configured.get("location") or "")}
    return {"kind": kind}
