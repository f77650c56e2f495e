"""Emails that wait while their company is suspended (L9).

An email is put on hold when a worker claims it, under a lock on the company's pause, so that none is put on hold
after the pause has ended.
"""

from __future__ import annotations

from django.db.models.functions import Now

from notifications.models import Email, EmailState, PausedCompany
from notifications.wakeup import wake_workers


def pause_emails(company_id: int) -> None:
    """Let the company's emails wait from the commit on. Needs a transaction."""
    PausedCompany.objects.bulk_create([PausedCompany(company_id=company_id)], ignore_conflicts=True)


def resume_emails(company_id: int) -> int:
    """Queue the company's emails that wait, and return how many. Needs a transaction.

    The DELETE waits for workers that are putting an email on hold; the UPDATE after it sees what they did.
    """
    PausedCompany.objects.filter(pk=company_id).delete()
    clocks = {"queued_at": Now(), "due_at": Now(), "attempts": 0}  # the time on hold is no attempt to deliver
    count = Email.objects.on_hold().filter(company_id=company_id).update(state=EmailState.QUEUED, **clocks)
    wake_workers("email queued")
    return count


def must_wait(email: Email) -> bool:
    """Return whether the email's company is paused; if so, lock the pause until the transaction ends."""
    if not email.pauses or email.company_id is None:
        return False
    return PausedCompany.objects.select_for_update(no_key=True).filter(pk=email.company_id).exists()
