"""The emails of an agreement's life (SPEC section 5): one function and two templates each.

Each is written in the transaction of the change that causes it and keyed by the agreement, so that it exists once.
"""

from __future__ import annotations

from datetime import date

from django.utils.functional import Promise
from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from agreements import loa
from agreements.masking import customer_for_third_party
from agreements.models import Agreement, AgreementEvent, Letter
from companies.models import Company
from notifications.actions import queue_email
from notifications.models import Email
from notifications.outgoing import DecisionLink, OutgoingEmail

THIRD_PARTY_LANGUAGE = "en"


def invitation(agreement: Agreement) -> None:
    """EM201 to the customer: the whole request, and the only copy of the decision link (C7, X5)."""
    queue_email(
        OutgoingEmail(
            key=f"EM201:{agreement.number}",
            kind="EM201",
            about=agreement.number,
            to=agreement.email,
            language=agreement.language,
            subject=format_lazy(
                _("{company} is asking for your electricity usage data"), company=agreement.third_party_name
            ),
            context={"agreement": agreement},
            link=DecisionLink(agreement.link_nonce),
        )
    )


def reminder(agreement: Agreement, event: AgreementEvent) -> None:
    """EM202 to the customer: EM201 again, marked as a reminder, with the same link."""
    queue_email(
        OutgoingEmail(
            key=f"EM202:{agreement.number}:{event.pk}",
            kind="EM202",
            about=agreement.number,
            to=agreement.email,
            language=agreement.language,
            subject=format_lazy(
                _("Reminder: {company} is asking for your electricity usage data"), company=agreement.third_party_name
            ),
            context={"agreement": agreement},
            link=DecisionLink(agreement.link_nonce),
        )
    )


def accepted(agreement: Agreement, letter: Letter) -> None:
    """EM203: to the customer a confirmation with the LOA as PDF, to the third party a notice."""
    _to_customer(
        "EM203",
        agreement,
        format_lazy(_("You accepted the request from {company}"), company=agreement.third_party_name),
        attachment=(loa.file_name(agreement), loa.as_pdf(letter)),
    )
    _to_third_party(
        "EM203",
        agreement,
        format_lazy(_("{company}: agreement {n} was accepted"), company=agreement.third_party_name, n=agreement.number),
    )


def rejected(agreement: Agreement) -> None:
    """EM205: to the third party a notice, to the customer a confirmation."""
    _to_customer(
        "EM205",
        agreement,
        format_lazy(_("You rejected the request from {company}"), company=agreement.third_party_name),
    )
    _to_third_party(
        "EM205",
        agreement,
        format_lazy(_("{company}: agreement {n} was rejected"), company=agreement.third_party_name, n=agreement.number),
    )


def withdrawn(agreement: Agreement) -> None:
    """To both: the third party took its request back."""
    _to_customer(
        "WITHDRAWN", agreement, format_lazy(_("{company} withdrew its request"), company=agreement.third_party_name)
    )
    _to_third_party(
        "WITHDRAWN",
        agreement,
        format_lazy(
            _("{company}: agreement {n} was withdrawn"), company=agreement.third_party_name, n=agreement.number
        ),
    )


def not_accepted(agreement: Agreement) -> None:
    """To the third party: the invitation period ended without an answer."""
    _to_third_party(
        "NOT_ACCEPTED",
        agreement,
        format_lazy(
            _("{company}: agreement {n} was not answered"), company=agreement.third_party_name, n=agreement.number
        ),
    )


def review_needed(agreement: Agreement, reviewers: list[User]) -> None:
    """To the TDSP's staff: a report waits for their look (X1)."""
    for user in reviewers:
        queue_email(
            OutgoingEmail(
                key=f"REVIEW:{agreement.number}:{user.pk}",
                kind="REVIEW",
                to=user.email,
                language=THIRD_PARTY_LANGUAGE,
                subject=format_lazy(
                    _("Review needed: agreement {n} ({c})"), n=agreement.number, c=agreement.third_party_name
                ),
                template="REVIEW_tdsp",
                context={"agreement": agreement},
            )
        )


def reviewed(agreement: Agreement) -> None:
    """To both: what the TDSP's review came to, and why (X1)."""
    subject = format_lazy(
        _("{company}: agreement {n} has been reviewed"), company=agreement.third_party_name, n=agreement.number
    )
    _to_customer("REVIEWED", agreement, subject)
    _to_third_party("REVIEWED", agreement, subject)


def guessing_noticed(company: Company, user: User, *, day: date) -> None:
    """To a TDSP's user: a third party has used up a limit of failed matches (X2). Once a day and third party."""
    queue_email(
        OutgoingEmail(
            key=_guessing_key(company, user, day),
            kind="GUESSING",
            to=user.email,
            language=THIRD_PARTY_LANGUAGE,
            subject=format_lazy(_("{company}: many entries don't match our records"), company=company.legal_name),
            template="GUESSING_tdsp",
            context={"company": company, "day": day},
        )
    )


def guessing_was_noticed(company: Company, user: User, *, day: date) -> bool:
    """Whether the email above was queued already: a sweep that asks each minute need not write it anew."""
    return Email.objects.filter(key=_guessing_key(company, user, day)).exists()


def _guessing_key(company: Company, user: User, day: date) -> str:
    return f"GUESSING:{company.pk}:{day}:{user.pk}"


def _to_customer(
    kind: str, agreement: Agreement, subject: str | Promise, attachment: tuple[str, bytes] | None = None
) -> None:
    queue_email(
        OutgoingEmail(
            key=f"{kind}:{agreement.number}:customer",
            kind=kind,
            about=agreement.number,
            to=agreement.email,
            language=agreement.language,
            subject=subject,
            template=f"{kind}_customer",
            context={"agreement": agreement},
            attachment=attachment,
        )
    )


def _to_third_party(kind: str, agreement: Agreement, subject: str | Promise) -> None:
    queue_email(
        OutgoingEmail(
            key=f"{kind}:{agreement.number}:third-party",
            kind=kind,
            about=agreement.number,
            to=agreement.contact_email,
            language=THIRD_PARTY_LANGUAGE,
            subject=subject,
            template=f"{kind}_third_party",
            context={"agreement": agreement, "customer": customer_for_third_party(agreement)},
        )
    )
