"""EM204: the report is made, or there was nothing to make it of (SPEC section 5)."""

from __future__ import annotations

from typing import Any

from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _

from notifications.actions import queue_email
from notifications.outgoing import OutgoingEmail
from reports.models import Report


def report_ready(report: Report) -> None:
    """To the third party: where the file is, what it covers and what it misses (R4)."""
    agreement = report.agreement
    queue_email(
        OutgoingEmail(
            key=f"EM204:{agreement.number}",
            kind="EM204",
            about=agreement.number,
            to=agreement.contact_email,
            language="en",
            subject=format_lazy(
                _("{company}: report ready for agreement {number}"),
                company=agreement.third_party_name,
                number=agreement.number,
            ),
            context=_context(report),
        )
    )


def no_data(report: Report) -> None:
    """To both sides: the agreement ends without a report, because nothing was recorded (R4)."""
    agreement = report.agreement
    queue_email(
        OutgoingEmail(
            key=f"EM204:{agreement.number}",
            kind="EM204",
            about=agreement.number,
            to=agreement.contact_email,
            language="en",
            subject=format_lazy(
                _("{company}: no data for agreement {number}"),
                company=agreement.third_party_name,
                number=agreement.number,
            ),
            template="EM204_no_data",
            context=_context(report),
        )
    )
    queue_email(
        OutgoingEmail(
            key=f"EM204:{agreement.number}:customer",
            kind="EM204",
            about=agreement.number,
            to=agreement.email,
            language=agreement.language,
            subject=format_lazy(_("No report for {company}: there is no data"), company=agreement.third_party_name),
            template="EM204_no_data_customer",
            context=_context(report),
        )
    )


def _context(report: Report) -> dict[str, Any]:
    return {"agreement": report.agreement, "report": report}
