"""Generate the reports of accepted agreements, once each; retry failed ones; purge files and records (R1, R5, X6).

An attempt is counted and its successor scheduled in one transaction, before the report is made in another: read,
compress, store, queue EM204. A worker that dies leaves its attempt behind and nothing else.
"""

from __future__ import annotations

import logging
import time
import traceback
from datetime import date, datetime, timedelta
from pathlib import Path

from django.conf import settings
from django.db import transaction

from accounts.models import User
from agreements.models import Agreement
from agreements.models.review import REVIEW_ALLOWS_REPORT
from agreements.period import (
    acceptance_time,
    awaited_days,
    final_period,
    find_period,
    fixed_period,
    is_wait_over,
)
from agreements.retention import BATCH, delete_agreements
from agreements.states import ReportState
from agreements.transitions import change_report_state
from lib.central_time import utc_or_now
from meters.models import Meter
from meters.usage.reader import premises_on_file, stream_usage
from notifications.wakeup import wake_workers
from reports import emails
from reports.coverage import Coverage
from reports.csv_layouts import csv_chunks, csv_layout
from reports.formats import FileFormat
from reports.gzip_stream import compress
from reports.models import Download, Rendering, Report, ReportFile, ReportQuerySet

logger = logging.getLogger(__name__)

# How long to wait after the first, second, ... failure. After the last one staff have to act.
BACKOFF = (timedelta(seconds=10), timedelta(minutes=1), timedelta(minutes=5), timedelta(minutes=30))
# A report whose attempts ended so often without an outcome kills its workers.
SILENT_ATTEMPTS = 3
UNSUCCESSFUL = (ReportState.RETRYING, ReportState.FAILED)
RUN_SECONDS = 10  # then the sweep ends and another one goes on (E6)
PURGE_BATCH = 100
WAITING_BATCH = 1000
# What a report's record takes from its coverage.
COVERAGE_COLUMNS = (
    "expected_from", "day_states", "expected_intervals", "present_intervals", "estimated_intervals",
    "days_present", "missing_days", "total_wh",
)  # fmt: skip


def generate_due_reports(*, limit: int = 100, at: datetime | None = None) -> int:
    """Generate due reports, at most `limit` and for RUN_SECONDS; return how many were tried (R1, E6)."""
    end, tried = time.monotonic() + RUN_SECONDS, 0
    while (report := _claim(utc_or_now(at))) is not None:
        _make(report, utc_or_now(at))
        tried += 1
        if tried == limit or time.monotonic() > end:
            wake_workers("agreement completed")  # the rest is another run's
            break
    return tried


def end_waiting(*, at: datetime | None = None) -> int:
    """Fix the period of the agreements whose data came or whose wait is over; return how many (R7).

    Their reports are then due like any other. A batch costs a query, and one more for each day of acceptance in it.
    """
    now, after, ended = utc_or_now(at), 0, 0
    while batch := list(Agreement.objects.awaiting_data().filter(pk__gt=after).order_by("pk")[:WAITING_BATCH]):
        after = batch[-1].pk
        by_days: dict[tuple[date, date], list[Agreement]] = {}
        for agreement in batch:
            by_days.setdefault(awaited_days(acceptance_time(agreement)), []).append(agreement)
        for (first, last), agreements in by_days.items():
            on_file = premises_on_file([agreement.premise_id for agreement in agreements], first, last)
            for agreement in agreements:
                if agreement.premise_id in on_file or is_wait_over(agreement, now):
                    ended += end_wait(agreement, now)
    return ended


@transaction.atomic
def end_wait(agreement: Agreement, now: datetime) -> bool:
    """Fix the period, and return True, unless another worker did or the days on file are a former customer's (R7)."""
    waiting = Agreement.objects.awaiting_data().filter(pk=agreement.pk).select_related("premise")
    locked = waiting.select_for_update(of=("self",), skip_locked=True, no_key=True).first()
    if locked is None:
        return False
    period = find_period(locked, accepted_at=acceptance_time(locked))
    if period is None and is_wait_over(locked, now):
        period = final_period(locked)
    if period is None:
        return False
    days = {"period_first_day": period.first, "period_last_day": period.last}
    return change_report_state(locked.pk, to=ReportState.DUE, **days) == 1


@transaction.atomic
def retry_report(report: Report, *, by: User, at: datetime | None = None) -> bool:
    """Let the next sweep generate a failed report, with new attempts; return False if it has not failed (D1)."""
    failed = Report.objects.filter(pk=report.pk, agreement__report_state__in=UNSUCCESSFUL)
    if not failed.lock_with_agreement().first():
        return False
    change_report_state(report.agreement_id, to=ReportState.RETRYING)
    failed.update(retry_at=utc_or_now(at), attempts=0)
    logger.info("User %s asked to generate the failed report %s again.", by.pk, report.agreement.number)
    return True


def purge_files(*, at: datetime | None = None) -> int:
    """Remove the files older than settings.REPORT_RETENTION, and those of refused reports, not their records (R5, X1).

    Return how many.
    """
    now, purged = utc_or_now(at), 0
    for due in (Report.objects.due_for_purge(at=now), Report.objects.refused_with_file()):
        while count := purge_batch(due, at=now):
            purged += count
    return purged


@transaction.atomic
def purge_batch(due: ReportQuerySet, *, at: datetime) -> int:
    """Remove the files of at most PURGE_BATCH of the reports `due`, not their records; return how many."""
    old = list(due.lock_with_agreement()[:PURGE_BATCH])
    ids = [report.pk for report in old]
    ReportFile.objects.filter(pk__in=ids).delete()
    Rendering.objects.filter(report__in=ids).update(gzipped=None)
    change_report_state(*(report.agreement_id for report in old), to=ReportState.PURGED)
    return Report.objects.filter(pk__in=ids).update(purged_at=at)


def delete_old_reports(*, at: datetime | None = None) -> int:
    """Delete at most BATCH reports with their agreements, AGREEMENT_RETENTION after the end (X6)."""
    return delete_reports(Report.objects.filter(agreement__ended_at__lt=utc_or_now(at) - settings.AGREEMENT_RETENTION))


@transaction.atomic
def delete_reports(old: ReportQuerySet) -> int:
    """Delete at most BATCH of the reports `old`, with files, downloads and agreements; return how many."""
    old = old.select_related("agreement").select_for_update(skip_locked=True, of=("self", "agreement"))
    reports = list(old[:BATCH])
    Download.objects.filter(report__in=reports).delete()
    Report.objects.filter(pk__in=[report.pk for report in reports]).delete()
    delete_agreements(Agreement.objects.filter(pk__in=[report.agreement_id for report in reports]))
    return len(reports)


@transaction.atomic
def _claim(now: datetime) -> Report | None:
    """Count an attempt at a due report and schedule the next one; return the report, or None if none is due."""
    report = _claim_new()
    due = Report.objects.due_for_retry(at=now).order_by("retry_at")
    while report is None:
        report = due.lock_with_agreement().first()
        if report is None:
            return None
        if report.state == ReportState.MAKING and report.attempts >= SILENT_ATTEMPTS:
            change_report_state(report.agreement_id, to=ReportState.FAILED)
            report.retry_at, report.last_error = None, f"The worker ended in each of {report.attempts} attempts."
            report.save(update_fields=["retry_at", "last_error"])
            logger.error("Report %s failed: %s", report.agreement.number, report.last_error)
            report = None
        else:
            change_report_state(report.agreement_id, to=ReportState.MAKING)
    report.attempts += 1
    report.retry_at = now + BACKOFF[min(report.attempts, len(BACKOFF)) - 1]
    report.save()
    return report


def fail_attempts(agreement: Agreement, *, count: int, at: datetime) -> None:
    """Record `count` failed attempts at a due report, as of a worker that cannot make it (V16). Needs a transaction."""
    change_report_state(agreement.pk, to=ReportState.MAKING)
    period = fixed_period(agreement)
    days = {"first_day": period.first, "last_day": period.last, "asked_first_day": period.asked_first}
    retry_at = at + BACKOFF[count - 1]
    failure = {"attempts": count, "retry_at": retry_at, "last_error": "The sandbox lets it fail."}
    Report.objects.create(agreement=agreement, tdsp_id=agreement.tdsp_id, **days, **failure)
    change_report_state(agreement.pk, to=ReportState.RETRYING)


def _claim_new() -> Report | None:
    """Return an unsaved report for a due agreement, which stays locked until the end of the transaction."""
    due = Agreement.objects.awaiting_report().order_by("ended_at")
    # NO KEY: other rows can still reference the agreement meanwhile. If a worker's list is older than another worker's
    # report, it locks a changed row, and PostgreSQL checks the condition again.
    while agreement := due.select_for_update(skip_locked=True, no_key=True).first():
        if change_report_state(agreement.pk, to=ReportState.MAKING):
            period = fixed_period(agreement)
            days = {"first_day": period.first, "last_day": period.last, "asked_first_day": period.asked_first}
            return Report(agreement=agreement, tdsp_id=agreement.tdsp_id, **days)
    return None


def _make(report: Report, now: datetime) -> None:
    """Generate a claimed report in one transaction, or record why not."""
    try:
        with transaction.atomic():
            # The locks show other workers that this one is alive, however long it takes.
            if claimed := _lock_claimed(report):
                generate_report(claimed, now)
    except Exception as error:  # of any kind: this report waits, the next one is generated
        # If the connection is lost, this fails too: the next attempt is scheduled anyway.
        _record_failure(report, error, now)


def _lock_claimed(report: Report) -> Report | None:
    """Lock a report while the attempt in `report` is the latest one, has no outcome, and no review holds it."""
    attempts = Report.objects.filter(agreement__report_state=ReportState.MAKING, attempts=report.attempts)
    attempts = attempts.filter(agreement__review__in=REVIEW_ALLOWS_REPORT)
    return attempts.filter(pk=report.pk).lock_with_agreement().first()


def generate_report(report: Report, now: datetime) -> None:
    """Read the usage of a claimed report, write its file and its record, and queue the emails."""
    agreement = report.agreement
    period = fixed_period(agreement)
    coverage = Coverage(period, metered_from=metered_from(agreement.premise_id))
    days = coverage.count_days(stream_usage(agreement.premise_id, period.first, period.last))
    layout = csv_layout(agreement.shared.report_type)
    file = compress(csv_chunks(layout, agreement.esiid, period, days))

    report.first_day, report.last_day, report.asked_first_day = period.first, period.last, period.asked_first
    for column in COVERAGE_COLUMNS:
        setattr(report, column, getattr(coverage, column))
    report.made_at, report.retry_at, report.last_error = now, None, ""
    if not report.present_intervals:
        change_report_state(agreement.pk, to=ReportState.NO_DATA)
        report.save()
        emails.queue_no_data(report)
        return
    change_report_state(agreement.pk, to=ReportState.READY)
    report.file_name = report.name_in_format(FileFormat.CSV)
    report.rows, report.size, report.sha256 = file.line_count - 1, file.size, file.sha256
    report.save()
    ReportFile.store(report, file.gzipped, coverage.day_counts_by_label)
    emails.queue_report_ready(report)


def metered_from(premise_id: int) -> date | None:
    """Return the day the premise's first meter was installed; None if that is unknown for any of its meters."""
    installed: list[date | None] = list(Meter.objects.filter(premise=premise_id).values_list("installed_on", flat=True))
    known = [day for day in installed if day]
    return min(known) if known and len(known) == len(installed) else None


def _record_failure(report: Report, error: Exception, now: datetime) -> None:
    retry_at = now + BACKOFF[report.attempts - 1] if report.attempts <= len(BACKOFF) else None
    # Not the error's message: it may quote a reading, a name or an address (X4).
    frames = traceback.extract_tb(error.__traceback__)[-4:]
    places = [f"{Path(frame.filename).parent.name}/{Path(frame.filename).name}:{frame.lineno}" for frame in frames]
    sqlstate = getattr(error.__cause__, "sqlstate", None)
    reason = f"{type(error).__name__}{f' {sqlstate}' if sqlstate else ''} at {' > '.join(places)}"
    with transaction.atomic():
        if _lock_claimed(report):
            change_report_state(report.agreement_id, to=ReportState.RETRYING if retry_at else ReportState.FAILED)
            Report.objects.filter(pk=report.pk).update(retry_at=retry_at, last_error=reason[:500])
    level = logging.WARNING if retry_at else logging.ERROR
    logger.log(level, "Report %s failed (attempt %s): %s", report.agreement.number, report.attempts, reason)
