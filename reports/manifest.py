"""The manifest: what a report covers, as JSON for programs (R4)."""

import json
from datetime import datetime

from django.conf import settings
from django.urls import reverse

from agreements.models import ReportType
from lib.central_time import CENTRAL
from reports.formats import FileFormat
from reports.models import Report


def manifest_name(report: Report) -> str:
    """Return `smt-112326000001-15min-manifest.json` for `smt-112326000001-15min.csv`."""
    return report.file_name.removesuffix(".csv") + "-manifest.json"


def render_manifest(report: Report) -> bytes:
    """Return the manifest of a report that has, or had, a file: JSON in UTF-8, the same bytes each time.

    Days are Central days in ISO form, both ends included; times are ISO with the Central offset; energy is in kWh.
    """
    agreement = report.agreement
    content = {
        "agreement_number": agreement.number,
        "esiid": agreement.esiid,
        "meter_number": agreement.meter_number,
        "report_type": agreement.shared.report_type,
        "report_length": agreement.shared.report_length,
        "requested": {"report_type": agreement.report_type, "report_length": agreement.report_length},
        "accepted_at": _central(agreement.ended_at),
        "made_at": _central(report.made_at),
        "readings": f"As on file at {_central(report.made_at)}. Later corrections by the utility are not included.",
        "time_zone": "America/Chicago. Days and times are Central time, daylight saving time included.",
        "asked_period": {"first_day": report.asked_first_day.isoformat(), "last_day": report.last_day.isoformat()},
        "covered_period": {"first_day": report.first_day.isoformat(), "last_day": report.last_day.isoformat()},
        "shortened_because": (
            f"The customer's service at this ESIID began on {report.first_day.isoformat()}. "
            "Usage before that day belongs to someone else and is left out."
            if report.is_shortened
            else None
        ),
        "ended_early_because": (
            f"{agreement.tdsp.name} had sent no readings for {unsent[0].isoformat()} to {unsent[1].isoformat()}."
            if (unsent := report.unsent_days)
            else None
        ),
        "expected_from": report.expected_from.isoformat() if report.is_metered_later and report.expected_from else None,
        "intervals": {
            "length_minutes": 15,
            "expected": report.expected_intervals,
            "present": report.present_intervals,
            "missing": report.missing_intervals,
            "estimated": report.estimated_intervals,
        },
        "days_in_period": report.days,
        "days_with_data": report.days_present,
        "missing_days": {
            label: [{"first_day": first, "last_day": last} for first, last in ranges]
            for label, ranges in sorted(report.missing_days.items())
        },
        "months": (
            "Calendar months, added up from 15-minute readings; not billing periods and not the billed figures."
            if agreement.shared.report_type == ReportType.MONTHLY
            else None
        ),
        "total_kwh": {label: wh / 1000 for label, wh in sorted(report.total_wh.items())},
        "file": {
            "name": report.file_name,
            "rows_without_header": report.rows,
            "size_bytes": report.size,
            "sha256": report.sha256,
            "check_at": settings.PORTAL_ORIGIN + reverse("document_check"),
        },
        "other_formats": {
            "note": (
                "The same readings as in the file, until it is deleted. The address in check_at knows the SHA-256 of "
                "each of these files that was downloaded."
            ),
            "names": [report.name_in_format(other) for other in report.formats if other != FileFormat.CSV],
        },
    }
    return (json.dumps(content, indent=2) + "\n").encode()


def _central(at: datetime | None) -> str | None:
    return at.astimezone(CENTRAL).isoformat(timespec="seconds") if at else None
