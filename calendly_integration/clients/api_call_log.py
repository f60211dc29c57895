"""Records our calls to Calendly, so that a service can keep them with their outcome.

The record belongs to the thread that calls: the clients are shared by all threads.
"""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass

# The words of Calendly's paths. Every other part is an id, which may lead to a person.
_PATH_WORD = re.compile(r"[a-z]+(?:_[a-z]+)*")


@dataclass(slots=True)
class Call:
    """A request with its repetitions. `outcome` is the status, the name of the error, or both."""

    call: str
    outcome: str
    failed: bool
    seconds: float
    tries: int = 1


_recorded: ContextVar[list[Call] | None] = ContextVar("calendly_calls", default=None)


@contextmanager
def recorded_calls() -> Iterator[list[Call]]:
    """Record what this thread asks of Calendly. Inside of another `recorded_calls` there is one record for both."""
    outer = _recorded.get()
    if outer is not None:
        yield outer
        return
    calls: list[Call] = []
    token = _recorded.set(calls)
    try:
        yield calls
    finally:
        _recorded.reset(token)


def take_calls() -> list[Call]:
    """The calls recorded so far. They are taken out of the record."""
    calls = _recorded.get()
    taken = list(calls or ())
    if calls:
        calls.clear()
    return taken


def record(method: str, path: str, status: int | None, seconds: float, error: str | None) -> None:
    """For a client's `on_call`. A read that failed and is sent again counts as one call."""
    calls = _recorded.get()
    if calls is None:
        return
    call = f"{method} {_without_ids(path)}"
    outcome = " ".join(str(part) for part in (status, error) if part)
    last = calls[-1] if calls else None
    if last is not None and last.failed and last.call == call and method == "GET":
        last.outcome, last.failed = outcome, error is not None
        last.seconds, last.tries = last.seconds + seconds, last.tries + 1
    else:
        calls.append(Call(call, outcome, error is not None, seconds))


def _without_ids(path: str) -> str:
    """`/scheduled_events/…/invitees`."""
    return "/".join(part if not part or _PATH_WORD.fullmatch(part) else "…" for part in path.split("/"))
