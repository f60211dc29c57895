from __future__ import annotations

import pytest

from calendly_integration.sandbox import seeds

PERSON = {"name": "Maria Popa", "email": "maria@example.com", "timezone": "Europe/Bucharest"}
GOOD = ["+40721000000", "+1 888-888-8888", "+40 (721) 000.000"]
BAD = [
    "0721000000",
    "+0721000000",
    "+40",
    "+40 721 000 000 ext 5",
    "+40७21000000",
    40721000000,
    ["+40721000000"],
]


@pytest.mark.parametrize("number", GOOD)
def test_a_number_may_be_punctuated_and_is_shown_as_it_came(api, demo, number):
    answer = api.book(demo, invitee=PERSON | {"text_reminder_number": number})
    assert answer.json()["resource"]["text_reminder_number"] == number


@pytest.mark.parametrize("number", BAD)
def test_what_is_no_number_is_refused(api, demo, number):
    answer = api.book(demo, invitee=PERSON | {"text_reminder_number": number})
    assert answer.json()["details"] == [{"parameter": "invitee.text_reminder_number", "message": "invalid"}]


@pytest.mark.parametrize(("number", "status"), [(GOOD[1], 201), (BAD[0], 400)])
def test_the_answer_to_a_phone_question_is_read_alike(api, calendly, number, status):
    kind = calendly.add_event_type("Asking", questions=[seeds.question("Phone?", kind="phone_number")])
    answers = [{"question": "Phone?", "answer": number, "position": 0}]
    assert api.book(kind, questions_and_answers=answers).status_code == status
