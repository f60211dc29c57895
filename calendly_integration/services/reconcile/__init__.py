"""What is seen at Calendly, brought into our bookings: by deliveries, by reading, by our own calls.

Whatever the order, and however often it is told, the same observations leave the same state.
"""

from .apply import Mirror, Result
from .batches import apply_observations, canceled_by_us, unpaired
from .merge import LOOK_AGAIN
from .observation import Kind, Observation

__all__ = [
    "LOOK_AGAIN",
    "Kind",
    "Mirror",
    "Observation",
    "Result",
    "apply_observations",
    "canceled_by_us",
    "unpaired",
]
