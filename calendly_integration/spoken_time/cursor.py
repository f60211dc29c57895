"""A position in the terms, for the rules of the grammar."""

from collections.abc import Sequence

from .choices import Choices
from .terms import Kind, Term

END = Term(Kind.UNKNOWN, name="end")


class Cursor:
    """`day_first`: how 4/3 is read, None where both ways are possible. A rule that fails puts `at` back."""

    def __init__(
        self, terms: Sequence[Term], choices: Choices, *, language: str, day_first: bool | None
    ) -> None:
        self.terms = terms
        self.choices = choices
        self.language = language
        self.day_first = day_first
        self.at = 0
        self.is_move = False  # a booking is to be moved
        self.date_said = False  # the item before is a date: a number alone is likelier another one
        self.hour_said = False  # an hour was said: a number alone is another one

    @property
    def is_done(self) -> bool:
        return self.at >= len(self.terms)

    def peek(self, ahead: int = 0) -> Term:
        at = self.at + ahead
        return self.terms[at] if 0 <= at < len(self.terms) else END

    def sees(self, *kinds: Kind) -> bool:
        """Whether the next terms are of these kinds, in this order."""
        return all(self.peek(ahead).kind is kind for ahead, kind in enumerate(kinds))

    def take(self, *kinds: Kind) -> Term | None:
        """The next term, if it is of one of these kinds."""
        term = self.peek()
        if self.is_done or term.kind not in kinds:
            return None
        self.at += 1
        return term

    def skip(self, *kinds: Kind) -> None:
        while self.take(*kinds):
            pass
