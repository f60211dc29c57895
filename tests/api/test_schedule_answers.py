"""What the event type asks, answered through the API: checked before Calendly is asked, and nothing lost."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from calendly_integration.models import Booking, EventType
from calendly_integration.sandbox.calendly import Calendly
from calendly_integration.sandbox.seeds import place, question
from calendly_integration.services.accounts import calendly_accounts
from calendly_integration.services.catalog import event_types as catalog

from .document import PREFIX, CheckedClient

SCHEDULE_BODY = {"eventType": "Audit", "inviteeEmail": "ana@example.com", "inviteeName": "Ana Pop"}
QUESTIONS = [
    question("Which company’s audit – yours?", kind="string"),
    question("Where?", kind="single_select", position=1, choices=("București", "Cluj-Napoca")),
    question("Which days?", kind="multi_select", position=2, choices=("Luni", "Marți", "Joi")),
    question("Your number", kind="phone_number", position=3),
]

pytestmark = pytest.mark.usefixtures("event_types")


@pytest.fixture(autouse=True)
def audit(sandbox: Calendly, event_types: dict[str, EventType]) -> None:
    sandbox.add_event_type("Audit", 30, questions=QUESTIONS)
    sandbox.add_event_type("Visit", 30, locations=[place("ask_invitee")])
    catalog.sync(calendly_accounts.default(), now=datetime.now(UTC))
    sandbox.calls.clear()


def ask(api: CheckedClient, **booking_request: Any) -> Any:
    return api.post(PREFIX + "schedule", {**SCHEDULE_BODY, **booking_request}, format="json")


def answer(question: str, text: Any) -> dict[str, Any]:
    return {"question": question, "answer": text}


def sent(sandbox: Calendly) -> dict[str, Any]:
    """The body of the only booking that Calendly was asked for."""
    [call] = [each for each in sandbox.calls if (each.method, each.path) == ("POST", "/invitees")]
    body: dict[str, Any] = json.loads(call.body)
    return body


@pytest.mark.parametrize(
    "days",
    [
        [answer("Which days?", ["Luni", "joi"])],
        [answer("Which days?", "Luni"), answer("which days", "JOI")],
        [answer("Which days?", "Luni\nJoi")],
        [answer("Which days?", ["Luni", None, "", "Joi"])],
    ],
)
def test_all_choices_of_a_question_reach_calendly(
    api: CheckedClient, sandbox: Calendly, days: list[dict[str, Any]]
) -> None:
    assert ask(api, customAnswers=days).status_code == 201
    assert [each["answer"] for each in sent(sandbox)["questions_and_answers"]] == ["Luni\nJoi"]


def test_answers_go_out_in_calendlys_words(api: CheckedClient, sandbox: Calendly) -> None:
    given = [
        answer("which company's audit - yours", "VAI"),
        answer("Where", "bucuresti"),
        answer("Your number?", "0722 123 456"),
    ]
    assert ask(api, customAnswers=given).status_code == 201
    assert [(each["question"], each["answer"]) for each in sent(sandbox)["questions_and_answers"]] == [
        ("Which company’s audit – yours?", "VAI"),
        ("Where?", "București"),
        ("Your number", "+40722123456"),
    ]
    assert not sandbox.unknown_fields


@pytest.mark.parametrize(
    ("given", "said", "romanian_text"),
    [
        ([answer("Where?", "Iași")], "București; Cluj-Napoca", "Variantele sunt"),
        ([answer("Which days?", ["Luni", "Vineri"])], "“Vineri” is no answer", "„Vineri” nu este un răspuns"),
        ([answer("Your number", "nu am")], "international form", "format internațional"),
        ([answer("Where?", "Cluj-Napoca"), answer("where", "București")], "one answer", "un singur răspuns"),
        ([answer("Your number", ["+40722123456", "+40722123457"])], "one answer", "un singur răspuns"),
        ([answer("How old?", "42")], "is not asked here", "nu se întreabă aici"),
    ],
)
def test_what_calendly_would_refuse_is_a_400_that_names_the_question(
    api: CheckedClient,
    romanian: CheckedClient,
    sandbox: Calendly,
    given: list[dict[str, Any]],
    said: str,
    romanian_text: str,
) -> None:
    for client, text in ((api, said), (romanian, romanian_text)):
        refused = ask(client, customAnswers=given)
        assert refused.status_code == 400
        [told] = refused.json()["errors"]["customAnswers"]
        assert text in told
        assert given[0]["question"].rstrip("?") in told
    assert not sandbox.calls
    assert not Booking.objects.exists()


def test_a_number_that_may_be_of_two_countries_is_asked_for(api: CheckedClient, sandbox: Calendly) -> None:
    given = [answer("Your number", "0721234567")]
    assert ask(api, customAnswers=given, timezone="Europe/Berlin").status_code == 400
    assert ask(api, customAnswers=given, timezone="Europe/Bucharest").status_code == 201


@pytest.mark.parametrize("wrong", [5, {"a": 1}, [5], [["Luni"]], ["Luni\x00"], ["Luni"] * 51, True])
def test_an_answer_that_is_no_text_is_a_400(api: CheckedClient, sandbox: Calendly, wrong: Any) -> None:
    refused = ask(api, customAnswers=[answer("Which days?", wrong)])
    assert refused.status_code == 400
    assert list(refused.json()["errors"]) == ["customAnswers"]
    assert not sandbox.calls


@pytest.mark.parametrize("blank", [None, "", " ", [], [""], [None]])
def test_a_blank_answer_counts_as_none(api: CheckedClient, sandbox: Calendly, blank: Any) -> None:
    assert ask(api, customAnswers=[answer("Which days?", blank)]).status_code == 201
    assert "questions_and_answers" not in sent(sandbox)


def test_too_many_texts_are_refused_in_the_language_of_who_asks(
    api: CheckedClient, romanian: CheckedClient
) -> None:
    given = [answer("Which days?", ["Luni"] * 51)]
    for client, text in ((api, "At most 50 texts"), (romanian, "cel mult 50 de texte")):
        [told] = ask(client, customAnswers=given).json()["errors"]["customAnswers"]
        assert text in told


# The place


def test_the_place_that_the_invitee_names_goes_to_calendly(api: CheckedClient, sandbox: Calendly) -> None:
    booked = ask(api, eventType="Visit", location=" Str. Lungă 1, Brașov ", phone="+40721234567")
    assert booked.status_code == 201
    assert sent(sandbox)["location"] == {"kind": "ask_invitee", "location": "Str. Lungă 1, Brașov"}


@pytest.mark.parametrize("more", [{}, {"phone": "+40721234567"}, {"location": "  "}, {"location": None}])
def test_without_the_place_that_is_asked_for_a_place_is_asked_for(
    api: CheckedClient, romanian: CheckedClient, sandbox: Calendly, more: dict[str, Any]
) -> None:
    refused = ask(api, eventType="Visit", **more)
    assert refused.status_code == 400
    assert list(refused.json()["errors"]) == ["location"]
    assert refused.json()["message"] == "Where should the meeting be? Please name a place."
    assert "Unde să aibă loc" in ask(romanian, eventType="Visit", **more).json()["message"]
    assert not sandbox.calls


def test_a_place_changes_nothing_where_none_is_asked_for(api: CheckedClient, sandbox: Calendly) -> None:
    assert ask(api, location="La cafenea").status_code == 201
    assert sent(sandbox)["location"] == {"kind": "zoom_conference"}


@pytest.mark.parametrize("wrong", [5, ["La noi"], "a\x00b", "x" * 256])
def test_a_place_is_one_line_of_text(api: CheckedClient, wrong: Any) -> None:
    refused = ask(api, eventType="Visit", location=wrong)
    assert (refused.status_code, list(refused.json()["errors"])) == (400, ["location"])
