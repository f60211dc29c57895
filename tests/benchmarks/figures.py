"""Figures and their targets."""

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Figure:
    """One figure. `target` with `most`: at most or at least that much; without a target it is only printed."""

    name: str
    value: float
    unit: str = ""
    target: float | None = None
    most: bool = True

    @property
    def missed(self) -> bool:
        if self.target is None:
            return False
        return self.value > self.target if self.most else self.value < self.target

    @property
    def wanted(self) -> str:
        return "" if self.target is None else f"{'≤' if self.most else '≥'} {self.target:g}"


def table(figures: Iterable[Figure]) -> str:
    """For the terminal, one line each."""
    lines = []
    for each in figures:
        verdict = "" if each.target is None else ("MISSED" if each.missed else "reached")
        lines.append(
            f"{each.name:<64} {each.value:>10.3g} {each.unit:<6} {each.wanted:<9} {verdict}".rstrip()
        )
    return "\n".join(lines)
