"""What the API reads and writes, as dataclasses. The reference at /api/docs/ explains each field."""

from __future__ import annotations

import types
from dataclasses import asdict, dataclass, field, fields, is_dataclass
from datetime import date, datetime
from typing import Any, Literal, TypeVar, Union, cast, get_args, get_origin, get_type_hints

ReportType = Literal["interval", "daily", "monthly"]
ReportLength = Literal["1d", "1m", "3m", "6m", "12m"]
CustomerKind = Literal["residential", "business"]
T = TypeVar("T")


@dataclass(frozen=True)
class Meter:
    esiid: str
    meter_number: str
    external_id: str | None = None


@dataclass(frozen=True)
class Contact:
    """The person or team that the customer can contact."""

    name: str
    phone: str
    email: str


@dataclass(frozen=True, kw_only=True)
class Customer:
    """Whom to ask. For a customer with an account on the portal, send only kind and email."""

    kind: CustomerKind
    email: str
    first_name: str | None = None
    middle_initial: str | None = None
    last_name: str | None = None
    title: str | None = None
    language: Literal["en", "es"] | None = None
    company_name: str | None = None
    street: str | None = None
    city: str | None = None
    state: str | None = None
    zip_code: str | None = None
    phone: str | None = None


@dataclass(frozen=True, kw_only=True)
class AgreementRequest:
    """One request to one customer; each meter gets an agreement.

    `holds_authorization` declares that your company has the customer's authorization. It has no default on purpose.
    """

    customer: Customer
    meters: list[Meter]
    report_type: ReportType
    report_length: ReportLength
    holds_authorization: bool
    registered: bool = False
    contact: Contact | None = None
    comments: str | None = None
    authorization_reference: str | None = None

    def body(self, *, dry_run: bool = False) -> dict[str, Any]:
        """Return the JSON that the API reads."""
        return {
            "registered": self.registered,
            "customer": asdict(self.customer),
            "meters": [asdict(meter) for meter in self.meters],
            "report": {"type": self.report_type, "length": self.report_length},
            "contact": self.contact and asdict(self.contact),
            "comments": self.comments,
            "attestation": {
                "holds_authorization": self.holds_authorization,
                "reference": self.authorization_reference,
            },
            "dry_run": dry_run,
        }


@dataclass(frozen=True)
class Quota:
    used: int
    limit: int
    next_free_at: datetime | None


@dataclass(frozen=True)
class CheckedMeter:
    esiid: str
    would_create: bool
    quota: Quota


@dataclass(frozen=True)
class RequestedReport:
    """What was asked for, what the customer shared, and how far the report is."""

    type: ReportType
    length: ReportLength
    granted_type: ReportType | None
    granted_length: ReportLength | None
    state: str


@dataclass(frozen=True)
class AgreementCustomer:
    """The customer as your company may see them: masked, or None where the portal keeps it from you."""

    registered: bool
    kind: CustomerKind
    name: str | None
    company_name: str | None
    address: str | None
    phone: str | None
    email: str | None
    is_masked: bool


@dataclass(frozen=True)
class Invitation:
    delivery: Literal["queued", "sent", "failed"]
    last_sent_at: datetime | None
    reminders: int


@dataclass(frozen=True)
class TimelineItem:
    at: datetime
    event: str
    channel: str
    by: str


@dataclass(frozen=True)
class Agreement:
    """One request to one customer about one meter. Only `Client.agreement` fills the timeline."""

    number: str
    test: bool
    status: Literal["pending", "complete", "rejected", "not_accepted", "withdrawn"]
    external_id: str | None
    initiated_at: datetime
    expires_at: datetime
    ended_at: datetime | None
    changed_at: datetime
    esiid: str
    meter_number: str
    report: RequestedReport
    customer: AgreementCustomer
    contact: Contact
    comments: str | None
    attested_at: datetime
    authorization_reference: str | None
    invitation: Invitation
    allowed: list[str]
    timeline: list[TimelineItem] = field(default_factory=list)


@dataclass(frozen=True)
class Days:
    first_day: date
    last_day: date


@dataclass(frozen=True)
class Intervals:
    minutes: int
    expected: int
    present: int
    missing: int
    estimated: int


@dataclass(frozen=True)
class Report:
    """What a report covers. Energy is in watt-hours by direction: consumption and surplus_generation."""

    agreement_number: str
    state: str
    made_at: datetime | None
    kept_until: datetime | None
    asked_period: Days | None
    covered_period: Days | None
    shortened: bool
    intervals: Intervals | None
    missing_days: dict[str, list[list[date]]]
    total_wh: dict[str, int]


@dataclass(frozen=True)
class EventData:
    agreement_number: str | None = None
    external_id: str | None = None
    status: str | None = None
    report_state: str | None = None
    client_id: str | None = None
    key_prefix: str | None = None
    key_expires_at: datetime | None = None
    endpoint_id: str | None = None
    bulk_id: str | None = None
    url: str | None = None


@dataclass(frozen=True)
class Event:
    """Something that happened, from the feed or a webhook. Read the agreement to see its state now."""

    id: str
    type: str
    timestamp: datetime
    test: bool
    data: EventData


@dataclass(frozen=True)
class FieldProblem:
    """What is wrong with one field; `pointer` is a JSON pointer into the body, or the name of a parameter."""

    pointer: str
    code: str
    detail: str
    causes: list[str] = field(default_factory=list)


def from_json(kind: type[T], value: Any) -> T:
    """Return parsed JSON as `kind`. Fields that the API has added since this version are ignored."""
    return cast(T, _convert(kind, value))


def _convert(kind: Any, value: Any) -> Any:
    if is_dataclass(kind):
        hints, names = get_type_hints(kind), [each.name for each in fields(kind) if each.name in value]
        return cast(Any, kind)(**{name: _convert(hints[name], value[name]) for name in names})
    origin, inner = get_origin(kind), get_args(kind)
    if origin in (Union, types.UnionType):
        return None if value is None else _convert(inner[0], value)
    if origin is list:
        return [_convert(inner[0], each) for each in value]
    if origin is dict:
        return {name: _convert(inner[1], each) for name, each in value.items()}
    return kind.fromisoformat(value) if kind in (datetime, date) else value
