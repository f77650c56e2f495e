"""The email that a customer will get, as the third party may see it before it is sent (T8)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from agreements.creation import build_agreements, build_submission
from agreements.emails import preview_invitation
from agreements.masking import mask_words
from agreements.models import Agreement, Draft
from agreements.request import AgreementRequest, Contact, match_meters
from companies.models import Company
from lib.central_time import utc_or_now
from meters.models import Premise

LINK = "THE-CUSTOMERS-OWN-LINK"
NUMBER = "############"  # numbers are taken on submission (L7)


@dataclass(frozen=True)
class EmailPreview:
    """`text` is the plain-text part; its HTML part says the same."""

    subject: str
    text: str
    to: str
    language: str


def preview_request(
    draft: Draft,
    request: AgreementRequest,
    *,
    company: Company,
    contact: Contact,
    comments: str,
    at: datetime | None = None,
) -> EmailPreview | None:
    """Render EM201 about the form; None if no meter, or not every meter, matches any more.

    It has the words of the email, but nothing that the third party may not see: addresses on record, and a registered
    customer's name, are masked, and there is no link (T6, X5).
    """
    matches = match_meters(request, company=company)
    if len(matches) < len(request.rows):
        return None
    at = utc_or_now(at)
    submission = build_submission(draft, request, matches, company=company, at=at)
    submission.link_nonce = b""
    numbers = [NUMBER] * len(request.rows)
    agreements = build_agreements(
        submission, request, matches, numbers=numbers, company=company, contact=contact, comments=comments, at=at
    )
    for agreement in agreements:
        _mask(agreement, request.person.email)
    rendered = preview_invitation(agreements, LINK)
    return EmailPreview(rendered.subject, rendered.text, request.person.email, submission.language)


def _mask(agreement: Agreement, typed_address: str) -> None:
    """Mask what is on record and was not typed by the third party."""
    premise = agreement.premise
    agreement.premise = Premise(address=mask_words(premise.address), city=mask_words(premise.city), tdsp=premise.tdsp)
    if agreement.was_registered:
        agreement.first_name, agreement.last_name = mask_words(agreement.first_name), mask_words(agreement.last_name)
        agreement.middle_initial = agreement.suffix = agreement.title = agreement.phone = ""
        agreement.customer_company_name = mask_words(agreement.customer_company_name)
        agreement.street, agreement.city = mask_words(agreement.street), mask_words(agreement.city)
        agreement.zip_code = agreement.zip_code[:5]
        agreement.email = typed_address
