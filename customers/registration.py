"""A customer opens an account: asks for it, confirms by email, and holds the ESIID from then on (C3)."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from allauth.account.models import EmailAddress
from django.conf import settings
from django.contrib.auth.hashers import make_password
from django.db import IntegrityError, transaction
from django.db.models.functions import Now
from django.utils.translation import gettext as _

from accounts import rate_limits
from accounts.models import User
from accounts.rate_limits import Limit
from customers import emails
from customers.esiid_claims import Pair, Refused, find_free
from customers.models import Customer, CustomerKind, Holding, Registration
from lib import link_tokens
from lib.central_time import format_central

logger = logging.getLogger(__name__)

# What a room above does with a new customer, in the same transaction; the text is `Application.reference`.
Attach = Callable[[Customer, str], None]
Reason = Literal["unknown", "expired", "esiid", "user_id", "email"]

# Which constraint says what about two registrations that exclude each other.
_CONFLICTS: dict[str, Reason] = {
    "premise_has_one_holder": "esiid",
    "user_id_once": "user_id",
    "accounts_user_username_key": "user_id",
    "user_email_once": "email",
    "unique_verified_email": "email",
}


@dataclass(frozen=True)
class Application:
    """What a customer typed, cleaned. `password` in clear; `reference` names what led here, for a room above."""

    kind: CustomerKind
    first_name: str
    last_name: str
    email: str
    language: str
    username: str
    password: str
    pair: Pair
    middle_initial: str = ""
    suffix: str = ""
    company_name: str = ""
    phone: str = ""
    phone_extension: str = ""
    reference: str = ""


class NotConfirmed(Exception):
    """The registration was not finished; `reason` says why."""

    def __init__(self, reason: Reason) -> None:
        super().__init__(reason)
        self.reason: Reason = reason


def apply(application: Application, *, network_address: str, at: datetime | None = None) -> None:
    """Send the confirmation email; no account exists before its link is confirmed. Raises claiming.Refused.

    Nobody is told whether an email has an account: its owner reads it in the email, everybody sees the same page.
    """
    password = make_password(application.password)  # first, so that every way through takes as long
    with transaction.atomic():
        refused = _apply(application, password, network_address, at)
    if refused:
        raise refused


def _apply(application: Application, password: str, network_address: str, at: datetime | None) -> Refused | None:
    premise = find_free(application.pair, network_address=network_address, at=at)
    if isinstance(premise, Refused):
        return premise
    if User.objects.filter(username__iexact=application.username).exists():
        return Refused(_("This user id is taken. Choose another one."), field="username")
    mails = [Limit("registration-email", application.email.lower(), settings.REGISTRATION_EMAILS_PER_ADDRESS)]
    rate_limits.lock(mails)
    if free_at := rate_limits.used_up(mails, at=at):
        return Refused(
            _(
                "We have sent several emails to this address today. Look in your mailbox, also in the spam folder. "
                "We send the next one after %s."
            )
            % format_central(free_at),
            field="email",
        )
    rate_limits.note(mails, at=at)
    owner = User.objects.filter(email__iexact=application.email).first()
    if owner:
        emails.account_exists(owner)
    else:
        emails.confirm_registration(_record(application, password, premise, at))
    return None


def _record(application: Application, password: str, premise_id: int, at: datetime | None) -> Registration:
    nonce = link_tokens.new_nonce()
    return Registration.objects.create(
        kind=application.kind,
        first_name=application.first_name,
        middle_initial=application.middle_initial,
        last_name=application.last_name,
        suffix=application.suffix,
        company_name=application.company_name if application.kind == CustomerKind.BUSINESS else "",
        phone=application.phone,
        phone_extension=application.phone_extension,
        email=application.email,
        language=application.language,
        username=application.username,
        password=password,
        premise_id=premise_id,
        reference=application.reference,
        link_nonce=nonce,
        link_hash=link_tokens.hash_token(link_tokens.derive_token(nonce, link_tokens.ACCOUNT_LINK)),
        asked_at=at or Now(),
    )


def find(token: str, *, at: datetime | None = None) -> Registration:
    """The registration behind a confirmation link, confirmed or not. Raises NotConfirmed: unknown, expired."""
    found = Registration.objects.filter(link_hash=link_tokens.hash_token(token)).first()
    if found is None:
        raise NotConfirmed("unknown")
    if not found.confirmed_at and not _in_time(found.pk, at):
        raise NotConfirmed("expired")
    return found


def confirm(token: str, *, attach: Attach, at: datetime | None = None) -> Registration:
    """Finish the registration: user, customer and holding at once, or nothing. Raises NotConfirmed.

    Of two registrations for one ESIID, user id or email the first to confirm wins, by constraints of the database.
    Confirming again changes nothing.
    """
    try:
        with transaction.atomic():
            registration = find(token, at=at)
            registration = Registration.objects.select_for_update().get(pk=registration.pk)
            if not registration.confirmed_at:
                attach(_open_account(registration, at), registration.reference)
                registration.password = ""
                registration.confirmed_at = at or Now()
                registration.save(update_fields=["password", "confirmed_at"])
    except IntegrityError as error:
        raise NotConfirmed(_conflict(error)) from error
    except Registration.DoesNotExist:  # forgotten between the two looks
        raise NotConfirmed("expired") from None
    return registration


def forget_unconfirmed(*, at: datetime | None = None) -> int:
    """Delete registrations that are over, confirmed or not, and attempts that no limit counts; their number comes back.

    A confirmed one has gone over to its user; it only served a second click on the link.
    """
    rate_limits.forget(at=at)
    old = Registration.objects.filter(asked_at__lt=(at or Now()) - settings.REGISTRATION_PERIOD)
    return old.delete()[0]


def _in_time(pk: int, at: datetime | None) -> bool:
    since = (at or Now()) - settings.REGISTRATION_PERIOD
    return Registration.objects.filter(pk=pk, asked_at__gte=since).exists()


def _open_account(registration: Registration, at: datetime | None) -> Customer:
    user = User.objects.create(
        username=registration.username,
        password=registration.password,
        email=registration.email,
        first_name=registration.first_name,
        last_name=registration.last_name,
        phone=registration.phone,
        phone_extension=registration.phone_extension,
        language=registration.language,
    )
    EmailAddress.objects.create(user=user, email=user.email, verified=True, primary=True)
    customer = Customer.objects.create(
        user=user,
        kind=registration.kind,
        middle_initial=registration.middle_initial,
        suffix=registration.suffix,
        company_name=registration.company_name,
    )
    Holding.objects.create(customer=customer, premise_id=registration.premise_id, since=at or Now())
    logger.info("Customer %s registered and holds premise %s.", customer.pk, registration.premise_id)
    return customer


def _conflict(error: IntegrityError) -> Reason:
    diagnosis = getattr(error.__cause__, "diag", None)
    reason = _CONFLICTS.get(getattr(diagnosis, "constraint_name", None) or "")
    if reason is None:
        raise error
    return reason
