"""The OpenAPI document: whole, true, and readable without the network."""

import json
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import jsonschema
import pytest
from django.contrib.staticfiles import finders
from django.utils import translation
from rest_framework.serializers import Serializer

from calendly_integration.api import bookings, catalog, metadata, reschedule, schedule, schema, urls
from calendly_integration.api.serializers import FailureSerializer

from .document import PREFIX, CheckedClient, strict

CONTRACT = {
    "schedule": {"post"},
    "upcoming/{email}": {"get"},
    "event-types": {"get"},
    "hosts": {"get"},
    "availability": {"get"},
    "hosts/{id}/availability": {"get"},
    "bookings": {"get"},
    "bookings/{id}": {"get"},
    "bookings/{id}/cancel": {"post"},
    "bookings/{id}/reschedule": {"post"},
    "bookings/{id}/metadata": {"get", "patch"},
    "schema": {"get"},
    "docs": {"get"},
}


@pytest.fixture
def document(api: CheckedClient) -> dict[str, Any]:
    answer = api.get(PREFIX + "schema")
    assert answer["Content-Type"] == "application/json"
    told: dict[str, Any] = json.loads(answer.content)
    return told


def test_every_call_is_in_it_and_nothing_else(document: dict[str, Any]) -> None:
    assert document["openapi"].startswith("3.0")
    told = {path.removeprefix(PREFIX): set(operations) for path, operations in document["paths"].items()}
    assert told == CONTRACT


def test_every_reference_leads_somewhere(document: dict[str, Any]) -> None:
    known = {f"#/components/schemas/{name}" for name in document["components"]["schemas"]}
    text = json.dumps(document)
    used = {part.split('"')[0] for part in text.split('"$ref": "')[1:]}
    assert used <= known


def test_every_call_names_its_key_and_its_failures(document: dict[str, Any]) -> None:
    for operations in document["paths"].values():
        for operation in operations.values():
            assert {"agentKey": []} in operation["security"]
            assert {str(answer.status) for answer in schema.EVERYWHERE} <= set(operation["responses"])
            assert operation["summary"]


def test_bodies_and_parameters_are_those_that_are_read(document: dict[str, Any]) -> None:
    bodies: dict[str, type[Serializer[Any]]] = {
        "ScheduleBody": schedule.ScheduleBodySerializer,
        "CancelBody": bookings.CancelBodySerializer,
        "RescheduleBody": reschedule.RescheduleBodySerializer,
        "MetadataBody": metadata.MetadataBodySerializer,
    }
    for name, serializer_class in bodies.items():
        told = document["components"]["schemas"][name]
        assert set(told["properties"]) == set(serializer_class().fields)
        assert set(told.get("required", ())) == {
            n for n, f in serializer_class().fields.items() if f.required
        }
    told = document["paths"][PREFIX + "availability"]["get"]["parameters"]
    assert {each["name"] for each in told} == set(catalog.AvailabilityQuerySerializer().fields)
    headers = document["paths"][PREFIX + "schedule"]["post"]["parameters"]
    assert [(each["name"], each["in"]) for each in headers] == [("Idempotency-Key", "header")]


def failures() -> list[type[FailureSerializer]]:
    """All failures that the code has."""
    found: list[type[FailureSerializer]] = []
    left = [FailureSerializer]
    while left:
        children = left.pop().__subclasses__()
        found += children
        left += children
    return found


def test_every_failure_is_in_it(document: dict[str, Any]) -> None:
    names = {kind.__name__.removesuffix("Serializer") for kind in failures()}
    # At addresses and for methods that the document does not have.
    assert names - {"NotFound", "MethodNotAllowed", "NothingFree"} <= set(document["components"]["schemas"])


@pytest.mark.parametrize("kind", [kind for kind in failures() if kind.text], ids=lambda kind: kind.__name__)
def test_every_failure_has_its_text_in_both_languages(kind: type[FailureSerializer]) -> None:
    with translation.override("en"):
        english = str(kind.text)
    with translation.override("ro"):
        assert english != str(kind.text)


def test_a_field_that_it_does_not_name_fails_the_tests(document: dict[str, Any]) -> None:
    """Fields and document come from one list, and an answer that is not made by it is noticed."""
    host = {"id": "1", "name": "Ana", "email": "ana@example.com", "timezone": None}
    form = strict(document["components"]["schemas"]["Host"])
    jsonschema.validate(host, form)
    with pytest.raises(jsonschema.ValidationError, match="phone"):
        jsonschema.validate({**host, "phone": None}, form)


def test_it_is_the_same_under_another_prefix(db: None) -> None:
    told = schema.document("/agents/v1/")
    assert "/agents/v1/schedule" in told["paths"]
    assert len(told["paths"]) == len(urls.calls)


def test_many_threads_may_ask_for_it_first(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each of them patches settings that the others would read: one at a time."""
    at_work, most = 0, 0
    generate = schema.SchemaGenerator.get_schema

    def slowly(*args: Any, **kwargs: Any) -> Any:
        nonlocal at_work, most
        at_work += 1
        most = max(most, at_work)
        time.sleep(0.05)
        try:
            return generate(*args, **kwargs)
        finally:
            at_work -= 1

    monkeypatch.setattr(schema.SchemaGenerator, "get_schema", slowly)
    schema._generate.cache_clear()
    with ThreadPoolExecutor(8) as pool:
        told = list(pool.map(schema.document, ["/first/", "/second/"] * 4))
    assert most == 1
    assert {len(each["paths"]) for each in told} == {len(urls.calls)}


def test_the_page_loads_only_what_we_serve(api: CheckedClient) -> None:
    page = api.get(PREFIX + "docs")
    assert page["Content-Type"].startswith("text/html")
    text = page.content.decode()
    assert "http://" not in text
    assert "https://" not in text
    assert "<style" not in text
    assert "<script>" not in text
    assert f'src="{PREFIX}docs?script="' in text
    for part in text.split('"'):
        if part.startswith("/static/"):
            assert finders.find(part.removeprefix("/static/"))


def test_its_script_comes_apart(api: CheckedClient) -> None:
    script = api.get(PREFIX + "docs?script=")
    assert script["Content-Type"].startswith("application/javascript")
    assert f'"{PREFIX}schema"' in script.content.decode().replace("\\u002D", "-")


def test_yaml_is_given_on_request(api: CheckedClient) -> None:
    answer = api.get(PREFIX + "schema", HTTP_ACCEPT="application/yaml")
    assert answer.status_code == 200
    assert answer.content.startswith(b"openapi:")
