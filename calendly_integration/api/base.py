"""What all our views share. Everything is set here, so that nothing of it depends on the host's settings."""

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, TypeVar

from django.core.signals import got_request_exception
from django.db import transaction
from django.http import Http404, HttpRequest
from django.http.response import HttpResponseBase
from django.utils import timezone
from django.utils.cache import patch_vary_headers
from drf_spectacular.openapi import AutoSchema
from rest_framework.authentication import BaseAuthentication
from rest_framework.exceptions import PermissionDenied
from rest_framework.negotiation import DefaultContentNegotiation
from rest_framework.permissions import BasePermission
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.serializers import Serializer
from rest_framework.views import APIView

from ..models import AgentKey
from ..services.actors import Actor
from ..services.agents import keys
from . import errors, inputs, messages, throttling
from .bodies import Json, JsonBody, LengthRequired, camel

log = logging.getLogger("calendly.api")

S = TypeVar("S", bound="Serializer[Any]")


@dataclass(frozen=True, slots=True)
class Agent:
    """The caller: whoever holds the key."""

    key: AgentKey
    is_authenticated: ClassVar[bool] = True


class KeyAuthentication(BaseAuthentication):
    """`Authorization: Bearer <agent key>`."""

    def authenticate(self, request: Request) -> tuple[Agent, AgentKey] | None:
        """The agent; None without the header. Raises InvalidKey, TooManyWrongKeys."""
        scheme, _blank, text = request.META.get("HTTP_AUTHORIZATION", "").partition(" ")
        if scheme.lower() != "bearer":
            return None
        text, now = text.strip(), timezone.now()
        throttling.check_address(request._request, text, now=now)
        try:
            key = keys.authenticate(text, now=now)
        except keys.InvalidKey:
            throttling.note_wrong_key(request._request, text, now=now)
            raise
        throttling.note_right_key(text)
        return Agent(key), key

    def authenticate_header(self, request: Request) -> str:
        """What a 401 asks for."""
        return 'Bearer realm="calendly"'


class HasRight(BasePermission):
    """The key has the right that the view names for the method. A method without one is refused."""

    def has_permission(self, request: Request, view: APIView) -> bool:
        """True with it, and for methods that the view does not take (405). Raises PermissionDenied naming it."""
        key = request.auth
        if not isinstance(key, AgentKey):
            return False
        method = "GET" if request.method == "HEAD" else str(request.method)
        needed = getattr(view, "rights", {}).get(method)
        if needed is None and method.lower() in view.http_method_names and hasattr(view, method.lower()):
            raise PermissionDenied("")
        if needed and needed not in key.scopes:
            raise PermissionDenied(str(needed))
        return True


class Negotiation(DefaultContentNegotiation):
    """By Accept alone: `?format=` belongs to nobody here."""

    def select_renderer(self, request: Request, renderers: Any, format_suffix: str | None = None) -> Any:
        """The renderer that the caller accepts."""
        plain = Request(HttpRequest())
        plain.META.update(request.META)
        accepted = super().select_renderer(plain, renderers, None)
        return accepted[0], accepted[0].media_type


class Answer(Response):
    """An answer that does what can wait once it has left."""

    afterwards: Callable[[], None] | None = None

    def close(self) -> None:
        """Called by the server after the last byte."""
        if self.afterwards is not None:
            self.afterwards()
        super().close()


class AgentView(APIView):
    """A call of agents. `rights`: which right each method needs."""

    rights: ClassVar[Mapping[str, str]] = {}
    schema = AutoSchema()
    http_method_names = ["get", "head", "post", "patch"]
    authentication_classes = [KeyAuthentication]
    permission_classes = [HasRight]
    renderer_classes = [Json]
    parser_classes = [JsonBody]
    throttle_classes = [throttling.CallThrottle]
    content_negotiation_class = Negotiation
    metadata_class = None
    versioning_class = None

    @classmethod
    def as_view(cls, **initkwargs: Any) -> Any:
        """Outside request transactions: services commit their intents before they call out."""
        return transaction.non_atomic_requests(super().as_view(**initkwargs))

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        """Answer in the caller's language."""
        with messages.in_language_of(request):
            return super().dispatch(request, *args, **kwargs)

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        """Who is it, and may they? A body of unknown length is refused here."""
        super().initial(request, *args, **kwargs)
        if request.META.get("HTTP_TRANSFER_ENCODING") and not request.META.get("CONTENT_LENGTH"):
            raise LengthRequired

    def handle_exception(self, exc: Exception) -> Response:
        """Every failure in our shape; unexpected ones are logged and told to the host's watchers."""
        failure = errors.answer_to(exc)
        if failure.status == 500:
            log.exception("unexpected error in %s", type(self).__name__)
            got_request_exception.send(sender=type(self), request=self.request._request)
        self.request.accepted_renderer = Json()
        self.request.accepted_media_type = Json.media_type
        return Answer(failure.body, status=failure.status, headers=failure.headers)

    def finalize_response(self, request: Request, response: Any, *args: Any, **kwargs: Any) -> Any:
        """Answers hold personal data and depend on key and language: nobody may keep them."""
        final = super().finalize_response(request, response, *args, **kwargs)
        final.headers.setdefault("Cache-Control", "no-store")
        final.headers.setdefault("Content-Language", messages.language())
        patch_vary_headers(final, ("Accept-Language", "Authorization"))
        # Not `request.auth`: that would look for a key once more where authentication has failed.
        key = getattr(request, "_auth", None)
        if isinstance(final, Answer) and isinstance(key, AgentKey):
            final.afterwards = lambda: keys.note_use(key, now=timezone.now())
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

    def read(self, shape: type[S]) -> dict[str, Any]:
        """The body's values; optional ones that are null or blank count as left out. Raises ValidationError."""
        return inputs.values(shape, self.request.data)

    def read_changes(self, shape: type[S]) -> dict[str, Any]:
        """The body's values; null and blank ones are None: they clear what was there. Raises ValidationError."""
        return inputs.changes(shape, self.request.data)

    def query(self, shape: type[S]) -> dict[str, Any]:
        """The query string's values; blank ones count as left out. Raises ValidationError."""
        return inputs.values(shape, camel(_pairs(self.request)))


def _pairs(request: Request) -> list[tuple[str, str]]:
    return [(name, text) for name, texts in request.query_params.lists() for text in texts]


def success(status: int = 200, headers: Mapping[str, str] | None = None, **body: Any) -> Answer:
    """A success."""
    return Answer({"success": True, **body}, status=status, headers=headers)


class Nothing(AgentView):
    """Whatever else is asked for under our prefix."""

    authentication_classes = []
    permission_classes = []
    throttle_classes = []

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        """Nothing is here, for any method."""
        return super().dispatch(request, *args, **kwargs)

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        """Not found, before anything else is looked at."""
        raise Http404
