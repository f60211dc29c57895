"""Nondeterminism by replay: code picks among options, and is run again for each other option."""

from collections.abc import Callable, Iterator, Sequence
from typing import TypeVar

T = TypeVar("T")
MAX_RUNS = 64


class Choices:
    """The picks of one run. The first picks repeat `path`; later ones take the first option."""

    def __init__(self, path: Sequence[int]) -> None:
        self._path = path
        self._named: dict[str, int] = {}
        self.taken: list[int] = []
        self.widths: list[int] = []

    def pick(self, options: Sequence[T], name: str = "") -> T:
        """One of the options, likeliest first. The same name gets the same answer within a run."""
        if len(options) == 1:
            return options[0]
        if name and name in self._named:
            return options[self._named[name]]
        depth = len(self.taken)
        index = self._path[depth] if depth < len(self._path) else 0
        self.taken.append(index)
        self.widths.append(len(options))
        if name:
            self._named[name] = index
        return options[index]


def every_run(run: Callable[[Choices], T]) -> Iterator[T]:
    """The result of `run` for each combination of picks, the likeliest first; at most `MAX_RUNS`."""
    waiting: list[list[int]] = [[]]
    for _ in range(MAX_RUNS):
        if not waiting:
            return
        path = waiting.pop()
        choices = Choices(path)
        result = run(choices)
        others = [
            [*choices.taken[:depth], other]
            for depth in range(len(path), len(choices.taken))
            for other in range(1, choices.widths[depth])
        ]
        # The last one is run next: the deepest, with the likeliest option.
        waiting.extend(sorted(others, key=lambda each: (len(each), -each[-1])))
        yield result
