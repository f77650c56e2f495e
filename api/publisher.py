"""The publisher: finds what happened and gives each event its place in the feed, under one lock (W1, ADR 62).

Rows of agreements, reports and emails are found by query: nothing below this app knows of events. A key of a table is
given out before its transaction commits, so a row may become visible after rows with greater keys. The publisher
therefore looks at every row beyond PublisherPosition.settled that has no event yet, and moves `settled` on only when
no transaction that could still add a row below it is running.
"""

from __future__ import annotations

import time
from collections.abc import Iterable
from datetime import datetime
from typing import Any

from django.conf import settings
from django.db import connection, models, transaction
from django.db.models import CharField, Exists, Max, OuterRef, Value
from django.db.models.functions import Cast, Concat

from agreements.models import Agreement, AgreementEvent, BulkInvitation, EventKind, ReportStateChange
from agreements.states import ReportState
from api.models import ApiEvent, EventType, PublisherPosition, WebhookDelivery, WebhookEndpoint
from api.state_names import report_state, status_name
from lib.central_time import utc_or_now
from notifications.models import Email
from notifications.wakeup import wake_workers

FEED = "feed"
BATCH = 500
RUN_SECONDS = 10
# What happened to an agreement -> the event's type. The customer's other steps are not the company's business, or are
# part of one of these.
AGREEMENT_EVENTS = {
    EventKind.INITIATED: EventType.AGREEMENT_CREATED,
    EventKind.RESENT: EventType.AGREEMENT_RESENT,
    EventKind.REMINDED: EventType.AGREEMENT_REMINDED,
    EventKind.CORRECTED: EventType.AGREEMENT_CORRECTED,
    EventKind.ACCEPTED: EventType.AGREEMENT_COMPLETED,
    EventKind.REJECTED: EventType.AGREEMENT_REJECTED,
    EventKind.EXPIRED: EventType.AGREEMENT_EXPIRED,
    EventKind.WITHDRAWN: EventType.AGREEMENT_WITHDRAWN,
    EventKind.HELD: EventType.AGREEMENT_HELD,
    EventKind.RELEASED: EventType.AGREEMENT_RELEASED,
    EventKind.REFUSED: EventType.AGREEMENT_REFUSED,
    EventKind.UNREVIEWED: EventType.AGREEMENT_REFUSED,
}
REPORT_EVENTS = {
    ReportState.READY: EventType.REPORT_READY,
    ReportState.NO_DATA: EventType.REPORT_NO_DATA,
    ReportState.FAILED: EventType.REPORT_FAILED,
    ReportState.PURGED: EventType.REPORT_PURGED,
}

# Who has written to a table and has not ended. Such a lock is taken before a key is given out, and released after the
# rows became visible.
_WRITERS = """
SELECT virtualtransaction FROM pg_locks
WHERE locktype = 'relation' AND relation = %s::regclass AND mode = 'RowExclusiveLock' AND granted
    AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
    AND pid IS DISTINCT FROM pg_backend_pid()
"""


def publish_events(*, at: datetime | None = None) -> int:
    """Publish what is new, for RUN_SECONDS at most, and return how many events got their place.

    Of two publishers at once, the second does nothing.
    """
    end, count = time.monotonic() + RUN_SECONDS, 0
    while published := _publish_batch(utc_or_now(at)):
        count += published
        if time.monotonic() > end:
            break
    return count


@transaction.atomic
def _publish_batch(now: datetime) -> int:
    PublisherPosition.objects.get_or_create(name=FEED)
    feed = PublisherPosition.objects.select_for_update(skip_locked=True).filter(name=FEED).first()
    if feed is None:
        return 0
    waiting = list(ApiEvent.objects.unnumbered()[:BATCH])
    found = [
        *_read_source("events", AgreementEvent, "event", now, kind__in=list(AGREEMENT_EVENTS)),
        *_read_source("reports", ReportStateChange, "report", now, state__in=list(REPORT_EVENTS)),
        *_read_failed_invitations(now),
        *_read_finished_bulks(now),
    ]
    for number, event in enumerate([*waiting, *found], feed.settled + 1):
        event.number = number
    ApiEvent.objects.bulk_update(waiting, ["number"])
    ApiEvent.objects.bulk_create(found)
    feed.settled += len(waiting) + len(found)
    feed.save(update_fields=["settled"])
    _queue_deliveries([*waiting, *found])
    return len(waiting) + len(found)


def _queue_deliveries(events: list[ApiEvent]) -> None:
    """Add a delivery for each event and each endpoint that wants it (W7)."""
    companies = {event.company_id for event in events}
    endpoints = WebhookEndpoint.objects.receiving().filter(client__membership__company__in=companies)
    of_company: dict[int, list[WebhookEndpoint]] = {}
    for endpoint in endpoints.select_related("client__membership"):
        of_company.setdefault(endpoint.client.membership.company_id, []).append(endpoint)
    deliveries = [
        WebhookDelivery(endpoint=endpoint, event=event)
        for event in events
        for endpoint in of_company.get(event.company_id, [])
        if endpoint.wants(event.type) and endpoint.client.is_test == event.is_test
    ]
    if deliveries:
        WebhookDelivery.objects.bulk_create(deliveries)
        wake_workers("events published")


def _read_source(name: str, model: type[models.Model], prefix: str, now: datetime, **conditions: Any) -> list[ApiEvent]:
    """Return an unsaved event for each row of `model` that has none, and move the source's position on."""
    position, _is_new = PublisherPosition.objects.get_or_create(name=name)
    # In this order: first the keys that were given out, then who may have rows with such keys, then what is visible.
    head = model._default_manager.aggregate(head=Max("pk"))["head"] or 0
    writers = _writers(model)
    source = Concat(Value(f"{prefix}:"), Cast(OuterRef("pk"), CharField()), output_field=CharField())
    recent = model._default_manager.filter(
        pk__gt=position.settled, at__gt=now - settings.API_EVENT_RETENTION, **conditions
    )
    unpublished = recent.filter(~Exists(ApiEvent.objects.filter(source=source)))
    rows: list[Any] = list(unpublished.order_by("pk")[:BATCH])
    if len(rows) < BATCH:
        position.settle(max(head, position.settled), writers)
    agreements = _agreements(row.agreement_id for row in rows)
    return [_agreement_event(agreements[row.agreement_id], _type_of(row), f"{prefix}:{row.pk}", row.at) for row in rows]


def _writers(model: type[models.Model]) -> set[str]:
    with connection.cursor() as cursor:
        cursor.execute(_WRITERS, [model._meta.db_table])
        return {name for (name,) in cursor.fetchall()}


def _read_failed_invitations(now: datetime) -> list[ApiEvent]:
    """Return an unsaved event for each agreement whose request did not arrive, and mark the emails."""
    emails = list(Email.objects.unannounced().order_by("failed_at", "pk").only("about", "failed_at")[:BATCH])
    Email.objects.filter(pk__in=[email.pk for email in emails]).update(failure_announced_at=now)
    numbers = {number for email in emails for number in email.about}
    agreements = {
        agreement.number: agreement
        for agreement in Agreement.objects.filter(number__in=numbers).select_related("company").with_overdue()
    }
    return [
        _agreement_event(
            agreements[number], EventType.INVITATION_FAILED, f"email:{email.pk}:{number}", email.failed_at or now
        )
        for email in emails
        if (email.failed_at or now) > now - settings.API_EVENT_RETENTION
        for number in email.about
        if number in agreements
    ]


def _read_finished_bulks(now: datetime) -> list[ApiEvent]:
    """Return an unsaved event for each file whose rows were all checked, and mark the files."""
    bulks = list(BulkInvitation.objects.unannounced().order_by("ended_at", "pk").select_related("company")[:BATCH])
    BulkInvitation.objects.filter(pk__in=[bulk.pk for bulk in bulks]).update(announced_at=now)
    return [
        ApiEvent(
            company_id=bulk.company_id,
            is_test=bulk.is_test,
            type=EventType.BULK_FINISHED,
            at=bulk.ended_at or now,
            source=f"bulk:{bulk.pk}",
            data={"bulk_id": str(bulk.pk)},
        )
        for bulk in bulks
        if (bulk.ended_at or now) > now - settings.API_EVENT_RETENTION
    ]


def _agreements(keys: Iterable[int]) -> dict[int, Agreement]:
    return {
        agreement.pk: agreement
        for agreement in Agreement.objects.filter(pk__in=set(keys)).select_related("company").with_overdue()
    }


def _type_of(row: AgreementEvent | ReportStateChange) -> EventType:
    if isinstance(row, AgreementEvent):
        return AGREEMENT_EVENTS[EventKind(row.kind)]
    return REPORT_EVENTS[ReportState(row.state)]


def _agreement_event(agreement: Agreement, event_type: EventType, source: str, at: datetime) -> ApiEvent:
    """Return the event with the agreement's state of now, which may be later than the event."""
    state = {"status": status_name(agreement), "report_state": report_state(agreement)}
    data = {"agreement_number": agreement.number, "external_id": agreement.external_id or None, **state}
    is_test = agreement.company.is_sandbox
    return ApiEvent(company_id=agreement.company_id, is_test=is_test, type=event_type, at=at, source=source, data=data)
