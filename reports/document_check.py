"""The public check whether the portal issued a report file or a letter of authorization (R9)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import Exists, OuterRef, Q
from django.utils.translation import gettext as _

from accounts.rate_limits import Limit, refuse_with, spend
from agreements.models import Agreement, Letter, ReportLength
from agreements.period import awaited_days_of
from reports.models import Rendering, Report


@dataclass(frozen=True)
class IssuedDocument:
    """What the page says about a document: when it was issued and for which Central days, and nothing else.

    `kind` is "report", "letter" for the letter's PDF, or "text" for the hash that a letter prints. `first` and `last`
    are None while the report waits for its data; then `latest` is the last day that it can cover (R7). `is_one_of`: the
    report covers, at most, one of those days.
    """

    kind: str
    number: str
    at: datetime
    first: date | None
    last: date | None
    latest: date | None = None
    is_one_of: bool = False


def check_document(number: str, sha256: str, *, network: str, at: datetime | None = None) -> IssuedDocument | None:
    """Return the document of agreement `number` whose SHA-256 is `sha256`, or None. Raises Refused.

    An unknown number and a wrong hash cost the same queries. A purged file is known by its record (R5). Documents of
    test agreements are unknown: they prove nothing (V15).
    """
    message = _("Too many documents were checked from your network today. Try again after %s.")
    with transaction.atomic(), refuse_with(message):
        spend([Limit("document-check", network, settings.DOCUMENT_CHECKS_PER_NETWORK)], at=at)
    in_a_format = Exists(Rendering.objects.filter(report=OuterRef("pk"), sha256=sha256))
    agreements = Agreement.objects.without_sandbox().filter(number=number)
    report = Report.objects.filter(Q(sha256=sha256) | in_a_format, agreement__in=agreements).first()
    letters = Letter.objects.select_related("agreement__premise", "agreement__report").filter(agreement__in=agreements)
    text, pdf = letters.filter(sha256=sha256).first(), letters.filter(pdf_hashes__contains=[sha256]).first()
    if report and report.made_at:
        return IssuedDocument("report", number, report.made_at, report.first_day, report.last_day)
    if letter := pdf or text:
        return IssuedDocument("letter" if pdf else "text", number, letter.signed_at, **_days_of(letter))
    return None


def _days_of(letter: Letter) -> dict[str, Any]:
    """Return the days of an IssuedDocument as the letter has them.

    A letter about one day that had to wait names the days of which it is one, until a report shows which (R7).
    """
    agreement = letter.agreement
    report: Report | None = getattr(agreement, "report", None)
    awaited_first, latest = awaited_days_of(agreement, letter.signed_at)
    is_one_of = agreement.awaits_data_until and agreement.shared.report_length == ReportLength.ONE_DAY
    if is_one_of and (report is None or not report.sha256):
        return {"first": awaited_first, "last": latest, "is_one_of": awaited_first < latest}
    return {"first": agreement.period_first_day, "last": agreement.period_last_day, "latest": latest}
