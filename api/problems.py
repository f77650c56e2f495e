"""Why a request was refused: `application/problem+json` (RFC 9457), with a code for programs (V13)."""

from __future__ import annotations

import json
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse

from api.problem_kinds import KINDS

CONTENT_TYPE = "application/problem+json"


@dataclass(frozen=True)
class FieldProblem:
    """What is wrong with one field; `pointer` is a JSON pointer into the body or the name of a parameter."""

    pointer: str
    code: str
    detail: str
    causes: Sequence[str] = ()
    more: Mapping[str, Any] = field(default_factory=dict)

    def as_json(self) -> dict[str, Any]:
        causes = list(self.causes)
        return {"pointer": self.pointer, "code": self.code, "detail": self.detail, "causes": causes, **self.more}


class ApiProblem(Exception):
    """The request is refused, and nothing happened unless the kind says so. `detail` never quotes what was sent."""

    def __init__(
        self,
        code: str,
        detail: str = "",
        *,
        errors: Sequence[FieldProblem] = (),
        retry_at: datetime | None = None,
        retry_seconds: int | None = None,
        headers: Mapping[str, str] | None = None,
        **more: Any,
    ) -> None:
        super().__init__(code)
        self.kind = KINDS[code]
        self.detail, self.errors, self.retry_at, self.more = detail, errors, retry_at, more
        self.headers = dict(headers or {})
        if retry_seconds is not None:
            self.headers["Retry-After"] = str(retry_seconds)


def problem_response(request: HttpRequest, problem: ApiProblem) -> HttpResponse:
    kind = problem.kind
    body = {
        "type": problem_url(kind.code),
        "title": kind.title,
        "status": kind.status,
        "code": kind.code,
        "detail": problem.detail or kind.title + ".",
        "instance": _instance(request),
        "errors": [each.as_json() for each in problem.errors],
        "agreement_number": None,
        "agreement_status": None,
        "retry_at": problem.retry_at and format_time(problem.retry_at),
        **problem.more,
    }
    text = json.dumps(body, ensure_ascii=False)
    return HttpResponse(text, status=kind.status, content_type=CONTENT_TYPE, headers=problem.headers)


def problem_url(code: str) -> str:
    return f"{settings.PORTAL_ORIGIN}/api/v1/problems/{code}"


def format_time(at: datetime) -> str:
    """Return a moment as the API writes it: in UTC, with seconds (V1)."""
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _instance(request: HttpRequest) -> str | None:
    """Return the request's id as a URN; None where a proxy named the request otherwise."""
    try:
        return uuid.UUID(getattr(request, "request_id", "")).urn
    except ValueError:
        return None
