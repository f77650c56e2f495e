"""The NinjaAPI of v1: how it reads bodies, and how its refusals become problems (V1, V13)."""

from __future__ import annotations

import json
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from ninja import NinjaAPI
from ninja.errors import HttpError, ValidationError
from ninja.parser import Parser

from api.problems import ApiProblem, FieldProblem, problem_response

VERSION = "2026-11-30"  # the day of the latest change


class BodyParser(Parser):
    """Reads one JSON object in UTF-8. A name that is twice in an object is a mistake, not the last value."""

    def parse_body(self, request: HttpRequest) -> Any:
        body = json.loads(request.body.decode(), object_pairs_hook=_without_repetition, parse_constant=_refuse_constant)
        if not isinstance(body, dict):
            raise ValueError("The body is not an object.")
        return body


def _without_repetition(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    names = dict(pairs)
    if len(names) < len(pairs):
        raise ValueError("A name appears twice.")
    return names


def _refuse_constant(name: str) -> None:
    raise ValueError(f"{name} is not JSON.")


interface = NinjaAPI(
    title="Smart Meter Texas one-time agreements",
    version=VERSION,
    description=(
        "Ask customers for one report of their electricity use, follow their answers, and download the reports. The "
        "same rules apply as on the portal's pages."
    ),
    docs_url=None,
    openapi_url=None,
    parser=BodyParser(),
    urls_namespace="api_v1",
)


@interface.exception_handler(ApiProblem)
def answer_problem(request: HttpRequest, problem: ApiProblem) -> HttpResponse:
    return problem_response(request, problem)


@interface.exception_handler(Http404)
def answer_not_found(request: HttpRequest, error: Http404) -> HttpResponse:
    return problem_response(request, ApiProblem("not-found"))


@interface.exception_handler(HttpError)
def answer_http_error(request: HttpRequest, error: HttpError) -> HttpResponse:
    """Answer what ninja itself refuses: a body that its parser cannot read."""
    return problem_response(request, ApiProblem("invalid-json"))


@interface.exception_handler(Exception)
def raise_error(request: HttpRequest, error: Exception) -> HttpResponse:
    """Leave errors to Django, which logs them; ninja's own handler would answer with the traceback in development."""
    raise error


@interface.exception_handler(ValidationError)
def answer_mistakes(request: HttpRequest, error: ValidationError) -> HttpResponse:
    """Point to each mistake, in words that do not quote what was sent."""
    errors = [_field_problem(each) for each in error.errors]
    unknown = [each for each in errors if each.code == "unknown-field"]
    if unknown:
        return problem_response(request, ApiProblem("unknown-field", errors=unknown))
    return problem_response(request, ApiProblem("invalid-request", errors=errors))


# Pydantic's kind of error -> our code and sentence. `ctx` has the limits, never the value.
_MISTAKES = {
    "missing": ("required", "This field is required."),
    "extra_forbidden": ("unknown-field", "There is no such field."),
    "string_type": ("type", "Send a string."),
    "int_type": ("type", "Send a whole number."),
    "int_parsing": ("type", "Send a whole number."),
    "bool_type": ("type", "Send true or false."),
    "list_type": ("type", "Send a list."),
    "model_type": ("type", "Send an object."),
    "model_attributes_type": ("type", "Send an object."),
    "dict_type": ("type", "Send an object."),
    "literal_error": ("choice", "Send one of: {expected}."),
    "too_short": ("length", "Send at least {min_length}."),
    "too_long": ("length", "Send at most {max_length}."),
    "string_too_short": ("length", "Send at least {min_length} characters."),
    "string_too_long": ("length", "Send at most {max_length} characters."),
    "string_pattern_mismatch": ("pattern", "Send a string that matches {pattern}."),
    "greater_than_equal": ("range", "Send at least {ge}."),
    "less_than_equal": ("range", "Send at most {le}."),
    "datetime_from_date_parsing": ("time", "Send a time such as 2026-11-28T19:15:00Z."),
    "datetime_parsing": ("time", "Send a time such as 2026-11-28T19:15:00Z."),
    "timezone_aware": ("time", "Send a time such as 2026-11-28T19:15:00Z."),
}


def _field_problem(error: dict[str, Any]) -> FieldProblem:
    source, *path = error["loc"]
    code, sentence = _MISTAKES.get(error["type"], ("invalid", "Check this value against the reference."))
    if source in ("body", "form"):
        # The first part names the parameter of the operation, not a field.
        pointer = "#" + "".join(f"/{_escape(str(part))}" for part in path[1:])
    else:
        pointer = [source, *(part for part in path if isinstance(part, str))][-1][:60]
    return FieldProblem(pointer, code, sentence.format_map(error.get("ctx", {})))


def _escape(part: str) -> str:
    """Return a part of a JSON pointer (RFC 6901), short: an unknown name comes from outside."""
    return part[:60].replace("~", "~0").replace("/", "~1")
