"""What a reading gives back."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal, TypedDict

Code = Literal["needs_time", "past"]


class WindowDict(TypedDict):
    start: str
    end: str
    text: str


class AnswerDict(TypedDict, total=False):
    success: bool
    code: Code
    windows: list[WindowDict]
    alternatives: list[list[WindowDict]]
    ambiguous: bool
    question: str | None


@dataclass(frozen=True, slots=True)
class Window:
    """Where a meeting may start, [start, end), in the reader's zone. `exact`: `start` itself was named."""

    start: datetime
    end: datetime
    text: str
    exact: bool = False

    def as_dict(self) -> WindowDict:
        return {
            "start": self.start.isoformat(timespec="seconds"),
            "end": self.end.isoformat(timespec="seconds"),
            "text": self.text,
        }


Windows = tuple[Window, ...]


@dataclass(frozen=True, slots=True)
class Understood:
    """`windows` is the likeliest reading; `alternatives` holds all of them where there are several."""

    windows: Windows
    alternatives: tuple[Windows, ...] = ()
    question: str | None = None

    @property
    def ambiguous(self) -> bool:
        return bool(self.alternatives)

    def as_dict(self) -> AnswerDict:
        return {
            "success": True,
            "windows": [window.as_dict() for window in self.windows],
            "alternatives": [[window.as_dict() for window in each] for each in self.alternatives],
            "ambiguous": self.ambiguous,
            "question": self.question,
        }


@dataclass(frozen=True, slots=True)
class NotUnderstood:
    """No window. `question` is null for a time that is over; `alternatives` are candidates to ask about."""

    code: Code
    question: str | None
    alternatives: tuple[Windows, ...] = ()

    def as_dict(self) -> AnswerDict:
        return {
            "success": False,
            "code": self.code,
            "question": self.question,
            "alternatives": [[window.as_dict() for window in each] for each in self.alternatives],
        }


Answer = Understood | NotUnderstood
