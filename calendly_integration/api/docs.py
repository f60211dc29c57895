"""`GET schema` and `GET docs`: the OpenAPI document, and a page to read it."""

from typing import Any

from drf_spectacular.renderers import (
    OpenApiJsonRenderer,
    OpenApiJsonRenderer2,
    OpenApiYamlRenderer,
    OpenApiYamlRenderer2,
)
from drf_spectacular.settings import patched_settings
from drf_spectacular.views import SpectacularSwaggerSplitView
from rest_framework.renderers import TemplateHTMLRenderer
from rest_framework.request import Request
from rest_framework.response import Response

from . import schema
from .authentication import IsAgentOrStaff, KeyAuthentication, StaffSession
from .base import AgentView


class SchemaView(AgentView):
    """The OpenAPI document."""

    authentication_classes = [KeyAuthentication, StaffSession]
    permission_classes = [IsAgentOrStaff]
    renderer_classes = [OpenApiJsonRenderer2, OpenApiJsonRenderer, OpenApiYamlRenderer, OpenApiYamlRenderer2]

    @schema.page(
        "schema", "This document", "application/json", {"type": "object", "additionalProperties": True}
    )
    def get(self, request: Request) -> Response:
        """The document, as JSON or YAML."""
        return Response(schema.document(request.path.rstrip("/").removesuffix("schema")))


class DocsView(AgentView, SpectacularSwaggerSplitView):
    """A page to read it. Its script is a file of its own, for strict content policies."""

    authentication_classes = [KeyAuthentication, StaffSession]
    permission_classes = [IsAgentOrStaff]
    renderer_classes = [TemplateHTMLRenderer]
    template_name = "calendly_integration/api/docs.html"
    title = schema.SETTINGS["TITLE"]

    @schema.page("docs", "A page to read this document", "text/html", {"type": "string"})
    def get(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """The page, or with `?script` its script."""
        with schema.patching, patched_settings(schema.SETTINGS):
            page: Response = super().get(request, *args, **kwargs)  # type: ignore[no-untyped-call]
        return page

    def _get_schema_url(self, request: Request) -> str:
        """Beside this page, wherever the host has mounted us."""
        return request.path.rstrip("/").removesuffix("docs") + "schema"
