"""A company registers with its first user, and comes into being when that user's email is confirmed (T13)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.conf import settings
from django.db import IntegrityError, transaction
from django.db.models.functions import Now
from django.utils.translation import gettext as _

from accounts import admissions, companies, company_emails
from accounts.admissions import Newcomer, Refused
from accounts.models import (
    Admission,
    AdmissionEnd,
    AdmissionKind,
    Company,
    CompanyEventKind,
    Membership,
    User,
)


def register(
    profile: Mapping[str, Any],
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
    admissions.count_form(network_address, at=at)
    with transaction.atomic():
        if User.objects.filter(username__iexact=newcomer.username).exists():
            raise Refused(_("This user id is taken. Choose another one."), field="username")
        admissions.limit_emails(email, at=at)
        known_company = Company.objects.filter(duns=profile["duns"]).exists()
        if User.objects.filter(email__iexact=email).exists() or known_company:
            company_emails.cannot_register(email, language=language)
            return
        admission = admissions.start(
            AdmissionKind.REGISTRATION,
            email=email,
            language=language,
            period=settings.COMPANY_CONFIRMATION_PERIOD,
            answers={
                "profile": {name: str(profile[name] or "") for name in companies.PROFILE},
                "person": vars(newcomer),
            },
            at=at,
        )
        company_emails.confirm_registration(admission)


def confirm(token: str, *, at: datetime | None = None) -> Company | None:
    """Company, administrator and the operators' email at once. Raises LinkRefused.

    None: meanwhile somebody else took the DUNS, the user id or the email; the link is used up.
    """
    with transaction.atomic():
        admission = admissions.find(token, AdmissionKind.REGISTRATION, at=at, lock=True)
        try:
            with transaction.atomic():
                company = _found(admission, at)
        except (IntegrityError, Refused):
            admissions.end(admission, AdmissionEnd.FAILED, at=at)
            return None
        admissions.end(admission, AdmissionEnd.DONE, at=at)
    return company


def _found(admission: Admission, at: datetime | None) -> Company:
    company = Company.objects.create(**admission.answers["profile"], registered_at=at or Now())
    newcomer = Newcomer(**admission.answers["person"])
    user = admissions.open_account(newcomer, email=admission.email, language=admission.language)
    Membership.objects.create(
        user=user, company=company, approved_at=at or Now(), **dict.fromkeys(Membership.PERMISSIONS, True)
    )
    companies.record(company, CompanyEventKind.REGISTERED, by=user, about=user, at=at)
    for operator in companies.operators():
        company_emails.registered(company, operator)
    return company
