"""What a program sends to create agreements (V6)."""

from __future__ import annotations

from typing import Annotated, Literal

from ninja import Schema
from pydantic import Field

from agreements.request import REFERENCE_LENGTH
from api.v1.agreement_schemas import AgreementAnswer, ExternalId, ReportLength, ReportType
from api.v1.schemas import RequestBody, UtcTime

Text = Annotated[str, Field(max_length=300)]
Filled = Annotated[str, Field(max_length=60, pattern=r"\S")]
_NEEDED, _POSSIBLE = "Required for an unregistered customer.", "Optional for an unregistered customer."


class CustomerBody(RequestBody):
    """For a registered customer, send only kind and email. The rest is on record."""

    kind: Literal["residential", "business"]
    email: Text = Field(description="We send the request to it. For a registered customer, the email of the account.")
    first_name: Text | None = Field(None, description=_NEEDED)
    middle_initial: Text | None = Field(None, description=_POSSIBLE)
    last_name: Text | None = Field(None, description=_NEEDED)
    title: Text | None = Field(None, description=_POSSIBLE)
    language: Literal["en", "es"] | None = Field(None, description="Only for an unregistered residential customer.")
    company_name: Text | None = Field(None, description="Only for an unregistered business customer.")
    street: Text | None = Field(None, description=_NEEDED + " The street and number of the service address.")
    city: Text | None = Field(None, description=_NEEDED)
    state: Text | None = Field(None, description=_NEEDED + " Two letters, such as `TX`.")
    zip_code: Text | None = Field(None, description=_NEEDED)
    phone: Text | None = Field(None, description=_POSSIBLE)


class MeterBody(RequestBody):
    esiid: Filled = Field(description="17 or 22 digits.")
    meter_number: Filled = Field(description="As on the meter or the bill, with or without its first letter.")
    external_id: ExternalId | None = Field(
        None, description="Your own ID for the agreement, to find it again. It doesn't have to be unique."
    )


class ReportBody(RequestBody):
    type: ReportType = Field(description="15-minute readings, daily totals, or monthly totals.")
    length: ReportLength = Field(description="Counted back from the latest day on file when the customer accepts.")


class ContactBody(RequestBody):
    name: Text
    phone: Text
    email: Text


class AttestationBody(RequestBody):
    holds_authorization: bool = Field(
        description="Confirms that your company has the customer's authorization, on paper or in electronic form. "
        "Must be true."
    )


class ReferencedAttestationBody(AttestationBody):
    reference: Annotated[str, Field(max_length=REFERENCE_LENGTH, pattern=r"^[^\x00-\x1f\x7f]*$")] | None = Field(
        None, description="Where your company has the authorization, such as a contract number. The utility can see it."
    )


class AgreementRequestBody(RequestBody):
    """One request to one customer. We create an agreement for each meter, or none at all."""

    registered: bool = Field(description="Whether the customer has an account on the portal.")
    customer: CustomerBody
    meters: list[MeterBody] = Field(min_length=1, max_length=20)
    report: ReportBody
    contact: ContactBody | None = Field(
        None, description="The person or team that the customer can contact. By default, your API client's contact."
    )
    comments: Annotated[str, Field(max_length=2000)] | None = Field(None, description="The customer will see them.")
    attestation: ReferencedAttestationBody
    dry_run: bool = Field(
        False, description="Check the request without creating anything. Failed matches count as usual."
    )


class QuotaOfEsiid(Schema):
    used: int = Field(description="How many of your company's agreements for this ESIID count toward the limit now.")
    limit: int
    next_free_at: UtcTime | None = Field(description="If the limit is reached, when you can create the next one.")


class CheckedMeter(Schema):
    esiid: str
    would_create: bool
    quota: QuotaOfEsiid


class CreatedAgreements(Schema):
    data: list[AgreementAnswer]


class CheckedMeters(Schema):
    data: list[CheckedMeter]
