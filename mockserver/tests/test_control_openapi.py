"""The control API's description of itself is a valid OpenAPI 3.1 document, and says what the API does."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterator
from typing import Any

import httpx
import jsonschema
import pytest
from gp_mockserver.app import MockServer
from gp_mockserver.builtin.builtin_site import builtin_site
from gp_mockserver.control.openapi import openapi_document
from gp_mockserver.control.resources import RESOURCES, resources_at
from gp_mockserver.lifecycle.clocks import ManualClock

from every_case import every_case

DIALECT = jsonschema.Draft202012Validator

# What OpenAPI 3.1.0 says of the objects that the document is made of; no more of it than is used here.
STRUCTURE = {
    "type": "object",
    "required": ["openapi", "info", "servers", "security", "paths", "components"],
    "additionalProperties": False,
    "properties": {
        "openapi": {"pattern": r"^3\.1\.\d+$"},
        "info": {
            "type": "object",
            "required": ["title", "version"],
            "properties": {name: {"type": "string"} for name in ("title", "version", "description")},
            "additionalProperties": False,
        },
        "servers": {
            "type": "array",
            "items": {"required": ["url"], "properties": {"url": {"type": "string"}}},
        },
        "security": {"type": "array", "items": {"type": "object", "additionalProperties": {"type": "array"}}},
        "paths": {
            "type": "object",
            "patternProperties": {
                "^/": {
                    "type": "object",
                    "minProperties": 1,
                    "propertyNames": {"enum": ["get", "put", "post", "delete"]},
                    "additionalProperties": {"$ref": "#/$defs/operation"},
                }
            },
            "additionalProperties": False,
        },
        "components": {
            "type": "object",
            "required": ["schemas", "securitySchemes"],
            "additionalProperties": False,
            "properties": {
                "schemas": {"type": "object", "propertyNames": {"pattern": r"^[A-Za-z0-9._-]+$"}},
                "securitySchemes": {
                    "additionalProperties": {
                        "required": ["type", "scheme"],
                        "properties": {"type": {"const": "http"}},
                    }
                },
            },
        },
    },
    "$defs": {
        "operation": {
            "type": "object",
            "required": ["operationId", "summary", "responses"],
            "additionalProperties": False,
            "properties": {
                "operationId": {"type": "string"},
                "summary": {"type": "string", "minLength": 1},
                "description": {"type": "string"},
                "tags": {"type": "array", "items": {"type": "string"}},
                "parameters": {"type": "array", "items": {"$ref": "#/$defs/parameter"}},
                "requestBody": {
                    "type": "object",
                    "required": ["content"],
                    "additionalProperties": False,
                    "properties": {"required": {"type": "boolean"}, "content": {"$ref": "#/$defs/content"}},
                },
                "responses": {
                    "type": "object",
                    "minProperties": 1,
                    "patternProperties": {
                        "^([1-5]\\d\\d|default)$": {
                            "type": "object",
                            "required": ["description"],
                            "additionalProperties": False,
                            "properties": {
                                "description": {"type": "string"},
                                "content": {"$ref": "#/$defs/content"},
                            },
                        }
                    },
                    "additionalProperties": False,
                },
            },
        },
        "parameter": {
            "type": "object",
            "required": ["name", "in", "schema"],
            "additionalProperties": False,
            "properties": {
                "name": {"type": "string"},
                "in": {"enum": ["path", "query"]},
                "required": {"type": "boolean"},
                "description": {"type": "string"},
                "schema": {"type": "object"},
            },
            "if": {"properties": {"in": {"const": "path"}}},
            "then": {"required": ["required"], "properties": {"required": {"const": True}}},
        },
        "content": {
            "type": "object",
            "minProperties": 1,
            "additionalProperties": {
                "type": "object",
                "required": ["schema"],
                "additionalProperties": False,
                "properties": {"schema": {"type": "object"}},
            },
        },
    },
}

ROOT = openapi_document(at_root=True, url="http://127.0.0.1:8585/__admin")
SITE = openapi_document(at_root=False, url="http://127.0.0.1:8585/arcgis/__admin")
both = pytest.mark.parametrize("document", [ROOT, SITE], ids=["root", "site"])


def operations(document: dict[str, Any]) -> Iterator[tuple[str, str, dict[str, Any]]]:
    for path, verbs in document["paths"].items():
        for verb, operation in verbs.items():
            yield path, verb, operation


def every(value: Any, key: str) -> Iterator[Any]:
    """What stands under a key anywhere in a JSON value."""
    if isinstance(value, dict):
        for name, each in value.items():
            if name == key:
                yield each
            yield from every(each, key)
    elif isinstance(value, list):
        for each in value:
            yield from every(each, key)


@both
def test_the_document_has_the_form_of_openapi(document: dict[str, Any]) -> None:
    DIALECT.check_schema(STRUCTURE)
    DIALECT(STRUCTURE).validate(document)


@both
def test_every_reference_leads_somewhere(document: dict[str, Any]) -> None:
    schemas = document["components"]["schemas"]
    for reference in every(document, "$ref"):
        assert reference.startswith("#/components/schemas/")
        assert reference.rpartition("/")[2] in schemas


@both
def test_every_schema_is_one_and_none_is_left_over(document: dict[str, Any]) -> None:
    schemas = document["components"]["schemas"]
    for schema in schemas.values():
        DIALECT.check_schema(schema)
    used = {reference.rpartition("/")[2] for reference in every(document, "$ref")}
    assert set(schemas) - used <= set(), set(schemas) - used


@both
def test_every_operation_has_a_name_of_its_own_and_the_parameters_of_its_path(
    document: dict[str, Any],
) -> None:
    names = [operation["operationId"] for _, _, operation in operations(document)]
    assert len(names) == len(set(names))
    for path, _, operation in operations(document):
        told = [each["name"] for each in operation.get("parameters", []) if each["in"] == "path"]
        assert told == re.findall(r"\{(\w+)\}", path)
        assert "default" in operation["responses"]


def test_every_resource_is_in_the_document_of_its_place() -> None:
    for document, at_root in ((ROOT, True), (SITE, False)):
        told = {(path, verb.upper()) for path, verb, _ in operations(document)}
        assert told == {
            (f"/{each.path.replace(':path', '')}", verb)
            for each in resources_at(at_root)
            for verb in each.actions
        }
    assert {each.path for each in RESOURCES if each.of_server} & {path[1:] for path in SITE["paths"]} == set()


def test_every_body_is_json_with_a_schema_that_knows_its_keys() -> None:
    for path, verb, operation in operations(ROOT):
        if "requestBody" in operation:
            assert verb in ("post", "put"), path
            assert list(operation["requestBody"]["content"]) == ["application/json"]


@every_case(
    ("path", "body"),
    [
        ("sites", {"builtin": True, "context": "x", "clock": "manual"}),
        (
            "sites",
            {
                "services": {
                    "S": {"executionType": "async", "tasks": [{"name": "T", "parameters": {"A": "GPLong"}}]}
                }
            },
        ),
        ("tasks/{task}/rules", {"fails": ["E"], "when": {"Viewshed_Distance": {"greaterThan": 5}}}),
        ("tasks/{task}/timeline", {"executing": "20s", "ending": "failed"}),
        ("jobs/{job}/move", {"status": "esriJobFailed", "messages": ["E"]}),
        ("clock/advance", {"seconds": "5 min"}),
        ("requests/find", {"operation": "job", "limit": 5}),
        ("deviations", {"name": "results-late", "operation": "job", "nth": 2}),
        ("deviations", {"name": "mine", "on": ["job"], "do": [{"remove": "/results"}]}),
        ("expectations", {"operation": "submitJob", "times": 1}),
        ("expectations", {"inOrder": ["submitJob", {"operation": "job"}]}),
    ],
)
def test_bodies_that_the_api_takes_fit_their_schema(path: str, body: Any) -> None:
    assert list(errors(path, body)) == []


@every_case(
    ("path", "body"),
    [
        ("sites", {"builtin": True, "contxt": "x"}),
        ("sites", {"services": {}, "fetchFrom": ["h"]}),
        (
            "sites",
            {
                "services": {
                    "S": {"executionType": "async", "tasks": [{"name": "T", "function": "os:system"}]}
                }
            },
        ),
        ("tasks/{task}/rules", {"fials": True}),
        ("jobs/{job}/move", {"status": "esriJobDone"}),
        ("clock/run", {"rate": 0}),
        ("deviations", {"nth": 2}),
        ("expectations", {"inOrder": ["job"]}),
    ],
)
def test_bodies_that_the_api_refuses_do_not_fit_their_schema(path: str, body: Any) -> None:
    assert list(errors(path, body)) != []


def errors(path: str, body: Any) -> Iterator[Any]:
    verbs = ROOT["paths"][f"/{path}"]
    (schema,) = (
        operation["requestBody"]["content"]["application/json"]["schema"]
        for verb, operation in verbs.items()
        if "requestBody" in operation
    )
    return DIALECT({**schema, "components": ROOT["components"]}).iter_errors(body)


SEEN = (
    "health",
    "settings",
    "sites",
    "sites/{context}",
    "tasks/{task}/rules",
    "tasks/{task}/timeline",
    "jobs",
    "jobs/{job}",
    "clock",
    "requests",
    "requests/{number}",
    "requests?bodies=true",
    "requests/unmatched",
    "deviations",
    "deviations?catalogue=true",
    "expectations",
)


def test_answers_are_of_the_form_that_the_document_says() -> None:
    app = MockServer([builtin_site("arcgis", clock=ManualClock())])
    task = "Simulation/JobOutcomes/Succeeds"

    async def story() -> None:
        transport = httpx.ASGITransport(app)
        async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1") as http:
            place = "/arcgis/rest/services/Simulation/JobOutcomes/GPServer/Succeeds/submitJob"
            job = (await http.post(place, data={"Note": "n", "f": "json"})).json()["jobId"]
            await http.post(f"/__admin/tasks/{task}/rules", json={"fails": True, "when": {"Note": "x"}})
            await http.post("/__admin/deviations", json={"name": "slow-each@job#2"})
            await http.post("/__admin/expectations", json={"operation": "submitJob"})
            given = {"{context}": "arcgis", "{task}": task, "{job}": job, "{number}": "1"}
            for path in SEEN:
                asked = path
                for part, value in given.items():
                    asked = asked.replace(part, value)
                answer = await http.get(f"/__admin/{asked}")
                assert answer.status_code == 200, answer.text
                described = ROOT["paths"][f"/{path.partition('?')[0]}"]["get"]["responses"]["200"]
                schema = described["content"]["application/json"]["schema"]
                DIALECT({**schema, "components": ROOT["components"]}).validate(answer.json())
            refused = await http.post("/__admin/clock/run", json={"rate": 0})
            error = {"$ref": "#/components/schemas/ErrorAnswer", "components": ROOT["components"]}
            DIALECT(error).validate(refused.json())

    asyncio.run(story())
    app.close()


def test_a_server_with_a_token_says_that_it_asks_for_one() -> None:
    assert openapi_document(at_root=True, url="x", needs_token=True)["security"] == [{"bearer": []}]
