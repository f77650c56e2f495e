"""Who may download the report of an agreement, and the record of each download (R5, T12)."""

from __future__ import annotations

import logging
from datetime import datetime

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from agreements.models import Agreement
from agreements.permissions import acting_member
from agreements.states import Status
from companies.models import membership_of
from lib.central_time import utc_or_now
from reports.models import Download, Report, ReportFile, ReportState

logger = logging.getLogger(__name__)


class DownloadRefusal(TextChoices):
    """Why there is nothing to download; reports/unavailable.html says more than the title."""

    NOT_A_MEMBER = "not_a_member", _("You can't download this report")
    NOT_PERMITTED = "not_permitted", _("You can't download this report")
    NOT_ACCEPTED = "not_accepted", _("There is no report for this agreement")
    BEING_MADE = "being_made", _("The report is not ready yet")
    FILE_DELETED = "file_deleted", _("The report file was deleted")
    FILE_MISSING = "file_missing", _("The report's file is missing")
    NO_DATA = "no_data", _("There is no report for this agreement")

    @property
    def http_status(self) -> int:
        statuses = {self.NOT_A_MEMBER: 403, self.NOT_PERMITTED: 403, self.BEING_MADE: 409, self.FILE_DELETED: 410}
        return statuses.get(self, 404)


STATE_REFUSALS = {
    ReportState.FAILED: DownloadRefusal.BEING_MADE,
    ReportState.PURGED: DownloadRefusal.FILE_DELETED,
    ReportState.READY: DownloadRefusal.FILE_MISSING,
    ReportState.NO_DATA: DownloadRefusal.NO_DATA,
}


class DownloadRefused(Exception):
    """Nothing can be downloaded now; `detail` may name the cause."""

    def __init__(self, refusal: DownloadRefusal, detail: str = "") -> None:
        super().__init__(refusal.value)
        self.refusal, self.detail = refusal, detail


def downloadable_report(agreement: Agreement, states: set[ReportState], *, by: User) -> Report:
    """Return the report of `agreement`, which is in one of `states`; otherwise raise DownloadRefused.

    The permission comes first: users without it learn nothing about the file.
    """
    if membership_of(by) is None:
        raise DownloadRefused(DownloadRefusal.NOT_A_MEMBER)
    try:
        acting_member(by, "may_download")
    except PermissionDenied as denied:
        raise DownloadRefused(DownloadRefusal.NOT_PERMITTED, str(denied)) from denied
    report: Report | None = getattr(agreement, "report", None)
    if report is None:
        is_accepted = agreement.status == Status.COMPLETE
        raise DownloadRefused(DownloadRefusal.BEING_MADE if is_accepted else DownloadRefusal.NOT_ACCEPTED)
    if report.state not in states:
        raise DownloadRefused(STATE_REFUSALS[ReportState(report.state)])
    return report


def record_download(report: Report, *, by: User, at: datetime | None = None) -> bytes:
    """Log the download and return the file's gzipped bytes; raise DownloadRefused if there are none (R5)."""
    with transaction.atomic():
        # The lock keeps a purge from removing the file between the log's row and the bytes.
        report.refresh_from_db(from_queryset=Report.objects.select_for_update(no_key=True))
        file = ReportFile.objects.filter(pk=report.pk).first()
        if report.state != ReportState.READY or file is None:
            if report.state == ReportState.READY:  # for example after a restore of some tables only
                logger.error("A report is ready, but its file is missing: %s", report.pk)
            raise DownloadRefused(STATE_REFUSALS[ReportState(report.state)])
        Download.objects.create(report=report, by=by, at=utc_or_now(at))
        return bytes(file.gzipped)
