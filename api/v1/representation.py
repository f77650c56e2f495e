"""Agreements and reports as plain values for the schemas: what the third party's pages show, by their own rules."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from django.conf import settings
from django.urls import reverse

from agreements.masking import customer_for_third_party
from agreements.models import Agreement, AgreementEvent
from agreements.states import Status
from agreements.third_party_wording import timeline
from api.authentication import Caller
from api.state_names import agreement_url, report_state, status_name
from notifications.models import ENDED_BADLY, REQUEST_KINDS, Email, EmailState
from reports.formats import FileFormat
from reports.models import Report

RELATED = ("submission", "company")


def agreement_values(agreements: Sequence[Agreement], caller: Caller) -> list[dict[str, Any]]:
    """Return the values of `agreements`, which have `is_overdue` and RELATED; one query for their emails."""
    requests: dict[str, list[Email]] = {agreement.number: [] for agreement in agreements}
    emails = Email.objects.about(*requests).requests().to_current_address().order_by("queued_at", "pk")
    for email in emails.only("about", "kind", "state", "sent_at"):
        for number in email.about:
            if number in requests:
                requests[number].append(email)
    return [_agreement(agreement, requests[agreement.number], caller) for agreement in agreements]


def with_timeline(agreement: Agreement, caller: Caller) -> dict[str, Any]:
    """Return the values of one agreement with its events."""
    (values,) = agreement_values([agreement], caller)
    events = list(agreement.events.select_related("by", "correction"))
    return values | {"timeline": [_timeline_item(event) for event in events]}


def _timeline_item(event: AgreementEvent) -> dict[str, Any]:
    (entry,) = timeline([event])
    actor = entry.detail.removeprefix("By ")
    return {"at": event.at, "event": event.kind, "channel": event.channel, "by": actor}


def _agreement(agreement: Agreement, emails: list[Email], caller: Caller) -> dict[str, Any]:
    customer, submission = customer_for_third_party(agreement), agreement.submission
    status = status_name(agreement)
    may_act = status == Status.PENDING and caller.company.is_active and "agreements:manage" in caller.scopes
    sent = [email.sent_at for email in emails if email.sent_at]
    if emails and all(email.state in ENDED_BADLY for email in emails):
        delivery = "failed"
    else:
        is_sent = any(email.state in (EmailState.SENT, EmailState.SANDBOX) for email in emails)
        delivery = "sent" if is_sent or not emails else "queued"
    path = agreement_url(agreement.number)
    page = reverse("agreement", args=[agreement.number])
    return {
        "number": agreement.number,
        "test": agreement.company.is_sandbox,
        "status": status,
        "initiated_at": agreement.initiated_at,
        "expires_at": agreement.expires_at,
        "ended_at": agreement.ended_at or (agreement.expires_at if agreement.is_overdue else None),
        "changed_at": agreement.changed_at,
        "external_id": agreement.external_id or None,
        "esiid": agreement.esiid,
        "meter_number": agreement.meter_number,
        "report": {
            "type": agreement.report_type,
            "length": agreement.report_length,
            "granted_type": agreement.granted_type or None,
            "granted_length": agreement.granted_length or None,
            "state": report_state(agreement),
        },
        "customer": {
            "registered": agreement.was_registered,
            "kind": agreement.customer_kind,
            "name": None if customer.is_deleted else str(customer.name),
            "company_name": customer.company_name or None,
            "address": None if customer.is_deleted else str(customer.address),
            "phone": customer.phone or None,
            "email": customer.email or None,
            "is_masked": customer.is_masked or customer.is_deleted,
        },
        "contact": {
            "name": agreement.contact_name,
            "phone": _phone(agreement.contact_phone),
            "email": agreement.contact_email,
        },
        "comments": agreement.comments or None,
        "privacy_policy_url": submission.privacy_policy_url or None,
        "attested_at": agreement.attested_at,
        "authorization_reference": submission.authorization_reference or None,
        "invitation": {
            "delivery": delivery,
            "last_sent_at": max(sent, default=None),
            "reminders": sum(email.kind != REQUEST_KINDS[0] for email in emails),
        },
        "allowed": ["resend", "withdraw"] if may_act else [],
        "links": {
            "self": path,
            "report": f"{path}/report",
            "portal": None if agreement.company.is_sandbox else settings.PORTAL_ORIGIN + page,
        },
    }


def _phone(phone: Any) -> str:
    return str(phone.as_e164 if getattr(phone, "is_valid", lambda: False)() else phone or "")


def report_values(agreement: Agreement, report: Report | None) -> dict[str, Any]:
    """Return what the report of `agreement` covers; without one its state."""
    state = report_state(agreement)
    values: dict[str, Any] = {"agreement_number": agreement.number, "state": state, "shortened": False}
    values |= dict.fromkeys(("made_at", "kept_until", "asked_period", "covered_period", "intervals", "days"))
    values |= {"missing_days": {}, "total_wh": {}, "formats": [], "downloads": []}
    if report is None or state not in ("ready", "purged"):
        return values
    return values | {
        "made_at": report.made_at,
        "kept_until": report.kept_until,
        "asked_period": {"first_day": report.asked_first_day, "last_day": report.last_day},
        "covered_period": {"first_day": report.first_day, "last_day": report.last_day},
        "shortened": report.is_shortened,
        "intervals": {
            "minutes": 15,
            "expected": report.expected_intervals,
            "present": report.present_intervals,
            "missing": report.missing_intervals,
            "estimated": report.estimated_intervals,
        },
        "days": {"in_period": report.days, "with_data": report.days_present},
        "missing_days": _by_direction(report.missing_days),
        "total_wh": _by_direction(report.total_wh),
        "formats": list(_formats(agreement, report)),
        "downloads": [
            {"at": download.at, "by": download.by.get_full_name() or download.by.get_username()}
            for download in report.download_log
        ],
    }


def _by_direction(values: dict[str, Any]) -> dict[str, Any]:
    return {label.lower().replace(" ", "_"): value for label, value in values.items()}


def _formats(agreement: Agreement, report: Report) -> Iterable[dict[str, Any]]:
    path = f"{settings.PORTAL_ORIGIN}/api/v1/agreements/{agreement.number}/report"
    made = {each.format: each for each in report.renderings.defer("gzipped")} if report.has_file else {}
    for report_format in report.formats if report.has_file else ():
        file = report if report_format == FileFormat.CSV else made.get(report_format)
        yield {
            "format": report_format.value,
            "href": f"{path}/{report_format.path_name}",
            "content_type": report_format.content_type,
            "size": file.size if file else None,
            "sha256": file.sha256 if file else None,
        }
    manifest = {"format": "manifest", "href": f"{path}/manifest.json", "content_type": "application/json"}
    yield manifest | {"size": None, "sha256": None}
