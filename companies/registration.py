"""A company registers with its first user, and comes into being when that user's email is confirmed (T13)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.conf import settings
from django.db import IntegrityError, transaction
from django.db.models.functions import Now
from django.utils.translation import gettext as _

from accounts.models import User
from companies import emails, links, profile
from companies.links import Newcomer, Refused
from companies.models import Company, CompanyEventKind, CompanyLink, CompanyLinkEnd, CompanyLinkKind, Membership


def register(
    profile_data: Mapping[str, Any],
    newcomer: Newcomer,
    *,
    email: str,
    language: str,
    network_address: str,
    at: datetime | None = None,
) -> None:
    """Send the confirmation email; neither company nor user exists before its link is confirmed. Raises Refused.

    Whoever names a DUNS or an email that is known reads so in the email, and sees the same page as everybody.
    """
    links.count_form(network_address, at=at)
    with transaction.atomic():
        if User.objects.filter(username__iexact=newcomer.username).exists():
            raise Refused(_("This user id is taken. Choose another one."), field="username")
        links.limit_emails(email, at=at)
        known_company = Company.objects.filter(duns=profile_data["duns"]).exists()
        if User.objects.filter(email__iexact=email).exists() or known_company:
            emails.cannot_register(email, language=language)
            return
        admission = links.create_link(
            CompanyLinkKind.REGISTRATION,
            email=email,
            language=language,
            period=settings.COMPANY_CONFIRMATION_PERIOD,
            answers={
                "profile": {name: str(profile_data[name] or "") for name in profile.PROFILE},
                "person": vars(newcomer),
            },
            at=at,
        )
        emails.confirm_registration(admission)


def confirm(token: str, *, at: datetime | None = None) -> Company | None:
    """Company, administrator and the operators' email at once. Raises LinkRefused.

    None: meanwhile somebody else took the DUNS, the user id or the email; the link is used up.
    """
    with transaction.atomic():
        admission = links.open_link(token, CompanyLinkKind.REGISTRATION, at=at, lock=True)
        try:
            with transaction.atomic():
                company = _found(admission, at)
        except (IntegrityError, Refused):
            links.end_link(admission, CompanyLinkEnd.FAILED, at=at)
            return None
        links.end_link(admission, CompanyLinkEnd.DONE, at=at)
    return company


def _found(admission: CompanyLink, at: datetime | None) -> Company:
    company = Company.objects.create(**admission.answers["profile"], registered_at=at or Now())
    newcomer = Newcomer(**admission.answers["person"])
    user = links.open_account(newcomer, email=admission.email, language=admission.language)
    Membership.objects.create(
        user=user, company=company, approved_at=at or Now(), **dict.fromkeys(Membership.PERMISSIONS, True)
    )
    profile.record(company, CompanyEventKind.REGISTERED, by=user, about=user, at=at)
    for operator in profile.operators():
        emails.registered(company, operator)
    return company
