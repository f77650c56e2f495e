"""The emails of customer registration: one function and two templates each (C3)."""

from __future__ import annotations

from django.conf import settings
from django.utils.translation import gettext_lazy as _

from accounts.emails import send_account_email
from accounts.models import User
from customers.models import Registration
from notifications.actions import AccountLink


def send_confirmation_link(registration: Registration) -> None:
    """Queue REGISTRATION to the customer, with the only copy of the confirmation link."""
    send_account_email(
        "REGISTRATION",
        to=registration.email,
        language=registration.language,
        subject=_("Confirm your registration with Smart Meter Texas"),
        context={"registration": registration, "days": settings.REGISTRATION_PERIOD.days},
        link=AccountLink(registration.link_nonce),
    )


def send_account_exists(owner: User) -> None:
    """Queue REGISTRATION_TAKEN to a user who tried to register again: what to do instead."""
    subject, context = _("You already have an account with Smart Meter Texas"), {"owner": owner}
    send_account_email("REGISTRATION_TAKEN", to=owner.email, language=owner.language, subject=subject, context=context)
