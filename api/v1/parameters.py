"""Parameters in an operation's address (V1)."""

from __future__ import annotations

from django.http import HttpRequest
from ninja import Schema

from api.problems import ApiProblem, FieldProblem


def refuse_unknown_parameters(request: HttpRequest, filters: type[Schema]) -> None:
    """Raise ApiProblem if the query string has a name that is no field of `filters`."""
    names = {field.alias or name for name, field in filters.model_fields.items()}
    unknown = sorted(set(request.GET) - names)
    if unknown:
        errors = [FieldProblem(name[:60], "unknown-field", "There is no such parameter.") for name in unknown]
        raise ApiProblem("unknown-field", errors=errors)
