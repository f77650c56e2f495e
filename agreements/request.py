"""A request to a customer: what the third party enters (T4 to T8), and whether it may request it (L5, L6, T7).

One query with the same joins and one answer whatever is wrong, so that the form reveals nothing about customers.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, fields
from datetime import datetime
from typing import Any

from django.db import connection
from django.utils.translation import gettext as _

from agreements.models import Agreement
from agreements.models.contact_stop import mailbox_hashes
from agreements.yearly_limit import counted_agreements
from companies.models import Company
from customers.models import Customer, CustomerKind, EsiidClaim
from lib.phone_numbers import phone_text
from lib.refusals import Problem, Refused
from meters.models import Premise

EXTERNAL_ID = r"[A-Za-z0-9._:-]{1,64}"  # what an external ID looks like
REFERENCE_LENGTH = 100  # of the authorization


@dataclass(frozen=True)
class MeterRow:
    """One meter of the form: the row's number on the page (from 1), ESIID and meter number normalized.

    `external_id` is a program's or file's name of the agreement to be (V6).
    """

    row: int
    esiid: str
    meter_number: str
    external_id: str = ""


@dataclass(frozen=True)
class Person:
    """A customer's name, address and contact data. The form of a registered customer has only `email` (T6).

    `language` is the submission's, all else is copied into each agreement.
    """

    email: str
    first_name: str = ""
    middle_initial: str = ""
    last_name: str = ""
    suffix: str = ""  # on record only
    title: str = ""
    language: str = "en"
    company_name: str = ""
    street: str = ""
    city: str = ""
    state: str = ""
    zip_code: str = ""
    phone: str = ""  # in RFC 3966 with its extension, or empty

    @classmethod
    def of_customer(cls, customer: Customer, premise: Premise) -> Person:
        """Return a registered customer as recorded, at the address of `premise`."""
        user = customer.user
        return cls(
            first_name=user.first_name, middle_initial=customer.middle_initial, last_name=user.last_name,
            suffix=customer.suffix,
            title=customer.title, company_name=customer.company_name,
            language=user.language, email=user.email, phone=phone_text(user.phone_with_extension),
            street=f"{premise.address} {premise.address_overflow}".strip(),
            city=premise.city, state=premise.state, zip_code=premise.zip_code,
        )  # fmt: skip

    @classmethod
    def of_agreement(cls, agreement: Agreement) -> Person:
        """Return the customer as copied into `agreement`; reverses `columns`, which have no language."""
        names = {each.name for each in fields(cls)} - {"language"}
        values = {name: str(getattr(agreement, name, "") or "") for name in names}
        return cls(**values | {"company_name": agreement.customer_company_name, "phone": phone_text(agreement.phone)})

    def columns(self) -> dict[str, str]:
        """Return the columns of an agreement about this customer."""
        columns = asdict(self)
        columns["customer_company_name"] = columns.pop("company_name")
        del columns["language"]
        return columns


@dataclass(frozen=True)
class AgreementRequest:
    """Page 1 of the form, cleaned (T4), as a draft stores it in JSON.

    Only programs and files send an `authorization_reference`; the page has no field for it (V6).
    """

    registered: bool
    kind: CustomerKind
    person: Person
    rows: tuple[MeterRow, ...]
    report_type: str
    report_length: str
    authorization_reference: str = ""

    def to_json(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_json(cls, answers: dict[str, Any]) -> AgreementRequest:
        kind, person = CustomerKind(answers["kind"]), Person(**answers["person"])
        rows = tuple(MeterRow(**row) for row in answers["rows"])
        return cls(**answers | {"kind": kind, "person": person, "rows": rows})


@dataclass(frozen=True)
class Contact:
    """The person at the third party who answers the customer's questions (T8); `phone` as in Person."""

    name: str
    phone: str
    email: str

    def columns(self) -> dict[str, str]:
        """Return the columns of an agreement with this contact."""
        return {f"contact_{name}": value for name, value in asdict(self).items()}


@dataclass(frozen=True)
class MeterMatch:
    """A row that matched: its premise and, for a registered customer, who holds it."""

    premise_id: int
    customer_id: int | None


# A customer is registered at a premise while a confirmed claim lasts. The account's user must be active; the sandbox's
# customer is no person and never is. The mailbox of a customer who doesn't know the company matches nothing (C8), and
# test keys and premises match only each other (V15).
_QUERY = """
SELECT entry.row, premise.id,
    meter.id IS NOT NULL AND stop.id IS NULL AND tdsp.is_sandbox = coalesce(%(is_sandbox)s, tdsp.is_sandbox),
    claim.customer_id,
    lower(account.email) = lower(%(email)s)
FROM unnest(%(rows)s::int[], %(esiids)s::text[], %(meters)s::text[]) AS entry (row, esiid, meter_number)
LEFT JOIN meters_premise premise ON premise.esiid = entry.esiid
LEFT JOIN meters_tdsp tdsp ON tdsp.id = premise.tdsp_id
LEFT JOIN meters_meter meter
    ON meter.premise_id = premise.id AND meter.number = entry.meter_number AND meter.removed_on IS NULL
LEFT JOIN customers_esiidclaim claim ON claim.premise_id = premise.id AND claim.id = ANY(%(claims)s)
LEFT JOIN customers_customer customer ON customer.id = claim.customer_id
LEFT JOIN accounts_user account
    ON account.id = customer.user_id AND (account.is_active OR tdsp.is_sandbox AND NOT account.is_person)
LEFT JOIN agreements_contactstop stop ON stop.company_id = %(company)s AND stop.mailbox_hash = ANY(%(mailbox)s)
ORDER BY entry.row
"""


def match_meters(request: AgreementRequest, *, company: Company | None = None) -> dict[int, MeterMatch]:
    """Return the rows that match, by row number; a customer counts as registered by a confirmed claim only (X7).

    With `company`, none match if that company may not write to the request's mailbox (C8), or if one of company and
    premise is the sandbox's and the other is not (V15).
    """
    esiids = [row.esiid for row in request.rows]
    claims = EsiidClaim.objects.confirmed().filter(premise__esiid__in=esiids).values_list("pk", flat=True)
    with connection.cursor() as cursor:
        cursor.execute(
            _QUERY,
            {
                "rows": [row.row for row in request.rows],
                "esiids": esiids,
                "meters": [row.meter_number for row in request.rows],
                "email": request.person.email,
                "claims": list(claims),
                "company": company.pk if company else None,
                "is_sandbox": company.is_sandbox if company else None,
                "mailbox": list(mailbox_hashes(request.person.email)),
            },  # fmt: skip
        )
        return {
            row: MeterMatch(premise_id, customer_id if request.registered else None)
            for row, premise_id, has_meter, customer_id, is_customers_email in cursor.fetchall()
            if has_meter and (is_customers_email if request.registered else not customer_id)
        }


def mismatch_problem(row: int) -> Problem:
    """Return the only answer to a failed match: the possible causes, without saying which (T7)."""
    return Problem(
        code="mismatch",
        row=row,
        message=_("Meter %(row)d: what you entered doesn't match our records.") % {"row": row},
        causes=(
            _("The ESIID is incorrect."),
            _("The meter number is incorrect."),
            _("The ESIID and the meter number don't match each other."),
            _("The customer's registration status or email is different from what you entered."),
            _("The customer doesn't want requests from your company."),
            _(
                "The customer has no smart meter yet. A digital display alone doesn't make a meter smart. "
                "The customer's electricity provider can say which kind it is."
            ),
            _("The meter was installed less than 60 days ago, and its data is not available yet."),
        ),
    )


def check_request(request: AgreementRequest, *, company: Company, at: datetime) -> dict[int, MeterMatch]:
    """Return the matching meter of each row, by row number. Needs a lock on the premises to bind (locks.py).

    Raises Refused with the problems of all rows: an ESIID repeated on the form, no match, the yearly limit of
    agreements per ESIID, or an agreement that already waits for the customer's answer.
    """
    matches = match_meters(request, company=company)
    premise_ids = [match.premise_id for match in matches.values()]
    counted = counted_agreements(company, premise_ids, at=at)
    earlier = Agreement.objects.filter(company=company, premise__in=premise_ids)
    same_report = earlier.filter(report_type=request.report_type, report_length=request.report_length)
    waiting = dict(same_report.pending().filter(expires_at__gte=at).values_list("premise", "number"))

    problems: list[Problem] = []
    first_rows: dict[str, int] = {}
    for row in request.rows:
        first_row = first_rows.setdefault(row.esiid, row.row)
        if first_row != row.row:
            message = _("Meter %(row)d: this ESIID is already on this form as meter %(first)d. Remove one of them.")
            problems.append(Problem(message % {"row": row.row, "first": first_row}, row=row.row, code="repeated"))
        if row.row not in matches:
            problems.append(mismatch_problem(row.row))
            continue
        premise_id = matches[row.row].premise_id
        if counted[premise_id].is_used_up:
            message = _(
                "Meter %(row)d: your company has already created %(limit)d agreements for this ESIID in "
                "%(days)d days, which is the limit. You can create the next one after %(free_at)s."
            ) % {"row": row.row, **counted[premise_id].in_words}
            problems.append(Problem(message, row=row.row, code="limit"))
        elif premise_id in waiting:
            message = _(
                "Meter %(row)d: agreement %(number)s for this report is already waiting for the "
                "customer's answer. Resend its email, or withdraw it first."
            ) % {"row": row.row, "number": waiting[premise_id]}
            problems.append(Problem(message, row=row.row, code="waiting", agreement_number=waiting[premise_id]))
    if problems:
        raise Refused(*problems)
    return matches
