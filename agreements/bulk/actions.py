"""What a company does with a file: upload it, send it, let it go on, cancel it (K4, K5)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.conf import settings
from django.db import transaction
from django.utils.translation import gettext as _

from accounts.models import User
from agreements import locks
from agreements.bulk.files import Table
from agreements.bulk.rows import RowProblem, RowRequest, read_row
from agreements.models import Agreement, BulkInvitation, BulkRow, BulkRowState, BulkState
from agreements.permissions import acting_member
from agreements.states import Channel
from agreements.yearly_limit import counted_agreements
from companies.models import Company
from companies.trust.email_identity import normalize_mailbox, registered_domain
from lib.central_time import format_central, utc_or_now
from lib.refusals import Problem, Refused
from notifications.wakeup import wake_workers


@dataclass(frozen=True)
class BulkDefaults:
    """For rows without a report type or length of their own."""

    report_type: str = ""
    report_length: str = ""


@transaction.atomic
def read_bulk(
    table: Table,
    defaults: BulkDefaults,
    *,
    by: User,
    file_name: str = "",
    channel: Channel = Channel.FORM,
    at: datetime | None = None,
) -> BulkInvitation:
    """Store the rows of a file with their problems, and send nothing (K4). Raises PermissionDenied, Refused.

    No ESIID is looked up: of 500 rows, an answer would say which of them exist. Only the company's own agreements are.
    """
    company = acting_member(by, "may_initiate").company
    locks.lock_company(company.pk)
    at = utc_or_now(at)
    bulk = BulkInvitation(
        company=company,
        by=by,
        channel=channel,
        file_name=file_name[-200:],
        rows_hash=table.rows_hash(),
        header=list(table.header),
        report_type=defaults.report_type,
        report_length=defaults.report_length,
    )
    refuse_same_rows(bulk)
    readings = [read_row(bulk, row.number, row.cells) for row in table.rows]
    _refuse_own_domain(company, readings)
    waiting = BulkInvitation.objects.of_company(company).filter(state=BulkState.PREVIEW)
    oldest = waiting[settings.BULK_FILES_WAITING - 1 :]
    BulkInvitation.objects.filter(pk__in=[each.pk for each in oldest]).delete()
    bulk.save()
    in_the_way = _find_own_agreements(company, readings, at)
    first_rows: dict[str, int] = {}
    groups: dict[Any, list[int]] = {}
    rows = []
    for row, reading in zip(table.rows, readings, strict=True):
        problems = reading if isinstance(reading, list) else _own_problems(reading, first_rows, in_the_way)
        stored = BulkRow(bulk=bulk, number=row.number, group=row.number, cells=list(row.cells))
        if problems:
            stored.state, stored.column, stored.code = BulkRowState.REFUSED, problems[0].column, problems[0].code
            stored.message = "\n".join(problem.message for problem in problems)
        elif isinstance(reading, RowRequest):
            same = groups.setdefault(reading.group_key(), [])
            if len(same) == settings.AGREEMENT_METERS_PER_FORM:
                same.clear()
            same.append(row.number)
            stored.group = same[0]
        rows.append(stored)
    BulkRow.objects.bulk_create(rows)
    return bulk


def refuse_same_rows(bulk: BulkInvitation) -> None:
    """Raise Refused if the company sent a file with the same rows whose results are kept. Needs a lock on it."""
    earlier = BulkInvitation.objects.with_rows_of(bulk.company, bulk.rows_hash).order_by("attested_at").last()
    if earlier and earlier.attested_at:
        message = _("Your company sent a file with the same rows on %s. See its results instead.")
        raise Refused(Problem(message % format_central(earlier.attested_at), field="file", code="same-rows"))


def _refuse_own_domain(company: Company, readings: Sequence[RowRequest | list[RowProblem]]) -> None:
    """Raise Refused if more than half of the customers' mailboxes are at the company's own mail domain (K7, X1)."""
    emails = {normalize_mailbox(each.request.person.email) for each in readings if isinstance(each, RowRequest)}
    own = registered_domain(company.email)
    if own and sum(registered_domain(email) == own for email in emails) * 2 > len(emails):
        message = _("More than half of the email addresses are your company's own. Enter the customers' addresses.")
        raise Refused(Problem(message, field="file", code="own-domain"))


def _find_own_agreements(
    company: Company, readings: Sequence[RowRequest | list[RowProblem]], at: datetime
) -> dict[tuple[str, ...], RowProblem]:
    """Return why rows would be refused because of what the company itself created: by ESIID, or with its report too."""
    esiids = {each.request.rows[0].esiid for each in readings if isinstance(each, RowRequest)}
    own = Agreement.objects.filter(company=company, esiid__in=esiids)
    found: dict[tuple[str, ...], RowProblem] = {}
    waiting = own.pending().filter(expires_at__gte=at)
    for agreement in waiting.only("number", "esiid", "report_type", "report_length"):
        message = _("Agreement %s for this report is already waiting for the customer's answer.") % agreement.number
        key = (agreement.esiid, agreement.report_type, agreement.report_length)
        found[key] = RowProblem("ESIID", message, "waiting")
    premises = dict(own.values_list("premise", "esiid"))
    counted = counted_agreements(company, premises, at=at)
    for premise_id, esiid in premises.items():
        if counted[premise_id].is_used_up:
            message = _(
                "Your company has already created %(limit)d agreements for this ESIID in %(days)d days, which is the "
                "limit. You can create the next one after %(free_at)s."
            )
            found[(esiid,)] = RowProblem("ESIID", message % counted[premise_id].in_words, "limit")
    return found


def _own_problems(
    reading: RowRequest, first_rows: dict[str, int], in_the_way: dict[tuple[str, ...], RowProblem]
) -> list[RowProblem]:
    """Return why a good row can't be sent: its ESIID is in an earlier row, or what the company created before."""
    request = reading.request
    meter = request.rows[0]
    first = first_rows.setdefault(meter.esiid, meter.row)
    if first != meter.row:
        return [RowProblem("ESIID", _("This ESIID is already in row %d. Remove one of them.") % first, "repeated")]
    keys = ((meter.esiid,), (meter.esiid, request.report_type, request.report_length))
    return [in_the_way[key] for key in keys if key in in_the_way][:1]


@transaction.atomic
def send_bulk(bulk: BulkInvitation, contact: dict[str, str], *, by: User, at: datetime | None = None) -> None:
    """Send the good rows of a file that was read, with one attestation for all of them (K4). `contact` is as typed.

    A second time changes nothing. Raises PermissionDenied, Refused.
    """
    acting_member(by, "may_initiate")
    bulk = lock_bulk(bulk)
    if bulk.state != BulkState.PREVIEW:
        return
    locks.lock_company(bulk.company_id)
    refuse_same_rows(bulk)
    if not bulk.rows.unchecked().exists():
        raise Refused(Problem(_("No row can be sent. Correct the rows and upload the file again."), code="no-rows"))
    at = utc_or_now(at)
    bulk.state, bulk.contact, bulk.by, bulk.attested_at, bulk.due_at = BulkState.SENDING, contact, by, at, at
    bulk.save()
    wake_workers("bulk queued")


@transaction.atomic
def continue_bulk(bulk: BulkInvitation, *, by: User, at: datetime | None = None) -> None:
    """Go on with a file that was stopped (K5). Raises PermissionDenied, and Refused while a limit lasts."""
    acting_member(by, "may_initiate")
    bulk, at = lock_bulk(bulk), utc_or_now(at)
    if bulk.state != BulkState.STOPPED:
        return
    if bulk.due_at and bulk.due_at > at:
        message = _("You can continue after %s.")
        raise Refused(Problem(message % format_central(bulk.due_at), code="too-soon"))
    changes = {"state": BulkState.SENDING, "by": by, "due_at": at, "stop_reason": "", "attempts": 0}
    BulkInvitation.objects.filter(pk=bulk.pk).update(**changes)
    wake_workers("bulk queued")


@transaction.atomic
def cancel_bulk(bulk: BulkInvitation, *, by: User, at: datetime | None = None) -> bool:
    """Cancel the rows that are not created yet, also for a suspended company; return False if it had ended (K6)."""
    bulk, at = lock_bulk(bulk), utc_or_now(at)
    if bulk.is_ended:
        return False
    bulk.rows.unchecked().update(state=BulkRowState.CANCELED)
    changes = {"state": BulkState.CANCELED, "ended_at": at, "due_at": None, "stop_reason": ""}
    BulkInvitation.objects.filter(pk=bulk.pk).update(**changes)
    return True


def lock_bulk(bulk: BulkInvitation) -> BulkInvitation:
    """Return the current row of a file, for one change, or one request of the worker, at a time."""
    return BulkInvitation.objects.select_for_update(no_key=True).get(pk=bulk.pk)
