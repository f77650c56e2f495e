"""The emails about a company's standing (T13): one function and two templates each."""

from __future__ import annotations

from django.utils.functional import Promise
from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _

from accounts.emails import about_account
from accounts.models import Company, User


def approved(company: Company, administrator: User) -> None:
    """COMPANY_APPROVED to an administrator of the company."""
    _to_user(
        "COMPANY_APPROVED", administrator, format_lazy(_("{company} is approved"), company=company.legal_name), company
    )


def suspended(company: Company, administrator: User) -> None:
    """COMPANY_SUSPENDED to an administrator of the company, with the reason."""
    subject = format_lazy(_("{company} is suspended"), company=company.legal_name)
    _to_user("COMPANY_SUSPENDED", administrator, subject, company)


def _to_user(kind: str, user: User, subject: str | Promise, company: Company) -> None:
    about_account(
        kind, to=user.email, language=user.language, subject=subject, context={"company": company, "user": user}
    )
