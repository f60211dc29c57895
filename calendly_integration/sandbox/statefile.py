"""Saving and loading the state as one JSON file, so that the demo survives a restart."""

from __future__ import annotations

import json
import os
import threading
from dataclasses import fields, is_dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from .sandbox import Sandbox
from .store import RECORDS, State

BY_NAME: dict[str, type] = {item.__name__: item for item in (*RECORDS, State)}
DONE_KEPT = 500
"""How many finished deliveries are kept. All waiting ones are kept."""


def dump(sandbox: Sandbox) -> str:
    """The state as text."""
    with sandbox.lock:
        done = [item for item in sandbox.state.deliveries if item.number not in sandbox.state.open_deliveries]
        gone = {item.number for item in done[:-DONE_KEPT]}
        sandbox.state.deliveries = [item for item in sandbox.state.deliveries if item.number not in gone]
        return json.dumps(sandbox.state, default=_encode, ensure_ascii=False, indent=1)


def load(sandbox: Sandbox, text: str) -> None:
    """Replace the state by a saved one. Raises ValueError for an invalid state."""
    state = json.loads(text, object_hook=_decode)
    if not isinstance(state, State):
        raise ValueError("not a state of the sandbox")  # noqa: TRY004 - a wrong file, not a wrong type
    with sandbox.change():
        sandbox.state = state


def _encode(value: object) -> object:
    if isinstance(value, datetime):
        return {"$time": value.isoformat()}
    if is_dataclass(value) and not isinstance(value, type):
        shown: dict[str, Any] = {item.name: getattr(value, item.name) for item in fields(value)}
        return {"$record": type(value).__name__, **shown}
    raise TypeError(type(value).__name__)


def _decode(value: dict[str, Any]) -> object:
    if "$time" in value:
        return datetime.fromisoformat(value["$time"])
    if "$record" in value:
        made: object = BY_NAME[value.pop("$record")](**value)
        return made
    return value


def _private(path: str, flags: int) -> int:
    """Readable by the owner only: the state holds tokens, signing keys and personal data."""
    return os.open(path, flags, 0o600)


class StateFile:
    """Loads at the start; saves within a second of a change, and at the end."""

    def __init__(self, sandbox: Sandbox, path: Path, *, every: float = 1.0) -> None:
        self.sandbox = sandbox
        self.path = path
        self._every = every
        self._saved = -1
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="sandbox-state", daemon=True)

    def load(self) -> bool:
        """Read the file if there is one. Raises ValueError if it is not a saved state."""
        if not self.path.exists():
            return False
        load(self.sandbox, self.path.read_text(encoding="utf-8"))
        return True

    def start(self) -> None:
        """Start to save."""
        self._thread.start()

    def stop(self) -> None:
        """Save the last changes."""
        self._stopping.set()
        if self._thread.is_alive():
            self._thread.join(timeout=5)
        self._save()

    def _run(self) -> None:
        while not self._stopping.wait(self._every):
            self._save()

    def _save(self) -> None:
        changes = self.sandbox.changes
        if changes == self._saved:
            return
        draft = self.path.with_suffix(self.path.suffix + ".new")
        draft.unlink(missing_ok=True)
        with open(draft, "x", encoding="utf-8", opener=_private) as file:
            file.write(dump(self.sandbox))
        os.replace(draft, self.path)  # a kill during the write must not destroy the old state
        self._saved = changes
