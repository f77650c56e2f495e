"""A JSON schema as rows of a table: each field with its path, type, limits and description (V3)."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

Schema = Mapping[str, Any]
_FORMATS = {"date": "date", "date-time": "time"}


@dataclass(frozen=True)
class FieldRow:
    """One field; `path` leads to it from the object: `customer.email`, `meters[].esiid`."""

    path: str
    type: str
    is_required: bool
    values: tuple[str, ...]  # what it may be, if that is a choice
    limits: str
    description: str
    schema_name: str  # of the page with the fields of this one, or ""


class SchemaReader:
    """Reads schemas of one description. The fields of the schemas `with_page` are on their pages only."""

    def __init__(self, schemas: Mapping[str, Schema], with_page: Collection[str] = ()) -> None:
        self._schemas, self._with_page = schemas, with_page

    def fields(self, schema: Schema, prefix: str = "") -> Iterator[FieldRow]:
        """Yield the fields of an object, those of an object inside it right after it."""
        resolved = self._resolve(schema)
        required = resolved.get("required", ())
        for name, field_schema in resolved.get("properties", {}).items():
            yield from self._field(prefix + name, field_schema, name in required)

    def parameter(self, parameter: Schema) -> FieldRow:
        """Return a parameter of an operation."""
        schema = {"description": parameter.get("description", "")} | dict(parameter["schema"])
        (row, *_inner) = self._field(parameter["name"], schema, bool(parameter.get("required")))
        kind = row.type.removesuffix(" or null")  # it can be left out, but not null
        if kind.startswith("array of "):
            kind = f"{kind.removeprefix('array of ').removesuffix('s')}, can be repeated"
        return replace(row, type=kind)

    def _field(self, path: str, schema: Schema, is_required: bool) -> Iterator[FieldRow]:
        plain, is_nullable = self._without_null(schema)
        is_list = plain.get("type") == "array"
        item = plain.get("items", {}) if is_list else plain
        linked = name if (name := schema_name(item)) in self._with_page else ""
        plain, item = self._resolve(plain), self._resolve(item)
        yield FieldRow(
            path,
            self._type(plain) + (" or null" if is_nullable else ""),
            is_required,
            _values(item),
            _limits(plain),
            schema.get("description", ""),
            linked,
        )
        if not linked:
            yield from self.fields(item, f"{path}[]." if is_list else f"{path}.")

    def _without_null(self, schema: Schema) -> tuple[Schema, bool]:
        choices = schema.get("anyOf", ())
        others = [choice for choice in choices if choice.get("type") != "null"]
        if len(others) != 1:
            return schema, False
        return {name: value for name, value in schema.items() if name != "anyOf"} | dict(others[0]), True

    def _resolve(self, schema: Schema) -> Schema:
        name = schema_name(schema)
        return {**self._schemas[name], **{key: schema[key] for key in schema if key != "$ref"}} if name else schema

    def _type(self, schema: Schema) -> str:
        if "prefixItems" in schema:
            return f"array of {len(schema['prefixItems'])} {self._type(self._resolve(schema['prefixItems'][0]))}s"
        if schema.get("type") == "array":
            return f"array of {self._type(self._resolve(schema.get('items', {})))}s"
        if isinstance(values := schema.get("additionalProperties"), Mapping):
            return f"object with a value ({self._type(self._resolve(values))}) for each name"
        default = "string" if "enum" in schema or "const" in schema else "any"
        return str(_FORMATS.get(schema.get("format", ""), schema.get("type", default)))


def schema_name(schema: Schema) -> str:
    """Return the name of the schema that `schema` refers to, or ""."""
    return str(schema.get("$ref", "")).rpartition("/")[2]


def _values(schema: Schema) -> tuple[str, ...]:
    values = schema.get("enum", [schema["const"]] if "const" in schema else [])
    return tuple(str(value) for value in values)


def _limits(schema: Schema) -> str:
    """Return in words how long, large or many a value may be, and what it is if it is not sent."""
    words = [
        _between(schema.get("minLength"), schema.get("maxLength"), "character"),
        _between(schema.get("minimum"), schema.get("maximum"), ""),
        _between(schema.get("minItems"), schema.get("maxItems"), "entry"),
    ]
    if schema.get("default") not in (None, []):
        words.append(f"default {json.dumps(schema['default'])}")
    return ", ".join(word for word in words if word)


def _between(least: Any, most: Any, unit: str) -> str:
    if least is None and most is None:
        return ""
    plural = {"character": " characters", "entry": " entries"}.get(unit, "")
    if most is None:
        return f"at least {least}{plural}"
    return f"at most {most}{plural}" if least is None else f"{least} to {most}{plural}"
