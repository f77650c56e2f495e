"""What operators decide about third parties (T13, D1)."""

from __future__ import annotations

import logging

from accounts.models import Company, CompanyState, User

logger = logging.getLogger(__name__)


def approve(company: Company, *, by: User) -> bool:
    """Let the company initiate, resend and download from now on; False if it may already."""
    return _move(company, [CompanyState.PENDING, CompanyState.SUSPENDED], CompanyState.APPROVED, by)


def suspend(company: Company, *, by: User) -> bool:
    """Stop the company's initiations, resends and downloads at once; False if it is not approved."""
    return _move(company, [CompanyState.APPROVED], CompanyState.SUSPENDED, by)


def _move(company: Company, sources: list[CompanyState], target: CompanyState, by: User) -> bool:
    # Conditional, so that of two operators who decide at once one decides.
    moved = Company.objects.filter(pk=company.pk, standing__in=sources).update(standing=target) == 1
    company.refresh_from_db(fields=["standing"])
    if moved:
        logger.info("Company %s is %s now, by user %s.", company.pk, target.value, by.pk)
    return moved
