"""The outbox: a message to the portal is saved with the change that causes it, and sent later.

`add` is called in the transaction of the change. An `OutboxDispatcher` in the worker sends the messages: at least
once, in order within a queue, for as long as it takes. It pauses while the portal refuses our key.
"""

from .dispatcher import OutboxDispatcher
from .queue import Draft, NotParked, NotWaiting, Stats, add, heal, park, recall, resend, stats
from .refused_key import claim_probe, paused_since, resume

__all__ = [
    "Draft",
    "NotParked",
    "NotWaiting",
    "OutboxDispatcher",
    "Stats",
    "add",
    "claim_probe",
    "heal",
    "park",
    "paused_since",
    "recall",
    "resend",
    "resume",
    "stats",
]
