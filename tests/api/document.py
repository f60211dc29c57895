"""Checks answers against our own OpenAPI document."""

import re
from functools import cache
from typing import Any

import jsonschema
from rest_framework.test import APIClient

from calendly_integration.api import schema

PREFIX = "/api/calendly/"


def strict(schema: Any) -> Any:
    """OpenAPI 3.0's `nullable` as in JSON Schema, and objects without fields that the document does not name."""
    if isinstance(schema, list):
        return [strict(each) for each in schema]
    if not isinstance(schema, dict):
        return schema
    inner = {name: strict(value) for name, value in schema.items() if name != "nullable"}
    if schema.get("type") == "object" and "properties" in schema:
        inner.setdefault("additionalProperties", False)
    return {"anyOf": [inner, {"type": "null"}]} if schema.get("nullable") is True else inner


@cache
def _paths() -> list[tuple[re.Pattern[str], dict[str, Any]]]:
    """The paths of the document as patterns, with their operations."""
    return [
        (re.compile(re.sub(r"\\\{\w+\\\}", "[^/]+", re.escape(template))), operations)
        for template, operations in schema.document(PREFIX)["paths"].items()
    ]


def operation(method: str, path: str) -> dict[str, Any] | None:
    """The operation that the document has for a request."""
    for pattern, operations in _paths():
        if pattern.fullmatch(path.split("?")[0].rstrip("/")):
            return operations.get("get" if method == "HEAD" else method.lower())
    return None


@cache
def _validator(operation_id: str, status: str) -> jsonschema.Draft202012Validator | None:
    """What checks the body of an answer. None: that status is not documented."""
    [answers] = [
        operation["responses"]
        for _pattern, operations in _paths()
        for operation in operations.values()
        if operation["operationId"] == operation_id
    ]
    if status not in answers:
        return None
    form = strict(answers[status]["content"]["application/json"]["schema"])
    components = strict(schema.document(PREFIX)["components"])
    return jsonschema.Draft202012Validator({**form, "components": components})


class CheckedClient(APIClient):
    """An agent's client that fails where the answer is not as documented, or holds a field that is not."""

    def request(self, **kwargs: Any) -> Any:
        response = super().request(**kwargs)
        method, path = kwargs["REQUEST_METHOD"], kwargs["PATH_INFO"]
        described = operation(method, path)
        if described is not None and method != "HEAD" and response["Content-Type"] == "application/json":
            validator = _validator(described["operationId"], str(response.status_code))
            assert validator, f"{method} {path}: {response.status_code} is not documented"
            validator.validate(response.json())
        return response
