"""What holds for every phrase, at any moment, in any zone."""

import subprocess
import sys
import unicodedata
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from hypothesis import example, given
from hypothesis import strategies as st

from calendly_integration.spoken_time import Answer, NotUnderstood, Understood, Window, read

from .corpus import Case, cases

CASES = list(cases())
ZONES = (
    "Europe/Bucharest Europe/London America/New_York America/Sao_Paulo America/Havana Asia/Tokyo Asia/Beirut "
    "Asia/Kathmandu Australia/Lord_Howe Pacific/Apia Africa/Cairo Atlantic/Azores"
).split()
FILLERS = {"ro": ("păi, {}", "deci {}, vă rog", "ăăă {}"), "en": ("uh, {}", "well, {}, please", "hi, {}")}

zones = st.sampled_from(ZONES).map(ZoneInfo)
instants = st.datetimes(datetime(2005, 1, 1), datetime(2035, 1, 1), timezones=st.just(UTC)).map(
    lambda instant: instant.replace(second=0, microsecond=0)
)
phrases = st.sampled_from(CASES)


def all_windows(answer: Answer) -> list[Window]:
    found = [window for each in answer.alternatives for window in each]
    return found + (list(answer.windows) if isinstance(answer, Understood) else [])


def meaning(answer: Answer) -> object:
    """An answer without its texts."""
    windows = [[(each.start, each.end) for each in reading] for reading in answer.alternatives]
    if isinstance(answer, NotUnderstood):
        return answer.code, windows
    return [(each.start, each.end) for each in answer.windows], windows


@given(phrases, instants, zones)
def test_windows_begin_and_end_in_the_future(case: Case, now: datetime, zone: ZoneInfo) -> None:
    for window in all_windows(read(case.text, now, zone, case.locale)):
        assert now <= window.start.astimezone(UTC) < window.end.astimezone(UTC)
        assert window.start.tzinfo is zone
        assert window.text


@given(phrases, instants, zones)
def test_every_reading_is_among_the_alternatives(case: Case, now: datetime, zone: ZoneInfo) -> None:
    answer = read(case.text, now, zone, case.locale)
    if isinstance(answer, Understood):
        assert answer.windows
        assert answer.ambiguous == bool(answer.alternatives) == (answer.question is not None)
        if answer.ambiguous:
            assert answer.windows == answer.alternatives[0]
            assert len(set(answer.alternatives)) == len(answer.alternatives) > 1
    else:
        assert (answer.question is None) == (answer.code == "past")


@given(phrases, st.sampled_from((str.upper, str.lower, str.title, str.swapcase)))
def test_case_and_diacritics_do_not_matter(case: Case, change: object) -> None:
    assert callable(change)
    expected = meaning(read(case.text, case.now, case.zone, case.locale))
    plain = "".join(
        letter for letter in unicodedata.normalize("NFKD", case.text) if not unicodedata.combining(letter)
    )
    cedilla = case.text.replace("ș", "ş").replace("ț", "ţ")
    for text in (change(case.text), plain, cedilla, unicodedata.normalize("NFD", case.text)):
        assert meaning(read(text, case.now, case.zone, case.locale)) == expected


@given(phrases.filter(lambda case: case.text != "" and case.locale is not None), st.integers(0, 2))
def test_fillers_do_not_matter(case: Case, number: int) -> None:
    text = FILLERS[case.locale or "en"][number].format(case.text)
    filled, bare = (read(each, case.now, case.zone, case.locale) for each in (text, case.text))
    assert meaning(filled) == meaning(bare)


@given(st.text(max_size=300), instants, zones, st.sampled_from(("ro", "en", None)))
@example("3 " * 150, datetime(2026, 11, 24, tzinfo=UTC), ZoneInfo("Europe/Bucharest"), "ro")
@example("luni sau 7 și 8 nu " * 15, datetime(2026, 11, 24, tzinfo=UTC), ZoneInfo("Europe/Bucharest"), None)
def test_any_text_is_answered(text: str, now: datetime, zone: ZoneInfo, locale: str | None) -> None:
    answer = read(text, now, zone, locale)
    assert isinstance(answer.as_dict()["success"], bool)


words = st.sampled_from(sorted({word for case in CASES for word in case.text.split()}))


@given(st.lists(words, max_size=12).map(" ".join), instants, zones, st.sampled_from(("ro", "en", None)))
def test_any_order_of_known_words_is_answered(
    text: str, now: datetime, zone: ZoneInfo, locale: str | None
) -> None:
    for window in all_windows(read(text, now, zone, locale)):
        assert now <= window.start.astimezone(UTC) < window.end.astimezone(UTC)


@given(instants, zones, st.integers(0, 23), st.sampled_from((0, 15, 30, 45)))
def test_an_hour_tomorrow_exists_is_asked_about_or_comes_twice(
    now: datetime, zone: ZoneInfo, hour: int, minute: int
) -> None:
    """Over 30 years of clock changes: the clock shows the hour that was said, or the answer is a question."""
    day = now.astimezone(zone).date() + timedelta(days=40)
    text = f"{day.isoformat()} la {hour}:{minute:02}" + (" dimineața" if 1 <= hour < 12 else "")
    answer = read(text, now, zone, "ro")
    naive = datetime.combine(day, datetime.min.time()) + timedelta(hours=hour, minutes=minute)
    shown = {
        each.astimezone(UTC)
        for each in (naive.replace(tzinfo=zone, fold=0), naive.replace(tzinfo=zone, fold=1))
        if each.astimezone(UTC).astimezone(zone).replace(tzinfo=None) == naive
    }
    if not shown:
        assert isinstance(answer, NotUnderstood)
        [[window]] = answer.alternatives
        assert window.start.replace(tzinfo=None) >= naive.replace(hour=0, minute=0)
        return
    assert isinstance(answer, Understood)
    found = {each.start.astimezone(UTC) for each in all_windows(answer)}
    assert found == shown


@given(instants, zones)
def test_a_day_is_as_long_as_the_clocks_make_it(now: datetime, zone: ZoneInfo) -> None:
    """Days follow each other without gap or overlap, also in the nights when clocks change."""
    first, second = (read(text, now, zone, "en") for text in ("in 40 days", "in 41 days"))
    if isinstance(first, Understood) and isinstance(second, Understood):
        [one], [two] = first.windows, second.windows
        assert one.end.astimezone(UTC) == two.start.astimezone(UTC)


def test_importing_the_package_imports_no_django() -> None:
    code = "import sys, calendly_integration.spoken_time; sys.exit('django' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
