"""How long to wait after failures."""

from datetime import timedelta

from ..http.backoff import backoff_seconds

FIRST_WAIT = timedelta(seconds=1)
MAX_WAIT = timedelta(minutes=5)
MAX_REQUESTED_WAIT = timedelta(days=1)


def backoff(
    attempts: int,
    *,
    retry_after: float | None = None,
    first: timedelta = FIRST_WAIT,
    longest: timedelta = MAX_WAIT,
) -> timedelta:
    """The wait after so many failures in a row: `first`, doubled with each further failure, at most `longest`.

    Up to a fifth is added at random, so that what failed together is not tried together again. Where the other side
    asks to wait `retry_after` seconds, that is obeyed, up to a day.
    """
    if retry_after:
        return min(timedelta(seconds=retry_after), MAX_REQUESTED_WAIT)
    seconds = backoff_seconds(attempts, first=first.total_seconds(), longest=longest.total_seconds())
    return timedelta(seconds=seconds)
