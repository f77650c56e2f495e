"""An agreement and its report, as the API writes them."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Literal

from ninja import Schema
from pydantic import Field

from agreements.request import EXTERNAL_ID
from api.v1.schemas import UtcTime

StatusName = Literal["pending", "complete", "rejected", "not_accepted", "withdrawn"]
ReportType = Literal["interval", "daily", "monthly"]
ReportLength = Literal["1d", "1m", "3m", "6m", "12m"]
ExternalId = Annotated[str, Field(pattern=f"^{EXTERNAL_ID}$")]
_STATES = "Open: none, preparing, waiting_for_data, held, ready, no_data, refused, failed, purged."


class AgreementReport(Schema):
    type: ReportType = Field(description="What you asked for: 15-minute readings, daily totals, or monthly totals.")
    length: ReportLength
    granted_type: ReportType | None = Field(
        description="What the customer shared, which can be less. Null until the agreement is complete."
    )
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
    is_masked: bool = Field(
        description="Whether parts of the name and address are hidden, as they are for a "
        "registered customer who hasn't accepted."
    )


class AgreementContact(Schema):
    """The person or team that the customer can contact."""

    name: str
    phone: str
    email: str


class Invitation(Schema):
    delivery: Literal["queued", "sent", "failed"] = Field(description="failed: the email couldn't be delivered.")
    last_sent_at: UtcTime | None
    reminders: int = Field(description="How many reminders were sent, by you or by the portal.")


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
    test: bool = Field(description="Whether it was created with a test key.")
    status: StatusName = Field(description="A pending agreement becomes not_accepted as soon as the deadline passes.")
    initiated_at: UtcTime = Field(description="When the agreement was created.")
    expires_at: UtcTime = Field(description="The deadline for the customer's answer.")
    ended_at: UtcTime | None = Field(description="When the agreement stopped being pending.")
    changed_at: UtcTime = Field(
        description="When the status, the deadline, the report's state or the customer's data last changed on record. "
        "Reminders and emails that come back don't count."
    )
    external_id: str | None = Field(description="Your own ID from the request.")
    esiid: str
    meter_number: str
    report: AgreementReport
    customer: AgreementCustomer
    contact: AgreementContact
    comments: str | None
    privacy_policy_url: str | None
    attested_at: UtcTime = Field(description="When your company declared that it has the customer's authorization.")
    authorization_reference: str | None = Field(description="Where your company has it, from the request.")
    invitation: Invitation
    allowed: list[Literal["resend", "withdraw"]] = Field(
        description="The actions that the status and your scopes allow."
    )
    links: AgreementLinks


class AgreementWithTimeline(AgreementAnswer):
    timeline: list[TimelineItem]


class AgreementPage(Schema):
    data: list[AgreementAnswer]
    next: str | None = Field(description="The cursor for the next page. Null on the last page.")


class FoundAgreements(AgreementPage):
    not_found: list[str] = Field(description="The items with no results.")
    is_cut: bool = Field(description="Whether there were more than 1,000 results. If so, narrow the search.")


class Days(Schema):
    first_day: date
    last_day: date


class Intervals(Schema):
    minutes: int
    expected: int = Field(description="How many readings the covered days would have without gaps.")
    present: int
    missing: int
    estimated: int = Field(description="How many of the readings that are present are estimated.")


class DayCounts(Schema):
    in_period: int
    with_data: int


class ReportFormat(Schema):
    format: str = Field(description="Open: csv, utc_csv, json, green_button, manifest.")
    href: str
    content_type: str
    size: int | None = Field(
        description="Uncompressed size in bytes. Null for the manifest, and for a file before its first download."
    )
    sha256: str | None


class ReportDownload(Schema):
    at: UtcTime
    by: str


class ReportAnswer(Schema):
    """What a report covers. Before it is ready, only its state is filled in."""

    agreement_number: str
    state: str = Field(description=_STATES)
    made_at: UtcTime | None
    kept_until: UtcTime | None = Field(description="When we delete the files.")
    asked_period: Days | None
    covered_period: Days | None
    shortened: bool = Field(
        description="Whether the report covers less than you asked for, because the customer's service began later."
    )
    intervals: Intervals | None
    days: DayCounts | None
    missing_days: dict[str, list[tuple[date, date]]] = Field(description="Direction -> first and last day of each gap.")
    total_wh: dict[str, int] = Field(description="Direction -> watt-hours.")
    formats: list[ReportFormat]
    downloads: list[ReportDownload]
