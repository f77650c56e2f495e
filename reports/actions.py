"""What is done with reports: make what agreements earned, once; try again; log downloads; purge (R1, R5).

A report is one transaction: claim, read, compress, store, queue EM204. A worker that dies in it leaves nothing behind,
and the next sweep makes the report; nothing else remembers that it is due.
"""

from __future__ import annotations

import logging
import traceback
from datetime import datetime, timedelta
from pathlib import Path

from django.db import transaction

from accounts.models import User
from agreements.models import Agreement
from lib.central_time import utc_or_now
from meters.usage.reader import stream_usage
from reports import emails
from reports.coverage import Coverage
from reports.csv_layouts import csv_chunks, layout_of
from reports.gzip_stream import pack
from reports.models import Download, Report, ReportFile, ReportState
from reports.period import Period, metered_from, period, service_began_on

logger = logging.getLogger(__name__)

# How long to wait after the first, second, ... failure. After the last one somebody has to look.
BACKOFF = (timedelta(seconds=10), timedelta(minutes=1), timedelta(minutes=5), timedelta(minutes=30))
PURGED_AT_ONCE = 100


class NotThere(Exception):
    """The report has no file to give: it failed, had no data, or its file was removed."""


def make_due(*, limit: int = 100, at: datetime | None = None) -> int:
    """Make at most `limit` reports that are due now, each in its own transaction; return how many were tried (R1)."""
    tried = 0
    while tried < limit and _make_next(at):
        tried += 1
    return tried


def retry(report: Report, *, by: User, at: datetime | None = None) -> bool:
    """Have a failed report made again by the next sweep, counting from nought; False if it has not failed (D1)."""
    failed = Report.objects.filter(pk=report.pk, state=ReportState.FAILED)
    asked = failed.update(retry_at=utc_or_now(at), attempts=0) == 1
    if asked:
        logger.info("Report %s is made again, asked by user %s.", report.agreement.number, by.pk)
    return asked


def record_download(report: Report, *, by: User, at: datetime | None = None) -> bytes:
    """Log that `by` fetches the file now, and return its gzipped bytes; NotThere if there is none (R5)."""
    with transaction.atomic():
        # The lock keeps a purge from taking the file between the log's row and the bytes.
        ready = Report.objects.filter(pk=report.pk, state=ReportState.READY).select_for_update(no_key=True)
        if not ready.exists():
            raise NotThere
        Download.objects.create(report=report, by=by, at=utc_or_now(at))
        return bytes(ReportFile.objects.get(pk=report.pk).gzipped)


def purge_files(*, at: datetime | None = None) -> int:
    """Remove the files that were kept for REPORT_RETENTION; their records stay (R5). Returns how many went."""
    now, purged = utc_or_now(at), 0
    while batch := _purge_some(now):
        purged += batch
    return purged


def _purge_some(now: datetime) -> int:
    with transaction.atomic():
        old = Report.objects.due_for_purge(at=now).select_for_update(skip_locked=True, no_key=True)
        ids = list(old.values_list("pk", flat=True)[:PURGED_AT_ONCE])
        ReportFile.objects.filter(pk__in=ids).delete()
        return Report.objects.filter(pk__in=ids).update(state=ReportState.PURGED, purged_at=now)


def _make_next(at: datetime | None) -> bool:
    with transaction.atomic():
        report = _claim_new() or _claim_retry(at)
        if report is None:
            return False
        now = utc_or_now(at)
        try:
            with transaction.atomic():
                _make(report, now)
        except Exception as error:  # whatever it was: this report waits, the next one is made
            # Without a connection this fails too, nothing is committed, and the sweep finds the agreement as it was.
            _record_failure(report, error, now)
    return True


def _claim_new() -> Report | None:
    """An unsaved report for an agreement that waits for one, locked until the end of the transaction."""
    waiting = Agreement.objects.awaiting_report().order_by("ended_at").select_related("premise")
    # NO KEY: rows that point to the agreement can still be written meanwhile. A worker whose list is older than another
    # one's report gets its lock on a row that changed, and PostgreSQL looks at the condition again.
    while agreement := waiting.select_for_update(of=("self",), skip_locked=True, no_key=True).first():
        _mark_recorded(agreement)
        if not _is_recorded(agreement):
            return Report(agreement=agreement)
    return None


def _is_recorded(agreement: Agreement) -> bool:
    return Report.objects.filter(agreement=agreement).exists()


def _mark_recorded(agreement: Agreement) -> None:
    # In the transaction that records the report, made or failed: nobody finds the agreement waiting after it.
    Agreement.objects.filter(pk=agreement.pk).update(report_recorded=True)


def _claim_retry(at: datetime | None) -> Report | None:
    failed = Report.objects.due_for_retry(at=at).order_by("retry_at").select_related("agreement__premise")
    return failed.select_for_update(of=("self",), skip_locked=True, no_key=True).first()


def _period_of(agreement: Agreement) -> Period:
    assert agreement.ended_at is not None  # the constraint agreement_ended_unless_pending
    began_on = service_began_on(agreement.premise, agreement.customer_id, at=agreement.ended_at)
    return period(agreement.ended_at, agreement.report_length, began_on)


def _make(report: Report, now: datetime) -> None:
    agreement = report.agreement
    covered = _period_of(agreement)
    coverage = Coverage(covered, metered_from=metered_from(agreement.premise_id))
    days = coverage.watch(stream_usage(agreement.premise_id, covered.first, covered.last))
    layout = layout_of(agreement.report_type, with_utc=agreement.with_utc)
    packed = pack(csv_chunks(layout, agreement.esiid, covered, days))

    report.first_day, report.last_day, report.asked_first_day = covered.first, covered.last, covered.asked_first
    report.expected_from, report.day_states = coverage.expected_from, coverage.day_states
    report.expected_intervals = coverage.expected_intervals
    report.present_intervals = coverage.present_intervals
    report.estimated_intervals = coverage.estimated_intervals
    report.days_present = coverage.days_present
    report.missing_days = coverage.missing_days
    report.total_wh = coverage.total_wh
    report.made_at, report.retry_at, report.last_error = now, None, ""
    if not report.present_intervals:
        report.state = ReportState.NO_DATA
        report.save()
        emails.no_data(report)
        return
    report.state = ReportState.READY
    report.file_name = f"smt-{agreement.number}-{layout.slug}.csv"
    report.rows, report.size, report.sha256 = packed.lines - 1, packed.size, packed.sha256
    report.save()
    ReportFile.objects.keep(report, packed.gzipped)
    emails.report_ready(report)


def _record_failure(report: Report, error: Exception, now: datetime) -> None:
    covered, attempts = _period_of(report.agreement), report.attempts + 1
    retry_at = now + BACKOFF[attempts - 1] if attempts <= len(BACKOFF) else None
    reason = _without_values(error)
    if Report.objects.filter(agreement=report.agreement).exclude(state=ReportState.FAILED).exists():
        return  # whatever failed here, the report is there: the table's constraint kept a second one out
    Report.objects.update_or_create(
        agreement=report.agreement,
        defaults={
            "state": ReportState.FAILED,
            "first_day": covered.first,
            "last_day": covered.last,
            "asked_first_day": covered.asked_first,
            "attempts": attempts,
            "retry_at": retry_at,
            "last_error": reason[:500],
        },
    )
    level = logging.WARNING if retry_at else logging.ERROR
    logger.log(level, "Report %s failed (attempt %s): %s", report.agreement.number, attempts, reason)


def _without_values(error: Exception) -> str:
    """What went wrong and where, without the error's own words: they may quote a reading, a name or an address (X4)."""
    frames = traceback.extract_tb(error.__traceback__)
    places = [f"{Path(frame.filename).parent.name}/{Path(frame.filename).name}:{frame.lineno}" for frame in frames[-4:]]
    code = getattr(error.__cause__, "sqlstate", None)
    return f"{type(error).__name__}{f' {code}' if code else ''} at {' > '.join(places)}"
