"""The OpenAPI description: valid, with valid examples, and public (V3)."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

import pytest
from django.test import Client
from jsonschema import Draft202012Validator, FormatChecker
from openapi_spec_validator import OpenAPIV31SpecValidator

from api.v1.description import describe


def resolver(description: dict[str, Any]) -> Any:
    """A function that checks a value against a schema of the description."""

    def problems(schema: dict[str, Any], value: Any) -> list[str]:
        whole = schema | {"components": description["components"]}
        validator = Draft202012Validator(whole, format_checker=FormatChecker())
        return [error.message for error in validator.iter_errors(value)]

    return problems


def operations() -> list[tuple[str, str, dict[str, Any]]]:
    paths = describe()["paths"].items()
    return [(path, method, operation) for path, each in paths for method, operation in each.items()]


def test_the_description_is_valid_and_public(db):
    """V3: OpenAPI 3.1, with an ETag."""
    answer = Client().get("/api/v1/openapi.json")
    assert answer.status_code == 200 and answer["Content-Type"] == "application/json"
    description = answer.json()
    assert description["openapi"] == "3.1.0"
    assert Client().get(urlsplit(description["externalDocs"]["url"]).path).status_code == 200
    assert not list(OpenAPIV31SpecValidator(description).iter_errors())
    again = Client().get("/api/v1/openapi.json", headers={"if-none-match": answer["ETag"]})
    assert again.status_code == 304 and again["ETag"] == answer["ETag"]
    assert set(description["components"]["securitySchemes"]) == {"bearerKey", "oauth2ClientCredentials"}


def test_every_operation_is_described():
    """V3: an id, a summary, what it needs, and an example of each answer with a body."""
    names = [operation["operationId"] for _path, _method, operation in operations()]
    assert len(names) == len(set(names))
    for path, _method, operation in operations():
        assert operation["summary"] and operation["description"], path
        assert not [name for name in operation if name in ("x-examples", "x-problems", "x-request-example")]
        for status, response in operation["responses"].items():
            assert response["description"] and response["headers"], (path, status)
            for kind, content in response.get("content", {}).items():
                has_example = "example" in content or "examples" in content
                assert has_example or kind not in ("application/json", "application/problem+json"), (path, status)


def test_every_example_is_valid():
    """V3."""
    description = describe()
    problems = resolver(description)
    checked = 0
    for path, _method, operation in operations():
        contents = [*operation.get("requestBody", {}).get("content", {}).values()]
        for response in operation["responses"].values():
            contents += response.get("content", {}).values()
        for content in contents:
            values = [content["example"]] if "example" in content else []
            values += [example["value"] for example in content.get("examples", {}).values()]
            for value in values:
                assert not problems(content["schema"], value), path
                checked += 1
    assert checked > 20


@pytest.mark.control
def test_a_wrong_example_is_found():
    problems = resolver(describe())
    assert problems({"$ref": "#/components/schemas/MeAnswer"}, {"client": 1})
