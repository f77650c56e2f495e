"""What a program sends to create agreements (V6)."""

from __future__ import annotations

from typing import Annotated, Literal

from ninja import Schema
from pydantic import Field

from api.v1.agreement_schemas import AgreementAnswer, ReportLength, ReportType
from api.v1.schemas import RequestBody, UtcTime

Text = Annotated[str, Field(max_length=300)]
Filled = Annotated[str, Field(max_length=60, pattern=r"\S")]


class CustomerBody(RequestBody):
    """Of a registered customer only kind and email; the rest is on record."""

    kind: Literal["residential", "business"]
    email: Text
    first_name: Text | None = None
    middle_initial: Text | None = None
    last_name: Text | None = None
    title: Text | None = None
    language: Literal["en", "es"] | None = Field(None, description="Of an unregistered residential customer.")
    company_name: Text | None = Field(None, description="Of an unregistered business customer.")
    street: Text | None = None
    city: Text | None = None
    state: Text | None = None
    zip_code: Text | None = None
    phone: Text | None = None


class MeterBody(RequestBody):
    esiid: Filled
    meter_number: Filled


class ReportBody(RequestBody):
    type: ReportType
    length: ReportLength


class ContactBody(RequestBody):
    name: Text
    phone: Text
    email: Text


class AttestationBody(RequestBody):
    holds_authorization: bool = Field(
        description="That your company has the customer's authorization, on paper or in electronic form. Must be true."
    )


class AgreementRequestBody(RequestBody):
    """One request to one customer: an agreement for each meter, all or none."""

    registered: bool = Field(description="Whether the customer has an account on the portal.")
    customer: CustomerBody
    meters: list[MeterBody] = Field(min_length=1, max_length=20)
    report: ReportBody
    contact: ContactBody | None = Field(None, description="Whom the customer can reach; by default the client's.")
    comments: Annotated[str, Field(max_length=2000)] | None = Field(None, description="The customer reads them.")
    attestation: AttestationBody
    dry_run: bool = Field(False, description="Check only. Failed matches count as in earnest.")


class QuotaOfEsiid(Schema):
    used: int
    limit: int
    next_free_at: UtcTime | None


class CheckedMeter(Schema):
    esiid: str
    would_create: bool
    quota: QuotaOfEsiid


class CreatedAgreements(Schema):
    data: list[AgreementAnswer]


class CheckedMeters(Schema):
    data: list[CheckedMeter]
