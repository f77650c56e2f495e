"""The public check whether the portal issued a report file or a letter of authorization (R9)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from django.conf import settings
from django.db import transaction
from django.db.models import Exists, OuterRef, Q
from django.utils.translation import gettext as _

from accounts.rate_limits import Limit, refuse_with, spend
from agreements.models import Letter
from agreements.period import awaited_days
from reports.models import Rendering, Report


@dataclass(frozen=True)
class IssuedDocument:
    """What the page says about a document: when it was issued and for which Central days, and nothing else.

    `kind` is "report", "letter" for the letter's PDF, or "text" for the hash that a letter prints. `first` and `last`
    are None while the report waits for its data; then `latest` is the last day that it can cover (R7).
    """

    kind: str
    number: str
    at: datetime
    first: date | None
    last: date | None
    latest: date | None = None


def check_document(number: str, sha256: str, *, network: str, at: datetime | None = None) -> IssuedDocument | None:
    """Return the document of agreement `number` whose SHA-256 is `sha256`, or None. Raises Refused.

    An unknown number and a wrong hash cost the same queries. A purged file is known by its record (R5).
    """
    message = _("Too many documents were checked from your network today. Try again after %s.")
    with transaction.atomic(), refuse_with(message):
        spend([Limit("document-check", network, settings.DOCUMENT_CHECKS_PER_NETWORK)], at=at)
    in_a_format = Exists(Rendering.objects.filter(report=OuterRef("pk"), sha256=sha256))
    report = Report.objects.filter(Q(sha256=sha256) | in_a_format, agreement__number=number).first()
    letters = Letter.objects.select_related("agreement").filter(agreement__number=number)
    text, pdf = letters.filter(sha256=sha256).first(), letters.filter(pdf_hashes__contains=[sha256]).first()
    if report and report.made_at:
        return IssuedDocument("report", number, report.made_at, report.first_day, report.last_day)
    if letter := pdf or text:
        days = letter.agreement.period_first_day, letter.agreement.period_last_day
        latest = awaited_days(letter.signed_at)[1]
        return IssuedDocument("letter" if pdf else "text", number, letter.signed_at, *days, latest)
    return None
