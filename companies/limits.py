"""Daily limits on what the public forms and the companies' administrators send (X2)."""

from __future__ import annotations

from datetime import datetime

from django.conf import settings
from django.db import transaction
from django.utils.translation import gettext as _

from accounts.rate_limits import Limit, refuse_with, spend
from companies.models import Company


def count_public_form(network: str, *, at: datetime | None = None) -> None:
    """Count one public form sent from `network`. Raises Refused if the network has sent enough of them today.

    Runs in its own transaction, so a form rejected later still counts.
    """
    limit = Limit("company-form", network, settings.COMPANY_FORMS_PER_NETWORK_ADDRESS)
    with transaction.atomic(), refuse_with(_("Too many forms were sent from your network today. Try again after %s.")):
        spend([limit], at=at)


def count_public_email(email: str, *, at: datetime | None = None) -> None:
    """Count one email that a stranger sends to `email`. Raises Refused if it has received enough of them today."""
    message = _(
        "We've sent several emails to this address today. Check your inbox and spam folder. We "
        "can send the next one after %s."
    )
    with refuse_with(message, field="user_email"):
        spend([Limit("company-link-email", email.lower(), settings.COMPANY_EMAILS_PER_ADDRESS)], at=at)


def count_invitation(company: Company, email: str, *, at: datetime | None = None) -> None:
    """Count one invitation from `company` to `email`. Raises Refused if either has reached its limit today."""
    limits = [
        Limit("invitations-of", str(company.pk), settings.COMPANY_INVITATIONS_A_DAY),
        Limit("invitation-to", email.lower(), settings.COMPANY_EMAILS_PER_ADDRESS),
    ]
    message = _("Too many invitations were sent today. You can send the next one after %s.")
    with refuse_with(message, field="email"):
        spend(limits, at=at)
