"""An event type's questions and places, settled before Calendly is asked."""

from typing import Any

import pytest

from calendly_integration.models import EventType
from calendly_integration.sandbox.seeds import place, question
from calendly_integration.services import time_zones
from calendly_integration.services.bookings import phones, questions
from calendly_integration.services.bookings.questions import (
    AnsweredTwice,
    NoPhone,
    NoPlace,
    NotAChoice,
    NotAPhone,
    Unanswered,
    UnknownQuestion,
)


def kind(*asked: dict[str, Any], places: list[dict[str, Any]] | None = None, pooling: str = "") -> EventType:
    return EventType(name="Visit", questions=list(asked), locations=places or [], pooling=pooling)


WHO = question("Cine vine?", required=True)
WHY = question("De ce?", position=1)


def test_answers_go_out_in_calendlys_own_wording_and_order() -> None:
    found = questions.answers(kind(WHO, WHY), [("DE CE?", " Pentru că "), ("cine  vine?", "Eu")])
    assert [(each.question, each.answer, each.position) for each in found] == [
        ("Cine vine?", "Eu", 0),
        ("De ce?", "Pentru că", 1),
    ]


def test_a_question_may_be_asked_without_its_diacritics() -> None:
    asked = kind(question("În ce oraș locuiți?"))
    assert questions.answers(asked, [("in ce oras locuiti?", "Iași")])[0].question == "În ce oraș locuiți?"


def test_a_blank_answer_is_left_out() -> None:
    assert questions.answers(kind(WHY), [("De ce?", "  "), ("De ce?", ())]) == ()
    given = [("De ce?", ""), ("De ce?", "b"), ("De ce?", ("", " "))]
    assert questions.answers(kind(WHY), given)[0].answer == "b"


@pytest.mark.parametrize("type_", ["text", "string", "phone_number", "single_select"])
@pytest.mark.parametrize(
    "given",
    [
        [("De ce?", "+40721234567"), ("de ce", "+40721234568")],
        [("De ce?", ("+40721234567", "+40721234568"))],
        [("De ce?", "+40721234567"), ("De ce?", "+40721234567")],
    ],
)
def test_a_question_that_takes_one_answer_loses_none_of_several(type_: str, given: questions.Given) -> None:
    with pytest.raises(AnsweredTwice) as caught:
        questions.answers(kind(question("De ce?", kind=type_)), given)
    assert caught.value.values == {"question": "De ce?"}


NEEDS = question("Ce doriți?", kind="multi_select", choices=("Prețuri", "Demonstrație", "Altă întâlnire"))


@pytest.mark.parametrize(
    "given",
    [
        [("Ce doriți?", "Prețuri"), ("Ce doriți?", "Altă întâlnire")],
        [("Ce doriți?", ("Prețuri", "Altă întâlnire"))],
        [("ce doriti", "preturi\nALTA INTALNIRE\n")],
        [("Ce doriți?", ("Prețuri", " ", "Altă întâlnire")), ("Ce doriți?", "prețuri")],
    ],
)
def test_all_choices_reach_calendly_a_line_each(given: questions.Given) -> None:
    assert [each.answer for each in questions.answers(kind(NEEDS), given)] == ["Prețuri\nAltă întâlnire"]


@pytest.mark.parametrize("type_", ["single_select", "multi_select"])
@pytest.mark.parametrize(
    ("answer", "sent"),
    [
        ("București", "București"),
        ("bucuresti", "București"),
        ("BUCUREŞTI ", "București"),
        ("cluj - napoca", "Cluj – Napoca"),
        ("d'argent", "D’Argent"),
        ("altele", "Altele?"),
    ],
)
def test_a_choice_in_other_letters_goes_out_in_calendlys(type_: str, answer: str, sent: str) -> None:
    choices = ("București", "Cluj – Napoca", "D’Argent", "Altele?")
    asked = question("Unde?", kind=type_, choices=choices)
    assert questions.answers(kind(asked), [("Unde?", answer)])[0].answer == sent


@pytest.mark.parametrize("type_", ["single_select", "multi_select"])
def test_what_is_no_choice_is_refused_unless_another_answer_may_be_given(type_: str) -> None:
    asked = question("Unde?", kind=type_, choices=("Iași", "Cluj"))
    with pytest.raises(NotAChoice) as caught:
        questions.answers(kind(asked), [("Unde?", "Brașov")])
    assert caught.value.values == {"question": "Unde?", "answer": "Brașov", "choices": "Iași; Cluj"}
    free = {**asked, "include_other": True}
    assert questions.answers(kind(free), [("Unde?", "Brașov")])[0].answer == "Brașov"
    assert questions.answers(kind(free), [("Unde?", "iasi")])[0].answer == "Iași"
    assert questions.answers(kind({**asked, "answer_choices": None}), [("Unde?", "x")])[0].answer == "x"


def test_of_two_choices_that_compare_alike_only_the_exact_one_is_meant() -> None:
    asked = question("Care?", kind="single_select", choices=("da", "da?", "nu"))
    assert questions.answers(kind(asked), [("Care?", "da?")])[0].answer == "da?"
    with pytest.raises(NotAChoice):
        questions.answers(kind(asked), [("Care?", "DA")])


def test_two_questions_of_one_name_are_answered_in_their_order() -> None:
    asked = kind(question("Nume?", required=True), question("Nume?", required=True, position=1))
    with pytest.raises(Unanswered):
        questions.answers(asked, [("Nume?", "a")])
    found = questions.answers(asked, [("Nume?", "a"), ("nume", "b")])
    assert [(each.answer, each.position) for each in found] == [("a", 0), ("b", 1)]
    with pytest.raises(AnsweredTwice):
        questions.answers(asked, [("Nume?", "a"), ("Nume?", "b"), ("Nume?", "c")])


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("What’s your team’s size – roughly?", "what's your team's size - roughly"),
        ('What\'s your "role"?', "What´s your „role”"),
        ("Describe the problem", "Describe the problem?"),
    ],
)
def test_quotes_dashes_and_a_question_mark_make_no_other_question(name: str, text: str) -> None:
    assert questions.answers(kind(question(name)), [(text, "x")])[0].question == name


def test_required_questions_are_named_all_at_once() -> None:
    with pytest.raises(Unanswered) as caught:
        questions.answers(kind(WHO, question("Unde?", required=True, position=2), WHY), [("De ce?", "x")])
    assert caught.value.values == {"questions": "Cine vine?; Unde?"}


def test_two_questions_of_one_position_do_not_answer_one_another() -> None:
    asked = kind(question("A?", required=True), question("B?", required=True))
    with pytest.raises(Unanswered) as caught:
        questions.answers(asked, [("A?", "x")])
    assert caught.value.values == {"questions": "B?"}
    assert len(questions.answers(asked, [("A?", "x"), ("B?", "y")])) == 2


def test_a_question_that_is_switched_off_is_neither_asked_nor_answered() -> None:
    off = {**WHO, "enabled": False}
    assert questions.answers(kind(off), []) == ()
    with pytest.raises(UnknownQuestion) as caught:
        questions.answers(kind(off, WHY), [("Cine vine?", "Eu")])
    assert caught.value.values == {"asked": "Cine vine?", "questions": "De ce?"}


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
        ("0040721234567", "+40721234567"),
        ("0721234567", None),
        ("+40", None),
        ("+999999999999999999", None),
        ("call me", None),
        ("", None),
    ],
)
def test_a_number_is_international_or_none(phone: str, number: str | None) -> None:
    assert phones.international(phone) == number


def zone(name: str, source: str = "explicit", confidence: str = "high") -> time_zones.Zone:
    return time_zones.Zone(name, source, confidence)


@pytest.mark.parametrize(
    ("phone", "evidence", "number"),
    [
        ("0721 234 567", {"zone": zone("Europe/Bucharest")}, "+40721234567"),
        ("0721234567", {"zone": zone("Europe/Bucharest", "default", "low")}, "+40721234567"),
        ("0721234567", {"phone": "+40 722 000 111", "zone": zone("America/New_York")}, "+40721234567"),
        ("0721234567", {"locale": "ro-RO", "zone": zone("UTC")}, "+40721234567"),
        ("(212) 555-0100", {"zone": zone("America/New_York")}, "+12125550100"),
        ("0721234567", {"zone": zone("America/New_York")}, "+40721234567"),
        ("0721234567", {"zone": zone("Europe/Berlin")}, None),
        ("0721234567", {"phone": "+49 30 901820"}, None),
        ("0151 23456789", {"zone": zone("Europe/Berlin")}, "+4915123456789"),
        ("0721234567", {}, "+40721234567"),
        ("0612345678", {"zone": zone("Europe/Paris"), "locale": "nl-NL"}, None),
        ("+44 20 7946 0958", {"zone": zone("Europe/Bucharest")}, "+442079460958"),
        ("0040721234567", {"zone": zone("Europe/London")}, "+40721234567"),
        ("07", {"zone": zone("Europe/Bucharest")}, None),
        (
            "0721234567",
            {"zone": zone("Nowhere/Land"), "phone": "no number", "locale": "ro-XX"},
            "+40721234567",
        ),
    ],
)
def test_a_number_without_its_country_is_read_where_only_one_is_possible(
    phone: str, evidence: dict[str, Any], number: str | None
) -> None:
    assert phones.international(phone, phones.Evidence(**evidence)) == number


def test_a_phone_question_gets_an_international_number() -> None:
    asked = kind(question("Telefon?", kind="phone_number"))
    home = phones.Evidence(zone=zone("Europe/Bucharest"))
    assert questions.answers(asked, [("Telefon?", "0721 234 567")], home)[0].answer == "+40721234567"
    assert questions.answers(asked, [("Telefon?", "+44 20 7946 0958")], home)[0].answer == "+442079460958"
    for text in ("0721 234 567", "nu am"):
        with pytest.raises(NotAPhone) as caught:
            questions.answers(asked, [("Telefon?", text)])
        assert caught.value.values == {"question": "Telefon?", "answer": text}


def test_the_first_place_that_can_be_filled_in_is_taken() -> None:
    places = [
        place("outbound_call", position=0),
        place("custom", text="La noi", position=2),
        place("zoom_conference", position=1),
    ]
    assert questions.location(kind(places=places), "") == {"kind": "zoom_conference"}
    assert questions.location(kind(places=places), "+40721234567") == {
        "kind": "outbound_call",
        "location": "+40721234567",
    }
    assert questions.location(kind(places=places[1:2]), "") == {"kind": "custom", "location": "La noi"}


def test_no_place_configured_and_a_pool_need_none() -> None:
    assert questions.location(kind(), "") is None
    assert questions.location(kind(places=[place("zoom_conference")], pooling="round_robin"), "") is None
    assert questions.location(kind(places=[place("zoom_conference")], pooling="collective"), "") == {
        "kind": "zoom_conference"
    }


def test_a_call_needs_a_number() -> None:
    with pytest.raises(NoPhone):
        questions.location(kind(places=[place("outbound_call")]), "0721", "La cafenea")


def test_a_place_that_is_asked_for_is_never_a_phone_number() -> None:
    with pytest.raises(NoPlace):
        questions.location(kind(places=[place("ask_invitee")]), "+40721234567")
    with pytest.raises(NoPlace):
        questions.location(kind(places=[place("ask_invitee")]), "", "  ")


def test_the_place_that_the_invitee_names_goes_before_the_others() -> None:
    places = [place("zoom_conference"), place("ask_invitee", position=1)]
    named = questions.location(kind(places=places), "+40721234567", " La cafenea ")
    assert named == {"kind": "ask_invitee", "location": "La cafenea"}
    assert questions.location(kind(places=places), "") == {"kind": "zoom_conference"}
    assert questions.location(kind(places=places[:1]), "", "La cafenea") == {"kind": "zoom_conference"}
