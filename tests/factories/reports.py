"""Reports, their files and downloads."""

from __future__ import annotations

import gzip
import hashlib
from datetime import date, timedelta
from typing import Any

import factory
from django.utils import timezone
from factory.django import DjangoModelFactory

from agreements.models import Agreement
from agreements.states import ReportState, Status
from meters.models import FlowDirection
from meters.usage.interval_csv import HEADER, render_day
from meters.usage.reader import UNDATED
from reports.formats import FileFormat
from reports.models import Download, Rendering, Report, ReportFile
from tests.factories.agreements import AgreementFactory

WITH_FILE = (ReportState.READY, ReportState.PURGED)
MADE = (*WITH_FILE, ReportState.NO_DATA)


class ReportFactory(DjangoModelFactory):
    """The record of a ready report of three months, complete; its file comes by ReportFileFactory.

    `state` is written to the agreement, which may be one without a report.
    """

    class Meta:
        model = Report

    agreement = factory.SubFactory(AgreementFactory, status=Status.COMPLETE)
    tdsp = factory.SelfAttribute("agreement.tdsp")
    state = ReportState.READY
    asked_first_day = date(2026, 8, 23)
    first_day = date(2026, 8, 23)
    last_day = date(2026, 11, 22)
    made_at = factory.LazyAttribute(lambda report: report.agreement.ended_at if report.state in MADE else None)
    purged_at = factory.LazyAttribute(
        lambda report: report.made_at + timedelta(days=60) if report.state == ReportState.PURGED else None
    )
    file_name = factory.LazyAttribute(lambda report: f"smt-{report.agreement.number}-15min.csv")
    rows = 92 * 96 + 4
    days_present = 92
    expected_intervals = 92 * 96 + 4
    present_intervals = 92 * 96 + 4
    total_wh = factory.LazyFunction(lambda: {"Consumption": 2_760_125})
    size = 700_000
    sha256 = factory.LazyAttribute(lambda report: "0" * 64 if report.state in WITH_FILE else "")

    @classmethod
    def _create(cls, model_class: type[Report], *args: Any, state: ReportState, **fields: Any) -> Report:
        agreement = fields["agreement"]
        agreement.report_state = state
        if agreement.period_last_day is None:  # it waited for data
            agreement.period_first_day, agreement.period_last_day = fields["first_day"], fields["last_day"]
        agreement.save(update_fields=["report_state", "period_first_day", "period_last_day"])
        report: Report = super()._create(model_class, *args, **fields)
        return report


class ReportFileFactory(DjangoModelFactory):
    """Made together with a ready record that says the truth about its bytes; pass `content`."""

    class Meta:
        model = ReportFile

    class Params:
        content = HEADER + render_day(
            "10443720000000017", date(2026, 11, 22), UNDATED, FlowDirection.CONSUMPTION, [250] * 96, None
        )

    report = factory.SubFactory(
        ReportFactory,
        rows=1,
        size=factory.LazyAttribute(lambda report: len(report.factory_parent.content)),
        sha256=factory.LazyAttribute(lambda report: hashlib.sha256(report.factory_parent.content).hexdigest()),
    )
    gzipped = factory.LazyAttribute(lambda file: gzip.compress(file.content, mtime=0))


class RenderingFactory(DjangoModelFactory):
    """Bytes that no rendering has: tests of renderings make reports."""

    class Meta:
        model = Rendering

    report = factory.SubFactory(ReportFactory)
    format = FileFormat.JSON
    size = 3
    sha256 = hashlib.sha256(b"{}\n").hexdigest()
    gzipped = gzip.compress(b"{}\n", mtime=0)


class DownloadFactory(DjangoModelFactory):
    class Meta:
        model = Download

    report = factory.SubFactory(ReportFactory)
    by = factory.LazyAttribute(lambda download: download.report.agreement.submission.initiated_by)

    @classmethod
    def _create(cls, model_class: type[Download], *args: Any, **fields: Any) -> Download:
        """Write the first download to the agreement, as downloads.record_download does."""
        download: Download = super()._create(model_class, *args, **fields)
        agreements = Agreement.objects.filter(pk=download.report.agreement_id, downloaded_at=None)
        agreements.update(downloaded_at=fields.get("at") or timezone.now())
        return download
