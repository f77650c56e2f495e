"""What operators decide about third parties (T13, D1)."""

from __future__ import annotations

import logging
from collections.abc import Callable

from django.db import transaction

from accounts.models import User
from companies import emails, profile
from companies.models import Company, CompanyEventKind, CompanyState

logger = logging.getLogger(__name__)


def approve(company: Company, *, by: User) -> bool:
    """Let the company initiate, resend and download from now on; False if it may already.

    Its administrators are told by email.
    """
    sources = [CompanyState.PENDING, CompanyState.SUSPENDED]
    return _move(company, sources, CompanyState.APPROVED, "", by, CompanyEventKind.APPROVED, emails.approved)


def suspend(company: Company, *, by: User, reason: str = "") -> bool:
    """Stop the company's initiations, resends and downloads at once, or refuse one that waits; False if it is so.

    Its administrators get the reason by email, and its users read it on the company's page.
    """
    sources, kind = [CompanyState.PENDING, CompanyState.APPROVED], CompanyEventKind.SUSPENDED
    return _move(company, sources, CompanyState.SUSPENDED, reason, by, kind, emails.suspended)


def _move(
    company: Company,
    sources: list[CompanyState],
    target: CompanyState,
    reason: str,
    by: User,
    kind: CompanyEventKind,
    email: Callable[[Company, User], None],
) -> bool:
    with transaction.atomic():
        # Conditional, so that of two operators who decide at once one decides.
        waiting = Company.objects.filter(pk=company.pk, standing__in=sources)
        moved = waiting.update(standing=target, standing_reason=reason) == 1
        company.refresh_from_db(fields=["standing", "standing_reason"])
        if moved:
            profile.record(company, kind, by=by, changes={"reason": ["", reason]} if reason else {})
            for administrator in company.memberships.administrators().select_related("user"):
                email(company, administrator.user)
            logger.info("Company %s is %s now, by user %s.", company.pk, target.value, by.pk)
    return moved
