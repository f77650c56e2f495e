"""An agreement and its report, as the API writes them."""

from __future__ import annotations

from datetime import date
from typing import Literal

from ninja import Schema
from pydantic import Field

from api.v1.schemas import UtcTime

StatusName = Literal["pending", "complete", "rejected", "not_accepted", "withdrawn"]
ReportType = Literal["interval", "daily", "monthly"]
ReportLength = Literal["1d", "1m", "3m", "6m", "12m"]
_STATES = "Open: none, preparing, waiting_for_data, held, ready, no_data, refused, failed, purged."


class AgreementReport(Schema):
    type: ReportType = Field(description="What you asked for: 15-minute readings, daily totals, or monthly totals.")
    length: ReportLength
    granted_type: ReportType | None = Field(description="What the customer shares, which may be less; once complete.")
    granted_length: ReportLength | None
    state: str = Field(description=_STATES)


class AgreementCustomer(Schema):
    registered: bool
    kind: Literal["residential", "business"]
    name: str | None = Field(description="First and last name.")
    company_name: str | None
    address: str | None = Field(description="The service address.")
    phone: str | None
    email: str | None = Field(description="Where the request was sent.")
    is_masked: bool = Field(description="A registered customer is masked until complete. Deleted data is null.")


class AgreementContact(Schema):
    """Whom the customer can reach."""

    name: str
    phone: str
    email: str


class Invitation(Schema):
    delivery: Literal["queued", "sent", "failed"] = Field(description="failed: the email came back.")
    last_sent_at: UtcTime | None
    reminders: int = Field(description="Your own and the portal's.")


class AgreementLinks(Schema):
    self: str
    report: str
    portal: str | None = Field(description="The agreement's page, for your users. Null for a test agreement.")


class TimelineItem(Schema):
    at: UtcTime
    event: str = Field(description="Open: initiated, resent, accept, reject, withdraw, expire, and others.")
    channel: str = Field(description="Open: api, form, third_party, invitation, account, clock, review, sandbox.")
    by: str


class AgreementAnswer(Schema):
    """One request to one customer about one meter."""

    number: str = Field(description="Twelve digits. It can begin with 0, so keep it as a string.")
    test: bool = Field(description="Whether it was made with a test key.")
    status: StatusName = Field(description="By the clock: after the deadline it is not_accepted at once.")
    initiated_at: UtcTime = Field(description="When the agreement was created.")
    expires_at: UtcTime = Field(description="Until when the customer can answer.")
    ended_at: UtcTime | None = Field(description="When the status became another than pending.")
    esiid: str
    meter_number: str
    report: AgreementReport
    customer: AgreementCustomer
    contact: AgreementContact
    comments: str | None
    privacy_policy_url: str | None
    attested_at: UtcTime = Field(description="When your company declared that it has the customer's authorization.")
    invitation: Invitation
    allowed: list[Literal["resend", "withdraw"]] = Field(description="What the status and your scopes allow.")
    links: AgreementLinks


class AgreementWithTimeline(AgreementAnswer):
    timeline: list[TimelineItem]


class AgreementPage(Schema):
    data: list[AgreementAnswer]
    next: str | None = Field(description="The cursor of the next page; null on the last one.")


class FoundAgreements(AgreementPage):
    not_found: list[str] = Field(description="The items that found nothing.")
    is_cut: bool = Field(description="Only 1,000 agreements were looked at. Search for less.")


class Days(Schema):
    first_day: date
    last_day: date


class Intervals(Schema):
    minutes: int
    expected: int = Field(description="How many readings the covered days would have without gaps.")
    present: int
    missing: int
    estimated: int = Field(description="How many of the readings present are estimated.")


class DayCounts(Schema):
    in_period: int
    with_data: int


class ReportFormat(Schema):
    format: str = Field(description="Open: csv, utc_csv, json, green_button, manifest.")
    href: str
    content_type: str
    size: int | None = Field(description="Bytes, uncompressed. Null before the first download, and of the manifest.")
    sha256: str | None


class ReportDownload(Schema):
    at: UtcTime
    by: str


class ReportAnswer(Schema):
    """What a report covers. Before it is ready, there is its state only."""

    agreement_number: str
    state: str = Field(description=_STATES)
    made_at: UtcTime | None
    kept_until: UtcTime | None = Field(description="When we delete the files.")
    asked_period: Days | None
    covered_period: Days | None
    shortened: bool = Field(description="Whether it covers less, because the customer's service began later.")
    intervals: Intervals | None
    days: DayCounts | None
    missing_days: dict[str, list[tuple[date, date]]] = Field(description="Direction -> first and last day of each gap.")
    total_wh: dict[str, int] = Field(description="Direction -> watt-hours.")
    formats: list[ReportFormat]
    downloads: list[ReportDownload]
