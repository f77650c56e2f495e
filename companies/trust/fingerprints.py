"""Fingerprints of a company's users, so that a consent can be compared with the people who asked for it (X1).

Only keyed hashes are stored. Loopback and private addresses are left out: a whole office or a demo shares them.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable
from itertools import chain

from django.conf import settings
from django.db.models.functions import Now
from django.http import HttpRequest, HttpResponse

from companies.models import Company, CompanyFingerprint, FingerprintKind, membership_of
from companies.trust.email_identity import normalize_mailbox
from lib.client_address import client_address, client_network
from lib.keyed_hashes import keyed_hashes

COOKIE = f"{settings.COOKIE_PREFIX}smt_device"
_SESSION_KEY = "recorded_fingerprints"

Fingerprints = dict[
    FingerprintKind, tuple[str, ...]
]  # keyed hashes of each kind that is known, the current key's first


def fingerprint_request(request: HttpRequest) -> Fingerprints:
    """Fingerprint the network and the browser of `request`; empty for an address that is not public."""
    address = client_address(request)
    if address is None or not address.is_global:
        return {}
    fingerprints = {FingerprintKind.NETWORK: _hash(FingerprintKind.NETWORK, client_network(request))}
    if device := request.COOKIES.get(COOKIE):
        fingerprints[FingerprintKind.BROWSER] = _hash(FingerprintKind.BROWSER, device)
    return fingerprints


def fingerprint_mailbox(address: str) -> Fingerprints:
    """Fingerprint the mailbox of an email address, so that it is recognized after its owner changed the address."""
    return {FingerprintKind.MAILBOX: _hash(FingerprintKind.MAILBOX, normalize_mailbox(address))}


def _hash(kind: FingerprintKind, value: str) -> tuple[str, ...]:
    return keyed_hashes(f"companies.fingerprint.{kind.value}", value)


def record_fingerprints(company: Company, fingerprints: Fingerprints) -> None:
    """Store `fingerprints` as those of a user of `company`, or renew when they were last seen."""
    CompanyFingerprint.objects.bulk_create(
        [CompanyFingerprint(company=company, kind=kind, value_hash=hashes[0]) for kind, hashes in fingerprints.items()],
        update_conflicts=True,
        unique_fields=["company", "kind", "value_hash"],
        update_fields=["last_seen_at"],
    )


def match_fingerprints(company: Company | None, fingerprints: Fingerprints) -> set[FingerprintKind]:
    """Return the kinds in which `fingerprints` match those of the company's users; None: of any company's."""
    known = CompanyFingerprint.objects.filter(value_hash__in=chain(*fingerprints.values()))
    if company:
        known = known.filter(company=company)
    return {FingerprintKind(kind) for kind in known.values_list("kind", flat=True)}


def delete_old_fingerprints() -> int:
    """Delete fingerprints not seen for settings.COMPANY_FINGERPRINT_RETENTION; return their number (X6)."""
    before = Now() - settings.COMPANY_FINGERPRINT_RETENTION
    return CompanyFingerprint.objects.filter(last_seen_at__lt=before).delete()[0]


class FingerprintMiddleware:
    """Record fingerprints of third parties' users: once per session and place, not on every request."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        # Pages without a session (health, static files) must not start one.
        has_session = hasattr(request, "user") and settings.SESSION_COOKIE_NAME in request.COOKIES
        if has_session and (membership := membership_of(request.user)):
            if not request.COOKIES.get(COOKIE):
                request.COOKIES[COOKIE] = secrets.token_urlsafe(16)
                response.set_cookie(
                    COOKIE,
                    request.COOKIES[COOKIE],
                    max_age=settings.COMPANY_FINGERPRINT_RETENTION,
                    httponly=True,
                    samesite="Lax",
                    secure=settings.SESSION_COOKIE_SECURE,
                )
            fingerprints = fingerprint_request(request) | fingerprint_mailbox(membership.user.email)
            place = "".join(hashes[0] for hashes in fingerprints.values())[:200]
            if request.session.get(_SESSION_KEY) != place:
                record_fingerprints(membership.company, fingerprints)
                request.session[_SESSION_KEY] = place
        return response
