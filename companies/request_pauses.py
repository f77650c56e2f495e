"""A pause of a company's new requests, because customers said that they don't know it, until an operator looks (C8)."""

from __future__ import annotations

import logging
from datetime import datetime

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from accounts.models import User
from companies import emails
from companies.models import Company, CompanyEventKind
from companies.permissions import lock_company
from lib.central_time import utc_or_now

logger = logging.getLogger(__name__)


def pause_requests(company: Company, *, answer_count: int, at: datetime) -> None:
    """Pause new requests of a company, which is locked, and email its administrators and the operators.

    Nothing else changes: agreements, reminders, reports and downloads go on.
    """
    company.requests_paused_at = at
    company.save(update_fields=["requests_paused_at"])
    company.record_event(CompanyEventKind.PAUSED, by=None, at=at)
    emails.send_requests_paused(company, answer_count=answer_count)
    logger.warning("New requests of company %s are paused: %s customers don't know it.", company.pk, answer_count)


@transaction.atomic
def resume_requests(company: Company, *, by: User, reason: str, at: datetime | None = None) -> bool:
    """Let the company ask again, after an operator has looked, and email its administrators; False if not paused.

    What customers answered before counts no more. Raises ValidationError without a reason, which the company's
    history shows.
    """
    if not (reason := reason.strip()):
        raise ValidationError(_("Enter a reason. The company will see it."))
    locked = lock_company(company.pk)
    if locked.requests_paused_at is None:
        return False
    locked.requests_paused_at, locked.requests_resumed_at = None, utc_or_now(at)
    locked.save(update_fields=["requests_paused_at", "requests_resumed_at"])
    locked.record_event(CompanyEventKind.RESUMED, by=by, at=at, changes={"reason": ["", reason]})
    emails.send_requests_resumed(locked, reason=reason)
    logger.info("New requests of company %s are allowed again, by user %s.", company.pk, by.pk)
    return True
