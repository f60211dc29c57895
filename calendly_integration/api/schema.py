"""`GET schema` and `GET docs`: the OpenAPI document, and a page to read it."""

import threading
from functools import lru_cache
from typing import Any, ClassVar

from django.urls import include, path
from django.utils import translation
from drf_spectacular.extensions import OpenApiAuthenticationExtension
from drf_spectacular.generators import SchemaGenerator
from drf_spectacular.renderers import (
    OpenApiJsonRenderer,
    OpenApiJsonRenderer2,
    OpenApiYamlRenderer,
    OpenApiYamlRenderer2,
)
from drf_spectacular.settings import patched_settings
from drf_spectacular.views import SpectacularSwaggerSplitView
from rest_framework.authentication import BaseAuthentication
from rest_framework.permissions import BasePermission
from rest_framework.renderers import TemplateHTMLRenderer
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from ..models import AgentKey
from . import components, documents
from .base import AgentView, KeyAuthentication


class KeyScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]
    """How the document names our authentication."""

    target_class = KeyAuthentication
    name = "agentKey"

    def get_security_definition(self, auto_schema: Any) -> dict[str, str]:
        """A bearer token."""
        return {"type": "http", "scheme": "bearer", "description": "An agent key: vai_…"}


class StaffSession(BaseAuthentication):
    """A member of staff who is logged in. Only for pages that change nothing: no CSRF token is asked for."""

    def authenticate(self, request: Request) -> tuple[Any, None] | None:
        """The person, or None."""
        user = getattr(request._request, "user", None)
        if user is None or not user.is_active or not user.is_staff:
            return None
        return user, None


class StaffScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]
    """How the document names it."""

    target_class = StaffSession
    name = "staffSession"

    def get_security_definition(self, auto_schema: Any) -> dict[str, str]:
        """The session's cookie."""
        return {"type": "apiKey", "in": "cookie", "name": "sessionid"}


class Known(BasePermission):
    """Any valid agent key, or staff."""

    def has_permission(self, request: Request, view: APIView) -> bool:
        """True for both."""
        return isinstance(request.auth, AgentKey) or bool(getattr(request.user, "is_staff", False))


# Whatever the host has set for documents of its own.
SETTINGS: dict[str, Any] = {
    "TITLE": "Calendly for VAI Portal",
    "DESCRIPTION": "AI agents book real meetings. Keys are camelCase; snake_case spellings are accepted too. "
    "For whatever is optional null, blank and absent are the same; a key that stands twice is refused.",
    "VERSION": "1.0.0",
    "OAS_VERSION": "3.0.3",
    "APPEND_COMPONENTS": {"schemas": components.SCHEMAS},
    "COMPONENT_SPLIT_PATCH": False,
    "COMPONENT_SPLIT_REQUEST": False,
    "ENFORCE_NON_BLANK_FIELDS": True,
    "PREPROCESSING_HOOKS": [],
    "POSTPROCESSING_HOOKS": [],
    "SCHEMA_PATH_PREFIX": "",
    "SCHEMA_PATH_PREFIX_TRIM": False,
    "SCHEMA_PATH_PREFIX_INSERT": "",
    "SECURITY": [],
    "SERVERS": [],
    "SWAGGER_UI_DIST": "SIDECAR",
    "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
    "SWAGGER_UI_SETTINGS": {"deepLinking": True, "persistAuthorization": False},
}


# drf-spectacular's settings are one object for all threads: whoever patches them goes alone.
_patching = threading.RLock()


def document(prefix: str) -> dict[str, Any]:
    """The document of our calls alone, mounted at `prefix`."""
    with _patching:
        return _made(prefix)


@lru_cache(maxsize=4)
def _made(prefix: str) -> dict[str, Any]:
    from .urls import calls

    mounted = [path(prefix.lstrip("/"), include(calls))]
    with patched_settings(SETTINGS), translation.override("en"):
        generator = SchemaGenerator(patterns=mounted)  # type: ignore[no-untyped-call]
        made: dict[str, Any] = generator.get_schema(request=None, public=True)  # type: ignore[no-untyped-call]
    return made


class _Page(AgentView):
    rights: ClassVar[dict[str, str]] = {}
    authentication_classes = [KeyAuthentication, StaffSession]
    permission_classes = [Known]


class SchemaView(_Page):
    """The OpenAPI document."""

    renderer_classes = [OpenApiJsonRenderer2, OpenApiJsonRenderer, OpenApiYamlRenderer, OpenApiYamlRenderer2]

    @documents.described(documents.SCHEMA)
    def get(self, request: Request) -> Response:
        """The document, as JSON or YAML."""
        return Response(document(request.path.rstrip("/").removesuffix("schema")))


class DocsView(_Page, SpectacularSwaggerSplitView):
    """A page to read it: its script comes apart, for strict content policies."""

    renderer_classes = [TemplateHTMLRenderer]
    template_name = "calendly_integration/api/docs.html"
    title = SETTINGS["TITLE"]

    @documents.described(documents.DOCS)
    def get(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """The page, or with `?script` its script."""
        with _patching, patched_settings(SETTINGS):
            page: Response = super().get(request, *args, **kwargs)  # type: ignore[no-untyped-call]
        return page

    def _get_schema_url(self, request: Request) -> str:
        """Beside this page, wherever the host has mounted us."""
        return request.path.rstrip("/").removesuffix("docs") + "schema"
