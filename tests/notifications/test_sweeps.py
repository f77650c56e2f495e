"""The sweeps that need no broker (E6)."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
import yaml
from django.core.management import call_command

from notifications.models import Email, EmailState
from notifications.sweeps import run_sweep, sweeps_by_queue
from smt_portal.celery import QUEUES, app
from tests.support.smtp_sink import SmtpSink
from tests.support.source_files import ROOT


def test_every_sweep_has_a_queue_and_every_queue_a_worker() -> None:
    """E6: in the schedule, in the routes and in docker-compose.yml."""
    queues = sweeps_by_queue()
    assert set(queues) == set(QUEUES)
    assert sum(map(len, queues.values())) == len(app.conf.beat_schedule)
    assert list(queues["mail"]) == ["notifications.tasks.deliver_due"]
    services = yaml.safe_load(Path(ROOT / "docker-compose.yml").read_text())["services"]
    commands = [service.get("command", "") for service in services.values()]
    assert all(any(f"worker --queues {queue} " in command for command in commands) for queue in QUEUES)
    assert any("manage.py sweep --loop" in command for command in commands)


@pytest.mark.django_db(transaction=True)
def test_one_sweep_without_a_broker_does_what_is_due(
    queue: Callable[..., Email], mail_server: SmtpSink, monkeypatch: pytest.MonkeyPatch
) -> None:
    """E6"""
    for name, entry in list(app.conf.beat_schedule.items()):
        if entry["schedule"] > 60:  # they drop partitions that tests share
            monkeypatch.delitem(app.conf.beat_schedule, name)
    email = queue()
    call_command("sweep")
    email.refresh_from_db()
    assert email.state == EmailState.SENT


@pytest.mark.django_db(transaction=True)
def test_a_sweep_that_fails_is_logged_and_ends_nothing(caplog: pytest.LogCaptureFixture) -> None:
    """E6"""
    run_sweep("no.such.task")
    assert "The sweep no.such.task failed." in caplog.text
