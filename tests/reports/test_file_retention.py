"""Files go after a while, records stay (R5)."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from agreements.states import ReportState
from reports import actions
from reports.actions import generate_due_reports, purge_files
from reports.downloads import DownloadRefused, record_download
from reports.models import Report, ReportFile
from tests.factories import DownloadFactory, ReportFactory, ReportFileFactory, UserFactory

pytestmark = pytest.mark.django_db

NOW = timezone.now()
SIXTY_DAYS = timedelta(days=60)


def test_a_file_is_removed_after_its_retention_and_its_record_stays(settings):
    """R5: to the second."""
    settings.REPORT_RETENTION = SIXTY_DAYS
    old = ReportFileFactory(report__made_at=NOW - SIXTY_DAYS).report
    young = ReportFileFactory(report__made_at=NOW - SIXTY_DAYS + timedelta(seconds=1)).report
    DownloadFactory(report=old)
    assert purge_files(at=NOW) == 1
    old.refresh_from_db()
    young.refresh_from_db()
    assert (old.state, old.purged_at) == (ReportState.PURGED, NOW)
    assert old.sha256 and old.rows and old.downloads.count() == 1
    assert young.state == ReportState.READY
    assert [file.report for file in ReportFile.objects.all()] == [young]


def test_files_are_removed_in_batches(monkeypatch):
    """R5"""
    monkeypatch.setattr(actions, "PURGE_BATCH", 2)
    for _ in range(5):
        ReportFileFactory(report__made_at=NOW - timedelta(days=365))
    assert purge_files() == 5
    assert not ReportFile.objects.exists()
    assert purge_files() == 0


@pytest.mark.parametrize("state", [ReportState.NO_DATA, ReportState.FAILED])
def test_a_record_without_a_file_is_left_alone(state):
    report = ReportFactory(state=state, made_at=NOW - timedelta(days=365))
    assert purge_files() == 0
    report.refresh_from_db()
    assert report.state == state


def test_a_purged_report_is_not_made_again():
    """R1: a report is made once."""
    ReportFileFactory(report__made_at=NOW - timedelta(days=365))
    purge_files()
    assert generate_due_reports() == 0
    assert Report.objects.get().state == ReportState.PURGED


def test_a_download_after_the_purge_gets_nothing_and_is_not_logged():
    """R5"""
    report = ReportFileFactory(report__made_at=NOW - timedelta(days=365)).report
    purge_files()
    with pytest.raises(DownloadRefused):
        record_download(report, by=UserFactory())
    assert not report.downloads.exists()
