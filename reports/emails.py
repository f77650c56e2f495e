"""EM204: the report is ready, or there was no data for it (R4). DOWNLOADED: it was for the first time (C11)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _

from agreements.company_emails import queue_to_company
from notifications.actions import DecisionLink, OutgoingEmail, queue_email
from reports.models import Download, Report

if TYPE_CHECKING:
    from django.utils.functional import _StrPromise as StrPromise


def queue_report_ready(report: Report) -> None:
    """Tell the third party where the file is, what it covers and what is missing (R4)."""
    _queue(report, _("{company}: report ready for agreement {number} (meter {meter})"), template="EM204")


def queue_no_data(report: Report) -> None:
    """Tell both sides that the agreement ends without a report, because nothing was recorded (R4)."""
    _queue(report, _("{company}: no data for agreement {number} (meter {meter})"), template="EM204_no_data")
    subject = _("No report for {company} (meter {meter}): there is no data")
    _queue(report, subject, template="EM204_no_data_customer", to_customer=True)


def queue_first_download(download: Download) -> None:
    """Tell the customer who downloaded the report for the first time, with the link to the request (C11)."""
    agreement = download.report.agreement
    details: dict[str, Any] = {
        "kind": "DOWNLOADED",
        "link": DecisionLink(agreement.submission.link_nonce),
        "is_one_of_several": agreement.submission.agreements.count() > 1,
        "download": download,
    }
    subject = _("{company} downloaded your report (meter {meter})")
    _queue(download.report, subject, template="DOWNLOADED_customer", to_customer=True, **details)


def _queue(
    report: Report,
    subject: StrPromise,
    *,
    template: str,
    to_customer: bool = False,
    kind: str = "EM204",
    link: DecisionLink | None = None,
    **context: Any,
) -> None:
    """Queue an email, also to a customer's account if that has another address than the request, without link (C4)."""
    agreement = report.agreement
    names = {"company": agreement.third_party_name, "number": agreement.number, "meter": agreement.meter_number}
    fields: dict[str, Any] = {"about": [agreement.number], "company_id": agreement.company_id}
    fields |= {"kind": kind, "tdsp_id": agreement.tdsp_id, "pauses": not to_customer}
    fields |= {"template": template, "subject": format_lazy(subject, **names)}
    about = {"agreement": agreement, "agreements": [agreement], "utilities": [agreement], "report": report}
    fields["context"] = about | context
    fields["reader_name"] = agreement.addressee if to_customer else agreement.contact_name
    key = f"{kind}:{agreement.number}"
    if not to_customer:
        queue_to_company(OutgoingEmail(key=key, to=agreement.contact_email, language="en", **fields), [agreement])
        return
    to, language = agreement.email, agreement.submission.language
    queue_email(OutgoingEmail(key=f"{key}:customer", to=to, language=language, link=link, **fields))
    user = agreement.customer.user if agreement.customer else None
    if user and user.email.lower() != agreement.email.lower():
        key = f"{kind}:{agreement.number}:account:customer"
        queue_email(OutgoingEmail(key=key, to=user.email, language=user.language, **fields))
