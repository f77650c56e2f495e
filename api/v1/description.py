"""The OpenAPI description of v1: ninja's, with what it cannot say (V3)."""

from __future__ import annotations

import hashlib
import json
from functools import cache
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseNotModified
from django.views.decorators.http import require_safe

import api.v1.account
import api.v1.agreements
import api.v1.bulk
import api.v1.creation
import api.v1.deliveries
import api.v1.events
import api.v1.reports
import api.v1.sandbox  # noqa: F401 - each adds its operations
from api.authentication import Access
from api.models import EventType
from api.problem_kinds import KINDS
from api.problems import CONTENT_TYPE, problem_url
from api.scopes import SCOPE_CHOICES
from api.v1.examples import EVENT
from api.v1.file_schemas import UsageFile
from api.v1.interface import interface
from api.v1.schemas import ProblemAnswer

_ALWAYS = ("secret-in-url", "internal-error", "unavailable")
_WITH_CREDENTIAL = ("not-authenticated", "live-key-only", "network-not-allowed", "rate-limited", "authentication-limit")
_WITH_BODY = ("invalid-json", "body-too-large", "unsupported-media-type", "unknown-field", "invalid-request")
_HEADERS = {
    "RequestId": ("Request-Id", "Identifies the request in our log. Include it when you report a problem."),
    "RateLimitPolicy": ("RateLimit-Policy", 'How many requests you can send: `"read";q=600;w=60`.'),
    "RateLimit": ("RateLimit", 'How many are left, and the seconds until the limit resets: `"read";r=599;t=41`.'),
    "RetryAfter": ("Retry-After", "How many seconds to wait before you try again."),
}

_PATH_PARAMETERS = {
    "number": "The agreement's number: twelve digits.",
    "bulk_id": "The ID of the bulk invitation, from the response to your upload.",
}
_WEBHOOK_HEADERS = {
    "webhook-id": "The event's ID, the same in every attempt. Ignore an ID that you have already received.",
    "webhook-timestamp": "When this attempt was made, in seconds since 1970. Refuse attempts older than five minutes.",
    "webhook-signature": "v1, a comma, and the HMAC-SHA256 of id.timestamp.body in base64. While a secret is being "
    "replaced, there are two.",
}


@require_safe
def openapi(request: HttpRequest) -> HttpResponse:
    """Return the description, with an ETag."""
    text, etag = _description_text()
    headers = {"ETag": etag, "Cache-Control": "public, max-age=300"}
    if etag in request.headers.get("If-None-Match", ""):
        return HttpResponseNotModified(headers=headers)
    return HttpResponse(text, content_type="application/json", headers=headers)


@cache
def _description_text() -> tuple[str, str]:
    text = json.dumps(describe(), ensure_ascii=False)
    return text, f'"{hashlib.sha256(text.encode()).hexdigest()[:32]}"'


def describe() -> dict[str, Any]:
    """Return the whole description as a dictionary."""
    description: dict[str, Any] = json.loads(json.dumps(interface.get_openapi_schema(path_prefix="")))
    description["servers"] = [{"url": f"{settings.PORTAL_ORIGIN}/api/v1"}]
    description["externalDocs"] = {"url": f"{settings.PORTAL_ORIGIN}/api/docs/", "description": "Guides and reference"}
    components = description["components"]
    for schema in (ProblemAnswer, UsageFile):
        model = schema.model_json_schema(ref_template="#/components/schemas/{model}", mode="serialization")
        components["schemas"] |= model.pop("$defs") | {schema.__name__: model}
    components["headers"] = {
        name: {"description": text, "schema": {"type": "string"}} for name, (_field, text) in _HEADERS.items()
    }
    scopes = {scope: str(text).partition(" – ")[2] for scope, text in SCOPE_CHOICES}
    flow = {"tokenUrl": f"{settings.PORTAL_ORIGIN}/api/v1/oauth/token", "scopes": scopes}
    components["securitySchemes"] = {
        "bearerKey": {"type": "http", "scheme": "bearer", "description": "A key from My Account / API, or a token."},
        "oauth2ClientCredentials": {"type": "oauth2", "flows": {"clientCredentials": flow}},
    }
    description["webhooks"] = {event_type: {"post": _webhook(event_type)} for event_type in [*EventType.values, "ping"]}
    access = _access_by_operation()
    for path in description["paths"].values():
        path.pop("head", None)  # what GET answers, without the body
        for method, operation in path.items():
            _complete(method, operation, access.get(operation["operationId"]))
    return description


def _webhook(event_type: str) -> dict[str, Any]:
    """Return what we send to an endpoint for one type of event (W3)."""
    parameters = [
        {"in": "header", "name": name, "required": True, "schema": {"type": "string"}, "description": text}
        for name, text in _WEBHOOK_HEADERS.items()
    ]
    content = {"schema": {"$ref": "#/components/schemas/EventAnswer"}, "example": EVENT | {"type": event_type}}
    about = "A ping that you asked for" if event_type == "ping" else EventType(event_type).label
    return {
        "operationId": f"webhook_{event_type.replace('.', '_')}",
        "summary": str(about),
        "description": "Signed according to Standard Webhooks 1.0.0. Respond within 15 seconds, and do the work "
        "afterwards.",
        "security": [],
        "parameters": parameters,
        "requestBody": {"required": True, "content": {"application/json": content}},
        "responses": {
            "2XX": {"description": "You have received the event. We ignore the body."},
            "410": {"description": "You don't want more events. We turn the endpoint off."},
            "default": {"description": "We try again, up to ten times in three days. We don't follow redirects."},
        },
    }


def _access_by_operation() -> dict[str, Access]:
    """Return what each operation needs, by its id."""
    found = {}
    for router in interface._get_bound_routers():
        for view in router.path_operations.values():
            for operation in view.operations:
                for access in operation.auth_callbacks:
                    if isinstance(access, Access):
                        found[str(operation.operation_id)] = access
    return found


def _complete(method: str, operation: dict[str, Any], access: Access | None) -> None:
    """Add summary, security, problems, headers and examples to one operation."""
    # The first line of the docstring is the summary.
    summary, _blank, text = operation.pop("description", "").partition("\n\n")
    operation["summary"] = summary.strip()
    operation["description"] = " ".join(text.split()) or f"{operation['summary']}."
    codes = [*operation.pop("x-problems", ()), *_ALWAYS]
    if access:
        operation["security"] = [{"bearerKey": []}, {"oauth2ClientCredentials": list(access.scopes)}]
        operation["x-rate-limit-policy"] = access.policy
        codes += [*_WITH_CREDENTIAL, *(["missing-scope"] if access.scopes else [])]
        if access.test:
            codes.append("test-key-only")
            operation["x-test-keys-only"] = True
    else:
        operation["security"] = []
    if method in ("post", "patch") and access:
        codes += ["body-too-large", "unsupported-media-type"]
    if "requestBody" in operation and access:
        codes += _WITH_BODY
        content = operation["requestBody"]["content"]["application/json"]
        content["example"] = operation.pop("x-request-example")
    for parameter in operation["parameters"]:
        if parameter["name"] in _PATH_PARAMETERS:
            parameter["description"] = _PATH_PARAMETERS[parameter["name"]]
    responses = operation["responses"]
    if media_type := operation.pop("x-file", ""):
        # OpenAPI describes JSON by a schema and other files by their media type alone.
        schema = operation.pop("x-schema", {"type": "string", "contentMediaType": media_type})
        responses["200"] = {"description": "The file", "content": {media_type: {"schema": schema}}}
    if operation.pop("x-ranges", False):
        _describe_ranges(operation, media_type)
        codes.append("range-not-satisfiable")
    if operation.pop("x-idempotency", False):
        operation["parameters"].append(_idempotency_key(operation["operationId"]))
    if operation.pop("x-etag", False):
        responses["304"] = {"description": "Nothing has changed"}
        operation["parameters"].append(_request_header("If-None-Match", "An ETag from an earlier response."))
    for status, example in operation.pop("x-examples", {}).items():
        (content,) = responses[status]["content"].values()
        content["example"] = example
    for code in sorted(set(codes), key=lambda code: (KINDS[code].status, code)):
        _add_problem(responses, code)
    for status, response in responses.items():
        names = ["RequestId", *(["RateLimitPolicy", "RateLimit"] if access else [])]
        names += ["RetryAfter"] if status in ("429", "503") else []
        headers = response.setdefault("headers", {})
        headers |= {_HEADERS[name][0]: {"$ref": f"#/components/headers/{name}"} for name in names}
    operation["responses"] = dict(sorted(responses.items()))


def _idempotency_key(operation_id: str) -> dict[str, Any]:
    """Return the header as each operation needs it: only agreements have a dry run."""
    about = "8 to 128 letters, digits, hyphens, and underscores, with or without quotes."
    has_dry_run = operation_id == "createAgreements"
    parameter = _request_header("Idempotency-Key", about + (" Not needed for a dry run." if has_dry_run else ""))
    characters = "[A-Za-z0-9_-]{8,128}"
    schema = {"type": "string", "pattern": f'^({characters}|"{characters}")$'}
    return parameter | {"required": not has_dry_run, "schema": schema, "example": "contract-2026-118"}


def _request_header(name: str, about: str) -> dict[str, Any]:
    return {"in": "header", "name": name, "required": False, "schema": {"type": "string"}, "description": about}


def _describe_ranges(operation: dict[str, Any], media_type: str) -> None:
    """Say that a file can be asked for in parts, compressed, and only if it has changed (RFC 9110)."""
    whole, part = operation["responses"]["200"], {"type": "string", "contentMediaType": media_type}
    content: dict[str, Any] = {media_type: {"schema": part}}
    if media_type == "application/json":  # a part of JSON is no JSON, so its example is a text
        content[media_type]["example"] = '{"agreement_number":"1128'
    operation["responses"]["206"] = {"description": "A part of the file", "content": content}
    operation["responses"]["304"] = {"description": "You already have this file"}
    text = {"schema": {"type": "string"}}
    whole["headers"] = {
        "ETag": {"description": "The SHA-256 of these bytes.", **text},
        "Repr-Digest": {"description": "The SHA-256 of what was sent (RFC 9530).", **text},
    }
    operation["parameters"] += [
        _request_header("Range", "A part of the uncompressed file, such as bytes=0-1023."),
        _request_header(
            "If-Range",
            "The ETag of the file that the part belongs to. If the file is now a different one, you get all of it.",
        ),
        _request_header(
            "If-None-Match", "An ETag from an earlier response. The response is 304 if the file is the same."
        ),
        _request_header("Accept-Encoding", "gzip makes the file about ten times smaller."),
    ]


def _add_problem(responses: dict[str, Any], code: str) -> None:
    kind = KINDS[code]
    response = responses.setdefault(str(kind.status), {"description": kind.title})
    content = response.setdefault("content", {})
    described = content.setdefault(CONTENT_TYPE, {"schema": {"$ref": "#/components/schemas/ProblemAnswer"}})
    examples = described.setdefault("examples", {})
    is_limit = kind.status == 429
    examples[code] = {
        "summary": kind.title,
        "value": {
            "type": problem_url(code),
            "title": kind.title,
            "status": kind.status,
            "code": code,
            "detail": f"{kind.title}.",
            "instance": "urn:uuid:5b0ed21c-6d5a-4d0a-8d2f-0f3f5c3c2f11",
            "errors": [],
            "agreement_number": None,
            "agreement_status": None,
            "retry_at": "2026-11-28T19:16:00Z" if is_limit else None,
        },
    }
