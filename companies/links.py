"""One-time links that lead into a company (T13): create, open and end them.

A link's GET never acts. Its token is derived from a key and a nonce; only its hash can be looked up (X5).
"""

from __future__ import annotations

from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from django.db.models.functions import Now
from django.utils.translation import gettext as _

from accounts.models import User
from companies.models import Company, CompanyLink, CompanyLinkEnd, CompanyLinkKind, CompanyStanding
from companies.permissions import NOT_SUSPENDED, lock_as_administrator
from lib import link_tokens
from lib.refusals import Problem, Refused


class LinkProblem(StrEnum):
    """Why a link opens nothing."""

    UNKNOWN = "unknown"
    EXPIRED = "expired"
    USED = "used"
    CANCELED = "canceled"


class LinkRefused(Exception):
    """The link opens nothing."""

    def __init__(self, problem: LinkProblem) -> None:
        super().__init__(problem)
        self.problem = problem


def create_link(
    kind: CompanyLinkKind,
    *,
    email: str,
    period: timedelta,
    company: Company | None = None,
    language: str = "en",
    answers: dict[str, Any] | None = None,
    by: User | None = None,
    at: datetime | None = None,
) -> CompanyLink:
    """Create a link that expires after `period`. The caller queues its email in the same transaction."""
    nonce = link_tokens.new_nonce()
    link = CompanyLink.objects.create(
        kind=kind,
        company=company,
        email=email,
        language=language,
        answers=answers or {},
        by=by,
        link_nonce=nonce,
        link_hash=link_tokens.hash_token(link_tokens.derive_token(nonce, link_tokens.ACCOUNT_LINK)),
        created_at=at or Now(),
        expires_at=(at or Now()) + period,
    )
    link.refresh_from_db(fields=["created_at", "expires_at"])
    return link


def open_link(token: str, kind: CompanyLinkKind, *, at: datetime | None = None, lock: bool = False) -> CompanyLink:
    """Return the link that `token` opens now, with `lock` locked until the transaction ends. Raises LinkRefused."""
    links = CompanyLink.objects.select_for_update() if lock else CompanyLink.objects.all()
    link = links.filter(kind=kind, link_hash=link_tokens.hash_token(token)).with_is_expired(at=at).first()
    if link is None:
        raise LinkRefused(LinkProblem.UNKNOWN)
    if link.ended_as == CompanyLinkEnd.CANCELED:
        raise LinkRefused(LinkProblem.CANCELED)
    if link.ended_at or link.confirmed_at:
        raise LinkRefused(LinkProblem.USED)
    if link.is_expired:  # type: ignore[attr-defined]  # annotated
        raise LinkRefused(LinkProblem.EXPIRED)
    return link


def end_link(link: CompanyLink, ended_as: CompanyLinkEnd, *, at: datetime | None = None) -> None:
    """End the link and clear what was typed, except the email."""
    CompanyLink.objects.filter(pk=link.pk, ended_at=None).update(ended_at=at or Now(), ended_as=ended_as, answers={})


def lock_open_link(
    link: CompanyLink, by: User, standings: frozenset[CompanyStanding] = NOT_SUSPENDED
) -> tuple[Company, CompanyLink]:
    """Lock the link's company, as one of its administrators, and then the link.

    Raises PermissionDenied, and Refused if the link ended since the page was shown.
    """
    assert link.company_id
    company = lock_as_administrator(link.company_id, by, standings)
    locked = CompanyLink.objects.select_for_update().filter(pk=link.pk, company=company, ended_at=None).first()
    if locked is None:
        raise Refused(Problem(_("This was already answered or canceled. This page shows the current status.")))
    locked.company = company
    return company, locked
