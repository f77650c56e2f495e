"""Redis, the mail server and workers fail under the running portal: no request waits, nothing is lost or sent twice.

Real processes and real requests. The controls are beside the tests of the apps:
`notifications/test_wakeup.py`, `notifications/test_delivery_races.py`, `reports/test_races.py`.
"""

from __future__ import annotations

import time
from collections import Counter

import psycopg
import pytest
from django.db import connection
from django.db.models.functions import Now

from agreements.states import ReportState
from notifications.models import Email, EmailState
from reports.models import Report, ReportFile
from tests.journey.processes import RunningPortal, eventually

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.fault, pytest.mark.timeout(180)]

PATIENCE = 3.0  # seconds for an answer, whatever is broken
ONE_SWEEP = 3.5  # seconds within which every sweep has looked once more
ACCEPTED = {"EM201": 1, "EM203": 2, "EM204": 1}
ALL_KINDS = ["EM201", "EM203", "EM203", "EM204"]


def assert_each_once(portal: RunningPortal, kinds: dict[str, int], attempts: int = 1) -> None:
    """Every email was delivered, none twice, now and after another sweep; each accepted agreement has one report."""
    portal.mail.wait_for(sum(kinds.values()), 30)
    time.sleep(ONE_SWEEP)
    assert len(set(message_ids(portal))) == len(portal.mail.deliveries)
    assert Counter(delivered_kinds(portal)) == Counter(kinds)
    assert Counter(Email.objects.values_list("kind", flat=True)) == Counter(kinds)
    assert set(Email.objects.values_list("state", flat=True)) == {EmailState.SENT}
    outcomes = list(Report.objects.values_list("agreement__report_state", "attempts"))
    assert outcomes == [(ReportState.READY, attempts)] * kinds["EM204"]
    assert ReportFile.objects.count() == kinds["EM204"]
    assert all(process.popen.poll() is None for process in portal.processes)


@pytest.mark.parametrize(
    ("server", "fail", "recover"),
    [("redis", "kill", "start"), ("redis", "freeze", "thaw"), ("mail", "stop", "start")],
    ids=["Redis stopped", "Redis frozen", "mail server stopped"],
)
def test_no_request_waits_for_a_failed_server_and_all_work_is_done_after_its_return(portal, server, fail, recover):
    """E2, R1: an agreement that was invited before is accepted meanwhile, and another one is submitted."""
    visitor = portal.third_party()
    link = portal.invitation(visitor)
    page_2 = portal.fill_in(visitor)

    broken = getattr(portal, server)
    getattr(broken, fail)()
    submitted = portal.submit(visitor, page_2)
    accepted = portal.accept(link)
    assert max(submitted.seconds, accepted.seconds) < PATIENCE
    time.sleep(ONE_SWEEP)
    if server == "mail":
        assert len(portal.mail.deliveries) == 1, "The outage was none."

    getattr(broken, recover)()
    assert_each_once(portal, ACCEPTED | {"EM201": 2})


def test_within_ten_seconds_of_accepting_the_report_is_announced(portal):
    """R1: nothing is broken."""
    link = portal.invitation(portal.third_party())
    begun = time.monotonic()
    portal.accept(link)
    eventually(lambda: "EM204" in delivered_kinds(portal), seconds=10 - (time.monotonic() - begun), what="EM204")


def test_workers_killed_during_a_report_and_an_email_leave_one_of_each(portal):
    """E2, R1: the first worker dies while it makes the report, the second one while it hands over EM204."""
    link = portal.invitation(portal.third_party())
    with psycopg.connect(**connection.get_connection_params() | {"cursor_factory": None}) as reader:
        reader.execute("LOCK TABLE reports_reportfile IN EXCLUSIVE MODE")
        portal.accept(link)
        eventually(is_storing_file, seconds=20, what="a worker that waits in mid-report")
        portal.wait_until_sent(3)
        portal.kill_workers()
        reader.rollback()
    assert Report.objects.get().state == ReportState.MAKING and not ReportFile.objects.exists()
    Report.objects.update(retry_at=Now())

    portal.mail.hang_at = "data"
    tried = portal.mail.attempts
    portal.start_workers()
    eventually(lambda: portal.mail.attempts > tried, seconds=30, what="a worker in mid-email")
    portal.kill_workers()
    assert Email.objects.get(kind="EM204").state == EmailState.HANDED

    portal.mail.hang_at = ""
    portal.start_workers()
    # The mail server may have it, so the email is sent again only after the lease ends. End it now to save a minute.
    Email.objects.filter(state=EmailState.HANDED).update(leased_until=Now())
    assert_each_once(portal, ACCEPTED, attempts=2)


def accept_with_redis_frozen(portal: RunningPortal) -> None:
    link = portal.invitation(portal.third_party())
    portal.redis.freeze()
    portal.accept(link)


def test_with_redis_frozen_work_goes_on_within_seconds(portal):
    """E6, R1"""
    accept_with_redis_frozen(portal)
    eventually(lambda: sorted(delivered_kinds(portal)) == ALL_KINDS, seconds=10, what="EM203 and EM204")
    portal.redis.thaw()
    assert_each_once(portal, ACCEPTED)


@pytest.mark.control
def test_without_the_sweeper_work_waits_for_redis(portal):
    """E6"""
    portal.sweep.process.kill()
    accept_with_redis_frozen(portal)
    time.sleep(10)
    assert delivered_kinds(portal) == ["EM201"]


def delivered_kinds(portal: RunningPortal) -> list[str]:
    """The kind of each message that arrived, a message that came twice also twice."""
    kind_of = dict(Email.objects.values_list("message_id", "kind"))
    return [kind_of[message_id] for message_id in message_ids(portal)]


def message_ids(portal: RunningPortal) -> list[str]:
    return [str(message["Message-ID"]).strip("<>").partition("@")[0] for message in portal.mail.messages]


def is_storing_file() -> bool:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() "
            "AND wait_event_type = 'Lock' AND query LIKE '%reports_reportfile%'"
        )
        return bool(cursor.fetchone()[0])
