"""Where a request comes from, so that a consent can be compared with the people who asked for it (X1).

Only keyed hashes are kept: they can be compared, not read. Loopback and private addresses say nothing about anybody:
behind them is one machine or one office, and a demo.
"""

from __future__ import annotations

import hashlib
import hmac
import ipaddress
import secrets
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import timedelta

from django.conf import settings
from django.db.models.functions import Now
from django.http import HttpRequest, HttpResponse

from companies.models import Company, CompanyTrace, TraceKind, membership_of
from companies.trust.email_identity import mailbox_of

COOKIE = "smt_device"
COOKIE_AGE = timedelta(days=730)
IPV6_HOME = 64  # a household or an office gets a /64; the lower half changes by itself
_SESSION_KEY = "traced_as"


@dataclass(frozen=True)
class Visitor:
    """Hashes of the network address and the browser a request came from, and of who it was; None says nothing."""

    network: str | None = None
    browser: str | None = None
    mailbox: str | None = None

    def marks(self) -> dict[TraceKind, str]:
        pairs = {TraceKind.NETWORK: self.network, TraceKind.BROWSER: self.browser, TraceKind.MAILBOX: self.mailbox}
        return {kind: value for kind, value in pairs.items() if value}


def client_address(request: HttpRequest) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    """The address of the person's network: the peer's, or what our own proxies (settings.TRUSTED_PROXY_COUNT) saw."""
    hops = [hop.strip() for hop in request.headers.get("X-Forwarded-For", "").split(",") if hop.strip()]
    trusted: int = settings.ALLAUTH_TRUSTED_PROXY_COUNT
    # Fewer hops than proxies: somebody reached an inner one directly, and the first that it noted is where from.
    text = hops[-min(trusted, len(hops))] if trusted > 0 and hops else request.META.get("REMOTE_ADDR", "")
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        return None
    mapped = address.ipv4_mapped if address.version == 6 else None  # a server that listens on [::] sees ::ffff:23.1.2.3
    return mapped or address


def visitor_of(request: HttpRequest) -> Visitor:
    """Who `request` comes from, as far as that says anything."""
    address = client_address(request)
    if address is None or not address.is_global:
        return Visitor()
    if address.version == 6:
        network = str(ipaddress.ip_network((address, IPV6_HOME), strict=False))
    else:
        network = str(address)
    device = request.COOKIES.get(COOKIE, "")
    return Visitor(_hash("network", network), _hash("browser", device) if device else None)


def mailbox_mark(address: str) -> str:
    """The hash by which a mailbox is known again after its owner took another address."""
    return _hash("mailbox", mailbox_of(address))


def _hash(kind: str, value: str) -> str:
    return hmac.new(settings.SECRET_KEY.encode(), f"trace:{kind}:{value}".encode(), hashlib.sha256).hexdigest()


def remember(company: Company, visitor: Visitor) -> None:
    """Note that a user of `company` was at these places."""
    CompanyTrace.objects.bulk_create(
        [CompanyTrace(company=company, kind=kind, value_hash=value) for kind, value in visitor.marks().items()],
        update_conflicts=True,
        unique_fields=["company", "kind", "value_hash"],
        update_fields=["last_seen_at"],
    )


def known_marks(company: Company, visitor: Visitor) -> set[TraceKind]:
    """By which marks `visitor` is one of the company's own people."""
    marks = visitor.marks()
    rows = CompanyTrace.objects.filter(company=company, value_hash__in=marks.values())
    return {
        TraceKind(kind) for kind, value in rows.values_list("kind", "value_hash") if marks.get(TraceKind(kind)) == value
    }


class CompanyTraceMiddleware:
    """Notes where third parties' users work and at which address: once a session and place, not on every request."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        if _has_session(request) and (membership := membership_of(request.user)):
            if not request.COOKIES.get(COOKIE):
                _set_cookie(request, response)
            visitor = replace(visitor_of(request), mailbox=mailbox_mark(membership.user.email))
            place = "".join(visitor.marks().values())[:200]
            if place and request.session.get(_SESSION_KEY) != place:
                remember(membership.company, visitor)
                request.session[_SESSION_KEY] = place
        return response


def _has_session(request: HttpRequest) -> bool:
    # Pages without a session (health, static files) must not start one.
    return (
        hasattr(request, "user") and settings.SESSION_COOKIE_NAME in request.COOKIES and request.user.is_authenticated
    )


def _set_cookie(request: HttpRequest, response: HttpResponse) -> None:
    value = secrets.token_urlsafe(16)
    request.COOKIES[COOKIE] = value
    response.set_cookie(
        COOKIE,
        value,
        max_age=COOKIE_AGE,
        httponly=True,
        samesite="Lax",
        secure=settings.SESSION_COOKIE_SECURE,
    )


def forget_traces(*, older_than: timedelta = COOKIE_AGE) -> int:
    """Delete traces that nobody renewed."""
    count, _models = CompanyTrace.objects.filter(last_seen_at__lt=Now() - older_than).delete()
    return count
