"""The emails of an agreement, each queued in the transaction that causes it, with a key that makes it unique (E2)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import date, datetime
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from agreements import letter_pdf, loa
from agreements.company_emails import queue_to_company
from agreements.masking import customer_for_third_party
from agreements.models import (
    AddressCorrection,
    Agreement,
    AgreementEvent,
    ConsentReview,
    Letter,
    Review,
    stops_contact,
    unknown_company_rule,
)
from companies.models import Company
from notifications.actions import DecisionLink, OutgoingEmail, RenderedEmail, queue_email, render_email
from notifications.models import Email, Priority

if TYPE_CHECKING:
    from django.utils.functional import _StrPromise as StrPromise

THIRD_PARTY_LANGUAGE = "en"
INVITATION_SUBJECT = _("{company} is asking for your electricity usage data ({meters})")
# What a customer gets because of what the company did, not as an answer to the customer's own (C8).
SENT_FOR_COMPANY = ("EM201", "EM202", "WITHDRAWN")


def queue_invitation(agreements: Sequence[Agreement]) -> None:
    """Queue EM201 to the customer: the requests of one submission, and the only copy of the decision link (C7, X5)."""
    _queue_request("EM201", agreements, INVITATION_SUBJECT, key=f"EM201:{agreements[0].number}")


def queue_corrected_invitation(agreements: Sequence[Agreement], correction: AddressCorrection) -> None:
    """Queue EM201 to the corrected address, with the link that replaced the old one (T15)."""
    key = f"EM201:{agreements[0].number}:corrected:{correction.pk}"
    _queue_request("EM201", agreements, INVITATION_SUBJECT, key=key)


def preview_invitation(agreements: Sequence[Agreement], placeholder: str) -> RenderedEmail:
    """Render EM201 about unsaved agreements of one form; there is no link yet, so none can leak (T8, X5)."""
    first = agreements[0]
    offers_registration = len(agreements) == 1 and not first.was_registered
    details = _request_details(agreements, is_one_of_several=False, offers_registration=offers_registration)
    outgoing = _customer_email("EM201", first, INVITATION_SUBJECT, agreements, key="", **details)
    return render_email(outgoing, placeholder)


def queue_reminder(agreement: Agreement, event: AgreementEvent) -> None:
    """Queue EM202 to the customer: EM201 marked as a reminder, about what is pending of the submission (C10)."""
    submitted = agreement.submission.agreements.pending().filter(expires_at__gte=event.at).order_by("number")
    pending = submitted.select_related("premise", "tdsp", "submission")
    subject = _("Reminder: {company} is asking for your electricity usage data ({meters})")
    key = f"EM202:{agreement.number}:{event.pk}"
    _queue_request("EM202", list(pending), subject, key=key, unsubscribe_page="invitation_reminders")


def _queue_request(
    kind: str, agreements: Sequence[Agreement], subject: StrPromise, *, key: str, **columns: Any
) -> None:
    """Queue the email with the link of a submission, about those of its agreements that are given."""
    first = agreements[0]
    details = _request_details(
        agreements,
        is_one_of_several=len(agreements) < first.submission.agreements.count(),
        offers_registration=len(agreements) == 1 and first.link_offers_registration(),
    )
    _queue_to_customer(kind, first, subject, agreements, key=key, **details | {"template": kind} | columns)


def _request_details(agreements: Sequence[Agreement], **context: bool) -> dict[str, Any]:
    """Return the fields of an OutgoingEmail that requests have beside those of every email to a customer."""
    first = agreements[0]
    return {
        "template": "EM201",
        "context": context,
        "link": DecisionLink(first.submission.link_nonce),
        "priority": Priority.BULK,
        "pauses": True,  # no suspended company asks (L9)
        "useful_until": first.expires_at,
    }


def meters_in_words(agreements: Sequence[Agreement]) -> StrPromise:
    """Return what tells emails of one company apart: mail programs fold equal subjects (E1)."""
    if len(agreements) == 1:
        return format_lazy(_("meter {meter}"), meter=agreements[0].meter_number)
    streets = {agreement.premise.address for agreement in agreements}
    words = _("{count} meters, {street}") if len(streets) == 1 else _("{count} meters, {street} and other addresses")
    return format_lazy(words, count=len(agreements), street=agreements[0].premise.address)


def queue_acceptance(letters: Sequence[tuple[Agreement, Letter]]) -> None:
    """Queue EM203 for what one POST accepted: to the customer with the LOAs as PDF, to the third party (C10)."""
    agreements = [agreement for agreement, _letter in letters]
    first = agreements[0]
    details: dict[str, Any] = {
        "attachments": [(loa.file_name(agreement), letter_pdf.issue_pdf(letter)) for agreement, letter in letters],
        # The page has “This wasn't me” (X1).
        "link": DecisionLink(first.submission.link_nonce),
        "context": {
            "is_one_of_several": first.submission.agreements.count() > 1,
        },
    }
    _queue_to_customer("EM203", first, _("You accepted the request from {company} ({meters})"), agreements, **details)
    one, several = _("{company}: agreement {n} ({meters}) was accepted"), _("{company}: {meters} were accepted")
    _queue_to_third_party("EM203", agreements, one if len(agreements) == 1 else several)


def queue_rejection(agreements: Sequence[Agreement]) -> None:
    """Queue EM205 for what one POST rejected: to the customer a confirmation, to the third party a notice (C8, C10)."""
    subject = _("You rejected the request from {company} ({meters})")
    _queue_to_customer("EM205", agreements[0], subject, agreements)
    one, several = _("{company}: agreement {n} ({meters}) was rejected"), _("{company}: {meters} were rejected")
    _queue_to_third_party("EM205", agreements, one if len(agreements) == 1 else several, **unknown_company_rule())


def queue_unknown_company(agreements: Sequence[Agreement], readers: Iterable[User], *, is_paused: bool) -> None:
    """Queue to each of the staff that a customer doesn't know the company; `is_paused`: its new requests are (C8)."""
    first = agreements[0]
    subject = format_lazy(_("Company not known to the customer: {c}"), c=first.third_party_name)
    for user in readers:
        context = {"agreement": first, "agreements": agreements, "is_paused": is_paused, **unknown_company_rule()}
        _queue_to_staff("UNKNOWN", user, subject, key=f"UNKNOWN:{first.number}:{user.pk}", **context)


def queue_withdrawal(agreement: Agreement) -> None:
    """Queue to both sides that the third party withdrew its request; not to who wants nothing from it (C8)."""
    if not stops_contact(agreement.company_id, agreement.email):
        _queue_to_customer("WITHDRAWN", agreement, _("{company} withdrew its request ({meters})"))
    _queue_to_third_party("WITHDRAWN", [agreement], _("{company}: agreement {n} ({meters}) was withdrawn"))


def queue_expiry(agreement: Agreement) -> None:
    """Queue to the third party that the invitation period ended without an answer."""
    _queue_to_third_party("NOT_ACCEPTED", [agreement], _("{company}: agreement {n} ({meters}) was not answered"))


def queue_review_request(review: ConsentReview, reviewers: Iterable[User], *, is_overdue: bool = False) -> None:
    """Queue to each of the staff that a review waits for them; `is_overdue`: the TDSP has not done it in time (X1)."""
    agreements = list(review.agreements.order_by("number"))
    n, c = agreements[0].number, agreements[0].third_party_name
    subject = _("Review overdue: agreement {n} ({c})") if is_overdue else _("Review needed: agreement {n} ({c})")
    context = {"review": review, "agreements": agreements, "company": c, "is_overdue": is_overdue}
    context["days"] = settings.CONSENT_REVIEW_WORKING_DAYS
    for user in reviewers:
        key = f"REVIEW:{review.pk}:{user.pk}" + ":overdue" * is_overdue
        _queue_to_staff("REVIEW", user, format_lazy(subject, n=n, c=c), key=key, **context)


def queue_disavowal(
    agreement: Agreement, readers: Iterable[User], *, review: ConsentReview | None, downloaded_at: datetime | None
) -> None:
    """Queue to each of the staff that the customer says that someone else accepted; `review` holds the report (X1)."""
    n, c = agreement.number, agreement.third_party_name
    subject = format_lazy(_("Not accepted by the customer: agreement {n} ({c})"), n=n, c=c)
    context = {"agreement": agreement, "review": review, "downloaded_at": downloaded_at}
    for user in readers:
        _queue_to_staff("DISAVOWED", user, subject, key=f"DISAVOWED:{n}:{user.pk}", **context)


def queue_review_outcome(agreement: Agreement) -> None:
    """Queue to both sides the outcome of the TDSP's review and its reason, or that it was not done in time (X1)."""
    to_customer = _("Answer confirmed: request from {company} ({meters})")
    to_third_party = _("{company}: answer confirmed, agreement {n} ({meters})")
    if agreement.review == Review.REFUSED:
        to_customer = _("Report refused: request from {company} ({meters})")
        to_third_party = _("{company}: report refused, agreement {n} ({meters})")
    elif agreement.review == Review.UNREVIEWED:
        to_customer = _("Report refused, not reviewed in time: request from {company} ({meters})")
        to_third_party = _("{company}: report refused, not reviewed in time, agreement {n} ({meters})")
    _queue_to_customer("REVIEWED", agreement, to_customer)
    _queue_to_third_party("REVIEWED", [agreement], to_third_party)


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
    fields["reader_name"] = user.get_full_name()
    queue_email(OutgoingEmail(key=key, kind=kind, to=user.email, subject=subject, **fields))


def _queue_to_customer(
    kind: str, agreement: Agreement, subject: StrPromise, agreements: Sequence[Agreement] = (), **details: Any
) -> None:
    """Queue an email about `agreements`, by default one, in the customer's language.

    `details` replace fields of the OutgoingEmail. A customer whose account has another address than the request gets
    it there, too, without the link (C4, X5); a request only at its own.
    """
    email = _customer_email(kind, agreement, subject, agreements, **details)
    queue_email(email)
    user = agreement.customer.user if agreement.customer else None
    if user and not email.pauses and user.email.lower() != agreement.email.lower():
        key = f"{kind}:{agreement.number}:account:customer"
        queue_email(replace(email, key=key, to=user.email, language=user.language, link=None))


def _customer_email(
    kind: str, agreement: Agreement, subject: StrPromise, agreements: Sequence[Agreement] = (), **details: Any
) -> OutgoingEmail:
    agreements = agreements or [agreement]
    fields: dict[str, Any] = {"key": f"{kind}:{agreement.number}:customer", "template": f"{kind}_customer"}
    fields |= {"to": agreement.email, "reader_name": agreement.addressee, "language": agreement.submission.language}
    fields |= {"company_id": agreement.company_id, "tdsp_id": _common_tdsp(agreements)}
    fields |= {"about": [each.number for each in agreements]} | details
    utilities = list({each.tdsp_id: each for each in agreements}.values())
    context = {"agreement": agreement, "agreements": agreements, "utilities": utilities}
    fields["context"] = context | details.get("context", {})
    return OutgoingEmail(kind=kind, subject=_with_names(subject, agreements), **fields)


def _common_tdsp(agreements: Sequence[Agreement]) -> int | None:
    """Return the TDSP of all agreements; None if there are several, because then only operators see the email (D1)."""
    tdsp_ids = {agreement.tdsp_id for agreement in agreements}
    return tdsp_ids.pop() if len(tdsp_ids) == 1 else None


def _with_names(subject: StrPromise, agreements: Sequence[Agreement]) -> StrPromise:
    """Fill in the company, and the number and meters that tell its emails apart (E1)."""
    company, number = agreements[0].third_party_name, agreements[0].number
    return format_lazy(subject, company=company, n=number, meters=meters_in_words(agreements))


def _queue_to_third_party(kind: str, agreements: Sequence[Agreement], subject: StrPromise, **context: Any) -> None:
    first = agreements[0]
    context |= {"agreement": first, "agreements": agreements, "customer": customer_for_third_party(first)}
    outgoing = OutgoingEmail(
        key=f"{kind}:{first.number}:third-party",
        kind=kind,
        about=[agreement.number for agreement in agreements],
        company_id=first.company_id,
        pauses=True,
        tdsp_id=_common_tdsp(agreements),
        to=first.contact_email,
        reader_name=first.contact_name,
        language=THIRD_PARTY_LANGUAGE,
        template=f"{kind}_third_party",
        subject=_with_names(subject, agreements),
        context=context,
    )
    queue_to_company(outgoing, agreements)
