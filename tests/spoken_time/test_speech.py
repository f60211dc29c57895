"""How windows and questions sound."""

from datetime import datetime
from zoneinfo import ZoneInfo

import pytest

from calendly_integration.spoken_time import NotUnderstood, Understood, read, say

BUCHAREST = ZoneInfo("Europe/Bucharest")
NOW = datetime(2026, 11, 24, 10, 15, tzinfo=BUCHAREST)


@pytest.mark.parametrize(
    ("said", "locale", "text"),
    [
        ("joi la 14:30", "ro", "joi, 26 noiembrie, la 14:30"),
        ("joi", "ro", "joi, 26 noiembrie"),
        ("joi după-amiază", "ro", "joi, 26 noiembrie, după-amiaza"),
        ("joi după 17", "ro", "joi, 26 noiembrie, după ora 17:00"),
        ("joi până la prânz", "ro", "joi, 26 noiembrie, până la ora 12:00"),
        ("joi între 10 și 12", "ro", "joi, 26 noiembrie, între 10:00 și 12:00"),
        ("săptămâna viitoare", "ro", "de luni, 30 noiembrie, până duminică, 6 decembrie"),
        ("22 noiembrie", "ro", "luni, 22 noiembrie 2027"),
        ("Thursday at 2:30 pm", "en", "Thursday, November 26, at 2:30 PM"),
        ("Thursday at noon", "en", "Thursday, November 26, at noon"),
        ("Thursday after 5", "en", "Thursday, November 26, after 5 PM"),
        ("Thursday morning", "en", "Thursday, November 26, in the morning"),
        ("Thursday between 10 and 12", "en", "Thursday, November 26, between 10 AM and noon"),
        ("next week", "en", "from Monday, November 30, to Sunday, December 6"),
    ],
)
def test_a_window_is_said(said: str, locale: str, text: str) -> None:
    answer = read(said, NOW, BUCHAREST, locale)
    assert isinstance(answer, Understood)
    assert [each.text for each in answer.windows] == [text]


@pytest.mark.parametrize(
    ("said", "locale", "question"),
    [
        ("joia viitoare", "ro", "Ați vrut să spuneți joi, 3 decembrie, sau joi, 26 noiembrie?"),
        ("next Thursday", "en", "Do you mean Thursday, December 3, or Thursday, November 26?"),
        ("mâine la 7", "ro", "Ați vrut să spuneți miercuri, 25 noiembrie, la 07:00, sau la 19:00?"),
        (
            "vineri 12 decembrie",
            "ro",
            "Ziua săptămânii și data nu se potrivesc. Doriți vineri, 11 decembrie, sau sâmbătă, 12 decembrie?",
        ),
        (
            "February 30",
            "en",
            "There is no such date. Would you like Sunday, February 28, or Monday, March 1?",
        ),
        ("mai vorbim", "ro", "Pentru ce zi și la ce oră doriți programarea?"),
        ("good evening", "en", "What day and time would suit you?"),
        (
            "after my holiday",
            "en",
            "I'm not sure I understood. Could you tell me the day and the time, please?",
        ),
    ],
)
def test_a_question_is_asked(said: str, locale: str, question: str) -> None:
    assert read(said, NOW, BUCHAREST, locale).question == question


def test_a_skipped_hour_is_explained() -> None:
    now = datetime(2027, 3, 27, 10, tzinfo=BUCHAREST)
    answer = read("mâine la 3:30 dimineața", now, BUCHAREST, "ro")
    assert isinstance(answer, NotUnderstood)
    assert answer.question == (
        "La ora 03:30 nu se poate: în noaptea aceea ceasurile se dau înainte. "
        "Vă convine duminică, 28 martie, la 04:00?"
    )
    [[window]] = answer.alternatives
    assert window.start == datetime(2027, 3, 28, 4, tzinfo=BUCHAREST)


def test_the_two_times_of_a_night_are_told_apart() -> None:
    now = datetime(2026, 10, 24, 10, tzinfo=BUCHAREST)
    answer = read("mâine la 3:30 dimineața", now, BUCHAREST, "ro")
    assert isinstance(answer, Understood)
    assert [each.text for [each] in answer.alternatives] == [
        "duminică, 25 octombrie, la 03:30, înainte de schimbarea orei",
        "duminică, 25 octombrie, la 03:30, după schimbarea orei",
    ]


def test_a_move_counts_from_the_booking() -> None:
    start = datetime(2026, 11, 26, 14, tzinfo=BUCHAREST)
    for said, locale, hour, minute in (
        ("half an hour later", "en", 14, 30),
        ("cu o oră mai devreme", "ro", 13, 0),
        ("o oră mai târziu", "ro", 15, 0),
    ):
        answer = read(said, NOW, BUCHAREST, locale, booking_start=start)
        assert isinstance(answer, Understood)
        assert [each.start for each in answer.windows] == [start.replace(hour=hour, minute=minute)]
    assert isinstance(read("half an hour later", NOW, BUCHAREST, "en"), NotUnderstood)


def test_without_a_locale_two_different_readings_are_ambiguous() -> None:
    answer = read("4/3", NOW, ZoneInfo("America/New_York"), None)
    assert isinstance(answer, Understood)
    assert {each.start.date().isoformat() for [each] in answer.alternatives} == {"2027-03-04", "2027-04-03"}
    same = read("3/3", NOW, ZoneInfo("America/New_York"), None)
    assert isinstance(same, Understood)
    assert not same.ambiguous


def test_the_other_language_is_read_too() -> None:
    answer = read("next Tuesday after 3", NOW, BUCHAREST, "ro")
    assert isinstance(answer, Understood)
    assert [each.text for each in answer.windows] == ["marți, 1 decembrie, după ora 15:00"]


def test_a_reading_is_said_in_either_language() -> None:
    answer = read("joi sau vineri după 17", NOW, BUCHAREST, "ro")
    assert isinstance(answer, Understood)
    assert say(answer.windows, NOW, "en") == (
        "Thursday, November 26, after 5 PM and Friday, November 27, after 5 PM"
    )
    mornings = read("every morning", NOW, BUCHAREST, "en")
    assert isinstance(mornings, Understood)
    assert say(mornings.windows, NOW, "ro") == "de marți, 24 noiembrie, până marți, 8 decembrie, dimineața"
