"""Operators approve and suspend third parties (T13, D1)."""

from __future__ import annotations

import logging

from django.db import transaction

from accounts.models import User
from companies import emails
from companies.models import Company, CompanyEventKind, CompanyStanding

logger = logging.getLogger(__name__)


def approve_company(company: Company, *, by: User) -> bool:
    """Let the company initiate, resend and download, and email its administrators; False if it is approved already."""
    return _change_standing(company, CompanyStanding.APPROVED, by=by)


def suspend_company(company: Company, *, by: User, reason: str = "") -> bool:
    """Stop the company's initiations, resends and downloads at once, or refuse its registration.

    Its administrators get `reason` by email, and its users read it on their pages. False if it is suspended already.
    """
    return _change_standing(company, CompanyStanding.SUSPENDED, by=by, reason=reason)


def _change_standing(company: Company, standing: CompanyStanding, *, by: User, reason: str = "") -> bool:
    with transaction.atomic():
        # Conditional, so that only one of two operators who decide at once decides.
        others = Company.objects.filter(pk=company.pk).exclude(standing=standing)
        is_changed = others.update(standing=standing, standing_reason=reason) == 1
        company.refresh_from_db(fields=["standing", "standing_reason"])
        if is_changed:
            changes = {"reason": ["", reason]} if reason else {}
            company.record_event(CompanyEventKind(standing.value), by=by, changes=changes)
            if standing == CompanyStanding.APPROVED:
                emails.send_company_approved(company)
            else:
                emails.send_company_suspended(company)
            logger.info("Company %s is now %s, by user %s.", company.pk, standing.value, by.pk)
    return is_changed
