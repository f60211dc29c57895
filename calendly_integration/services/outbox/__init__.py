"""The outbox: what the portal is to be told is written with the change that causes it, and told later.

`add` is called in the transaction of the change. A `Courier` in the worker carries the messages to the
portal: at least once, in order within a lane, for as long as it takes. While the portal refuses our key it pauses.
"""

from ._courier import Courier
from ._key import go_on, paused_since, take_turn
from ._writing import Draft, NotParked, NotWaiting, Stats, add, addition, heal, park, recall, resend, stats

__all__ = [
    "Courier",
    "Draft",
    "NotParked",
    "NotWaiting",
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
