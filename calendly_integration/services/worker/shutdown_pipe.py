"""How a worker process learns that it shall end: the supervisor holds the other end of a pipe.

The end of the pipe is seen when the supervisor closes it, and also when the supervisor dies in any way.
"""

import select

_lifeline: int | None = None


def hold_lifeline(descriptor: int) -> None:
    """End drains, in this process and in those it forks, once the other end of this pipe is closed."""
    global _lifeline
    _lifeline = descriptor


def stopping() -> bool:
    """True once the supervisor has asked for the end, or is gone. Without a supervisor: never."""
    if _lifeline is None:
        return False
    return bool(select.select([_lifeline], [], [], 0)[0])
