"""Answers to agents: data and a serializer as a response."""

from collections.abc import Mapping
from functools import cache
from typing import Any

from django.utils import timezone
from rest_framework.response import Response
from rest_framework.serializers import Serializer

from ..models import AgentKey
from ..services.agents import keys
from .serializers import FailureSerializer, SuccessSerializer


class AgentResponse(Response):
    """A response that notes the use of the caller's key once it has left."""

    used_key: AgentKey | None = None

    def close(self) -> None:
        """Called by the server after the last byte."""
        if self.used_key is not None:
            keys.note_use(self.used_key, now=timezone.now())
        super().close()


def respond(
    serializer_class: type[SuccessSerializer],
    data: Mapping[str, Any],
    *,
    context: Mapping[str, Any] | None = None,
) -> AgentResponse:
    """A success."""
    return AgentResponse(_body(serializer_class, data, context), status=serializer_class.status)


def fail(
    serializer_class: type[FailureSerializer],
    message: str = "",
    *,
    retry_after: float | None = None,
    context: Mapping[str, Any] | None = None,
    **data: Any,
) -> AgentResponse:
    """A failure. `message`: default is the serializer's text. `retry_after` in seconds."""
    data["message"] = message or str(serializer_class.text)
    headers = {} if retry_after is None else {"Retry-After": str(max(1, int(retry_after)))}
    body = _body(serializer_class, data, context)
    return AgentResponse(body, status=serializer_class.status, headers=headers)


def _body(
    serializer_class: type[Serializer[Any]], data: Mapping[str, Any], context: Mapping[str, Any] | None
) -> dict[str, Any]:
    serializer = serializer_class(context=dict(context)) if context else _shared(serializer_class)
    return dict(serializer.to_representation(data))


@cache
def _shared(serializer_class: type[Serializer[Any]]) -> Serializer[Any]:
    """One instance for all answers: it keeps no data, and to build one with a booking takes 0.4 ms."""
    return serializer_class()
