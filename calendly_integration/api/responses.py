"""Answers to agents: data and a serializer as a response."""

from collections.abc import Mapping
from typing import Any

from django.utils import timezone
from rest_framework.response import Response
from rest_framework.serializers import Serializer

from ..models import AgentKey
from ..services.agents import keys


class AgentResponse(Response):
    """A response that notes the use of the caller's key once it has left."""

    used_key: AgentKey | None = None

    def close(self) -> None:
        """Called by the server after the last byte."""
        if self.used_key is not None:
            keys.note_use(self.used_key, now=timezone.now())
        super().close()


def respond(
    serializer_class: type[Serializer[Any]],
    data: Mapping[str, Any],
    *,
    status: int = 200,
    retry_after: int | None = None,
    context: Mapping[str, Any] | None = None,
) -> AgentResponse:
    """The data as that serializer writes it. `retry_after` in seconds."""
    headers = {} if retry_after is None else {"Retry-After": str(max(1, retry_after))}
    body = serializer_class(data, context=dict(context or {})).data
    return AgentResponse(body, status=status, headers=headers)
