"""Words for times: how long a phrase of the corpus takes to read."""

import statistics
import time

from calendly_integration.spoken_time import read
from tests.spoken_time.corpus import cases

from .figures import Figure
from .surroundings import Place

ROUNDS = 3
MAX_MS = 2


def measure(_place: Place) -> list[Figure]:
    """Processor time, so that other work on the machine does not count."""
    phrases = list(cases())
    fastest = [float("inf")] * len(phrases)
    for _ in range(ROUNDS):
        for number, case in enumerate(phrases):
            began = time.process_time_ns()
            read(case.text, case.now, case.zone, case.locale)
            fastest[number] = min(fastest[number], (time.process_time_ns() - began) / 1e6)
    slowest = phrases[fastest.index(max(fastest))].text
    return [
        Figure("a phrase, median", statistics.median(fastest), "ms", MAX_MS),
        Figure("a phrase, p99", statistics.quantiles(fastest, n=100)[98], "ms", MAX_MS),
        Figure(f'the slowest phrase, "{slowest}"', max(fastest), "ms"),
    ]
