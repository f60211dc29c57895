"""What people say, and what it means: `corpus/*.jsonl`."""

from collections import Counter
from datetime import UTC

import pytest

from calendly_integration.spoken_time import Answer, NotUnderstood, Window, read

from .corpus import Case, Windows, cases

CASES = list(cases())
FILES = sorted({each.file for each in CASES})


def windows(found: tuple[Window, ...]) -> Windows:
    return frozenset((each.start.astimezone(UTC), each.end.astimezone(UTC)) for each in found)


def is_right(case: Case, answer: Answer) -> bool:
    """Whether the answer has the expected readings, all of them and no others."""
    alternatives = {windows(each) for each in answer.alternatives}
    if isinstance(answer, NotUnderstood):
        return answer.code == case.code and (not case.alternatives or alternatives == case.alternatives)
    if case.code or answer.ambiguous != (len(case.alternatives) > 1):
        return False
    if answer.ambiguous:
        return alternatives == case.alternatives and answer.windows == answer.alternatives[0]
    return {windows(answer.windows)} == case.alternatives


@pytest.mark.parametrize("file", FILES)
def test_the_words_mean_what_people_mean(file: str) -> None:
    """One test for a file: thousands of tests would take longer to set up than to run."""
    wrong = []
    for case in CASES:
        if case.file == file:
            answer = read(case.text, case.now, case.zone, case.locale)
            if not is_right(case, answer):
                wrong.append(f"{file}:{case.line} {case.text!r} is {case.expected}, not {answer.as_dict()}")
    assert not wrong, "\n".join(wrong)


def test_the_corpus_has_at_least_400_phrases_a_language() -> None:
    count = Counter(each.locale for each in CASES)
    assert count["ro"] >= 400
    assert count["en"] >= 400
    assert len({(each.text, each.now, each.zone, each.locale) for each in CASES}) == len(CASES)
