"""Overhears our calls to Calendly, so that whoever keeps their outcome can keep them with it.

What is heard belongs to the thread that calls: the clients are shared by all of them.
"""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass

# The words of Calendly's paths; every other part is an id, which may lead to a person.
WORD = re.compile(r"[a-z]+(?:_[a-z]+)*")


@dataclass(slots=True)
class Call:
    """One act: a request and its repetitions. `outcome` is the status, the error, or both."""

    call: str
    outcome: str
    failed: bool
    seconds: float
    tries: int = 1


_listening: ContextVar[list[Call] | None] = ContextVar("calendly_calls", default=None)


@contextmanager
def calls() -> Iterator[list[Call]]:
    """Listen to what this thread asks of Calendly. Within another `calls` all of it is one."""
    outer = _listening.get()
    if outer is not None:
        yield outer
        return
    found: list[Call] = []
    token = _listening.set(found)
    try:
        yield found
    finally:
        _listening.reset(token)


def calls_so_far() -> list[Call]:
    """What was heard and not taken yet; it is taken with this."""
    found = _listening.get()
    taken = list(found or ())
    if found:
        found.clear()
    return taken


def heard(method: str, path: str, status: int | None, seconds: float, error: str | None) -> None:
    """For a client's `on_call`. A read that failed and is read again is the same act."""
    listening = _listening.get()
    if listening is None:
        return
    call, outcome = f"{method} {_without_ids(path)}", " ".join(str(part) for part in (status, error) if part)
    last = listening[-1] if listening else None
    if last is not None and last.failed and last.call == call and method == "GET":
        last.outcome, last.failed = outcome, error is not None
        last.seconds, last.tries = last.seconds + seconds, last.tries + 1
    else:
        listening.append(Call(call, outcome, error is not None, seconds))


def _without_ids(path: str) -> str:
    """`/scheduled_events/…/invitees`."""
    return "/".join(part if not part or WORD.fullmatch(part) else "…" for part in path.split("/"))
