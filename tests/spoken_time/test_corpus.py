"""What people say, and what it means: `corpus/*.jsonl`."""

from collections import Counter
from datetime import UTC, datetime

import pytest

from calendly_integration.spoken_time import NotUnderstood, Understood, Window, read

from .corpus import Case, Windows, cases

CASES = list(cases())


def windows(found: tuple[Window, ...]) -> Windows:
    return frozenset((each.start.astimezone(UTC), each.end.astimezone(UTC)) for each in found)


@pytest.mark.parametrize("case", CASES, ids=[f"{each.source} {each.text}" for each in CASES])
def test_the_words_mean_what_people_mean(case: Case) -> None:
    answer = read(case.text, case.now, case.zone, case.locale)
    if case.code:
        assert isinstance(answer, NotUnderstood), answer
        assert answer.code == case.code
        if case.alternatives:
            assert {windows(each) for each in answer.alternatives} == case.alternatives
        return
    assert isinstance(answer, Understood), answer
    if len(case.alternatives) > 1:
        assert {windows(each) for each in answer.alternatives} == case.alternatives
        assert answer.alternatives[0] == answer.windows
    else:
        assert not answer.ambiguous, answer.question
        assert {windows(answer.windows)} == case.alternatives


def test_the_corpus_has_at_least_400_phrases_a_language() -> None:
    count = Counter(each.locale for each in CASES)
    assert count["ro"] >= 400
    assert count["en"] >= 400
    assert len({(each.text, each.now, each.zone, each.locale) for each in CASES}) == len(CASES)
    assert all(isinstance(each.now, datetime) for each in CASES)
