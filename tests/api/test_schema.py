"""The OpenAPI document: whole, true, and readable without the network."""

import json
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.contrib.staticfiles import finders
from rest_framework.serializers import Serializer

from calendly_integration.api import bookings, catalog, metadata, schedule, schema, urls

from .document import PREFIX, CheckedClient

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
            assert {str(status) for status in schema.EVERYWHERE} <= set(operation["responses"])
            assert operation["summary"]


def test_bodies_and_parameters_are_those_that_are_read(document: dict[str, Any]) -> None:
    bodies: dict[str, type[Serializer[Any]]] = {
        "ScheduleBody": schedule.ScheduleBodySerializer,
        "CancelBody": bookings.CancelBodySerializer,
        "RescheduleBody": bookings.RescheduleBodySerializer,
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
