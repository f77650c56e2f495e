"""A worker and its clock live through the loss of the broker, and no email with it (E2)."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from notifications.models import Email, EmailState
from tests.notifications.conftest import address_of_the_test_database
from tests.support.redis_server import BreakableRedis
from tests.support.smtp_sink import SmtpSink

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.fault]


@pytest.fixture
def worker_and_beat(
    redis_server: BreakableRedis, mail_server: SmtpSink, tmp_path: Path
) -> Iterator[list[subprocess.Popen[bytes]]]:
    """`celery worker` and `celery beat` as production runs them, on this test's database, broker and mail server."""
    environment = os.environ | {
        "DATABASE_URL": address_of_the_test_database(),
        "REDIS_URL": redis_server.url,
        "EMAIL_URL": mail_server.url,
    }
    celery = [sys.executable, "-m", "celery", "-A", "smt_portal"]
    with ExitStack() as stack:
        processes = []
        for command in (["worker", "--concurrency", "1"], ["beat", "-s", str(tmp_path / "schedule")]):
            log = stack.enter_context((tmp_path / f"{command[0]}.log").open("wb"))
            processes.append(subprocess.Popen([*celery, *command], env=environment, stdout=log, stderr=log))
        yield processes
        for process in processes:
            process.terminate()
        for process in processes:
            process.wait(30)


def test_after_an_outage_of_the_broker_every_email_goes_out_once(
    queue: Callable[..., Email],
    mail_server: SmtpSink,
    redis_server: BreakableRedis,
    worker_and_beat: list[subprocess.Popen[bytes]],
) -> None:
    """Redis comes back empty, at the same address."""
    queue("before")
    mail_server.wait_for(1, 30)
    redis_server.kill()
    time.sleep(4)  # a run that was under way, or messages that the worker had already taken, end here
    queue("during 1")
    queue("during 2")
    time.sleep(8)
    assert len(mail_server.deliveries) == 1
    redis_server.start()
    mail_server.wait_for(3, 15)
    queue("after")
    mail_server.wait_for(4, 15)
    time.sleep(4)  # another sweep
    assert len(mail_server.deliveries) == 4
    assert not Email.objects.exclude(state=EmailState.SENT).exists()
    assert [process.poll() for process in worker_and_beat] == [None, None]
