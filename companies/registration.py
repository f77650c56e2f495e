"""Register a company and its first user; both are created when the user's email is confirmed (T13)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.conf import settings
from django.db import IntegrityError, transaction
from django.db.models.functions import Now

from accounts.models import User
from companies import emails
from companies.limits import count_public_email, count_public_form
from companies.links import create_link, end_link, open_link
from companies.models import Company, CompanyEventKind, CompanyLinkEnd, CompanyLinkKind, Membership
from companies.new_users import NewUser, create_user, username_taken
from companies.profile import PROFILE
from lib.refusals import Refused


def register_company(
    profile: Mapping[str, Any],
    new_user: NewUser,
    *,
    email: str,
    language: str,
    network: str,
    at: datetime | None = None,
) -> None:
    """Send the confirmation email; nothing else exists before its link is confirmed. Raises Refused.

    A DUNS or an email that is registered already is mentioned in the email only: the page is the same for everyone.
    """
    count_public_form(network, at=at)
    with transaction.atomic():
        if User.objects.filter(username__iexact=new_user.username).exists():
            raise username_taken()
        count_public_email(email, at=at)
        is_known = Company.objects.filter(duns=profile["duns"]).exists()
        if is_known or User.objects.filter(email__iexact=email).exists():
            emails.send_registration_refusal(email, language=language)
            return
        registration = create_link(
            CompanyLinkKind.REGISTRATION,
            email=email,
            language=language,
            period=settings.COMPANY_CONFIRMATION_PERIOD,
            answers={"profile": {field: str(profile[field] or "") for field in PROFILE}, "person": vars(new_user)},
            at=at,
        )
        emails.send_registration_link(registration)


def confirm_registration(token: str, *, at: datetime | None = None) -> Company | None:
    """Create the company and its administrator, and email the operators. Raises LinkRefused.

    Return None, and end the link, if another registration took the DUNS, the user ID or the email in the meantime.
    """
    with transaction.atomic():
        registration = open_link(token, CompanyLinkKind.REGISTRATION, at=at, lock=True)
        try:
            with transaction.atomic():
                company = Company.objects.create(**registration.answers["profile"], registered_at=at or Now())
                new_user = NewUser(**registration.answers["person"])
                user = create_user(new_user, email=registration.email, language=registration.language)
                permissions = dict.fromkeys(Membership.PERMISSIONS, True)
                Membership.objects.create(user=user, company=company, approved_at=at or Now(), **permissions)
                company.record_event(CompanyEventKind.REGISTERED, by=user, about=user, at=at)
                emails.send_company_registered(company)
        except (IntegrityError, Refused):
            end_link(registration, CompanyLinkEnd.FAILED, at=at)
            return None
        end_link(registration, CompanyLinkEnd.DONE, at=at)
    return company
