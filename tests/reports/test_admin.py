"""Reports in the admin: to look at, and to have failed ones made again (D1)."""

from __future__ import annotations

import pytest
from django.urls import reverse

from agreements.states import ReportState
from reports.models import Download, Report
from tests.factories import DownloadFactory, OperatorFactory, ReportFactory, ReportFileFactory, TdspFactory, UserFactory

pytestmark = pytest.mark.django_db

REPORTS, DOWNLOADS = reverse("admin:reports_report_changelist"), reverse("admin:reports_download_changelist")


def staff_of(tdsp):
    return UserFactory(is_staff=True, tdsp=tdsp)


def again(client, *reports):
    data = {"action": "make_again", "_selected_action": [report.pk for report in reports]}
    return client.post(REPORTS, data, follow=True)


def test_an_operator_sees_every_report_and_download(client):
    """D1"""
    reports = [DownloadFactory().report for _ in range(2)]
    client.force_login(OperatorFactory())
    for page in (REPORTS, DOWNLOADS):
        text = client.get(page).content.decode()
        assert all(report.agreement.number in text for report in reports)


def test_tdsp_staff_see_only_the_reports_of_their_own_premises(client):
    """D1: neither in the list nor by the address."""
    own, other = DownloadFactory().report, DownloadFactory().report
    client.force_login(staff_of(own.agreement.tdsp))
    for page in (REPORTS, DOWNLOADS):
        text = client.get(page).content.decode()
        assert own.agreement.number in text
        assert other.agreement.number not in text
    assert client.get(reverse("admin:reports_report_change", args=[own.pk])).status_code == 200
    assert client.get(reverse("admin:reports_report_change", args=[other.pk])).status_code == 404


def test_reports_cannot_be_added_changed_or_deleted(client):
    """D1: read-only, also for an operator."""
    download = DownloadFactory()
    client.force_login(OperatorFactory())
    for name, item in (("report", download.report), ("download", download)):
        assert client.get(reverse(f"admin:reports_{name}_add")).status_code == 403
        change = reverse(f"admin:reports_{name}_change", args=[item.pk])
        assert client.post(change, {"state": "failed"}).status_code == 403
        assert client.post(reverse(f"admin:reports_{name}_delete", args=[item.pk])).status_code == 403
    assert Report.objects.count() == Download.objects.count() == 1


def test_the_admin_shows_no_file(client):
    """D1"""
    report = ReportFileFactory(content=b"the customer's life").report
    client.force_login(OperatorFactory())
    text = client.get(reverse("admin:reports_report_change", args=[report.pk])).content.decode()
    assert report.sha256 in text
    assert "the customer" not in text.replace("the customers", "")


def test_failed_reports_are_made_again_by_the_next_sweep(client):
    """D1: and nothing else is touched."""
    failed, ready = ReportFactory(state=ReportState.FAILED, attempts=5), ReportFactory()
    client.force_login(OperatorFactory())
    assert "1 report will be made again" in again(client, failed, ready).content.decode()
    assert list(Report.objects.due_for_retry()) == [failed]
    assert "Select failed reports to retry them" in again(client, ready).content.decode()


def test_tdsp_staff_can_retry_their_own_reports(client):
    """D1: the role is enough."""
    failed = ReportFactory(state=ReportState.FAILED)
    client.force_login(staff_of(failed.agreement.tdsp))
    again(client, failed)
    assert Report.objects.due_for_retry().exists()


def test_staff_cannot_retry_another_tdsps_report(client):
    """D1"""
    failed = ReportFactory(state=ReportState.FAILED)
    client.force_login(staff_of(TdspFactory()))
    again(client, failed)
    assert not Report.objects.due_for_retry().exists()
