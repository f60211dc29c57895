"""A worker that has nothing to do."""

import time

from . import processes, rows, stand_ins
from .figures import Figure
from .surroundings import Place

SECONDS = 30


def measure(place: Place) -> list[Figure]:
    rows.empty()
    with stand_ins.portal(place.portal), processes.worker(place.environment()) as worker:
        time.sleep(5)
        before = worker.seconds()
        time.sleep(SECONDS)
        share = (worker.seconds() - before) / SECONDS * 100
        return [
            Figure(f"idle worker, over {SECONDS} s", share, "%", 2),
            Figure("memory of the idle worker (PSS)", worker.megabytes(), "MB"),
        ]
