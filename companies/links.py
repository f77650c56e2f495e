"""One-time links that lead into a company (T13): create, open and end them, and limit how many are sent (X2).

A link's GET never acts. Its token is derived from a key and a nonce; only its hash can be looked up (X5).
"""

from __future__ import annotations

from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import Q
from django.db.models.functions import Now
from django.utils.translation import gettext as _

from accounts.models import User
from accounts.rate_limits import Limit, refuse_with, spend
from companies.models import Company, CompanyLink, CompanyLinkEnd, CompanyLinkKind
from companies.permissions import NOT_SUSPENDED, Standings, lock_as_administrator
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


def create_link(kind: CompanyLinkKind, *, period: timedelta, at: datetime | None = None, **fields: Any) -> CompanyLink:
    """Create a link that expires after `period`; `fields` are the model's. The caller queues its email."""
    nonce = link_tokens.new_nonce()
    link = CompanyLink.objects.create(
        kind=kind,
        link_nonce=nonce,
        link_hash=link_tokens.hash_token(link_tokens.derive_token(nonce, link_tokens.ACCOUNT_LINK)),
        created_at=at or Now(),
        expires_at=(at or Now()) + period,
        **fields,
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


def lock_open_link(link: CompanyLink, by: User, standings: Standings = NOT_SUSPENDED) -> tuple[Company, CompanyLink]:
    """Lock the link's company, as one of its administrators, and then the link. Raises PermissionDenied, Refused."""
    assert link.company_id
    company = lock_as_administrator(link.company_id, by, standings)
    locked = CompanyLink.objects.select_for_update().filter(pk=link.pk, company=company, ended_at=None).first()
    if locked is None:
        raise Refused(Problem(_("This was already answered or canceled. This page shows the current status.")))
    locked.company = company
    return company, locked


def count_public_form(network: str) -> None:
    """Count one public form sent from `network`. Raises Refused if the network has sent enough of them today."""
    # Its own transaction, so that a form rejected later still counts.
    with transaction.atomic(), refuse_with(_("Too many forms were sent from your network today. Try again after %s.")):
        spend([Limit("company-form", network, settings.COMPANY_FORMS_PER_NETWORK_ADDRESS)])


def count_public_email(email: str) -> None:
    """Count one email that a stranger sends to `email`. Raises Refused if it has received enough of them today."""
    message = _(
        "We've sent several emails to this address today. Check your inbox and spam folder. We "
        "can send the next one after %s."
    )
    with refuse_with(message, field="user_email"):
        spend([Limit("company-link-email", email.lower(), settings.COMPANY_EMAILS_PER_ADDRESS)])


def delete_old_links(*, at: datetime | None = None) -> int:
    """Delete links that ended or expired settings.COMPANY_LINK_RETENTION ago; return their number (X6)."""
    now = at or Now()
    # What a stranger typed, a password hash included, is cleared as soon as the link expires. Invitations keep it:
    # an administrator may send them again.
    expired = CompanyLink.objects.filter(expires_at__lt=now).exclude(kind=CompanyLinkKind.INVITATION)
    expired.exclude(answers={}).update(answers={})
    before = now - settings.COMPANY_LINK_RETENTION
    return CompanyLink.objects.filter(Q(ended_at__lt=before) | Q(expires_at__lt=before)).delete()[0]
