"""A report's file in each format: the stored CSV, or a rendering of it that is made once and then kept (R8, ADR 60)."""

from __future__ import annotations

from agreements.models import ReportType
from agreements.period import Period
from meters.models import FlowDirection
from reports.file_responses import ReadyFile
from reports.formats import FileFormat, render_content
from reports.models import Rendering, Report, ReportFile
from reports.stored_readings import read_days, read_totals
from reports.usage_content import UsageContent


def file_in_format(report: Report, report_format: FileFormat) -> ReadyFile | None:
    """Return the report's file in a format that its type has; None if the file is not there.

    Must be called with the report locked: the first call for a format renders the file and stores it.
    """
    assert report_format in report.formats

    def ready(size: int, sha256: str, gzipped: bytes) -> ReadyFile:
        name = report.name_in_format(report_format)
        return ReadyFile(name, report_format.content_type, size, sha256, gzipped, report.made_at)

    is_csv = report_format == FileFormat.CSV
    rendering = None if is_csv else Rendering.objects.filter(report=report, format=report_format).first()
    if rendering is not None:
        gzipped = rendering.gzipped
        return None if gzipped is None else ready(rendering.size, rendering.sha256, bytes(gzipped))
    stored = ReportFile.objects.filter(pk=report.pk).first()
    if stored is None:
        return None
    if is_csv:
        return ready(report.size, report.sha256, bytes(stored.gzipped))
    file = render_content(report_format, _content(report, bytes(stored.gzipped)))
    Rendering.store(report, report_format, file)
    return ready(file.size, file.sha256, file.gzipped)


def _content(report: Report, gzipped: bytes) -> UsageContent:
    agreement = report.agreement
    report_type = agreement.shared.report_type
    assert report.made_at

    return UsageContent(
        esiid=agreement.esiid,
        meter_number=agreement.meter_number,
        agreement_number=agreement.number,
        report_type=report_type,
        period=Period(report.asked_first_day, report.first_day, report.last_day),
        made_at=report.made_at,
        directions=[channel for channel in FlowDirection if channel.label in report.total_wh],
        read=(
            (lambda channel: read_days(gzipped, channel))
            if report_type == ReportType.INTERVAL
            else (lambda channel: read_totals(gzipped, report_type, channel))
        ),
    )
