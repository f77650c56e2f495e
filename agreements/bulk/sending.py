"""The worker: sends a file's rows, one request a transaction, with the outcome of its rows in it (K5).

A killed worker's transaction leaves neither agreements nor an outcome, so its rows are sent once by the next one.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.conf import settings
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import F
from django.utils.translation import gettext as _

from accounts import rate_limits
from agreements import creation
from agreements.bulk.rows import RowRequest, read_row
from agreements.daily_limits import DAY, failed_match_limits
from agreements.forms.submission import SubmissionForm
from agreements.models import Agreement, BulkInvitation, BulkRow, BulkRowState, BulkState
from agreements.states import Channel
from companies.models import Company, Membership
from lib.central_time import format_central, utc_or_now
from lib.refusals import Refused
from notifications.actions import OutgoingEmail, queue_email

logger = logging.getLogger(__name__)
RUN_SECONDS = 5
MINUTE = timedelta(minutes=1)
MAX_ATTEMPTS = 5  # after that it is the row, not the machine


@dataclass(frozen=True)
class SandboxHooks:
    """What the API's sandbox does around each request of a test file: before its check, and after its creation."""

    prepare: Callable[..., None]
    follow: Callable[[Sequence[Agreement]], None]


def send_due_bulks(hooks: SandboxHooks | None = None, *, at: datetime | None = None) -> int:
    """Send what is due, for RUN_SECONDS at most; return how many requests were checked. With `hooks` of sandboxes.

    Several workers may do so at once: each file has one at a time.
    """
    end, count = time.monotonic() + RUN_SECONDS, 0
    due = BulkInvitation.objects.due(at=at).filter(company__sandbox_of__isnull=hooks is None)
    for bulk_id in list(due.values_list("pk", flat=True)):
        while time.monotonic() < end:
            try:
                if not send_next_request(bulk_id, hooks, at=at):
                    break
            except Exception:  # the connection or a bug: another attempt may succeed
                logger.exception("Rows of bulk invitation %s failed.", bulk_id)
                _try_again_later(bulk_id)
                break
            count += 1
    return count


@transaction.atomic
def send_next_request(bulk_id: UUID, hooks: SandboxHooks | None = None, *, at: datetime | None = None) -> bool:
    """Check and create the next request of a file; False if another worker has it or nothing can be sent now."""
    due = BulkInvitation.objects.due(at=at).filter(pk=bulk_id)
    bulk = due.select_for_update(skip_locked=True, no_key=True).first()
    if bulk is None:
        return False
    company, now = Company.every.get(pk=bulk.company_id), utc_or_now(at)
    first = bulk.rows.unchecked().first()
    if first is None:
        _finish(bulk, now)
        return False
    rows = list(bulk.rows.unchecked().filter(group=first.group))
    if wait := _why_wait(bulk, company, len(rows), now):
        BulkInvitation.objects.filter(pk=bulk.pk).update(**wait)
        return False
    try:
        _send(bulk, rows, company, hooks, now)
    except PermissionDenied as denied:
        stopped = {"state": BulkState.STOPPED, "stop_reason": str(denied)[:500], "due_at": None}
        BulkInvitation.objects.filter(pk=bulk.pk).update(**stopped)
        return False
    if limit := _guessing_limit(bulk, company, now):
        rows = [row for row in rows if row.code != "guessing"]  # the others are checked again when it goes on
    BulkRow.objects.bulk_update(rows, ["state", "code", "column", "message", "agreement_number", "done_at"])
    changes: dict[str, Any] = {"attempts": 0, "stop_reason": ""}
    if bulk.rows.unchecked().exists():
        BulkInvitation.objects.filter(pk=bulk.pk).update(**changes | (limit or {}))
    else:
        _finish(bulk, now)
    return True


def _why_wait(bulk: BulkInvitation, company: Company, count: int, at: datetime) -> dict[str, Any] | None:
    """Return what to change if the next `count` rows can't be sent now: a limit of the company is reached."""
    if limit := _guessing_limit(bulk, company, at):
        return limit
    today = Agreement.objects.filter(company=company, initiated_at__gt=at - DAY)
    if today.count() + count > settings.INITIATIONS_PER_COMPANY:
        # It goes on by itself, as soon as enough of the day's agreements are a day old.
        oldest = today.order_by("initiated_at").values_list("initiated_at", flat=True)[count - 1 : count].first()
        reason = _("Your company has reached its daily limit of agreements. We'll send the other rows later.")
        return {"due_at": (oldest or at) + DAY, "stop_reason": reason}
    recent = BulkRow.objects.filter(bulk__company=company, done_at__gt=at - MINUTE)
    if recent.count() >= settings.BULK_ROWS_A_MINUTE:
        return {"due_at": at + MINUTE / 10}
    return None


def _guessing_limit(bulk: BulkInvitation, company: Company, at: datetime) -> dict[str, Any] | None:
    """Return how the file is stopped if the limit of failed matches is reached (X2); it goes on when the user says so.

    The limit of one ESIID refuses its row alone.
    """
    try:
        rate_limits.check(failed_match_limits(bulk.by, company), at=at)
    except rate_limits.LimitReached as limit:
        reason = _(
            "Too many rows didn't match our records. Check the ESIIDs and meter numbers of the other rows first."
        )
        return {"state": BulkState.STOPPED, "stop_reason": reason, "due_at": limit.free_at}
    return None


def _send(
    bulk: BulkInvitation, rows: Sequence[BulkRow], company: Company, hooks: SandboxHooks | None, at: datetime
) -> None:
    """Create one request for the rows and set their outcomes. What the rules refuse doesn't keep the others back."""
    left = {row.number: row for row in rows}
    merged = _merge(bulk, rows)
    page_2 = SubmissionForm({**bulk.contact, "comments": merged.comments if merged else "", "attested": "on"})
    if merged is None or not page_2.is_valid():
        raise ValueError("A row that was good when it was read is not any more.")
    request = merged.request
    answers = page_2.answers()
    if hooks:
        hooks.prepare(request, company=company, by=bulk.by, contact=answers["contact"])
    while left:
        part = replace(request, rows=tuple(row for row in request.rows if row.row in left))
        draft = None
        try:
            draft = creation.start_draft(part, by=bulk.by, at=at)
            channel = Channel(bulk.channel)
            agreements = creation.initiate(draft.pk, by=bulk.by, channel=channel, at=at, **answers)
        except (Refused, PermissionDenied) as refused:
            if draft:
                creation.discard_draft(draft.pk, by=bulk.by)
            if isinstance(refused, PermissionDenied):
                raise
            refused_rows = {problem.row: problem for problem in refused.problems}
            of_all = next((problem for problem in refused.problems if problem.row not in left), None)
            for number in list(left):
                if problem := refused_rows.get(number, of_all):
                    row = left.pop(number)
                    row.state, row.done_at, row.code = BulkRowState.REFUSED, at, problem.code or "invalid"
                    row.message = problem.message
                    row.agreement_number = problem.agreement_number
            continue
        if hooks:
            hooks.follow(agreements)
        for entry, agreement in zip(part.rows, agreements, strict=True):
            row = left.pop(entry.row)
            row.state, row.done_at, row.agreement_number = BulkRowState.CREATED, at, agreement.number


def _merge(bulk: BulkInvitation, rows: Sequence[BulkRow]) -> RowRequest | None:
    """Return the request of rows that are one group, a meter for each; None if one is bad now."""
    readings = [read_row(bulk, row.number, row.cells) for row in rows]
    good = [each for each in readings if isinstance(each, RowRequest)]
    if len(good) < len(readings):
        return None
    meters = tuple(meter for each in good for meter in each.request.rows)
    return replace(good[0], request=replace(good[0].request, rows=meters))


def _finish(bulk: BulkInvitation, at: datetime) -> None:
    changes = {"state": BulkState.FINISHED, "ended_at": at, "due_at": None, "stop_reason": ""}
    BulkInvitation.objects.filter(pk=bulk.pk).update(**changes)
    if bulk.by.is_person and Membership.objects.current().filter(user=bulk.by_id, company=bulk.company_id).exists():
        _queue_finished(bulk)


def _queue_finished(bulk: BulkInvitation) -> None:
    """Queue BULK_FINISHED to the user who sent the file, with counts only (K6). Programs have an event instead."""
    counts, reader = bulk.counts(), bulk.by
    context = {
        "bulk": bulk,
        "created": counts[BulkRowState.CREATED],
        "refused": counts[BulkRowState.REFUSED],
        "sent_at": format_central(bulk.attested_at or bulk.created_at),
        "days": settings.BULK_RETENTION.days,
        "sent_because": _("You get this email because you sent the file. It can't be turned off."),
    }
    subject = _("Your file of requests is done: {created} created, {refused} refused").format(**context)
    email = OutgoingEmail(
        kind="BULK_FINISHED", key=f"BULK_FINISHED:{bulk.pk}", to=reader.email, language=reader.language,
        subject=subject, context=context, reader_name=reader.get_full_name(), company_id=bulk.company_id,
    )  # fmt: skip
    queue_email(email)


@transaction.atomic
def _try_again_later(bulk_id: UUID) -> None:
    """Count the failed attempt; after the last one, refuse the next request's rows, so that the others are sent."""
    bulk = BulkInvitation.objects.select_for_update(no_key=True).get(pk=bulk_id)
    changes: dict[str, Any] = {"attempts": F("attempts") + 1, "due_at": utc_or_now() + MINUTE}
    if bulk.attempts + 1 >= MAX_ATTEMPTS and (first := bulk.rows.unchecked().first()):
        message = _("We couldn't send this row. Tell the operator of this portal, who can find the cause in the log.")
        failed = {"state": BulkRowState.REFUSED, "code": "failed", "message": message}
        bulk.rows.unchecked().filter(group=first.group).update(**failed)
        changes["attempts"] = 0
    BulkInvitation.objects.filter(pk=bulk_id, state=BulkState.SENDING).update(**changes)
