"""Daily limits on what the public forms and the company's administrators send (X2)."""

from __future__ import annotations

from datetime import datetime

from django.conf import settings
from django.db import transaction
from django.utils.translation import gettext as _

from accounts import rate_limits
from accounts.rate_limits import Limit
from companies.models import Company


def count_public_form(network: str, *, at: datetime | None = None) -> None:
    """Count one public form sent from `network`. Raises Refused if the network has sent enough of them today.

    Runs in its own transaction, so a form rejected later still counts.
    """
    with transaction.atomic():
        spend(
            Limit("company-form", network, settings.COMPANY_FORMS_PER_NETWORK_ADDRESS),
            sentence=_("Too many forms came from your network today. Try again after %s."),
            at=at,
        )


def count_public_email(email: str, *, at: datetime | None = None) -> None:
    """Count one email that a stranger sends to `email`. Raises Refused if it has received enough of them today."""
    spend(
        Limit("company-link-email", email.lower(), settings.COMPANY_EMAILS_PER_ADDRESS),
        sentence=_(
            "We have sent several emails to this address today. Look in your mailbox, also in the spam folder. "
            "We send the next one after %s."
        ),
        field="user_email",
        at=at,
    )


def count_invitation(company: Company, email: str, *, at: datetime | None = None) -> None:
    """Count one invitation from `company` to `email`. Raises Refused if either has reached its limit today."""
    spend(
        Limit("invitations-of", str(company.pk), settings.COMPANY_INVITATIONS_A_DAY),
        Limit("invitation-to", email.lower(), settings.COMPANY_EMAILS_PER_ADDRESS),
        sentence=_("Too many invitations were sent today. You can send the next one after %s."),
        field="email",
        at=at,
    )


def spend(*limits: Limit, sentence: str, field: str = "", at: datetime | None = None) -> None:
    """Count one attempt against each limit. Raises Refused with `sentence`, which has a %s for when to try again."""
    with rate_limits.refuse_with(sentence, field=field):
        rate_limits.spend(limits, at=at)
