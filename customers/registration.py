"""A customer registers: sends the form, confirms by email, and then has an account that claims the ESIID (C3, X7)."""

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
from accounts.actions import AccountTaken, create_confirmed_user
from accounts.models import User
from accounts.rate_limits import Limit
from companies.trust.fingerprints import Fingerprints
from customers import emails
from customers.disputes import dispute_holder
from customers.esiid_claims import ClaimedMeter, MatchedMeter, claim_premise, find_signals, match_meter
from customers.models import ClaimDispute, ClaimSignal, Customer, EsiidClaim, Registration
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


def apply(
    registration: Registration,
    meter: ClaimedMeter,
    *,
    network: str,
    fingerprints: Fingerprints | None = None,
    at: datetime | None = None,
) -> None:
    """Save the new `registration`, whose password is in clear text, and email its confirmation link. Raises Refused.

    No account exists before the link is confirmed. Whether the email address has an account is told only to its owner,
    in the email, and whether another account has the ESIID only behind the link; the page is the same.
    """
    registration.password = make_password(registration.password)  # first, so that every path takes as long
    matched = match_meter(meter, network=network, at=at)
    registration.premise_id = matched.premise_id
    registration.provider_entered, registration.provider_matches = matched.provider_entered, matched.provider_matches
    registration.signals = sorted(find_signals(registration.email, fingerprints or {}))
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


def confirm(
    token: str,
    *,
    fingerprints: Fingerprints | None = None,
    disputes: bool = False,
    at: datetime | None = None,
) -> EsiidClaim | ClaimDispute | None:
    """Create the user and the customer with its claim of the ESIID, or change nothing. Raises NotConfirmed, Refused.

    Of two registrations for one ESIID, user ID or email, the first to confirm wins, by database constraints. With
    `disputes`, the claim of another account is disputed instead of refused. None if it was confirmed before.
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
            outcome = _claim(registration, customer, fingerprints or {}, disputes=disputes, at=at)
            registration.password = ""
            registration.confirmed_at = at or Now()
            registration.save(update_fields=["password", "confirmed_at"])
    except IntegrityError as error:
        constraint = error.__cause__.diag.constraint_name if isinstance(error.__cause__, psycopg.Error) else None
        constraint = error.constraint if isinstance(error, AccountTaken) else constraint
        if reason := _CONFLICTS.get(constraint or ""):
            raise NotConfirmed(reason) from error
        raise
    except Registration.DoesNotExist:  # deleted since find_registration
        raise NotConfirmed(NotConfirmedReason.EXPIRED) from None
    logger.info("Customer %s registered for premise %s.", customer.pk, registration.premise_id)
    return outcome


def _claim(
    registration: Registration, customer: Customer, fingerprints: Fingerprints, *, disputes: bool, at: datetime | None
) -> EsiidClaim | ClaimDispute:
    """Claim the ESIID for the new customer or, with `disputes`, dispute the claim of another account."""
    signals = {ClaimSignal(signal) for signal in registration.signals} | find_signals(registration.email, fingerprints)
    matched = MatchedMeter(registration.premise_id, registration.provider_entered, registration.provider_matches)
    if claim := claim_premise(customer, matched, signals=signals, at=at):
        return claim
    dispute = dispute_holder(customer, matched, signals=signals, at=at) if disputes else None
    if dispute is None:
        raise NotConfirmed(NotConfirmedReason.ESIID)
    return dispute


def delete_old_registrations(*, at: datetime | None = None) -> int:
    """Delete registrations older than settings.REGISTRATION_PERIOD, confirmed or not, and return their number.

    A confirmed one has become a user; it only served a second click on the link. Old rate limit hits are deleted, too.
    """
    rate_limits.delete_old_hits(at=at)
    return Registration.objects.expired(at=at).delete()[0]
