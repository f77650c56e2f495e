"""What can go wrong, as exceptions: an SmtError, or an httpx.TransportError if the network fails."""

from __future__ import annotations

from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any

import httpx

from smt_agreements.models import Agreement, FieldProblem, from_json


class SmtError(Exception):
    """The base of this package's exceptions."""


class ApiProblem(SmtError):
    """The API refused a request. `code` is for programs and `detail` for people; /api/docs/errors/ lists the codes.

    Include `request_id` when you report a problem to the portal's operator.
    """

    def __init__(self, response: httpx.Response) -> None:
        body = _json_object(response)
        self.status = response.status_code
        self.code: str = body.get("code") or f"http-{self.status}"
        self.detail: str = body.get("detail") or response.reason_phrase
        self.request_id: str | None = response.headers.get("Request-Id")
        self.errors: list[FieldProblem] = from_json(list[FieldProblem], body.get("errors") or [])
        self.agreement_number: str | None = body.get("agreement_number")
        self.agreement_status: str | None = body.get("agreement_status")
        self.retry_after = _seconds_to_wait(response.headers.get("Retry-After", ""))
        super().__init__(f"{self.code}: {self.detail} (request {self.request_id})")


class AuthenticationProblem(ApiProblem):
    """401: the key is wrong, expired or revoked."""


class PermissionProblem(ApiProblem):
    """403: the key lacks a permission, the company is not approved, or the report is under review."""


class NotFoundProblem(ApiProblem):
    """404: it does not exist, or belongs to another company."""


class ConflictProblem(ApiProblem):
    """409: not in this state, for example because the customer has already answered."""


class InvalidRequestProblem(ApiProblem):
    """422: `errors` says which fields are wrong, and why."""


class LimitProblem(ApiProblem):
    """429: too many requests, agreements or failed matches. `retry_after` is the pause in seconds, if it is known."""


class ServerProblem(ApiProblem):
    """5xx: the portal or a proxy before it failed."""


class NoReport(SmtError):
    """The agreement has ended without a report to download: see `agreement.status` and `agreement.report.state`."""

    def __init__(self, agreement: Agreement) -> None:
        self.agreement = agreement
        super().__init__(f"Agreement {agreement.number} is {agreement.status}; its report: {agreement.report.state}.")


class DownloadDamaged(SmtError):
    """The downloaded bytes do not have the SHA-256 that the portal named."""


_BY_STATUS: dict[int, type[ApiProblem]] = {
    401: AuthenticationProblem,
    403: PermissionProblem,
    404: NotFoundProblem,
    409: ConflictProblem,
    422: InvalidRequestProblem,
    429: LimitProblem,
}


def problem_of(response: httpx.Response) -> ApiProblem:
    """Return the exception for a response that was read and is not a success."""
    kind = ServerProblem if response.status_code >= 500 else _BY_STATUS.get(response.status_code, ApiProblem)
    return kind(response)


def _json_object(response: httpx.Response) -> dict[str, Any]:
    """Return the body; empty if a proxy answered with something else."""
    try:
        body = response.json()
    except ValueError:
        return {}
    return body if isinstance(body, dict) else {}


def _seconds_to_wait(text: str) -> float | None:
    """Return what Retry-After asks for, as seconds or as a date."""
    if text.isdecimal():
        return float(text)
    try:
        return max((parsedate_to_datetime(text) - datetime.now(UTC)).total_seconds(), 0.0)
    except (TypeError, ValueError):
        return None
