"""What a third party takes from its list: the list as CSV, and ready reports as one ZIP file (T3, R5)."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from datetime import datetime
from io import StringIO

from django.utils.translation import gettext as _

from accounts.models import User
from agreements.masking import customer_for_third_party
from agreements.models import Agreement, AgreementQuerySet, stage_of
from agreements.states import ReportState, Status
from lib.central_time import CENTRAL
from lib.keyset import read_rows
from reports.downloads import DownloadRefused, downloadable_report, record_download
from reports.third_party.agreement_list import AgreementList
from reports.zip_stream import ZipMember

MOST_EXPORTED = 100_000
MOST_IN_ZIP = 100
ROWS_AT_ONCE = 1000
FORMULA_BEGINS = ("=", "+", "-", "@", "\t", "\r")


def csv_of_list(agreements: AgreementList) -> Iterator[str]:
    """Yield the CSV of what is listed, at most MOST_EXPORTED rows, read a thousand at a time.

    What is masked stays empty (T6). A text that a spreadsheet would take for a formula gets an apostrophe in front.
    """
    heads = [
        _("Agreement"), _("Status"), _("Created"), _("Expires"), _("Ended"), _("Report"), _("Customer company"),
        _("Customer"), _("Street"), _("City"), _("State"), _("ZIP code"), _("Email"), "ESIID", _("Meter number"),
        _("Report type"), _("Report length"), _("Report type asked for"), _("Report length asked for"),
        _("Downloaded"), _("External ID"),
    ]  # fmt: skip
    yield _line(heads)
    parts, order, last = agreements.parts, agreements.options.order, None
    for _batch in range(MOST_EXPORTED // ROWS_AT_ONCE):
        rows = read_rows(parts, order, last, ROWS_AT_ONCE)
        for agreement in agreements.load(rows):
            yield _line(_cells(agreement))
        if len(rows) < ROWS_AT_ONCE:
            return
        last = rows[-1]


def _line(cells: list[str]) -> str:
    line = StringIO()
    csv.writer(line).writerow(f"'{cell}" if cell.startswith(FORMULA_BEGINS) else cell for cell in cells)
    return line.getvalue()


def _cells(agreement: Agreement) -> list[str]:
    customer = customer_for_third_party(agreement)
    person = [
        customer.company_name, str(customer.name), agreement.street, agreement.city, agreement.state,
        agreement.zip_code,
    ]  # fmt: skip
    status = Status.NOT_ACCEPTED if agreement.is_overdue else Status(agreement.status)
    is_complete = agreement.status == Status.COMPLETE
    return [
        agreement.number,
        str(status.label),
        _minute(agreement.initiated_at),
        _minute(agreement.expires_at),
        _minute(agreement.expires_at if agreement.is_overdue else agreement.ended_at),
        str(stage_of(agreement).label) if is_complete else "",
        *([""] * len(person) if customer.is_masked or customer.is_deleted else person),
        agreement.email,
        agreement.esiid,
        agreement.meter_number,
        str(agreement.shared.type_label),
        str(agreement.shared.length_label),
        str(agreement.asked.type_label),
        str(agreement.asked.length_label),
        _minute(agreement.downloaded_at),
        agreement.external_id,
    ]


def _minute(at: datetime | None) -> str:
    """Write a time as spreadsheets read it, in Central Time."""
    return at.astimezone(CENTRAL).strftime("%Y-%m-%d %H:%M") if at else ""


def download_reports(agreements: AgreementQuerySet, company_id: int, *, by: User) -> Iterator[ZipMember]:
    """Yield the files of at most MOST_IN_ZIP reports without a download; each counts as a download (R5).

    Whatever cannot be downloaded when its turn comes, because of a review, a suspension or a purge, is left out.
    """
    listed = AgreementList(agreements, company_id, {"show": "not_downloaded", "sort": "initiated"})
    for agreement in read_rows(listed.parts, listed.options.order, None, MOST_IN_ZIP):
        try:
            report = downloadable_report(agreement, {ReportState.READY}, by=by)
            gzipped = record_download(report, by=by)
        except DownloadRefused:
            continue
        made_at = report.made_at or agreement.initiated_at
        yield ZipMember(report.file_name, made_at.astimezone(CENTRAL), gzipped)
