"""The emails about a company and its users (T13): one function and two templates each."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.utils.functional import Promise
from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _

from accounts.emails import about_account
from accounts.models import User
from companies.models import Company, CompanyLink, Membership
from companies.wording import compared, permission_words
from notifications.actions import queue_email
from notifications.outgoing import AccountLink, OutgoingEmail


def confirm_registration(admission: CompanyLink) -> None:
    """COMPANY_CONFIRM to the company's first user: the only copy of the confirmation link.

    It says nothing of what was typed: anybody can type anything and somebody else's address.
    """
    _with_link("COMPANY_CONFIRM", admission, _("Confirm the registration of your company"))


def cannot_register(email: str, *, language: str) -> None:
    """COMPANY_KNOWN to whoever registers what is here already: what to do instead, not what is known."""
    about_account(
        "COMPANY_KNOWN",
        to=email,
        language=language,
        subject=_("Your company or email address is already registered"),
        context={},
    )


def registered(company: Company, operator: User) -> None:
    """COMPANY_REGISTERED to an operator: somebody waits for a decision."""
    subject = format_lazy(_("{company} registered and waits for approval"), company=company.legal_name)
    _to_user("COMPANY_REGISTERED", operator, subject, company)


def approved(company: Company, administrator: User) -> None:
    """COMPANY_APPROVED to an administrator of the company."""
    subject = format_lazy(_("{company} is approved"), company=company.legal_name)
    _to_user("COMPANY_APPROVED", administrator, subject, company)


def suspended(company: Company, administrator: User) -> None:
    """COMPANY_SUSPENDED to an administrator of the company, with the reason."""
    subject = format_lazy(_("{company} is suspended"), company=company.legal_name)
    _to_user("COMPANY_SUSPENDED", administrator, subject, company)


def invited(admission: CompanyLink) -> None:
    """USER_INVITED: the link to an account, unasked or after a request to join was approved."""
    assert admission.company
    subject = format_lazy(_("Your account for {company}"), company=admission.company.legal_name)
    _with_link("USER_INVITED", admission, subject, permissions=permission_words(admission.permissions))


def confirm_request(admission: CompanyLink) -> None:
    """JOIN_CONFIRM to somebody who asks to join a company, whether it is here or not; nothing of what was typed."""
    _with_link("JOIN_CONFIRM", admission, _("Confirm your request to join a company"))


def asked_to_join(admission: CompanyLink, administrator: User) -> None:
    """JOIN_REQUESTED to an administrator of the company."""
    assert admission.company
    subject = format_lazy(_("Somebody asks to join {company}"), company=admission.company.legal_name)
    _to_user("JOIN_REQUESTED", administrator, subject, admission.company, admission=admission)


def declined(admission: CompanyLink) -> None:
    """JOIN_DECLINED to the asker."""
    assert admission.company
    subject = format_lazy(_("Your request to join {company}"), company=admission.company.legal_name)
    about_account(
        "JOIN_DECLINED",
        to=admission.email,
        language=admission.language,
        subject=subject,
        context={"company": admission.company},
    )


def permissions_changed(company: Company, membership: Membership) -> None:
    """MEMBER_CHANGED to a user, with what the user may do from now on."""
    subject = format_lazy(_("Your permissions at {company}"), company=company.legal_name)
    _to_user("MEMBER_CHANGED", membership.user, subject, company, permissions=permission_words(membership))


def removed(company: Company, user: User) -> None:
    """MEMBER_REMOVED to somebody who acts for the company no more."""
    subject = format_lazy(_("You are no longer a user of {company}"), company=company.legal_name)
    _to_user("MEMBER_REMOVED", user, subject, company)


def rename_asked(company: Company, operator: User, *, by: User, changes: Mapping[str, list[str]], reason: str) -> None:
    """COMPANY_RENAME to an operator: what an administrator of the company asks to change, and why."""
    subject = format_lazy(_("{company} asks for a change of its legal name or DUNS"), company=company.legal_name)
    _to_user("COMPANY_RENAME", operator, subject, company, asker=by, changes=compared(changes), reason=reason)


def renamed(company: Company, administrator: User, *, changes: Mapping[str, list[str]]) -> None:
    """COMPANY_RENAMED to an administrator: an operator changed the legal name or DUNS."""
    subject = format_lazy(_("The profile of {company} was changed"), company=company.legal_name)
    _to_user("COMPANY_RENAMED", administrator, subject, company, changes=compared(changes))


def _to_user(kind: str, user: User, subject: str | Promise, company: Company, **context: Any) -> None:
    about_account(
        kind,
        to=user.email,
        language=user.language,
        subject=subject,
        context={"company": company, "user": user} | context,
    )


def _with_link(kind: str, admission: CompanyLink, subject: str | Promise, **context: Any) -> None:
    queue_email(
        OutgoingEmail(
            key=f"{kind}:{admission.pk}:{admission.sent}",
            kind=kind,
            to=admission.email,
            language=admission.language,
            subject=subject,
            context={"admission": admission, "company": admission.company} | context,
            link=AccountLink(admission.link_nonce),
        )
    )
