"""How long to wait after failures."""

import random
from datetime import timedelta

FIRST_WAIT = timedelta(seconds=1)
MAX_WAIT = timedelta(minutes=5)


def backoff(attempts: int, *, first: timedelta = FIRST_WAIT, longest: timedelta = MAX_WAIT) -> timedelta:
    """The wait after so many failures in a row: `first`, doubled with each further failure, at most `longest`.

    Up to a fifth is added at random, so that what failed together is not tried together again.
    """
    doubled = first * 2.0 ** min(max(attempts, 1) - 1, 20)
    return min(doubled, longest) * random.uniform(1.0, 1.2)
