"""Operations about webhook endpoints (W4 to W6)."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from ninja import Status

from api import deliveries, endpoints
from api.authentication import Access, Caller
from api.endpoints import EndpointProfile, IssuedSecret
from api.models import WebhookEndpoint
from api.problems import ApiProblem, FieldProblem
from api.request_limits import PING, WRITE
from api.scopes import WEBHOOKS
from api.v1.agreements import denied_problem
from api.v1.interface import interface
from api.v1.webhook_examples import (
    ENDPOINT,
    ENDPOINT_CHANGE,
    ENDPOINT_LIST,
    ENDPOINT_REQUEST,
    ENDPOINT_WITH_SECRET,
    OVERLAP,
    PING_RESULT,
)
from api.v1.webhook_schemas import (
    EndpointAnswer,
    EndpointBody,
    EndpointChangeBody,
    EndpointList,
    EndpointWithSecret,
    PingAnswer,
    SecretRotation,
)
from lib.refusals import Refused

_REFUSALS = ["company-suspended", "webhook-url-refused"]


@interface.get(
    "/webhook-endpoints",
    operation_id="listWebhookEndpoints",
    auth=Access(WEBHOOKS),
    response=EndpointList,
    openapi_extra={"x-examples": {200: ENDPOINT_LIST}},
)
def list_endpoints(request: HttpRequest) -> dict[str, Any]:
    """List webhook endpoints

    All webhook endpoints of your API client.
    """
    caller: Caller = request.auth  # type: ignore[attr-defined]
    return {
        "data": [_endpoint_values(endpoint) for endpoint in WebhookEndpoint.objects.filter(client=caller.client)],
        "next": None,
    }


@interface.post(
    "/webhook-endpoints",
    operation_id="createWebhookEndpoint",
    auth=Access(WEBHOOKS, policy=WRITE),
    response={201: EndpointWithSecret},
    openapi_extra={
        "x-problems": [*_REFUSALS, "too-many-endpoints"],
        "x-request-example": ENDPOINT_REQUEST,
        "x-examples": {201: ENDPOINT_WITH_SECRET},
    },
)
def create_endpoint(request: HttpRequest, body: EndpointBody) -> Any:
    """Create a webhook endpoint

    We then send events to its URL. The response has the secret that we sign them with (Standard Webhooks 1.0.0). You
    can't get it again. A client can have up to five endpoints.
    """
    caller: Caller = request.auth  # type: ignore[attr-defined]
    profile = EndpointProfile(body.url, tuple(dict.fromkeys(body.types)), body.description)
    with action_problems(caller):
        issued = endpoints.create_endpoint(caller.client, profile, by=caller.user)
    return Status(201, _with_secret(issued))


@interface.get(
    "/webhook-endpoints/{endpoint_id}",
    operation_id="getWebhookEndpoint",
    auth=Access(WEBHOOKS),
    response=EndpointAnswer,
    openapi_extra={"x-problems": ["not-found"], "x-examples": {200: ENDPOINT}},
)
def get_endpoint(request: HttpRequest, endpoint_id: str) -> dict[str, Any]:
    """Read a webhook endpoint

    Includes its health: when it last accepted an event, and how many attempts have failed since then.
    """
    return _endpoint_values(own_endpoint(request, endpoint_id))


@interface.patch(
    "/webhook-endpoints/{endpoint_id}",
    operation_id="changeWebhookEndpoint",
    auth=Access(WEBHOOKS, policy=WRITE),
    response=EndpointAnswer,
    openapi_extra={
        "x-problems": ["not-found", *_REFUSALS],
        "x-request-example": ENDPOINT_CHANGE,
        "x-examples": {200: ENDPOINT | {"enabled": False, "disabled_reason": "company"}},
    },
)
def change_endpoint(request: HttpRequest, endpoint_id: str, body: EndpointChangeBody) -> dict[str, Any]:
    """Change a webhook endpoint

    Fields that you leave out keep their values. If you turn an endpoint off, waiting deliveries fail and it gets no
    events. If you turn it on again, it gets new events only.
    """
    caller: Caller = request.auth  # type: ignore[attr-defined]
    endpoint = own_endpoint(request, endpoint_id)
    profile = EndpointProfile(
        endpoint.url if body.url is None else body.url,
        endpoint.types if body.types is None else tuple(dict.fromkeys(body.types)),
        endpoint.description if body.description is None else body.description,
    )
    is_enabled = endpoint.disabled_at is None if body.enabled is None else body.enabled
    with action_problems(caller):
        endpoints.change_endpoint(endpoint, profile, is_enabled=is_enabled, by=caller.user)
    return _endpoint_values(own_endpoint(request, endpoint_id))


@interface.delete(
    "/webhook-endpoints/{endpoint_id}",
    operation_id="deleteWebhookEndpoint",
    auth=Access(WEBHOOKS, policy=WRITE),
    response={204: None},
    openapi_extra={"x-problems": ["not-found"]},
)
def delete_endpoint(request: HttpRequest, endpoint_id: str) -> HttpResponse:
    """Delete a webhook endpoint

    Also deletes its secrets and deliveries.
    """
    caller: Caller = request.auth  # type: ignore[attr-defined]
    endpoint = own_endpoint(request, endpoint_id)
    with action_problems(caller):
        endpoints.delete_endpoint(endpoint, by=caller.user)
    response = HttpResponse(status=204)
    del response.headers["Content-Type"]
    return response


@interface.post(
    "/webhook-endpoints/{endpoint_id}/ping",
    operation_id="pingWebhookEndpoint",
    auth=Access(WEBHOOKS, policy=PING),
    response=PingAnswer,
    openapi_extra={"x-problems": ["not-found", "company-suspended"], "x-examples": {200: PING_RESULT}},
)
def ping_endpoint(request: HttpRequest, endpoint_id: str) -> dict[str, Any]:
    """Ping a webhook endpoint

    Sends a ping event to this endpoint now, signed like any other, and returns the result. The endpoint's health does
    not change. You can send ten pings a minute.
    """
    caller: Caller = request.auth  # type: ignore[attr-defined]
    endpoint = own_endpoint(request, endpoint_id)
    if caller.company.is_suspended:
        raise ApiProblem("company-suspended")
    outcome = deliveries.ping(endpoint)
    answer = {"delivered": outcome.is_success, "status": outcome.status, "took_ms": outcome.took_ms}
    return answer | {"error": outcome.error or None}


@interface.post(
    "/webhook-endpoints/{endpoint_id}/rotate-secret",
    operation_id="rotateWebhookSecret",
    auth=Access(WEBHOOKS, policy=WRITE),
    response=EndpointWithSecret,
    openapi_extra={
        "x-problems": ["not-found", "company-suspended"],
        "x-request-example": OVERLAP,
        "x-examples": {200: ENDPOINT_WITH_SECRET},
    },
)
def rotate_secret(request: HttpRequest, endpoint_id: str, body: SecretRotation) -> dict[str, Any]:
    """Get a new secret

    During the overlap, deliveries have two signatures, the new one first.
    """
    caller: Caller = request.auth  # type: ignore[attr-defined]
    endpoint = own_endpoint(request, endpoint_id)
    with action_problems(caller):
        issued = endpoints.rotate_secret(endpoint, overlap=timedelta(hours=body.overlap_hours), by=caller.user)
    return _with_secret(issued)


def own_endpoint(request: HttpRequest, endpoint_id: str) -> WebhookEndpoint:
    """Return an endpoint of the client. Raises Http404, also for another client's."""
    caller: Caller = request.auth  # type: ignore[attr-defined]
    own = WebhookEndpoint.objects.filter(client=caller.client).select_related("client__membership__company")
    endpoint = own.filter(endpoint_id=endpoint_id[:30]).first()
    if endpoint is None:
        raise Http404
    return endpoint


@contextmanager
def action_problems(caller: Caller) -> Iterator[None]:
    """Raise ApiProblem for what an action refuses."""
    try:
        yield
    except PermissionDenied as denied:
        raise denied_problem(caller, denied) from denied
    except Refused as refused:
        problem = refused.problems[0]
        if problem.code == "url":
            errors = [FieldProblem("#/url", "refused", problem.message)]
            raise ApiProblem("webhook-url-refused", problem.message, errors=errors) from refused
        code = problem.code if problem.code in ("too-many-endpoints", "endpoint-disabled") else "not-authenticated"
        raise ApiProblem(code, problem.message) from refused


def _endpoint_values(endpoint: WebhookEndpoint) -> dict[str, Any]:
    return {
        "id": endpoint.endpoint_id,
        "url": endpoint.url,
        "types": endpoint.types,
        "description": endpoint.description,
        "enabled": endpoint.disabled_at is None,
        "created_at": endpoint.created_at,
        "disabled_reason": endpoint.disabled_reason or None,
        "last_success_at": endpoint.last_success_at,
        "last_failure_at": endpoint.last_failure_at,
        "consecutive_failures": endpoint.consecutive_failures,
        "secrets": [{"made_at": secret.made_at, "ends_at": secret.ends_at} for secret in endpoint.secrets.current()],
    }


def _with_secret(issued: IssuedSecret) -> dict[str, Any]:
    endpoint = WebhookEndpoint.objects.get(pk=issued.endpoint.pk)  # with the times of the database
    return _endpoint_values(endpoint) | {"secret": issued.text}
