"""Bulk invitations: what a program sends, and what it reads about their rows (K1, K6)."""

from __future__ import annotations

from typing import Annotated, Literal

from ninja import Schema
from pydantic import Field

from agreements.bulk.files import FIELDS
from agreements.models import BulkRowState, BulkState
from api.v1.agreement_schemas import ReportLength, ReportType
from api.v1.creation_schemas import AttestationBody, ContactBody
from api.v1.schemas import RequestBody, UtcTime

StateName = Literal["sending", "stopped", "finished", "canceled"]
RowStatus = Literal["not_checked", "created", "refused", "canceled"]
assert {"preview", *StateName.__args__} == set(BulkState.values)  # type: ignore[attr-defined]
assert set(RowStatus.__args__) == set(BulkRowState.values)  # type: ignore[attr-defined]


class BulkRequestBody(RequestBody):
    """Many requests in one: either `csv` or `rows`."""

    csv: str | None = Field(None, description="The text of a CSV file with a header line.")
    rows: list[dict[str, Annotated[str, Field(max_length=2000)]]] | None = Field(
        None, description=f"The same rows as objects, with these keys: {', '.join(FIELDS)}."
    )
    report_type: ReportType | None = Field(None, description="For rows without REPORT_TYPE.")
    report_length: ReportLength | None = Field(None, description="For rows without REPORT_LENGTH.")
    contact: ContactBody | None = Field(
        None, description="The person or team that customers can contact. By default, the API client's contact."
    )
    attestation: AttestationBody


class RowCounts(Schema):
    not_checked: int
    created: int
    refused: int
    canceled: int


class BulkRowAnswer(Schema):
    row: int = Field(description="As in a spreadsheet: the column names are row 1, and the first row of data is row 2.")
    status: RowStatus
    agreement_number: str | None = Field(
        description="The agreement that was created, or the one that is already waiting for an answer."
    )
    code: str | None = Field(description="Why the row was refused. Open: invalid, mismatch, limit, and others.")
    column: str | None = Field(description="The column to correct, if the row was not sent.")
    message: str | None = Field(description="What is wrong, in the words of the portal's form.")


class BulkInvitationAnswer(Schema):
    id: str
    test: bool
    state: StateName = Field(description="Open.")
    created_at: UtcTime
    ended_at: UtcTime | None
    continues_at: UtcTime | None = Field(
        description="If the file is waiting for a limit: when it continues, or when you can continue it."
    )
    stop_reason: str | None
    counts: RowCounts
    rows: list[BulkRowAnswer] = Field(description="In the same order as in the file.")
