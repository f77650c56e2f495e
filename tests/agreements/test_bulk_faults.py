"""Workers are killed while they send a file, and several work at once: no row is lost, none is sent twice (K5)."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from agreements.bulk import sending
from agreements.bulk.sending import send_due_bulks, send_next_request
from agreements.models import Agreement, BulkInvitation, BulkInvitationQuerySet, BulkState, Draft
from notifications.models import Email
from tests.factories import MembershipFactory
from tests.notifications.conftest import address_of_the_test_database
from tests.support.bulk import good_rows, outcomes, upload_and_send
from tests.support.races import met, together

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.fault, pytest.mark.timeout(500)]

ROWS, KILLS = 60, 10
# Forks a worker and kills it a random time after its next row, in the middle of another one.
KILLER = """
import os, random, signal, sys, time, django
django.setup()
from django.db import connection
from agreements.bulk.sending import send_due_bulks
from agreements.models import BulkRow

for _ in range(int(sys.argv[1])):
    goal = BulkRow.objects.filter(state="created").count() + 1
    connection.close()
    if not (pid := os.fork()):
        while True:
            send_due_bulks()
    while BulkRow.objects.filter(state="created").count() < goal:
        time.sleep(0.01)
    time.sleep(random.random() / 10)
    os.kill(pid, signal.SIGKILL)
    os.waitpid(pid, 0)
"""


@pytest.fixture(autouse=True)
def without_a_pause(settings):
    settings.BULK_ROWS_A_MINUTE = 10_000


def send_file(count: int) -> BulkInvitation:
    user = MembershipFactory(is_administrator=True).user
    return upload_and_send(user, good_rows(count))


def check_sent_once(bulk: BulkInvitation, count: int) -> None:
    bulk.refresh_from_db()
    assert bulk.state == BulkState.FINISHED and outcomes(bulk) == [("created", "")] * count
    numbers = set(bulk.rows.values_list("agreement_number", flat=True))
    assert numbers == set(Agreement.objects.values_list("number", flat=True)) and len(numbers) == count
    assert Email.objects.filter(kind="EM201").count() == count
    assert not Draft.objects.filter(submitted_at=None).exists()


def test_killed_workers_lose_no_row_and_send_none_twice() -> None:
    """K5: kill -9 in the middle of a request leaves neither its agreement nor its outcome."""
    bulk = send_file(ROWS)
    environment = {"DATABASE_URL": address_of_the_test_database(), "REDIS_URL": "", "BULK_ROWS_A_MINUTE": "10000"}
    environment["DJANGO_SETTINGS_MODULE"] = "smt_portal.settings"
    subprocess.run([sys.executable, "-c", KILLER, str(KILLS)], env=os.environ | environment, check=True, timeout=400)
    by_the_killed = Agreement.objects.count()
    print(f"{ROWS} rows, {KILLS} kills after {by_the_killed} agreements.")
    assert KILLS <= by_the_killed < ROWS
    while send_due_bulks():
        pass
    check_sent_once(bulk, ROWS)


def test_several_workers_send_each_row_once() -> None:
    """K5."""
    bulk = send_file(12)
    outcomes_of_workers = together([send_due_bulks] * 4)
    assert not [each for each in outcomes_of_workers if isinstance(each, Exception)], outcomes_of_workers
    while send_due_bulks():
        pass
    check_sent_once(bulk, 12)


@pytest.mark.control
def test_without_the_files_lock_two_workers_take_one_row(monkeypatch: pytest.MonkeyPatch) -> None:
    """K5: the rules of one request that waits then refuse what was just created."""
    bulk = send_file(1)

    def without_lock(self, **_options):
        return self

    monkeypatch.setattr(BulkInvitationQuerySet, "select_for_update", without_lock)
    monkeypatch.setattr(sending, "_why_wait", met(sending._why_wait, by=2))
    together([lambda: send_next_request(bulk.pk)] * 2)
    assert outcomes(bulk) == [("refused", "waiting")] and Agreement.objects.count() == 1
