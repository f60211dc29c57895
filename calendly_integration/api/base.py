"""What all our views share. Everything is set here, so that nothing of it depends on the host's settings."""

import logging
from collections.abc import Mapping
from typing import Any, ClassVar

from django.core.signals import got_request_exception
from django.db import transaction
from django.http import Http404, HttpRequest
from django.http.response import HttpResponseBase
from django.utils import translation
from django.utils.cache import patch_vary_headers
from rest_framework.negotiation import DefaultContentNegotiation
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from ..models import AgentKey, Booking
from ..services.actors import Actor
from ..services.bookings import queries
from . import errors, messages
from .authentication import HasRight, KeyAuthentication
from .fields import RequestSerializer
from .parsers import JSONObjectParser, LengthRequired, camel_keys
from .renderers import JSONRenderer
from .responses import AgentResponse
from .schema import AgentAutoSchema
from .throttling import CallThrottle

log = logging.getLogger("calendly.api")


class AcceptNegotiation(DefaultContentNegotiation):
    """By the Accept header alone: `?format=` has no meaning here."""

    def select_renderer(self, request: Request, renderers: Any, format_suffix: str | None = None) -> Any:
        """The renderer that the caller accepts."""
        plain = Request(HttpRequest())
        plain.META.update(request.META)
        accepted = super().select_renderer(plain, renderers, None)
        return accepted[0], accepted[0].media_type


class AgentView(APIView):
    """A call of agents. `rights`: which right each method needs."""

    rights: ClassVar[Mapping[str, str]] = {}
    schema = AgentAutoSchema()
    http_method_names = ["get", "head", "post", "patch"]
    authentication_classes = [KeyAuthentication]
    permission_classes = [HasRight]
    renderer_classes = [JSONRenderer]
    parser_classes = [JSONObjectParser]
    throttle_classes = [CallThrottle]
    content_negotiation_class = AcceptNegotiation
    metadata_class = None
    versioning_class = None

    @classmethod
    def as_view(cls, **initkwargs: Any) -> Any:
        """Outside request transactions: services commit their intents before they call out."""
        return transaction.non_atomic_requests(super().as_view(**initkwargs))

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        """Answer in the caller's language, whatever the host's middleware has set."""
        with translation.override(messages.requested_language(request)):
            return super().dispatch(request, *args, **kwargs)

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        """Check key, right and limits. Raises LengthRequired for a body of unknown length."""
        super().initial(request, *args, **kwargs)
        if request.META.get("HTTP_TRANSFER_ENCODING") and not request.META.get("CONTENT_LENGTH"):
            raise LengthRequired

    def handle_exception(self, exc: Exception) -> Response:
        """Every failure as our table has it. Unexpected ones are logged and reported to the host's receivers."""
        response = errors.response_to(exc)
        if response.status_code == 500:
            log.exception("unexpected error in %s", type(self).__name__)
            got_request_exception.send(sender=type(self), request=self.request._request)
        self.request.accepted_renderer = JSONRenderer()
        self.request.accepted_media_type = JSONRenderer.media_type
        return response

    def finalize_response(self, request: Request, response: Any, *args: Any, **kwargs: Any) -> Any:
        """Forbid caching: answers hold personal data and depend on key and language."""
        final = super().finalize_response(request, response, *args, **kwargs)
        final.headers.setdefault("Cache-Control", "no-store")
        final.headers.setdefault("Content-Language", messages.language())
        patch_vary_headers(final, ("Accept-Language", "Authorization"))
        # Not `request.auth`: after a failed authentication that would look for a key once more.
        key = getattr(request, "_auth", None)
        if isinstance(final, AgentResponse) and isinstance(key, AgentKey):
            final.used_key = key
        return final

    @property
    def key(self) -> AgentKey:
        """The caller's key."""
        key = self.request.auth
        assert isinstance(key, AgentKey)
        return key

    @property
    def actor(self) -> Actor:
        """The caller, as the services name who acts."""
        return Actor.agent(self.key)

    def read_body(self, serializer_class: type[RequestSerializer]) -> dict[str, Any]:
        """The body's values. Raises ValidationError."""
        return _valid(serializer_class, self.request.data)

    def read_query(self, serializer_class: type[RequestSerializer]) -> dict[str, Any]:
        """The query string's values. Raises ValidationError."""
        pairs = [(name, text) for name, texts in self.request.query_params.lists() for text in texts]
        return _valid(serializer_class, camel_keys(pairs))


def _valid(serializer_class: type[RequestSerializer], data: Any) -> dict[str, Any]:
    serializer = serializer_class(data=data)
    serializer.is_valid(raise_exception=True)
    return dict(serializer.validated_data)


class BookingView(AgentView):
    """A call on one booking."""

    def booking(self, id: str) -> Booking:
        """The booking of the path, if it is open to the caller's key. Raises BookingNotFound."""
        return queries.find(id, key_id=self.key.pk)


class NotFoundView(AgentView):
    """Every other address under our prefix."""

    schema = None  # type: ignore[assignment]  # not in the OpenAPI document
    authentication_classes = []
    permission_classes = []
    throttle_classes = []

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        """Not found, before anything else is checked."""
        raise Http404
