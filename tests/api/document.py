"""Checks answers against our own OpenAPI document."""

import re
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


def operation(method: str, path: str) -> dict[str, Any] | None:
    """The operation that the document has for a request."""
    for template, operations in schema.document(PREFIX)["paths"].items():
        pattern = re.sub(r"\\\{\w+\\\}", "[^/]+", re.escape(template))
        if re.fullmatch(pattern, path.split("?")[0].rstrip("/")):
            return operations.get("get" if method == "HEAD" else method.lower())
    return None


class CheckedClient(APIClient):
    """An agent's client that fails where the answer is not as documented, or holds a field that is not."""

    def request(self, **kwargs: Any) -> Any:
        response = super().request(**kwargs)
        method, path = kwargs["REQUEST_METHOD"], kwargs["PATH_INFO"]
        described = operation(method, path)
        if described is not None and method != "HEAD" and response["Content-Type"] == "application/json":
            answer = described["responses"].get(str(response.status_code))
            assert answer, f"{method} {path}: {response.status_code} is not documented"
            form = strict(answer["content"]["application/json"]["schema"])
            components = strict(schema.document(PREFIX)["components"])
            jsonschema.validate(response.json(), {**form, "components": components})
        return response
