"""Fifty workers are killed while they deliver a thousand emails: none is lost, and few arrive twice (E2)."""

from __future__ import annotations

import os
import subprocess
import sys
from collections import Counter

import pytest
from django.utils import timezone

from notifications import delivery
from notifications.failures import FailureReason
from notifications.models import LEASED, Email, EmailState
from tests.factories import EmailFactory
from tests.notifications.conftest import address_of_the_test_database
from tests.support.smtp_sink import SmtpSink

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.fault, pytest.mark.timeout(400)]

EMAILS, KILLS = 1000, 50
# Forks a worker, kills it in the middle of its work, and lets the leases of the dead one run out.
KILLER = """
import os, random, signal, sys, time, django
django.setup()
from django.db import connection
from django.db.models.functions import Now
from notifications import delivery
from notifications.models import LEASED, Email

for _ in range(int(sys.argv[1])):
    connection.close()
    if not (pid := os.fork()):
        delivery.deliver_due()
        os._exit(0)
    goal = Email.objects.filter(state="sent").count() + random.randint(1, 15)
    while Email.objects.filter(state="sent").count() < goal:
        time.sleep(0.01)
    time.sleep(random.uniform(0, 0.03))
    os.kill(pid, signal.SIGKILL)
    os.waitpid(pid, 0)
    Email.objects.filter(LEASED).update(leased_until=Now())
"""


def test_fifty_kills_lose_no_email(mail_server: SmtpSink) -> None:
    """E2"""
    Email.objects.bulk_create(EmailFactory.build_batch(EMAILS))
    environment = {"DATABASE_URL": address_of_the_test_database(), "EMAIL_URL": mail_server.url, "REDIS_URL": ""}
    environment["DJANGO_SETTINGS_MODULE"] = "smt_portal.settings"
    subprocess.run([sys.executable, "-c", KILLER, str(KILLS)], env=os.environ | environment, check=True, timeout=200)
    sent_by_the_killed = len(mail_server.deliveries)
    while Email.objects.due().exists():
        delivery.deliver_due()
        Email.objects.filter(LEASED).update(leased_until=timezone.now())
    copies = Counter(str(message["Message-ID"]).strip("<>").partition("@")[0] for message in mail_server.messages)
    failed = Email.objects.filter(state=EmailState.FAILED)
    twice = sum(count - 1 for count in copies.values())
    print(
        f"{EMAILS} emails, {KILLS} kills after {sent_by_the_killed} deliveries: {len(copies)} arrived, "
        f"{twice} of them twice, {failed.count()} are recorded as uncertain."
    )
    assert sent_by_the_killed > KILLS, "The workers were killed before they did anything."
    assert set(failed.values_list("failure", flat=True)) <= {FailureReason.UNCERTAIN}
    assert set(copies) >= set(Email.objects.filter(state=EmailState.SENT).values_list("message_id", flat=True))
    assert Email.objects.filter(state=EmailState.SENT).count() + failed.count() == EMAILS
    assert max(copies.values()) <= 2 and twice <= KILLS
