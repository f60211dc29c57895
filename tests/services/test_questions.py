"""An event type's questions and places, settled before Calendly is asked."""

from typing import Any

import pytest

from calendly_integration.models import EventType
from calendly_integration.sandbox.seeds import place, question
from calendly_integration.services import questions
from calendly_integration.services.questions import NoPhone, Unanswered, UnknownQuestion


def kind(*asked: dict[str, Any], places: list[dict[str, Any]] | None = None, pooling: str = "") -> EventType:
    return EventType(name="Visit", questions=list(asked), locations=places or [], pooling=pooling)


WHO = question("Cine vine?", required=True)
WHY = question("De ce?", position=1)


def test_answers_go_out_in_calendlys_own_wording_and_order() -> None:
    found = questions.answers(kind(WHO, WHY), [("DE CE?", " Pentru că "), ("cine  vine?", "Eu")])
    assert [(each.question, each.answer, each.position) for each in found] == [
        ("Cine vine?", "Eu", 0), ("De ce?", "Pentru că", 1),
    ]  # fmt: skip


def test_a_question_may_be_asked_without_its_diacritics() -> None:
    asked = kind(question("În ce oraș locuiți?"))
    assert questions.answers(asked, [("in ce oras locuiti?", "Iași")])[0].question == "În ce oraș locuiți?"


def test_a_blank_answer_is_left_out_and_a_later_one_counts() -> None:
    assert questions.answers(kind(WHY), [("De ce?", "  ")]) == ()
    assert questions.answers(kind(WHY), [("De ce?", "a"), ("De ce?", "b")])[0].answer == "b"


def test_required_questions_are_named_all_at_once() -> None:
    with pytest.raises(Unanswered) as caught:
        questions.answers(kind(WHO, question("Unde?", required=True, position=2), WHY), [("De ce?", "x")])
    assert caught.value.questions == ["Cine vine?", "Unde?"]


def test_two_questions_of_one_position_do_not_answer_one_another() -> None:
    asked = kind(question("A?", required=True), question("B?", required=True))
    with pytest.raises(Unanswered) as caught:
        questions.answers(asked, [("A?", "x")])
    assert caught.value.questions == ["B?"]
    assert len(questions.answers(asked, [("A?", "x"), ("B?", "y")])) == 2


def test_a_question_that_is_switched_off_is_neither_asked_nor_answered() -> None:
    off = {**WHO, "enabled": False}
    assert questions.answers(kind(off), []) == ()
    with pytest.raises(UnknownQuestion) as caught:
        questions.answers(kind(off, WHY), [("Cine vine?", "Eu")])
    assert (caught.value.asked, caught.value.questions) == ("Cine vine?", ["De ce?"])


@pytest.mark.parametrize("missing", ["enabled", "required", "position"])
def test_a_question_may_lack_what_we_do_not_need(missing: str) -> None:
    asked = {key: value for key, value in WHY.items() if key != missing}
    assert questions.answers(kind(asked), [("De ce?", "x")])[0].answer == "x"
    assert questions.answers(kind({**WHY, "position": None}), [("De ce?", "x")])[0].position == 0


@pytest.mark.parametrize(
    ("phone", "number"),
    [
        ("+40721234567", "+40721234567"),
        (" +40 (721) 234-567 ", "+40721234567"),
        ("0040721234567", None),
        ("0721234567", None),
        ("+40", None),
        ("+999999999999999999", None),
        ("call me", None),
        ("", None),
    ],
)
def test_a_number_is_international_or_none(phone: str, number: str | None) -> None:
    assert questions.international(phone) == number


def test_the_first_place_that_can_be_filled_in_is_taken() -> None:
    places = [
        place("outbound_call", position=0), place("custom", text="La noi", position=2),
        place("zoom_conference", position=1),
    ]  # fmt: skip
    assert questions.location(kind(places=places), "") == {"kind": "zoom_conference"}
    assert questions.location(kind(places=places), "+40721234567") == {
        "kind": "outbound_call", "location": "+40721234567",
    }  # fmt: skip
    assert questions.location(kind(places=places[1:2]), "") == {"kind": "custom", "location": "La noi"}


def test_no_place_configured_and_a_pool_need_none() -> None:
    assert questions.location(kind(), "") is None
    assert questions.location(kind(places=[place("zoom_conference")], pooling="round_robin"), "") is None
    assert questions.location(kind(places=[place("zoom_conference")], pooling="collective"), "") == {
        "kind": "zoom_conference"
    }


@pytest.mark.parametrize("name", ["outbound_call", "ask_invitee"])
def test_a_place_that_the_invitee_names_needs_a_number(name: str) -> None:
    with pytest.raises(NoPhone):
        questions.location(kind(places=[place(name)]), "0721")
