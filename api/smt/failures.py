"""Failures in the shapes that programs of Smart Meter Texas read (M4, M6)."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

from django.http import HttpRequest, HttpResponse

from api.problems import ApiProblem

ONE_TIME_ONLY = "This service has one-time agreements only: "
_TOKEN = "The access token is missing, invalid or expired."
# Code of a problem -> errorCode; what is not here is a failure of credentials or transport.
_ERROR_CODES = {
    "missing-scope": "1004",
    "company-pending": "1004",
    "company-suspended": "1004",
    "requests-paused": "1004",
    "attestation-missing": "1004",
    "not-found": "1005",
    "not-pending": "1006",
    "agreement-refused": "1007",
    "rate-limited": "1008",
    "guessing-limit": "1008",
    "initiation-limit": "1008",
}
_FAILURE_WORD = re.compile("e(?=rror)", re.IGNORECASE)


class SmtFailure(Exception):
    """A message that is refused. `code` is empty for failures of credentials and transport."""

    def __init__(
        self, status: int, code: str, text: str, *, headers: Mapping[str, str] | None = None, **more: Any
    ) -> None:
        super().__init__(code or str(status))
        self.status, self.code, self.text = status, code, text
        self.headers, self.more = dict(headers or {}), more

    @classmethod
    def of(cls, problem: ApiProblem) -> SmtFailure:
        """Return the failure for a problem of the API."""
        code = _ERROR_CODES.get(problem.kind.code, "")
        if problem.kind.code == "not-authenticated":
            text = _TOKEN
        elif problem.kind.status == 500:
            text = "Something went wrong. Please try again later."
        else:
            text = problem.detail or f"{problem.kind.title}."
        more = {"agreementNumber": number} if (number := problem.more.get("agreement_number")) else {}
        return cls(problem.kind.status, code, text, headers=problem.headers, **more)


def failure_response(request: HttpRequest, failure: SmtFailure | ApiProblem) -> HttpResponse:
    """Return the answer that says why; with the message's own trans_id as soon as it is known."""
    if isinstance(failure, ApiProblem):
        failure = SmtFailure.of(failure)
    values: dict[str, Any] = {"error": failure.text}
    if failure.code:
        trans_id = getattr(request, "trans_id", "")
        values = {"trans_id": trans_id, "errorCode": failure.code, "errorMessage": failure.text, **failure.more}
    response = HttpResponse(json.dumps(values), content_type="application/json", status=failure.status)
    for name, value in failure.headers.items():
        response.headers[name] = value
    return response


def success_response(values: Mapping[str, Any]) -> HttpResponse:
    """Return JSON in which no reader finds the word that two programs take for a failure (M2).

    An email or a street may have it, so its first letter is then written as a JSON escape.
    """
    text = _FAILURE_WORD.sub(lambda letter: f"\\u{ord(letter[0]):04x}", json.dumps(values))
    return HttpResponse(text, content_type="application/json")
