"""How a process learns that it must end."""

import multiprocessing
import os
import signal
import threading
import time
from types import FrameType

# A worker whose supervisor is gone finishes what it has begun, within this time.
MAX_SHUTDOWN_SECONDS = 20.0


class Shutdown:
    """`requested` becomes true on SIGTERM, on Ctrl-C, and when the parent process ends."""

    def __init__(self) -> None:
        self.requested = False

    def on_signals(self) -> None:
        """Ask for the end on SIGTERM and Ctrl-C."""
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._receive)

    def with_parent(self) -> None:
        """Ask for the end once the parent process ends, however that comes about. No orphan stays."""
        threading.Thread(target=self._follow_parent, name="calendly-parent", daemon=True).start()

    def _receive(self, number: int, frame: FrameType | None) -> None:
        self.requested = True

    def _follow_parent(self) -> None:
        parent = multiprocessing.parent_process()
        if parent is not None:
            parent.join()
            self.requested = True
            time.sleep(MAX_SHUTDOWN_SECONDS)
            os._exit(1)
