"""One row through the two pages of the form: the same rules and sentences as for a typed request (K3, P11)."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from django.utils.translation import gettext as _

from agreements.bulk.files import EXAMPLE, FIELDS
from agreements.forms.request import NO, YES, AgreementRequestForm
from agreements.forms.submission import SubmissionForm
from agreements.models import BulkInvitation
from agreements.request import EXTERNAL_ID, REFERENCE_LENGTH, AgreementRequest
from lib.digits import bare_digits
from meters.identifiers import is_rounded_number

_COLUMNS = {field: column for column, field in FIELDS.items() if field}
_ANSWERS = {"yes": YES, "y": YES, "true": YES, "1": YES, "no": NO, "n": NO, "false": NO, "0": NO}
_LOWER = ("registered", "kind", "language", "report_type", "report_length")


@dataclass(frozen=True)
class RowProblem:
    """What is wrong with one cell, in the form's words."""

    column: str
    message: str
    code: str = "invalid"


@dataclass(frozen=True)
class RowRequest:
    """What a row asks for: a request with one meter, and the comments."""

    request: AgreementRequest
    comments: str

    def group_key(self) -> object:
        """Return what rows of one request have in common: everything but the meter."""
        return replace(self.request, rows=()), self.comments


def read_row(bulk: BulkInvitation, number: int, cells: Sequence[str]) -> RowRequest | list[RowProblem]:
    """Return the request of a row, or its problems in the order of the columns. Looks up nothing."""
    values = {column: cell for column, cell in zip(bulk.header, cells, strict=False) if cell}
    problems = list(_mangled(values, extra=any(cells[len(bulk.header) :])))
    entries = _entries(bulk, values)
    comments, numbers = entries.pop("comments"), (entries.pop("esiid"), entries.pop("meter_number"))
    form = AgreementRequestForm.from_values(entries, [numbers])
    form.meters.forms[0].number = number  # its messages name the row
    page_2 = SubmissionForm({"comments": comments})
    form.is_valid()
    errors: dict[str, Any] = {
        **form.errors,
        **form.meters.forms[0].errors,
        "comments": page_2.errors.get("comments", []),
    }
    known = {problem.column for problem in problems}
    for field, messages in errors.items():
        column = _COLUMNS.get(field, "")
        problems += [RowProblem(column, str(message)) for message in messages if column not in known]
    if problems:
        order = {column: place for place, column in enumerate(FIELDS)}
        return sorted(problems, key=lambda problem: order.get(problem.column, len(order)))
    request = form.agreement_request()
    meter = replace(request.rows[0], row=number, external_id=values.get("EXTERNAL_ID", ""))
    reference = " ".join(values.get("AUTHORIZATION_REFERENCE", "").split())
    request = replace(request, rows=(meter,), authorization_reference=reference)
    return RowRequest(request, page_2.cleaned_data["comments"])


def _entries(bulk: BulkInvitation, values: Mapping[str, str]) -> dict[str, str]:
    """Return what the form's fields would have, by their names."""
    entries = {field: values.get(column, "") for column, field in FIELDS.items() if field}
    entries |= {field: entries[field].lower() for field in _LOWER}
    entries["registered"] = _ANSWERS.get(entries["registered"], entries["registered"])
    entries["state"] = entries["state"].upper()
    entries["language"] = entries["language"] or "en"
    entries["report_type"] = entries["report_type"] or bulk.report_type
    entries["report_length"] = entries["report_length"] or bulk.report_length
    return entries


def _mangled(values: Mapping[str, str], *, extra: bool) -> Iterator[RowProblem]:
    """Yield what a spreadsheet has done to the row, where the form's sentence would not say it."""
    esiid, meter, zip_code = (values.get(name, "") for name in ("ESIID", "METER_NUMBER", "ZIP"))
    text = _("Format the column as text before you enter the numbers again.")
    if is_rounded_number(esiid):
        message = _("A spreadsheet rounded this ESIID to a number such as 1.04437E+16, and its last digits are lost.")
        yield RowProblem("ESIID", f"{message} {text}", "rounded")
    elif len(bare_digits(esiid) or "") in (16, 21):
        message = _("This ESIID is one digit short. A spreadsheet may have removed the zero at the beginning.")
        yield RowProblem("ESIID", f"{message} {text}", "lost-zero")
    elif bare_digits(esiid) == EXAMPLE["ESIID"]:
        yield RowProblem("ESIID", _("Delete the example row of the template."), "example")
    if is_rounded_number(meter):
        message = _("A spreadsheet rounded this meter number, and its last digits are lost.")
        yield RowProblem("METER_NUMBER", f"{message} {text}", "rounded")
    if zip_code.isdecimal() and len(zip_code) in (3, 4):
        message = _("This ZIP code is too short. A spreadsheet may have removed the zero at the beginning.")
        yield RowProblem("ZIP", f"{message} {text}", "lost-zero")
    if values.get("REGISTERED") and values["REGISTERED"].lower() not in _ANSWERS:
        yield RowProblem("REGISTERED", _("Enter yes or no."), "choice")
    if "EXTERNAL_ID" in values and not re.fullmatch(EXTERNAL_ID, values["EXTERNAL_ID"]):
        yield RowProblem("EXTERNAL_ID", _("Enter 1 to 64 characters: letters, numbers, and . _ : -"), "pattern")
    if len(values.get("AUTHORIZATION_REFERENCE", "")) > REFERENCE_LENGTH:
        yield RowProblem("AUTHORIZATION_REFERENCE", _("Enter at most %d characters.") % REFERENCE_LENGTH, "length")
    for column, choices in (
        ("CUSTOMER_TYPE", "residential, business"),
        ("LANGUAGE", "en, es"),
        ("REPORT_TYPE", "interval, daily, monthly"),
        ("REPORT_LENGTH", "1d, 1m, 3m, 6m, 12m"),
    ):
        if values.get(column) and values[column].lower() not in choices.split(", "):
            yield RowProblem(column, _("Enter one of these: %s.") % choices, "choice")
    if extra:
        yield RowProblem("", _("This row has more cells than there are column names."), "cells")
