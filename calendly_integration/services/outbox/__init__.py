"""The outbox: what the portal is to be told is written with the change that causes it, and told later.

`add` is called in the transaction of the change. A `OutboxDispatcher` in the worker carries the messages to the
portal: at least once, in order within a queue, for as long as it takes. While the portal refuses our key it pauses.
"""

from .dispatcher import OutboxDispatcher
from .queue import Draft, NotParked, NotWaiting, Stats, add, addition, heal, park, recall, resend, stats
from .refused_key import go_on, paused_since, take_turn

__all__ = [
    "Draft",
    "NotParked",
    "NotWaiting",
    "OutboxDispatcher",
    "Stats",
    "add",
    "addition",
    "go_on",
    "heal",
    "park",
    "paused_since",
    "recall",
    "resend",
    "stats",
    "take_turn",
]
