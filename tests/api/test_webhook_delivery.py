"""Deliveries: tried again, given up, replayed, and one endpoint's failures never another's (W7, W9)."""

from __future__ import annotations

import time
from datetime import timedelta
from email.utils import format_datetime

import pytest
from django.utils import timezone

from api import webhook_delivery, webhook_requests
from api.deliveries import delete_old_deliveries
from api.models import ApiEvent, DeliveryState, WebhookDelivery, WebhookEndpoint
from api.publisher import publish_events
from api.webhook_delivery import SCHEDULE, deliver_due
from notifications.models import Email
from tests.factories import AgreementEventFactory, AgreementFactory
from tests.support.api import make_program
from tests.support.webhook_receiver import WebhookReceiver

pytestmark = pytest.mark.django_db


def create(program, receiver, **body) -> WebhookEndpoint:
    made = program.post("/webhook-endpoints", {"url": receiver.url} | body).json()
    return WebhookEndpoint.objects.get(endpoint_id=made["id"])


def happen(program, count: int = 1) -> None:
    AgreementEventFactory.create_batch(count, agreement=AgreementFactory(company=program.company))
    publish_events()


def make_due() -> None:
    WebhookDelivery.objects.filter(state=DeliveryState.PENDING).update(due_at=timezone.now(), leased_until=None)


def deliver_again() -> WebhookDelivery:
    """Send the only delivery at once, whenever it is due."""
    make_due()
    deliver_due()
    return WebhookDelivery.objects.get()


def test_a_delivery_is_recorded(program, receiver):
    """W9: with the status, the time that it took, and the beginning of the answer."""
    receiver.status, receiver.body = 200, b"thank you"
    endpoint = create(program, receiver)
    happen(program)
    assert deliver_due() == 1 and deliver_due() == 0
    (listed,) = program.get(f"/webhook-endpoints/{endpoint.endpoint_id}/deliveries").json()["data"]
    assert listed == program.get(f"/deliveries/{listed['id']}").json()
    (attempt,) = listed["attempts"]
    assert (listed["state"], listed["next_attempt_at"]) == ("succeeded", None)
    assert (attempt["status"], attempt["error"], attempt["response_start"]) == (200, None, "thank you")
    endpoint.refresh_from_db()
    assert endpoint.last_success_at and not endpoint.last_failure_at


def test_the_whole_schedule(program, receiver):
    """W7: the first attempt at once and nine more, each a tenth earlier or later; then it has failed."""
    receiver.status = 500
    create(program, receiver)
    happen(program)
    for step, pause in enumerate(SCHEDULE[1:], 1):
        WebhookEndpoint.objects.update(failing_since=None)  # else it is turned off on the way
        delivery = deliver_again()
        wait = delivery.due_at - timezone.now()
        assert (delivery.state, delivery.step, len(delivery.attempts)) == ("pending", step, step)
        assert pause * 0.9 - timedelta(seconds=5) <= wait <= pause * 1.1
    WebhookEndpoint.objects.update(failing_since=None)
    assert deliver_again().state == "failed"
    assert len(receiver.received) == 10 and len({each.headers["webhook-id"] for each in receiver.received}) == 1
    stamps = [int(each.headers["webhook-timestamp"]) for each in receiver.received]
    assert stamps == sorted(stamps) and WebhookEndpoint.objects.get().consecutive_failures == 10


def test_a_success_ends_a_run_of_failures(program, receiver):
    """W7."""
    receiver.statuses = [500, 302]
    create(program, receiver)
    happen(program)
    for _each in range(3):
        delivery = deliver_again()
    endpoint = WebhookEndpoint.objects.get()
    assert [attempt["status"] for attempt in delivery.attempts] == [500, 302, 204]
    assert delivery.state == "succeeded" and endpoint.consecutive_failures == 0 and not endpoint.failing_since


@pytest.mark.parametrize("status", [429, 502, 503, 504, 500])
def test_retry_after(program, receiver, status):
    """W7: as seconds or as a date, at most a day; only with the statuses that mean it."""
    create(program, receiver)
    happen(program)
    receiver.status = status
    for value, seconds in (
        ("7200", 7200),
        (format_datetime(timezone.now() + timedelta(hours=3), usegmt=False), 3 * 3600),
        ("999999999999", 24 * 3600),
        ("soon", 0),
        ("", 0),
    ):
        WebhookDelivery.objects.update(step=0)
        receiver.headers = {"Retry-After": value}
        wait = (deliver_again().due_at - timezone.now()).total_seconds()
        expected = seconds if status != 500 else 0
        assert expected - 5 <= wait <= max(expected, 6)


def test_an_answer_of_410_turns_the_endpoint_off(program, receiver):
    """W7: what waits fails, the feed says so, and administrators are emailed; the client's other endpoint is told."""
    other = WebhookReceiver()
    other.start()
    endpoint, sibling = create(program, receiver), create(program, other, types=["webhook.disabled"])
    happen(program, 6)
    receiver.status = 410
    deliver_due()
    endpoint.refresh_from_db()
    assert endpoint.disabled_reason == "gone" and endpoint.disabled_at
    assert set(endpoint.deliveries.values_list("state", flat=True)) == {"failed"}
    publish_events()
    deliver_due()
    other.stop()
    event = ApiEvent.objects.get(type="webhook.disabled")
    assert event.data["endpoint_id"] == endpoint.endpoint_id
    assert len(other.received) == 1 and sibling.deliveries.get().state == "succeeded"
    (email,) = Email.objects.filter(kind="API_WEBHOOK_DISABLED")
    assert email.to_address == program.administrator.user.email
    assert "127.0.0.1" in email.text and "/hooks" not in email.text and "410" in email.text


def test_three_days_of_nothing_but_failures(program, receiver):
    """W7: a success in between begins anew."""
    endpoint = create(program, receiver)
    receiver.status = 500
    happen(program)
    deliver_again()
    WebhookEndpoint.objects.update(failing_since=timezone.now() - timedelta(days=3, minutes=-1))
    deliver_again()
    endpoint.refresh_from_db()
    assert endpoint.disabled_at is None
    WebhookEndpoint.objects.update(failing_since=timezone.now() - timedelta(days=3))
    assert deliver_again().state == "failed"
    endpoint.refresh_from_db()
    assert endpoint.disabled_reason == "failing"
    assert Email.objects.get(kind="API_WEBHOOK_DISABLED").subject == "A webhook endpoint was turned off"


def test_four_at_once(program, receiver):
    """W7: and no more."""
    create(program, receiver)
    happen(program, 12)
    receiver.hang_seconds = 0.2
    assert deliver_due() == 12
    assert receiver.most_at_once == 4


@pytest.mark.control
def test_without_the_cap_there_are_more(program, receiver, monkeypatch):
    monkeypatch.setattr(webhook_delivery, "AT_ONCE", 100)
    create(program, receiver)
    happen(program, 12)
    receiver.hang_seconds = 0.2
    deliver_due()
    assert receiver.most_at_once > 4


def test_endpoints_that_hang_delay_no_others(receiver, monkeypatch):
    """W7: those that fail share half of a run."""
    monkeypatch.setattr(webhook_delivery, "RUN_SECONDS", 1)
    monkeypatch.setattr(webhook_requests, "SECONDS", 4)
    hanging = WebhookReceiver(hang_seconds=5)
    hanging.start()
    for _company in range(10):
        slow = make_program()
        create(slow, hanging)
        happen(slow, 4)
    WebhookEndpoint.objects.update(consecutive_failures=3)
    program = make_program()
    create(program, receiver)
    happen(program)
    start = time.time()
    deliver_due()
    hanging.stop()
    assert hanging.most_at_once <= webhook_delivery.FAILING_SLOTS
    # Before any of the requests that hang was given up.
    assert int(receiver.received[0].headers["webhook-timestamp"]) < start + webhook_requests.SECONDS


def test_replay_of_one(program, receiver):
    """W9: once, now, with the same id; one that waits is sent now."""
    endpoint = create(program, receiver)
    happen(program)
    deliver_due()
    delivery = WebhookDelivery.objects.get()
    path = f"/deliveries/{delivery.delivery_id}/replay"
    assert program.post(path).json()["state"] == "pending"
    receiver.status = 500
    deliver_due()
    delivery.refresh_from_db()
    assert [attempt["status"] for attempt in delivery.attempts] == [204, 500] and delivery.state == "failed"
    assert len({each.headers["webhook-id"] for each in receiver.received}) == 1
    WebhookDelivery.objects.update(state="pending", step=3, due_at=timezone.now() + timedelta(hours=2))
    receiver.status = 204
    program.post(path)
    deliver_due()
    assert WebhookDelivery.objects.get().state == "succeeded"
    program.patch(f"/webhook-endpoints/{endpoint.endpoint_id}", {"enabled": False})
    assert program.post(path).json()["code"] == "endpoint-disabled"


def test_replay_of_a_time(program, receiver):
    """W9: failed ones or all."""
    endpoint = create(program, receiver)
    path = f"/webhook-endpoints/{endpoint.endpoint_id}/replay"
    happen(program, 3)
    deliver_due()
    WebhookDelivery.objects.filter(pk=WebhookDelivery.objects.earliest("pk").pk).update(state="failed")
    since = (timezone.now() - timedelta(hours=1)).isoformat()
    later = (timezone.now() + timedelta(hours=1)).isoformat()
    assert program.post(path, {"from": later}).json() == {"queued": 0}
    assert program.post(path, {"from": since, "before": since}).json() == {"queued": 0}
    assert program.post(path, {"from": since}).json() == {"queued": 1}
    deliver_due()
    assert program.post(path, {"from": since, "only_failed": False, "before": later}).json() == {"queued": 3}
    assert deliver_due() == 3
    for body in ({}, {"from": "yesterday"}, {"from": "2026-11-28T00:00:00"}):
        assert program.post(path, body).json()["code"] == "invalid-request"


def test_pages_of_deliveries(program, receiver):
    """W9, V5: the newest first, by state, type and time."""
    endpoint = create(program, receiver)
    path = f"/webhook-endpoints/{endpoint.endpoint_id}/deliveries"
    happen(program, 3)
    oldest = WebhookDelivery.objects.earliest("pk")
    WebhookDelivery.objects.filter(pk=oldest.pk).update(state="failed")
    first = program.get(path, {"limit": 2}).json()
    second = program.get(path, {"limit": 2, "after": first["next"]}).json()
    assert [each["id"] for each in second["data"]] == [oldest.delivery_id] and second["next"] is None
    assert len(program.get(path, {"state": "failed"}).json()["data"]) == 1
    assert len(program.get(path, {"type": "agreement.created"}).json()["data"]) == 3
    assert program.get(path, {"from": (timezone.now() + timedelta(hours=1)).isoformat()}).json()["data"] == []
    for parameters, code in (
        ({"after": first["next"], "state": "failed"}, "cursor-mismatch"),
        ({"after": "x"}, "cursor-mismatch"),
        ({"states": "failed"}, "unknown-field"),
        ({"state": "lost"}, "invalid-request"),
    ):
        assert program.get(path, parameters).json()["code"] == code


def test_deliveries_are_kept_30_days(program, receiver):
    """W9."""
    create(program, receiver)
    happen(program, 2)
    old = WebhookDelivery.objects.earliest("pk")
    WebhookDelivery.objects.filter(pk=old.pk).update(created_at=timezone.now() - timedelta(days=31))
    assert (delete_old_deliveries(), delete_old_deliveries()) == (1, 0)
    assert ApiEvent.objects.count() == 2 and WebhookDelivery.objects.count() == 1


def test_no_personal_data_in_what_is_sent_and_kept(program, receiver):
    """W1, X4."""
    create(program, receiver)
    happen(program)
    deliver_due()
    agreement = AgreementEventFactory._meta.model.objects.get().agreement
    sent = receiver.received[0].body.decode() + str(WebhookDelivery.objects.values().get())
    for word in (agreement.first_name, agreement.last_name, agreement.email, agreement.street, agreement.esiid):
        assert word not in sent
