"""No request waits for the broker (E2)."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator

import pytest
from celery import Celery
from django.db import transaction
from pytest_django import Settings

from notifications import wakeup
from notifications.wakeup import wake_workers
from smt_portal.celery import app
from tests.support.redis_server import BreakableRedis

TASK = "notifications.tasks.deliver_due"


@pytest.fixture
def broker(
    redis_server: BreakableRedis, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> Iterator[BreakableRedis]:
    """Wake-ups go to a Redis that the test may break, with the settings' own timeouts."""
    monkeypatch.setattr(wakeup, "_paused_until", 0.0)
    settings.CELERY_BROKER_URL = redis_server.url
    other = Celery("wakeup")
    other.config_from_object("django.conf:settings", namespace="CELERY")
    other.set_current()
    yield redis_server
    redis_server.thaw()
    other.close()
    app.set_current()


def task_count(redis_server: BreakableRedis) -> int:
    import redis

    with redis.Redis.from_url(redis_server.url) as client:
        return int(client.llen("mail"))


def seconds_to_queue() -> float:
    before = time.monotonic()
    with transaction.atomic():
        wake_workers("email queued")
    return time.monotonic() - before


@pytest.mark.django_db(transaction=True)
def test_a_commit_sends_one_wakeup_and_a_rollback_none(broker: BreakableRedis) -> None:
    with transaction.atomic():
        wake_workers("email queued")
        wake_workers("email queued")
        assert task_count(broker) == 0
    assert task_count(broker) == 1
    with pytest.raises(ZeroDivisionError), transaction.atomic():
        wake_workers("email queued")
        raise ZeroDivisionError
    assert task_count(broker) == 1


@pytest.mark.django_db(transaction=True)
def test_a_stopped_broker_takes_almost_no_time(broker: BreakableRedis) -> None:
    seconds_to_queue()
    broker.kill()
    assert seconds_to_queue() < 0.5
    assert seconds_to_queue() < 0.1
    broker.start()


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
def test_a_frozen_broker_takes_a_second_once(broker: BreakableRedis) -> None:
    seconds_to_queue()
    broker.freeze()
    assert seconds_to_queue() < 1.5
    assert seconds_to_queue() < 0.5, "no attempt for a while: each takes a second"


@pytest.mark.django_db(transaction=True)
def test_wakeups_are_sent_again_when_the_broker_is_back(
    broker: BreakableRedis, monkeypatch: pytest.MonkeyPatch
) -> None:
    broker.kill()
    seconds_to_queue()
    broker.start()
    monkeypatch.setattr(wakeup, "_paused_until", time.monotonic())  # the pause is over
    seconds_to_queue()
    assert task_count(broker) == 1


@pytest.mark.slow
@pytest.mark.control
def test_with_celerys_defaults_a_frozen_broker_blocks_the_caller(redis_server: BreakableRedis) -> None:
    plain = Celery("plain", broker=redis_server.url, set_as_current=False)
    plain.send_task(TASK, ignore_result=True)
    redis_server.freeze()
    caller = threading.Thread(target=lambda: plain.send_task(TASK, ignore_result=True), daemon=True)
    caller.start()
    caller.join(4)
    still_waits = caller.is_alive()
    redis_server.thaw()
    caller.join(10)
    plain.close()
    assert still_waits
