"""What is seen at Calendly, brought into our bookings: by deliveries, by reading, by our own calls.

Whatever the order, and however often it is told, the same sightings leave the same state.
"""

from ._apply import Mirror, Result
from ._batches import canceled_by_us, observe, unpaired
from ._merge import LOOK_AGAIN
from ._sighting import Kind, Sighting

__all__ = ["LOOK_AGAIN", "Kind", "Mirror", "Result", "Sighting", "canceled_by_us", "observe", "unpaired"]
