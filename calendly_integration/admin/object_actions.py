"""Actions on one object: a button, a permission, and a page that asks for confirmation."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.utils.functional import Promise

from ..services.actors import Actor

Words = str | Promise


@dataclass(frozen=True, slots=True)
class ObjectAction:
    """`name` is part of the URL. `view` is the admin's method that shows the page and runs the action.
    `offered` tells whether the object has the button now."""

    name: str
    label: Words
    permission: str
    view: str
    offered: Callable[[Any, datetime], bool]


def error_message(refusals: Mapping[type[Exception], Words], error: Exception) -> Words:
    """The message for an error: that of its class, or of the nearest base class."""
    return next(refusals[kind] for kind in type(error).__mro__ if kind in refusals)


@dataclass(frozen=True, slots=True)
class ConfirmedAction(ObjectAction):
    """An action that only needs a confirmation. `do` is the service: it gets the object, the actor and the
    time. It is a parameter because each action differs in this call alone. The errors in `error_messages`
    become messages."""

    ask: Words = ""
    done: Words = ""
    do: Callable[[Any, Actor, datetime], object] = field(kw_only=True)
    error_messages: Mapping[type[Exception], Words] = field(default_factory=dict, kw_only=True)
