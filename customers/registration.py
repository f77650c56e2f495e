"""A customer registers: sends the form, confirms by email, and then has an account with the ESIID (C3)."""

from __future__ import annotations

import logging
from datetime import datetime
from enum import StrEnum

import psycopg
from django.conf import settings
from django.contrib.auth.hashers import make_password
from django.db import IntegrityError, transaction
from django.db.models.functions import Now
from django.utils.translation import gettext as _

from accounts import rate_limits
from accounts.actions import create_confirmed_user
from accounts.models import User
from accounts.rate_limits import Limit
from customers import emails
from customers.esiid_claims import ClaimedMeter, require_free
from customers.models import Customer, EsiidClaim, Registration
from lib import link_tokens
from lib.refusals import Problem, Refused

logger = logging.getLogger(__name__)

_USER_FIELDS = ("username", "password", "email", "first_name", "last_name", "phone", "phone_extension", "language")
_CUSTOMER_FIELDS = ("kind", "middle_initial", "suffix", "company_name")


class NotConfirmedReason(StrEnum):
    UNKNOWN = "unknown"
    EXPIRED = "expired"
    ESIID = "esiid"
    USER_ID = "user_id"
    EMAIL = "email"


# What another account took first, by the constraint that says so.
_CONFLICTS = {
    "premise_has_one_claim": NotConfirmedReason.ESIID,
    "user_id_once": NotConfirmedReason.USER_ID,
    "accounts_user_username_key": NotConfirmedReason.USER_ID,
    "user_email_once": NotConfirmedReason.EMAIL,
    "unique_verified_email": NotConfirmedReason.EMAIL,
}


class NotConfirmed(Exception):
    """The registration was not completed; `reason` says why."""

    def __init__(self, reason: NotConfirmedReason) -> None:
        super().__init__(reason)
        self.reason = reason


def apply(registration: Registration, meter: ClaimedMeter, *, network: str, at: datetime | None = None) -> None:
    """Save the new `registration`, whose password is in clear text, and email its confirmation link. Raises Refused.

    No account exists before the link is confirmed. Whether the email address has an account is told only to its owner,
    in the email; the page is the same.
    """
    registration.password = make_password(registration.password)  # first, so that every path takes as long
    registration.premise_id = require_free(meter, network=network, at=at)
    with transaction.atomic():
        if User.objects.filter(username__iexact=registration.username).exists():
            raise Refused(Problem(_("This User ID is already taken. Enter a different one."), "username", code="taken"))
        message = _(
            "We've sent several emails to this address today. Check your inbox and spam folder. We "
            "can send the next one after %s."
        )
        with rate_limits.refuse_with(message, field="email"):
            address = registration.email.lower()
            rate_limits.spend([Limit("registration-email", address, settings.REGISTRATION_EMAILS_PER_ADDRESS)], at=at)
        if owner := User.objects.filter(email__iexact=registration.email).first():
            emails.send_account_exists(owner)
            return
        registration.link_nonce = link_tokens.new_nonce()
        token = link_tokens.derive_token(registration.link_nonce, link_tokens.ACCOUNT_LINK)
        registration.link_hash = link_tokens.hash_token(token)
        registration.asked_at = at or Now()
        registration.save()
        emails.send_confirmation_link(registration)


def find_registration(token: str, *, at: datetime | None = None) -> Registration:
    """Return the registration of a confirmation link, confirmed or not. Raises NotConfirmed."""
    registration = Registration.objects.filter(link_hash=link_tokens.hash_token(token)).first()
    if registration is None:
        raise NotConfirmed(NotConfirmedReason.UNKNOWN)
    if not registration.confirmed_at and Registration.objects.expired(at=at).filter(pk=registration.pk).exists():
        raise NotConfirmed(NotConfirmedReason.EXPIRED)
    return registration


def confirm(token: str, *, at: datetime | None = None) -> Customer | None:
    """Create the user and the customer and give it the ESIID, or change nothing. Raises NotConfirmed.

    Of two registrations for one ESIID, user ID or email, the first to confirm wins, by database constraints. Returns
    None if the registration was confirmed before.
    """
    try:
        with transaction.atomic():
            registration = find_registration(token, at=at)
            registration = Registration.objects.select_for_update().get(pk=registration.pk)
            if registration.confirmed_at:
                return None
            user = create_confirmed_user(**{name: getattr(registration, name) for name in _USER_FIELDS})
            fields = {name: getattr(registration, name) for name in _CUSTOMER_FIELDS}
            customer = Customer.objects.create(user=user, **fields)
            EsiidClaim.objects.create(customer=customer, premise_id=registration.premise_id, since=at or Now())
            registration.password = ""
            registration.confirmed_at = at or Now()
            registration.save(update_fields=["password", "confirmed_at"])
    except IntegrityError as error:
        constraint = error.__cause__.diag.constraint_name if isinstance(error.__cause__, psycopg.Error) else None
        if reason := _CONFLICTS.get(constraint or ""):
            raise NotConfirmed(reason) from error
        raise
    except Registration.DoesNotExist:  # deleted since find_registration
        raise NotConfirmed(NotConfirmedReason.EXPIRED) from None
    logger.info("Customer %s registered and holds premise %s.", customer.pk, registration.premise_id)
    return customer


def delete_old_registrations(*, at: datetime | None = None) -> int:
    """Delete registrations older than settings.REGISTRATION_PERIOD, confirmed or not, and return their number.

    A confirmed one has become a user; it only served a second click on the link. Old rate limit hits are deleted, too.
    """
    rate_limits.delete_old_hits(at=at)
    return Registration.objects.expired(at=at).delete()[0]
