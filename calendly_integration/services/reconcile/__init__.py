"""Reconciles our bookings with what Calendly says: by deliveries, by reading, and by the answers to our calls.

The same observations give the same state, in whatever order and however often they arrive.
"""

from .apply import Result, apply_observations, apply_our_cancellation, recompute_unpaired
from .merge import REFETCH_WAITS_SECONDS
from .observation import Kind, Observation

__all__ = [
    "REFETCH_WAITS_SECONDS",
    "Kind",
    "Observation",
    "Result",
    "apply_observations",
    "apply_our_cancellation",
    "recompute_unpaired",
]
