"""The OpenAPI document, derived from the serializers by drf-spectacular."""

import threading
from collections.abc import Callable, Iterable
from functools import lru_cache
from typing import Any, TypeVar

from django.urls import include, path
from django.utils import translation
from drf_spectacular.generators import SchemaGenerator
from drf_spectacular.openapi import AutoSchema
from drf_spectacular.settings import patched_settings
from drf_spectacular.utils import (
    OpenApiExample,
    OpenApiParameter,
    OpenApiResponse,
    PolymorphicProxySerializer,
    extend_schema,
)

from ..services.bookings import email_addresses
from . import errors
from .fields import BLANK, ListField, RequestSerializer
from .serializers import FailureSerializer, SuccessSerializer

Method = TypeVar("Method", bound=Callable[..., Any])
Answer = type[SuccessSerializer] | type[FailureSerializer]

SETTINGS: dict[str, Any] = {
    "TITLE": "Calendly for VAI Portal",
    "DESCRIPTION": "AI agents book real meetings. Keys are camelCase; snake_case spellings are accepted too. "
    "For whatever is optional null, blank and absent are the same; a key that stands twice is refused.",
    "VERSION": "1.0.0",
    "OAS_VERSION": "3.0.3",
    "APPEND_COMPONENTS": {
        "securitySchemes": {
            "agentKey": {"type": "http", "scheme": "bearer", "description": "An agent key: vai_…"},
            "staffSession": {"type": "apiKey", "in": "cookie", "name": "sessionid"},
        }
    },
    "COMPONENT_SPLIT_PATCH": False,
    "COMPONENT_SPLIT_REQUEST": False,
    "COMPONENT_NO_READ_ONLY_REQUIRED": False,
    "ENFORCE_NON_BLANK_FIELDS": True,
    "ENUM_GENERATE_CHOICE_DESCRIPTION": False,
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
# drf-spectacular's settings are one object for all threads: only one may patch them at a time.
patching = threading.RLock()

# What is optional may be null or blank; an entry of a list may also be an object of nothing else.
NOTHING: dict[str, Any] = {"type": "string", "pattern": BLANK.pattern, "nullable": True}
NOTHINGS: dict[str, Any] = {"type": "object", "additionalProperties": NOTHING}


class AgentAutoSchema(AutoSchema):
    """The framework's, with the blank values that RequestSerializer and ListField accept."""

    def _get_serializer_field_meta(self, field: Any, direction: Any) -> Any:
        meta = super()._get_serializer_field_meta(field, direction)  # type: ignore[no-untyped-call]
        if direction == "response":
            meta.pop("minLength", None)  # for requests only
        return meta

    def _map_serializer_field(self, field: Any, direction: Any, bypass_extensions: bool = False) -> Any:
        schema = super()._map_serializer_field(field, direction, bypass_extensions)  # type: ignore[no-untyped-call]
        if isinstance(field, ListField) and isinstance(field.child, RequestSerializer):
            schema["items"] = {"anyOf": [schema["items"], NOTHING, NOTHINGS]}
        if schema is not None:
            schema.pop("x-spec-enum-id", None)
        optional = isinstance(field.parent, RequestSerializer) and not field.required
        if schema is None or not (optional or isinstance(field.parent, ListField)):
            return schema
        self._insert_field_validators(field, schema)  # type: ignore[no-untyped-call]
        around = {name: schema.pop(name) for name in ("description", "default") if name in schema}
        return {"anyOf": [schema, NOTHING], **around}


def _in_path(name: str, text: str, **more: Any) -> OpenApiParameter:
    return OpenApiParameter(name, {"type": "string", "minLength": 1, **more}, "path", description=text)


BOOKING_IN_PATH = _in_path(
    "id", "Our id or Calendly's event id, of the present event or of one that it replaced."
)
HOST_IN_PATH = _in_path("id", "Our id or the last segment of Calendly's user URI.")
EMAIL_IN_PATH = _in_path(
    "email",
    "The invitee's e-mail address.",
    pattern=email_addresses.PATTERN,
    maxLength=email_addresses.LONGEST,
)
CURSOR = OpenApiParameter("cursor", str, description="Where the page begins; only as `next` gave it.")
IDEMPOTENCY_KEY = OpenApiParameter(
    "Idempotency-Key",
    {"type": "string", "maxLength": 255, "pattern": r"^([!-~]([ -~]*[!-~])?)?$"},
    "header",
    description=(
        "The same key with the same body gives the same answer again. Without one, the same request within ten"
        " minutes is answered with the booking as it is now."
    ),
)
REPLAYED = OpenApiParameter(
    "Idempotent-Replayed",
    {"type": "string", "enum": ["true"]},
    "header",
    description="An earlier answer, given again.",
    response=[200, 201, 202],
)
RETRY_AFTER = OpenApiParameter(
    "Retry-After",
    {"type": "integer", "minimum": 1},
    "header",
    description="Seconds.",
    response=[409, 429, 503],
)

EVERYWHERE: tuple[Answer, ...] = (
    errors.InvalidSerializer,
    errors.UnauthorizedSerializer,
    errors.ForbiddenSerializer,
    errors.NotAcceptableSerializer,
    errors.TooManyRequestsSerializer,
    errors.InternalErrorSerializer,
    errors.UnavailableSerializer,
)
WITH_BODY: tuple[Answer, ...] = (
    errors.LengthRequiredSerializer,
    errors.TooLargeSerializer,
    errors.UnsupportedMediaTypeSerializer,
)


def operation(
    operation_id: str,
    summary: str,
    *answers: Answer,
    parameters: Iterable[Any] = (),
    request: type[RequestSerializer] | None = None,
    examples: Iterable[OpenApiExample] = (),
) -> Callable[[Method], Method]:
    """Describe a method of a view: its answers, beside the usual ones."""
    return _described(
        operation_id=operation_id,
        summary=summary,
        responses=_responses(*answers, *(WITH_BODY if request else ()), *EVERYWHERE),
        parameters=[RETRY_AFTER, *parameters],
        request=request,
        examples=list(examples),
        auth=[{"agentKey": []}],
    )


def page(
    operation_id: str, summary: str, media_type: str, schema: dict[str, Any]
) -> Callable[[Method], Method]:
    """Describe a method whose answer is no data of ours, and which fails as the others do."""
    usual = {(status, "application/json"): answer for status, answer in _responses(*EVERYWHERE).items()}
    return _described(
        operation_id=operation_id,
        summary=summary,
        responses={(200, media_type): OpenApiResponse(schema, description="It."), **usual},
        parameters=[RETRY_AFTER],
        auth=[{"agentKey": []}, {"staffSession": []}],
    )


def _described(**options: Any) -> Callable[[Method], Method]:
    def attach(method: Method) -> Method:
        # Otherwise `extend_schema` takes the schema class that the host has set.
        method.kwargs = {"schema": AgentAutoSchema}  # type: ignore[attr-defined]
        described: Method = extend_schema(tags=["calendly"], **options)(method)
        return described

    return attach


def _responses(*answers: Answer) -> dict[int, OpenApiResponse]:
    """By status; several with one status are alternatives."""
    responses = {}
    for status in sorted({answer.status for answer in answers}):
        same = [answer for answer in answers if answer.status == status]
        text = " Or: ".join(str(answer.__doc__) for answer in same)
        name = "Or".join(answer.__name__.removesuffix("Serializer") for answer in same)
        body = same[0] if len(same) == 1 else PolymorphicProxySerializer(name, same, None)
        responses[status] = OpenApiResponse(body, description=text)
    return responses


def document(prefix: str) -> dict[str, Any]:
    """The document of our calls alone, mounted at `prefix`."""
    with patching:
        return _generate(prefix)


@lru_cache(maxsize=4)
def _generate(prefix: str) -> dict[str, Any]:
    mounted = [path(prefix.lstrip("/"), include(f"{__package__}.urls"))]
    with patched_settings(SETTINGS), translation.override("en"):
        generator = SchemaGenerator(patterns=mounted)  # type: ignore[no-untyped-call]
        generated: dict[str, Any] = generator.get_schema(request=None, public=True)  # type: ignore[no-untyped-call]
    return generated
