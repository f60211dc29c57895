"""What can be done on a row's page: a button, a right, and a page of its own that asks first."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.utils.functional import Promise

from ..services.actors import Actor

Words = str | Promise


@dataclass(frozen=True, slots=True)
class ObjectAction:
    """`name` stands in the address; `view` is the admin's method that shows the page and does it; `offered`
    says whether there is a button for this row now."""

    name: str
    label: Words
    permission: str
    view: str
    offered: Callable[[Any, datetime], bool]


def error_message(refusals: Mapping[type[Exception], Words], error: Exception) -> Words:
    """The words for an error: those of its class, else of the nearest class that it is made from."""
    return next(refusals[kind] for kind in type(error).__mro__ if kind in refusals)


@dataclass(frozen=True, slots=True)
class ConfirmedAction(ObjectAction):
    """One that needs a yes and nothing more. `do` is the service, which is told the row, who and when; an error of
    `refusals` is told, and no more."""

    ask: Words = ""
    done: Words = ""
    do: Callable[[Any, Actor, datetime], object] = field(kw_only=True)
    error_messages: Mapping[type[Exception], Words] = field(default_factory=dict, kw_only=True)
