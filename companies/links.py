"""One-time links on the way into a company, and the account at their end (T13).

A link's GET never acts. Its token is derived from a key and a nonce; only its hash can be looked up (X5).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Literal

from allauth.account.models import EmailAddress
from django.conf import settings
from django.contrib.auth.hashers import make_password
from django.db import IntegrityError, models, transaction
from django.db.models.functions import Now
from django.utils.translation import gettext as _

from accounts import rate_limits
from accounts.models import User
from accounts.rate_limits import Limit
from companies.models import Company, CompanyLink, CompanyLinkEnd, CompanyLinkKind
from lib import link_tokens
from lib.central_time import format_central


class Refused(Exception):
    """It was not done; the sentence says why and what to do next. `field` names the form's field it is about."""

    def __init__(self, sentence: str, field: str | None = None) -> None:
        super().__init__(sentence)
        self.field = field


class LinkRefused(Exception):
    """The link opens nothing; `reason` says why, `admission` is what it once opened."""

    def __init__(self, reason: Literal["unknown", "expired", "used", "canceled"], admission: CompanyLink | None = None):
        super().__init__(reason)
        self.reason = reason
        self.admission = admission


@dataclass(frozen=True)
class Newcomer:
    """A person who gets an account; `password` is hashed already, so that waiting rows can keep it."""

    first_name: str
    last_name: str
    username: str
    password: str = field(repr=False)
    phone: str = ""


def hashed(password: str) -> str:
    """Slow on purpose. Hash before looking anything up, so that every way through takes as long."""
    return make_password(password)


def count_form(network_address: str, *, at: datetime | None = None) -> None:
    """Count one public form sent from a network address; Refused when it sent enough of them today (X2).

    In a transaction of its own: a form that is refused afterwards counts, too.
    """
    limits = [Limit("company-form", network_address, settings.COMPANY_FORMS_PER_NETWORK_ADDRESS)]
    with transaction.atomic():
        rate_limits.lock(limits)
        free_at = rate_limits.used_up(limits, at=at)
        if not free_at:
            rate_limits.note(limits, at=at)
    if free_at:
        raise Refused(_("Too many forms came from your network today. Try again after %s.") % format_central(free_at))


def limit_emails(email: str, *, at: datetime | None = None) -> None:
    """Count one email that a stranger sends to `email`; Refused when it got enough of them today (X2)."""
    limits = [Limit("admission-email", email.lower(), settings.COMPANY_EMAILS_PER_ADDRESS)]
    rate_limits.lock(limits)
    if free_at := rate_limits.used_up(limits, at=at):
        raise Refused(
            _(
                "We have sent several emails to this address today. Look in your mailbox, also in the spam folder. "
                "We send the next one after %s."
            )
            % format_central(free_at),
            field="email",
        )
    rate_limits.note(limits, at=at)


def limit_invitations(company: Company, email: str, *, at: datetime | None = None) -> None:
    """Count one invitation of `company` to `email`; Refused when either sent or got enough of them today (X2)."""
    limits = [
        Limit("invitations-of", str(company.pk), settings.COMPANY_INVITATIONS_A_DAY),
        Limit("invitation-to", email.lower(), settings.COMPANY_EMAILS_PER_ADDRESS),
    ]
    rate_limits.lock(limits)
    if free_at := rate_limits.used_up(limits, at=at):
        raise Refused(
            _("Too many invitations were sent today. You can send the next one after %s.") % format_central(free_at),
            field="email",
        )
    rate_limits.note(limits, at=at)


def create_link(
    kind: CompanyLinkKind,
    *,
    email: str,
    period: timedelta,
    company: Company | None = None,
    language: str = "en",
    answers: dict[str, Any] | None = None,
    by: User | None = None,
    at: datetime | None = None,
) -> CompanyLink:
    """A new row whose link is good for `period`; the caller queues its email in the same transaction."""
    nonce = link_tokens.new_nonce()
    admission = CompanyLink.objects.create(
        kind=kind,
        company=company,
        email=email,
        language=language,
        answers=answers or {},
        by=by,
        link_nonce=nonce,
        link_hash=link_tokens.hash_token(link_tokens.derive_token(nonce, link_tokens.ACCOUNT_LINK)),
        made_at=at or Now(),
        expires_at=(at or Now()) + period,
    )
    admission.refresh_from_db(fields=["made_at", "expires_at"])
    return admission


def open_link(token: str, kind: CompanyLinkKind, *, at: datetime | None = None, lock: bool = False) -> CompanyLink:
    """What the link opens now. Raises LinkRefused. With `lock` the row is the caller's until the transaction ends."""
    rows = CompanyLink.objects.select_for_update() if lock else CompanyLink.objects.all()
    late = models.ExpressionWrapper(models.Q(expires_at__lt=at or Now()), output_field=models.BooleanField())
    found = rows.filter(kind=kind, link_hash=link_tokens.hash_token(token)).annotate(is_late=late).first()
    if found is None:
        raise LinkRefused("unknown")
    if found.ended_as == CompanyLinkEnd.CANCELED:
        raise LinkRefused("canceled", found)
    if found.ended_at or found.confirmed_at:
        raise LinkRefused("used", found)
    if found.is_late:
        raise LinkRefused("expired", found)
    return found


def end_link(admission: CompanyLink, how: CompanyLinkEnd, *, at: datetime | None = None) -> None:
    """It waits for nobody any more; what was typed is forgotten at once but for the email."""
    CompanyLink.objects.filter(pk=admission.pk, ended_at=None).update(ended_at=at or Now(), ended_as=how, answers={})


def open_account(newcomer: Newcomer, *, email: str, language: str) -> User:
    """A user whose email is confirmed. Raises Refused when the user id or the email is taken."""
    try:
        with transaction.atomic():
            user = User.objects.create(**vars(newcomer), email=email, language=language)
            EmailAddress.objects.create(user=user, email=email.lower(), verified=True, primary=True)
    except IntegrityError as error:
        raise _taken(error) from error
    return user


def constraint_of(error: IntegrityError) -> str:
    """The name of the database's constraint that refused, or empty."""
    return getattr(getattr(error.__cause__, "diag", None), "constraint_name", None) or ""


def _taken(error: IntegrityError) -> Refused:
    if "user" in constraint_of(error) and "email" not in constraint_of(error):
        return Refused(_("This user id is taken. Choose another one."), field="username")
    return Refused(_("This email has an account already. Sign in with it, or ask for a link to another address."))
