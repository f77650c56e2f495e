"""The emails of an agreement, each queued in the transaction that causes it, with a key that makes it unique (E2)."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from typing import TYPE_CHECKING, Any

from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from agreements import loa
from agreements.masking import customer_for_third_party
from agreements.models import Agreement, AgreementEvent, Letter
from companies.models import Company
from notifications.actions import DecisionLink, OutgoingEmail, queue_email
from notifications.models import Email, Priority

if TYPE_CHECKING:
    from django.utils.functional import _StrPromise as StrPromise

THIRD_PARTY_LANGUAGE = "en"


def queue_invitation(agreement: Agreement) -> None:
    """Queue EM201 to the customer: the request, and the only copy of the decision link (C7, X5)."""
    subject = _("{company} is asking for your electricity usage data")
    key, link = f"EM201:{agreement.number}", DecisionLink(agreement.submission.link_nonce)
    _queue_to_customer("EM201", agreement, subject, key=key, template="EM201", link=link, **_invitation(agreement))


def queue_reminder(agreement: Agreement, event: AgreementEvent) -> None:
    """Queue EM202 to the customer: EM201 marked as a reminder, with the same link."""
    subject = _("Reminder: {company} is asking for your electricity usage data")
    key, link = f"EM202:{agreement.number}:{event.pk}", DecisionLink(agreement.submission.link_nonce)
    _queue_to_customer("EM202", agreement, subject, key=key, template="EM202", link=link, **_invitation(agreement))


def _invitation(agreement: Agreement) -> dict[str, Any]:
    """Return what the emails with the decision link have in common: no suspended company asks (L9)."""
    return {"priority": Priority.BULK, "pauses": True, "useful_until": agreement.expires_at}


def queue_acceptance(agreement: Agreement, letter: Letter) -> None:
    """Queue EM203: to the customer a confirmation with the LOA as PDF, to the third party a notice."""
    attachment = (loa.file_name(agreement), loa.as_pdf(letter))
    _queue_to_customer("EM203", agreement, _("You accepted the request from {company}"), attachment=attachment)
    _queue_to_third_party("EM203", agreement, _("{company}: agreement {n} was accepted"))


def queue_rejection(agreement: Agreement) -> None:
    """Queue EM205: to the customer a confirmation, to the third party a notice."""
    _queue_to_customer("EM205", agreement, _("You rejected the request from {company}"))
    _queue_to_third_party("EM205", agreement, _("{company}: agreement {n} was rejected"))


def queue_withdrawal(agreement: Agreement) -> None:
    """Queue to both sides that the third party withdrew its request."""
    _queue_to_customer("WITHDRAWN", agreement, _("{company} withdrew its request"))
    _queue_to_third_party("WITHDRAWN", agreement, _("{company}: agreement {n} was withdrawn"))


def queue_expiry(agreement: Agreement) -> None:
    """Queue to the third party that the invitation period ended without an answer."""
    _queue_to_third_party("NOT_ACCEPTED", agreement, _("{company}: agreement {n} was not answered"))


def queue_review_request(agreement: Agreement, reviewers: Iterable[User]) -> None:
    """Queue to the TDSP's staff that a report waits for their review (X1)."""
    subject = format_lazy(_("Review needed: agreement {n} ({c})"), n=agreement.number, c=agreement.third_party_name)
    for user in reviewers:
        _queue_to_staff("REVIEW", user, subject, key=f"REVIEW:{agreement.number}:{user.pk}", agreement=agreement)


def queue_review_outcome(agreement: Agreement) -> None:
    """Queue to both sides the outcome of the TDSP's review and its reason (X1)."""
    _queue_to_customer("REVIEWED", agreement, _("{company}: your answer has been reviewed"))
    _queue_to_third_party("REVIEWED", agreement, _("{company}: agreement {n} has been reviewed"))


def queue_guessing_notices(company: Company, readers: Iterable[User], *, day: date) -> None:
    """Queue to TDSP staff and operators that a third party reached a limit of failed matches (X2).

    Once a day, company and reader. Keys are looked up first, because the sweep repeats every minute.
    """
    keys = {f"GUESSING:{company.pk}:{day}:{user.pk}": user for user in readers}
    queued = set(Email.objects.filter(key__in=keys).values_list("key", flat=True))
    subject = format_lazy(_("{company}: many entries don't match our records"), company=company.legal_name)
    for key, user in keys.items():
        if key not in queued:
            _queue_to_staff("GUESSING", user, subject, key=key, company=company, day=day)


def _queue_to_staff(kind: str, user: User, subject: StrPromise, *, key: str, **context: Any) -> None:
    fields: dict[str, Any] = {"language": THIRD_PARTY_LANGUAGE, "template": f"{kind}_tdsp", "context": context}
    queue_email(OutgoingEmail(key=key, kind=kind, to=user.email, subject=subject, **fields))


def _queue_to_customer(kind: str, agreement: Agreement, subject: StrPromise, **details: Any) -> None:
    """Queue an email in the customer's language; `details` replace fields of the OutgoingEmail.

    A customer whose account has another address than the request gets what has no link there, too (C4).
    """
    fields: dict[str, Any] = {"key": f"{kind}:{agreement.number}:customer", "template": f"{kind}_customer"}
    fields |= {"to": agreement.email, "language": agreement.submission.language}
    fields |= {"context": {"agreement": agreement}} | details
    subject = format_lazy(subject, company=agreement.third_party_name, n=agreement.number)
    fields |= {"about": agreement.number, "company_id": agreement.company_id, "tdsp_id": agreement.tdsp_id}
    queue_email(OutgoingEmail(kind=kind, subject=subject, **fields))
    user = agreement.customer.user if agreement.customer else None
    if user and "link" not in details and user.email.lower() != agreement.email.lower():
        fields |= {"key": f"{kind}:{agreement.number}:account:customer", "to": user.email, "language": user.language}
        queue_email(OutgoingEmail(kind=kind, subject=subject, **fields))


def _queue_to_third_party(kind: str, agreement: Agreement, subject: StrPromise) -> None:
    queue_email(
        OutgoingEmail(
            key=f"{kind}:{agreement.number}:third-party",
            kind=kind,
            about=agreement.number,
            company_id=agreement.company_id,
            pauses=True,
            tdsp_id=agreement.tdsp_id,
            to=agreement.contact_email,
            language=THIRD_PARTY_LANGUAGE,
            template=f"{kind}_third_party",
            subject=format_lazy(subject, company=agreement.third_party_name, n=agreement.number),
            context={"agreement": agreement, "customer": customer_for_third_party(agreement)},
        )  # fmt: skip
    )
