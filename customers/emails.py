"""The emails of customer registration: one function and two templates each (C3)."""

from __future__ import annotations

from django.conf import settings
from django.utils.translation import gettext_lazy as _

from accounts.emails import about_account
from accounts.models import User
from customers.models import Registration
from notifications.actions import queue_email
from notifications.outgoing import AccountLink, OutgoingEmail


def confirm_registration(registration: Registration) -> None:
    """REGISTRATION to the customer: the only copy of the confirmation link."""
    queue_email(
        OutgoingEmail(
            key=f"REGISTRATION:{registration.pk}",
            kind="REGISTRATION",
            to=registration.email,
            language=registration.language,
            subject=_("Confirm your registration with Smart Meter Texas"),
            context={"registration": registration, "days": settings.REGISTRATION_PERIOD.days},
            link=AccountLink(registration.link_nonce),
        )
    )


def account_exists(owner: User) -> None:
    """REGISTRATION_TAKEN to somebody who has an account already: what to do instead of registering."""
    about_account(
        "REGISTRATION_TAKEN",
        to=owner.email,
        language=owner.language,
        subject=_("You already have an account with Smart Meter Texas"),
        context={"owner": owner},
    )
