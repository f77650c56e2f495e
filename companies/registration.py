"""A company registers, its first user confirms by email, and operators approve or suspend it (T13, D1)."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import Any

from django.conf import settings
from django.db import IntegrityError, transaction
from django.db.models.functions import Now

from accounts.models import User
from companies import emails
from companies.links import count_public_email, count_public_form, create_link, end_link, open_link
from companies.members import NewUser, create_user, username_taken
from companies.models import Company, CompanyEventKind, CompanyLinkEnd, CompanyLinkKind, CompanyStanding, Membership
from companies.permissions import lock_company
from companies.profile import PROFILE
from lib.phone_numbers import phone_text
from lib.refusals import Refused
from notifications.pauses import pause_emails, resume_emails

logger = logging.getLogger(__name__)


def register_company(profile: Mapping[str, Any], new_user: NewUser, *, email: str, language: str, network: str) -> None:
    """Send the confirmation email; nothing else exists before its link is confirmed. Raises Refused."""
    count_public_form(network)
    with transaction.atomic():
        if User.objects.filter(username__iexact=new_user.username).exists():
            raise username_taken()
        count_public_email(email)
        # A registered DUNS or email is mentioned in the email only: the page is the same for everyone.
        is_known = Company.objects.filter(duns=profile["duns"]).exists()
        if is_known or User.objects.filter(email__iexact=email).exists():
            emails.send_registration_refusal(email, language=language)
            return
        registration = create_link(
            CompanyLinkKind.REGISTRATION,
            period=settings.COMPANY_CONFIRMATION_PERIOD,
            email=email,
            language=language,
            answers={"profile": {field: phone_text(profile[field]) for field in PROFILE}, "person": vars(new_user)},
        )
        emails.send_registration_link(registration)


@transaction.atomic
def confirm_registration(token: str) -> Company | None:
    """Create the company and its administrator, and email the operators. Raises LinkRefused.

    Return None, and end the link, if another registration took the DUNS, the user ID or the email in the meantime.
    """
    registration = open_link(token, CompanyLinkKind.REGISTRATION, lock=True)
    if Company.objects.filter(duns=registration.answers["profile"]["duns"]).exists():  # not tried: see AccountTaken
        end_link(registration, CompanyLinkEnd.FAILED)
        return None
    try:
        with transaction.atomic():
            company = Company.objects.create(**registration.answers["profile"])
            new_user = NewUser(**registration.answers["person"])
            user = create_user(new_user, email=registration.email, language=registration.language)
            permissions = dict.fromkeys(Membership.PERMISSIONS, True)
            Membership.objects.create(user=user, company=company, approved_at=Now(), **permissions)
            company.record_event(CompanyEventKind.REGISTERED, by=user, about=user)
            emails.send_company_registered(company)
    except (IntegrityError, Refused):
        end_link(registration, CompanyLinkEnd.FAILED)
        return None
    end_link(registration, CompanyLinkEnd.DONE)
    return company


@transaction.atomic
def change_standing(company: Company, standing: CompanyStanding, *, by: User, reason: str = "") -> bool:
    """Approve or suspend the company and email its administrators; False if it has this standing already.

    Only an approved company creates, resends and downloads. While it is suspended, customers cannot accept its
    requests, and emails about its agreements wait (L9). Its users read the `reason` of a suspension.
    """
    # Under the lock, so that only one of two operators who decide at once decides.
    locked = lock_company(company.pk)
    company.standing, company.standing_reason = locked.standing, locked.standing_reason
    if locked.standing == standing:
        return False
    company.standing, company.standing_reason = standing, reason
    company.save(update_fields=["standing", "standing_reason"])
    changes = {"reason": ["", reason]} if reason else {}
    company.record_event(CompanyEventKind(standing.value), by=by, changes=changes)
    if standing == CompanyStanding.APPROVED:
        resume_emails(company.pk)
        emails.send_company_approved(company, was_suspended=locked.is_suspended)
    else:
        pause_emails(company.pk)
        emails.send_company_suspended(company)
    logger.info("Company %s is now %s, by user %s.", company.pk, standing.value, by.pk)
    return True
