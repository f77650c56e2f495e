"""Workers are killed while they deliver, and several work at once: no webhook is lost (W7)."""

from __future__ import annotations

import os
import subprocess
import sys
from collections import Counter

import pytest
from django.utils import timezone

from api import webhook_delivery
from api.models import DeliveryState, WebhookDelivery, WebhookDeliveryQuerySet
from api.publisher import publish_events
from api.webhook_delivery import deliver_due
from tests.factories import AgreementEventFactory, AgreementFactory
from tests.notifications.conftest import address_of_the_test_database
from tests.support.api import make_program
from tests.support.races import together
from tests.support.webhook_receiver import WebhookReceiver

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.fault, pytest.mark.timeout(300)]

EVENTS, KILLS = 200, 15
# Forks a worker, kills it in the middle of its work, and lets the leases of the dead one run out.
KILLER = """
import os, random, signal, sys, time, django
django.setup()
from django.db import connection
from django.db.models.functions import Now
from api.models import WebhookDelivery
from api.webhook_delivery import deliver_due

for _ in range(int(sys.argv[1])):
    connection.close()
    if not (pid := os.fork()):
        deliver_due()
        os._exit(0)
    goal = WebhookDelivery.objects.filter(state="succeeded").count() + random.randint(1, 8)
    while WebhookDelivery.objects.filter(state="succeeded").count() < goal:
        time.sleep(0.01)
    os.kill(pid, signal.SIGKILL)
    os.waitpid(pid, 0)
    WebhookDelivery.objects.filter(leased_until__isnull=False).update(leased_until=Now())
"""


def queue(receiver: WebhookReceiver, count: int) -> None:
    program = make_program()
    assert program.post("/webhook-endpoints", {"url": receiver.url}).status_code == 201
    AgreementEventFactory.create_batch(count, agreement=AgreementFactory(company=program.company))
    publish_events()


def copies(receiver: WebhookReceiver) -> Counter[str]:
    return Counter(each.headers["webhook-id"] for each in receiver.received)


def test_killed_workers_lose_no_webhook(receiver: WebhookReceiver) -> None:
    """W7: each arrives at least once, with the same id."""
    queue(receiver, EVENTS)
    receiver.hang_seconds = 0.01
    environment = {"DATABASE_URL": address_of_the_test_database(), "REDIS_URL": "", "WEBHOOKS_ALLOW_PRIVATE": "true"}
    environment["DJANGO_SETTINGS_MODULE"] = "smt_portal.settings"
    subprocess.run([sys.executable, "-c", KILLER, str(KILLS)], env=os.environ | environment, check=True, timeout=200)
    by_the_killed = len(receiver.received)
    while WebhookDelivery.objects.filter(state=DeliveryState.PENDING).exists():
        WebhookDelivery.objects.filter(leased_until__isnull=False).update(leased_until=timezone.now())
        deliver_due()
    arrived = copies(receiver)
    print(f"{EVENTS} events, {KILLS} kills after {by_the_killed}: {sum(arrived.values()) - len(arrived)} twice.")
    assert by_the_killed >= KILLS
    assert len(arrived) == EVENTS == WebhookDelivery.objects.filter(state=DeliveryState.SUCCEEDED).count()
    # One worker has at most four on the way to an endpoint.
    assert sum(arrived.values()) - EVENTS <= KILLS * webhook_delivery.AT_ONCE


def test_a_silent_worker_keeps_its_delivery_until_the_lease_ends(receiver: WebhookReceiver) -> None:
    """W7: what it says afterwards is not recorded."""
    queue(receiver, 1)
    (claimed,) = webhook_delivery._claim(1, 1)
    assert deliver_due() == 0
    WebhookDelivery.objects.update(leased_until=timezone.now())
    assert deliver_due() == 1
    webhook_delivery._record(claimed, webhook_delivery.WebhookOutcome(500, 1))
    delivery = WebhookDelivery.objects.get()
    assert delivery.state == DeliveryState.SUCCEEDED and len(delivery.attempts) == 1


def test_several_workers_deliver_each_event_once(receiver: WebhookReceiver) -> None:
    """W7: and have four on the way to the endpoint together."""
    queue(receiver, 40)
    receiver.hang_seconds = 0.05
    outcomes = together([deliver_due] * 4)
    assert not [outcome for outcome in outcomes if isinstance(outcome, Exception)], outcomes
    while WebhookDelivery.objects.filter(state=DeliveryState.PENDING).exists():
        deliver_due()
    assert set(copies(receiver).values()) == {1} and len(receiver.received) == 40
    assert receiver.most_at_once <= 4


@pytest.mark.control
def test_without_leases_workers_deliver_twice(receiver: WebhookReceiver, monkeypatch: pytest.MonkeyPatch) -> None:
    def every_pending_one(self, *, at=None):
        return self.filter(state=DeliveryState.PENDING)

    monkeypatch.setattr(WebhookDeliveryQuerySet, "due", every_pending_one)
    monkeypatch.setattr(webhook_delivery, "AT_ONCE", 1000)
    monkeypatch.setattr(webhook_delivery, "RUN_SECONDS", 1)
    queue(receiver, 5)
    receiver.hang_seconds = 0.2
    together([deliver_due] * 2)
    assert max(copies(receiver).values()) > 1
