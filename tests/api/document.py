"""Holds answers against our own OpenAPI document."""

import re
from typing import Any

import jsonschema
from rest_framework.test import APIClient

from calendly_integration.api import schema

PREFIX = "/api/calendly/"


def _plain(told: Any) -> Any:
    """OpenAPI 3.0's `nullable` as JSON Schema says it."""
    if isinstance(told, list):
        return [_plain(each) for each in told]
    if not isinstance(told, dict):
        return told
    inner = {name: _plain(value) for name, value in told.items() if name != "nullable"}
    return {"anyOf": [inner, {"type": "null"}]} if told.get("nullable") is True else inner


def operation(method: str, path: str) -> dict[str, Any] | None:
    """The operation that the document has for a request."""
    for template, operations in schema.document(PREFIX)["paths"].items():
        pattern = re.sub(r"\\\{\w+\\\}", "[^/]+", re.escape(template))
        if re.fullmatch(pattern, path.split("?")[0].rstrip("/")):
            return operations.get("get" if method == "HEAD" else method.lower())
    return None


class CheckedClient(APIClient):
    """An agent's client that fails where the answer is not as documented."""

    def request(self, **kwargs: Any) -> Any:
        response = super().request(**kwargs)
        method, path = kwargs["REQUEST_METHOD"], kwargs["PATH_INFO"]
        told = operation(method, path)
        if told is not None and method != "HEAD" and response["Content-Type"] == "application/json":
            told = told["responses"].get(str(response.status_code))
            assert told, f"{method} {path}: {response.status_code} is not documented"
            form = told["content"]["application/json"]["schema"]
            components = _plain(schema.document(PREFIX)["components"])
            jsonschema.validate(response.json(), {**_plain(form), "components": components})
        return response
