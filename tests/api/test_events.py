"""The feed of events: what is in it, for whom, and that a cursor passes over nothing (W1, W2)."""

from __future__ import annotations

import json
import re
from datetime import timedelta

import pytest
from django.core import signing
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from agreements import actions
from agreements.models import AgreementEvent, EventKind, ReportStateChange
from agreements.states import Channel, ReportState, Status
from agreements.transitions import change_report_state
from api import clients, tasks
from api.events import delete_old_events
from api.models import ApiEvent, ApiKey, EventType, PublisherPosition
from api.publisher import publish_events
from notifications.failures import FailureReason
from notifications.models import Email, EmailState
from tests.factories import AgreementEventFactory, AgreementFactory, ReportFactory
from tests.support.agreements import ROSA, initiate
from tests.support.api import make_program

pytestmark = pytest.mark.django_db


def feed(program, **parameters):
    answer = program.get("/events", parameters)
    assert answer.status_code == 200, answer.content
    return answer.json()


def types(program, **parameters) -> list[str]:
    publish_events()
    return [event["type"] for event in feed(program, **parameters)["data"]]


def test_what_happens_to_an_agreement_is_in_the_feed(program):
    """W1, W2: with its number, its state and where to read it; whatever way it was created."""
    (agreement,) = initiate(program.administrator.user)
    actions.resend(agreement, by=program.user, channel=Channel.API, at=timezone.now() + timedelta(hours=25))
    actions.withdraw(agreement, by=program.user, channel=Channel.API)
    assert types(program) == ["agreement.created", "agreement.resent", "agreement.withdrawn"]
    event = feed(program)["data"][0]
    assert re.fullmatch("evt_[0-9A-HJKMNP-TV-Z]{26}", event["id"]) and event["test"] is False
    assert event["timestamp"] == agreement.initiated_at.strftime("%Y-%m-%dT%H:%M:%SZ")
    assert event["data"] == {
        "agreement_number": agreement.number, "external_id": None, "status": "withdrawn", "report_state": "none",
        "client_id": None, "key_prefix": None, "key_expires_at": None, "endpoint_id": None, "bulk_id": None,
        "url": f"http://127.0.0.1:8000/api/v1/agreements/{agreement.number}",
    }  # fmt: skip
    assert program.get(event["data"]["url"].partition("/api/v1")[2]).status_code == 200


@pytest.mark.parametrize(
    ("kind", "name"),
    [
        (EventKind.REMINDED, "agreement.reminded"),
        (EventKind.CORRECTED, "agreement.corrected"),
        (EventKind.ACCEPTED, "agreement.completed"),
        (EventKind.REJECTED, "agreement.rejected"),
        (EventKind.EXPIRED, "agreement.expired"),
        (EventKind.HELD, "agreement.held"),
        (EventKind.RELEASED, "agreement.released"),
        (EventKind.REFUSED, "agreement.refused"),
        (EventKind.UNREVIEWED, "agreement.refused"),
        (EventKind.COMPANY_UNKNOWN, None),
        (EventKind.REMINDERS_STOPPED, None),
        (EventKind.DISAVOWED, None),
    ],
)
def test_each_kind_of_history(program, kind, name):
    """W2."""
    AgreementEventFactory(agreement__company=program.company, kind=kind)
    assert types(program) == ([name] if name else [])


def test_every_outcome_of_a_report(program):
    """W2: each time that the report gets there."""
    report = ReportFactory(agreement__company=program.company, agreement__status=Status.COMPLETE)
    for source, target in (
        (ReportState.MAKING, ReportState.FAILED),
        (ReportState.FAILED, ReportState.RETRYING),
        (ReportState.RETRYING, ReportState.MAKING),
        (ReportState.MAKING, ReportState.READY),
        (ReportState.READY, ReportState.PURGED),
    ):
        type(report.agreement).objects.filter(pk=report.agreement_id).update(report_state=source)
        assert change_report_state(report.agreement_id, to=target) == 1
        assert change_report_state(report.agreement_id, to=target) == (
            target in (ReportState.MAKING, ReportState.RETRYING)
        )
    type(report.agreement).objects.filter(pk=report.agreement_id).update(report_state=ReportState.MAKING)
    change_report_state(report.agreement_id, to=ReportState.NO_DATA)
    assert types(program) == ["report.failed", "report.ready", "report.purged", "report.no_data"]
    assert ReportStateChange.objects.count() == 4


def test_a_request_that_does_not_arrive(program):
    """W2, E7: once for each of its agreements; not of other emails, nor while it is tried again."""
    agreements = [*initiate(program.administrator.user), *initiate(program.administrator.user)]
    emails = Email.objects.requests()
    ended = {"state": EmailState.BOUNCED, "failure": FailureReason.NO_SUCH_ADDRESS, "failed_at": timezone.now()}
    emails.filter(about=[agreements[0].number]).update(**ended)
    Email.objects.exclude(kind__in=["EM201"]).update(**ended)
    for _again in range(2):
        publish_events()
    failed = feed(program, type="invitation.failed")["data"]
    assert [event["data"]["agreement_number"] for event in failed] == [agreements[0].number]
    refused = {"state": EmailState.FAILED, "failure": FailureReason.REFUSED, "failed_at": timezone.now()}
    emails.filter(about=[agreements[1].number]).update(**refused)
    assert types(program, type="invitation.failed") == ["invitation.failed"] * 2


def test_a_key_that_expires_soon(program):
    """W2, P6: 30 and 7 days before, once each, also if the task runs again."""
    for days in (29, 29, 6):
        ApiKey.objects.filter(pk=program.key.pk).update(expires_at=timezone.now() + timedelta(days=days))
        tasks.notify_of_expiring_keys()
    assert types(program) == ["key.expiring"] * 2
    data = feed(program)["data"][0]["data"]
    assert (data["client_id"], data["key_prefix"]) == (program.client.client_id, program.key.prefix)
    assert data["agreement_number"] is None and data["url"] is None and data["key_expires_at"].endswith("Z")


def test_pages_and_types(program):
    """W1, V5: the oldest first; next is always there, and leads to what came since then."""
    for kind in (EventKind.INITIATED, EventKind.RESENT, EventKind.INITIATED, EventKind.HELD, EventKind.RESENT):
        AgreementEventFactory(agreement__company=program.company, kind=kind)
    publish_events()
    assert len({event["id"] for event in feed(program)["data"]}) == 5
    seen, cursor = [], None
    while page := feed(program, limit=2, **({"after": cursor} if cursor else {})):
        cursor = page["next"]
        seen += [event["type"] for event in page["data"]]
        if not page["data"]:
            break
    kinds = ["created", "resent", "created", "held", "resent"]
    assert seen == [f"agreement.{kind}" for kind in kinds]
    AgreementEventFactory(agreement__company=program.company, kind=EventKind.WITHDRAWN)
    assert types(program, after=cursor) == ["agreement.withdrawn"]
    some = {"type": ["agreement.held", "agreement.resent"]}
    page = feed(program, limit=2, **some)
    assert [event["type"] for event in page["data"]] == ["agreement.resent", "agreement.held"]
    assert [event["type"] for event in feed(program, after=page["next"], **some)["data"]] == ["agreement.resent"]
    empty = feed(program, type="report.failed")
    assert empty["data"] == [] and feed(program, type="report.failed", after=empty["next"])["data"] == []


def test_a_cursor_is_for_its_feed(program, settings):
    """W1, V5: not with other types, for another company, changed, or older than the events that we keep."""
    cursor = feed(program)["next"]
    others = make_program()
    for asks, parameters in (
        (program, {"after": cursor, "type": "agreement.held"}),
        (others, {"after": cursor}),
        (program, {"after": cursor[:-1] + "!"}),
    ):
        answer = asks.get("/events", parameters)
        assert (answer.status_code, answer.json()["code"]) == (400, "cursor-mismatch")
    settings.API_EVENT_RETENTION = timedelta(seconds=-1)
    answer = program.get("/events", {"after": cursor})
    assert answer.json()["code"] == "cursor-mismatch" and "older than the events" in answer.json()["detail"]
    for parameters, code in (({"kind": "x"}, "unknown-field"), ({"type": "x"}, "invalid-request")):
        assert program.get("/events", parameters).json()["code"] == code
    with pytest.raises(signing.BadSignature):
        signing.loads(cursor, salt="another")


def test_another_companys_events_do_not_exist(program):
    """W1, P1: a company's clients share its feed."""
    other = make_program()
    AgreementEventFactory(agreement__company=program.company)
    assert types(other) == []
    sibling = make_program("webhooks:manage", administrator=program.administrator, name="Billing")
    assert types(sibling) == types(program) == ["agreement.created"]


def test_the_feed_has_no_personal_data(program):
    """W1, X4: no name, address, email, ESIID, meter number, comment or reason."""
    (agreement,) = initiate(program.administrator.user)
    actions.withdraw(agreement, by=program.user, channel=Channel.API)
    publish_events()
    text = json.dumps(feed(program)) + json.dumps(list(ApiEvent.objects.values_list("data", flat=True)))
    personal = (ROSA.first_name, ROSA.last_name, ROSA.email, ROSA.street, ROSA.city, ROSA.zip_code, "James")
    for word in (*personal, agreement.esiid, agreement.esiid[:-7], agreement.meter_number):
        assert word and word not in text
    assert agreement.number in text


def test_events_are_published_once_and_end_after_90_days(program):
    """W1: also if the row that they are about is found again, and the numbers go on."""
    AgreementEventFactory(agreement__company=program.company)
    old = AgreementEventFactory(agreement__company=program.company, at=timezone.now() - timedelta(days=91))
    assert (publish_events(), publish_events()) == (1, 0)
    PublisherPosition.objects.exclude(name="feed").update(settled=0, checkpoint=None)
    assert publish_events() == 0
    cursor = feed(program)["next"]
    ApiEvent.objects.update(recorded_at=timezone.now() - timedelta(days=91))
    assert delete_old_events() == 1 and delete_old_events() == 0
    AgreementEventFactory(agreement__company=program.company, kind=EventKind.RESENT)
    assert types(program, after=cursor) == ["agreement.resent"]
    assert AgreementEvent.objects.filter(pk=old.pk).exists()


def test_a_page_costs_three_queries(program):
    """W1: authentication included."""
    AgreementEventFactory.create_batch(5, agreement=AgreementFactory(company=program.company))
    publish_events()
    feed(program)
    with CaptureQueriesContext(
        connection,
    ) as queries:
        assert len(feed(program, type=["agreement.created", "agreement.held"])["data"]) == 5
    assert len(queries) <= 3


def test_the_types_are_those_of_the_description():
    """V3."""
    assert "bulk.finished" in EventType.values and "ping" not in EventType.values


def test_only_a_client_with_the_scope_reads_events(program):
    """P2: an administrator gives it; it is no permission of a user."""
    without = make_program("agreements:read", administrator=program.administrator, name="without")
    assert without.get("/events").json()["code"] == "missing-scope"
    assert without.client.membership.permissions == {"may_view"}
    profile = clients.ClientProfile(**vars(clients_profile(without)) | {"scopes": ("webhooks:manage",)})
    assert clients.change_client(without.client, profile, by=program.administrator.user)
    assert without.get("/events").status_code == 200
    assert without.get("/me").json()["scopes"] == ["webhooks:manage"]
    assert without.get("/agreements").json()["code"] == "missing-scope"


def clients_profile(program):
    client = program.client
    return clients.ClientProfile(
        client.name, client.contact_name, "tel:+1-512-555-0101", client.contact_email, tuple(client.scopes)
    )
