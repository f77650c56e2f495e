"""The emails about a company and its users (T13): one function and two templates each."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.db.models import QuerySet
from django.urls import reverse
from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _

from accounts.emails import send_account_email
from accounts.models import User
from companies.models import Company, CompanyLink, Membership
from companies.wording import describe_changes, describe_permissions
from notifications.actions import AccountLink, OutgoingEmail, queue_email

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise


def send_registration_link(registration: CompanyLink) -> None:
    """COMPANY_CONFIRM to the company's first user. Contains nothing that was typed: the address may be a stranger's."""
    _send_link("COMPANY_CONFIRM", registration, _("Confirm the registration of your company"))


def send_registration_refusal(email: str, *, language: str) -> None:
    """COMPANY_KNOWN if the email or the DUNS is registered already: what to do instead, not which of them it is."""
    subject = _("Your company or email address is already registered")
    send_account_email("COMPANY_KNOWN", to=email, language=language, subject=subject, context={})


def send_company_registered(company: Company) -> None:
    """COMPANY_REGISTERED to the operators, who approve the company."""
    _send("COMPANY_REGISTERED", _operators(), _("{company} registered and is waiting for approval"), company)


def send_company_approved(company: Company, *, was_suspended: bool = False) -> None:
    """COMPANY_APPROVED to the company's administrators; after a suspension with what its end means (L9)."""
    subject, details = _("{company} is approved"), {"email_days": settings.EMAIL_BODY_RETENTION.days}
    _send_to_administrators("COMPANY_APPROVED", company, subject, was_suspended=was_suspended, **details)


def send_company_suspended(company: Company) -> None:
    """COMPANY_SUSPENDED to the company's administrators, with the reason and what it means (L9)."""
    _send_to_administrators("COMPANY_SUSPENDED", company, _("{company} is suspended"))


def send_requests_paused(company: Company, *, answer_count: int) -> None:
    """REQUESTS_PAUSED to the company's administrators and the operators: so many customers don't know it (C8)."""
    subject, days = _("New requests from {company} are paused"), settings.UNKNOWN_COMPANY_PERIOD.days
    details = {"answers": answer_count, "days": days}
    _send_to_administrators("REQUESTS_PAUSED", company, subject, is_company=True, **details)
    _send("REQUESTS_PAUSED", _operators(), subject, company, is_company=False, **details)


def send_requests_resumed(company: Company, *, reason: str) -> None:
    """REQUESTS_RESUMED to the company's administrators, with the operator's reason (C8)."""
    subject = _("{company} can send new requests again")
    _send_to_administrators("REQUESTS_RESUMED", company, subject, reason=reason)


def send_rename_request(company: Company, *, by: User, changes: Mapping[str, list[str]], reason: str) -> None:
    """COMPANY_RENAME to the operators: what an administrator asks to change, and why."""
    subject = _("{company} wants to change its legal name or DUNS number")
    context = {"asker": by, "changes": describe_changes(changes), "reason": reason}
    _send("COMPANY_RENAME", _operators(), subject, company, **context)


def send_company_renamed(company: Company, *, changes: Mapping[str, list[str]]) -> None:
    """COMPANY_RENAMED to the company's administrators: an operator changed the legal name or DUNS."""
    subject = _("The profile of {company} was changed")
    _send_to_administrators("COMPANY_RENAMED", company, subject, changes=describe_changes(changes))


def send_mailbox_link(link: CompanyLink) -> None:
    """COMPANY_MAILBOX to the address that is to be the company's shared mailbox: the link that confirms it (T17)."""
    _send_link("COMPANY_MAILBOX", link, _("Confirm the shared mailbox of {company}"), asker=link.by)


def send_mailbox_changed(company: Company, *, before: str, by: User) -> None:
    """COMPANY_MAILBOX_CHANGED to the company's administrators, who can remove a wrong one (T17)."""
    subject = _("The shared mailbox of {company} was changed")
    _send_to_administrators("COMPANY_MAILBOX_CHANGED", company, subject, before=before, asker=by)


def send_invitation(invitation: CompanyLink) -> None:
    """USER_INVITED: the link to an account, after an invitation or an approved request to join."""
    permissions = describe_permissions(invitation.permissions)
    _send_link("USER_INVITED", invitation, _("Your account for {company}"), permissions=permissions)


def send_join_request_link(join_request: CompanyLink) -> None:
    """JOIN_CONFIRM, whether the company is registered or not. Contains nothing that was typed."""
    _send_link("JOIN_CONFIRM", join_request, _("Confirm your request to join a company"))


def send_join_request(join_request: CompanyLink) -> None:
    """JOIN_REQUESTED to the company's administrators."""
    assert join_request.company
    company, subject = join_request.company, _("Someone has asked to join {company}")
    _send_to_administrators("JOIN_REQUESTED", company, subject, company_link=join_request)


def send_join_request_declined(join_request: CompanyLink) -> None:
    """JOIN_DECLINED to the person who asked."""
    assert join_request.company
    _send("JOIN_DECLINED", [join_request], _("Your request to join {company}"), join_request.company)


def send_permissions_changed(company: Company, membership: Membership) -> None:
    """MEMBER_CHANGED to a user, with what the user may do now."""
    permissions = describe_permissions(membership.permissions)
    _send("MEMBER_CHANGED", [membership.user], _("Your permissions at {company}"), company, permissions=permissions)


def send_member_removed(company: Company, user: User) -> None:
    """MEMBER_REMOVED to a user whom an administrator removed."""
    _send("MEMBER_REMOVED", [user], _("You are no longer a user of {company}"), company)


def _operators() -> QuerySet[User]:
    return User.objects.filter(is_active=True, is_staff=True, tdsp=None).exclude(email="")


def _send(kind: str, to: Iterable[User | CompanyLink], subject: StrOrPromise, company: Company, **context: Any) -> None:
    in_full = format_lazy(subject, company=company.legal_name)
    for person in to:
        details = {"company": company, "user": person} | context
        send_account_email(kind, to=person.email, language=person.language, subject=in_full, context=details)


def _send_to_administrators(kind: str, company: Company, subject: StrOrPromise, **context: Any) -> None:
    _send(kind, company.administrators(), subject, company, **context, **administrators_footer())


def administrators_footer() -> dict[str, StrOrPromise]:
    """Return why a company's administrator gets an email, which can't be turned off (T17)."""
    reason = _("You get this email because you're an administrator of your company. It can't be turned off.")
    return {"sent_because": reason, "change_path": reverse("company_users"), "change_label": _("Manage Users")}


def _send_link(kind: str, link: CompanyLink, subject: StrOrPromise, **context: Any) -> None:
    # CompanyLinkQuerySet.with_is_undelivered finds an invitation's email by this key.
    queue_email(
        OutgoingEmail(
            key=f"{kind}:{link.pk}:{link.sent_count}",
            kind=kind,
            company_id=link.company_id,
            to=link.email,
            language=link.language,
            subject=format_lazy(subject, company=link.company or ""),
            context={"company_link": link, "company": link.company} | context,
            link=AccountLink(link.link_nonce),
        )
    )
