"""Reports, their files and downloads."""

from __future__ import annotations

import gzip
import hashlib
from datetime import date

import factory
from factory.django import DjangoModelFactory

from agreements.states import Status
from reports.models import Download, Report, ReportFile, ReportState
from tests.factories.agreements import AgreementFactory


class ReportFactory(DjangoModelFactory):
    """The record of a ready report of three months, complete; its file comes by ReportFileFactory."""

    class Meta:
        model = Report

    agreement = factory.SubFactory(AgreementFactory, status=Status.COMPLETE, report_recorded=True)
    tdsp = factory.SelfAttribute("agreement.tdsp")
    state = ReportState.READY
    asked_first_day = date(2026, 8, 23)
    first_day = date(2026, 8, 23)
    last_day = date(2026, 11, 22)
    made_at = factory.SelfAttribute("agreement.ended_at")
    file_name = factory.LazyAttribute(lambda report: f"smt-{report.agreement.number}-15min.csv")
    rows = 92 * 96 + 4
    days_present = 92
    expected_intervals = 92 * 96 + 4
    present_intervals = 92 * 96 + 4
    total_wh = factory.LazyFunction(lambda: {"Consumption": 2_760_125})
    size = 700_000
    sha256 = "0" * 64


class ReportFileFactory(DjangoModelFactory):
    """Made together with a ready record that says the truth about its bytes; pass `content`."""

    class Meta:
        model = ReportFile

    class Params:
        content = b"ESIID,USAGE_DATE\n'10443720000000017,11/22/2026\n"

    report = factory.SubFactory(
        ReportFactory,
        rows=1,
        size=factory.LazyAttribute(lambda report: len(report.factory_parent.content)),
        sha256=factory.LazyAttribute(lambda report: hashlib.sha256(report.factory_parent.content).hexdigest()),
    )
    gzipped = factory.LazyAttribute(lambda file: gzip.compress(file.content, mtime=0))


class DownloadFactory(DjangoModelFactory):
    class Meta:
        model = Download

    report = factory.SubFactory(ReportFactory)
    by = factory.LazyAttribute(lambda download: download.report.agreement.submission.initiated_by)
