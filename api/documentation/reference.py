"""The reference: what the OpenAPI description says, as the pages show it. A new operation needs no line here (V3)."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache, cached_property
from http import HTTPStatus
from typing import Any

from django.conf import settings

from api.documentation.schema_fields import FieldRow, Schema, SchemaReader, schema_name
from api.problem_kinds import KINDS, ProblemKind
from api.problems import CONTENT_TYPE
from api.request_limits import quotas
from api.v1.description import describe

# The first part of a path -> the name of its group; others are named by that part.
_GROUPS = {
    "agreements": "Agreements",
    "report": "Reports",
    "bulk-invitations": "Bulk invitations",
    "me": "Client and keys",
    "oauth": "Client and keys",
}
_PLACES = {"path": "Path", "query": "Query", "header": "Header"}
# What stands for a parameter of the path in examples; others are variables of the shell.
_EXAMPLES = {"number": "112826000001"}


@dataclass(frozen=True)
class DescribedAnswer:
    """One answer of an operation that is no problem: JSON, a file or nothing."""

    status: int
    description: str
    headers: dict[str, str]  # name -> description, of those that not every answer has
    media_type: str = ""
    schema_name: str = ""
    example: str = ""

    @property
    def title(self) -> str:
        return f"{self.status} {HTTPStatus(self.status).phrase}"

    @property
    def text(self) -> str:
        """What the answer means beyond its title."""
        return "" if self.description in self.title else self.description


@dataclass(frozen=True)
class DescribedOperation:
    """One method of one path. `values` is the operation in the description."""

    method: str
    path: str
    values: dict[str, Any] = field(repr=False)
    reader: SchemaReader = field(repr=False)

    @property
    def id(self) -> str:
        return str(self.values["operationId"])

    @property
    def summary(self) -> str:
        return str(self.values["summary"])

    @property
    def text(self) -> str:
        """What it does beyond the summary."""
        description = str(self.values["description"])
        return "" if description == f"{self.summary}." else description

    @property
    def group(self) -> str:
        parts = [part for part in self.path.split("/") if part and "{" not in part]
        name = "report" if "report" in parts else parts[0]
        return _GROUPS.get(name, name.replace("-", " ").capitalize())

    @property
    def needs_key(self) -> bool:
        return bool(self.values["security"])

    @property
    def scopes(self) -> list[str]:
        needed = {scope for way in self.values["security"] for scopes in way.values() for scope in scopes}
        return sorted(needed)

    @property
    def policy(self) -> str:
        return str(self.values.get("x-rate-limit-policy", ""))

    @property
    def quota(self) -> int | None:
        """How many requests of its policy a client may send in a minute."""
        return quotas().get(self.policy)

    @cached_property
    def parameters(self) -> list[tuple[str, list[FieldRow]]]:
        """The parameters of each place that has any: path, query, header."""
        by_place = {place: list(self._parameters(place)) for place in _PLACES}
        return [(_PLACES[place], rows) for place, rows in by_place.items() if rows]

    def _parameters(self, place: str) -> Iterator[FieldRow]:
        for parameter in self.values.get("parameters", ()):
            if parameter["in"] == place:
                yield self.reader.parameter(parameter)

    @property
    def _body(self) -> tuple[str, dict[str, Any]]:
        """The media type and description of the body; ("", {}) without one."""
        return next(iter(self.values.get("requestBody", {}).get("content", {}).items()), ("", {}))

    @property
    def body_type(self) -> str:
        return self._body[0]

    @property
    def body_schema(self) -> str:
        """The name of the body's schema, or ""."""
        return schema_name(self._body[1].get("schema", {}))

    @cached_property
    def body_fields(self) -> list[FieldRow]:
        return list(self.reader.fields(self._body[1]["schema"])) if self.body_type else []

    @property
    def body_example(self) -> str:
        return _pretty(self._body[1]["example"]) if "example" in self._body[1] else ""

    @cached_property
    def answers(self) -> list[DescribedAnswer]:
        return list(self._answers())

    def _answers(self) -> Iterator[DescribedAnswer]:
        for status, response in self.values["responses"].items():
            contents = {kind: each for kind, each in response.get("content", {}).items() if kind != CONTENT_TYPE}
            headers = {name: each["description"] for name, each in response["headers"].items() if "$ref" not in each}
            about = (int(status), response["description"], headers)
            if not contents and int(status) < 400:
                yield DescribedAnswer(*about)
            for kind, content in contents.items():
                example = content.get("example")
                text = _pretty(example) if isinstance(example, dict | list) else ""  # not the first bytes of a file
                yield DescribedAnswer(*about, kind, schema_name(content["schema"]), text)

    @property
    def problem_codes(self) -> list[str]:
        responses = self.values["responses"].values()
        described = [response.get("content", {}).get(CONTENT_TYPE, {}) for response in responses]
        return [code for each in described for code in each.get("examples", ())]

    @property
    def file_name(self) -> str:
        """The last part of the path, if it names a file."""
        name = self.path.rpartition("/")[2]
        return name if "." in name else ""

    @property
    def curl(self) -> str:
        """A command that sends the example."""
        return " \\\n  ".join(self._curl_words())

    def _curl_words(self) -> Iterator[str]:
        path = self.path
        for row in next((rows for place, rows in self.parameters if place == "Path"), []):
            path = path.replace(f"{{{row.path}}}", _EXAMPLES.get(row.path, f"${row.path.upper()}"))
        yield f'curl "{settings.PORTAL_ORIGIN}/api/v1{path}"'
        if self.method not in ("GET", "POST") or (self.method == "POST" and not self.body_type):
            yield f"--request {self.method}"
        if self.needs_key:
            yield '--header "Authorization: Bearer $SMT_API_KEY"'
        if "Idempotency-Key" in (parameter["name"] for parameter in self.values.get("parameters", ())):
            yield '--header "Idempotency-Key: contract-2026-118"'
        if self.body_type == "application/json":
            yield '--header "Content-Type: application/json"'
            text = self.body_example.replace("'", "'\\''").replace("\n", "\n  ")
            yield f"--data '{text}'"
        elif self.body_type:
            yield '--user "$CLIENT_ID:$SMT_API_KEY"'
            yield from (f'--data "{name}={value}"' for name, value in self._body[1].get("example", {}).items())
        if self.file_name:
            yield f"--compressed --output {self.file_name}"


@dataclass(frozen=True)
class SchemaPage:
    """A schema that answers have, with an example from one of them."""

    name: str
    description: str
    fields: list[FieldRow]
    example: str
    operations: list[DescribedOperation]


@dataclass(frozen=True)
class Reference:
    """Every operation and the schemas of their answers."""

    version: str
    operations: dict[str, DescribedOperation]
    schemas: dict[str, SchemaPage]
    webhooks: list[DescribedOperation]  # what the portal sends; the path is the event's type

    @property
    def groups(self) -> list[tuple[str, list[DescribedOperation]]]:
        """The operations by group: agreements and reports first, others as they come in the description."""
        groups: dict[str, list[DescribedOperation]] = {name: [] for name in _GROUPS.values()}
        for operation in self.operations.values():
            groups.setdefault(operation.group, []).append(operation)
        return list(groups.items())

    @cached_property
    def common_problems(self) -> list[ProblemKind]:
        """The problems that every operation with a key may answer."""
        common = set(KINDS)
        for operation in self.operations.values():
            if operation.needs_key:
                common &= set(operation.problem_codes)
        return [kind for code, kind in KINDS.items() if code in common]

    def own_problems(self, operation: DescribedOperation) -> list[ProblemKind]:
        """Return the other problems of `operation`; all of them if it needs no key."""
        common = {kind.code for kind in self.common_problems} if operation.needs_key else set()
        return [KINDS[code] for code in operation.problem_codes if code not in common]

    def operations_with(self, code: str) -> list[DescribedOperation]:
        return [operation for operation in self.operations.values() if code in operation.problem_codes]

    @property
    def files(self) -> list[DescribedOperation]:
        return [operation for operation in self.operations.values() if operation.file_name]

    @property
    def searches(self) -> list[DescribedOperation]:
        return [operation for operation in self.operations.values() if operation.path.endswith("/search")]


@cache
def load_reference() -> Reference:
    """Return the reference of the description, which does not change while the process runs."""
    description = describe()
    schemas: dict[str, Schema] = description["components"]["schemas"]
    found = [
        (method.upper(), path, values)
        for path, methods in description["paths"].items()
        for method, values in methods.items()
    ]
    answers = [answer for each in found for answer in DescribedOperation(*each, SchemaReader(schemas)).answers]
    names = dict.fromkeys(answer.schema_name for answer in answers if answer.schema_name)
    reader = SchemaReader(schemas, with_page=names)
    operations = {each.id: each for each in (DescribedOperation(*values, reader) for values in found)}
    pages = {name: _schema_page(name, schemas[name], reader, operations) for name in names}
    problem = "ProblemAnswer"
    example = next(_problem_examples(description))
    fields = list(SchemaReader(schemas).fields(schemas[problem]))
    pages[problem] = SchemaPage(problem, schemas[problem].get("description", ""), fields, _pretty(example), [])
    webhooks = [
        DescribedOperation("POST", event_type, methods["post"], reader)
        for event_type, methods in description.get("webhooks", {}).items()
    ]
    return Reference(description["info"]["version"], operations, pages, webhooks)


def _schema_page(
    name: str, schema: Schema, reader: SchemaReader, operations: dict[str, DescribedOperation]
) -> SchemaPage:
    users = [each for each in operations.values() if name in (answer.schema_name for answer in each.answers)]
    example = next(answer.example for answer in users[0].answers if answer.schema_name == name)
    return SchemaPage(name, schema.get("description", ""), list(reader.fields(schema)), example, users)


def _problem_examples(description: dict[str, Any]) -> Iterator[dict[str, Any]]:
    for methods in description["paths"].values():
        for operation in methods.values():
            refusal = operation["responses"].get("422", {}).get("content", {}).get(CONTENT_TYPE, {})
            if "agreement-refused" in refusal.get("examples", {}):
                yield refusal["examples"]["agreement-refused"]["value"]


def _pretty(value: Any) -> str:
    return json.dumps(value, indent=2, ensure_ascii=False)
