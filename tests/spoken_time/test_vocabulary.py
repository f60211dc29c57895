"""The vocabularies: each phrase has one meaning, and is written as it is looked up."""

import pytest

from calendly_integration.spoken_time.english import ENGLISH
from calendly_integration.spoken_time.romanian import ROMANIAN
from calendly_integration.spoken_time.terms import Vocabulary
from calendly_integration.spoken_time.tokens import plain


@pytest.mark.parametrize("vocabulary", [ROMANIAN, ENGLISH], ids=["ro", "en"])
def test_a_phrase_has_one_meaning(vocabulary: Vocabulary) -> None:
    entries = vocabulary.words.strip().replace("\n    ", " ").splitlines()
    phrases = [" ".join(each.split()) for entry in entries for each in entry.partition(":")[2].split("|")]
    assert sorted(phrases) == sorted(set(phrases))
    assert phrases == [plain(each).replace("'", "") for each in phrases]
    assert all(phrases)
