"""Steps of the sandbox with several workers, killed workers, and a reset in between (V17)."""

from __future__ import annotations

import os
import subprocess
import sys
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.utils import timezone

from agreements.models import Agreement, AgreementEvent
from agreements.states import Status
from api.models import Environment, SandboxStep
from api.sandbox import steps
from api.sandbox.retention import reset_sandbox
from api.sandbox.steps import run_due_steps
from companies.models import Company
from tests.api.test_sandbox_scenarios import ask, body_of, create, tester
from tests.factories import MembershipFactory
from tests.notifications.conftest import address_of_the_test_database
from tests.support.api import make_program
from tests.support.races import together

__all__ = ["tester"]
pytestmark = pytest.mark.django_db(transaction=True)

# Forks a worker and kills it when it has done some steps and is in the middle of one.
KILLER = """
import os, random, signal, sys, time, django
django.setup()
from django.db import connection
from api.models import SandboxStep
from api.sandbox import steps

for _ in range(int(sys.argv[1])):
    connection.close()
    left = SandboxStep.objects.count()
    connection.close()
    if not (pid := os.fork()):
        while True:
            steps.run_due_steps()
    goal = left - random.randint(1, 2)
    while SandboxStep.objects.count() > max(goal, 0):
        time.sleep(0.005)
    time.sleep(random.uniform(0, 0.2))
    os.kill(pid, signal.SIGKILL)
    os.waitpid(pid, 0)
"""


def make_due() -> None:
    SandboxStep.objects.update(due_at=timezone.now() - timedelta(seconds=1))


def answers(agreements: Any) -> list[int]:
    """How often each was answered."""
    return [AgreementEvent.objects.filter(agreement=each, kind__in=["accept", "reject"]).count() for each in agreements]


@pytest.mark.slow
def test_several_workers_do_each_step_once(tester):
    """V17."""
    for digit in range(4):
        create(tester, "201", free=f"000000{digit}")
        create(tester, "109", free=f"000000{digit}", length="1d")
    make_due()
    counts = together([run_due_steps] * 4)
    assert sum(count for count in counts if isinstance(count, int)) == 8, counts
    assert answers(Agreement.objects.all()) == [1] * 8 and not SandboxStep.objects.exists()


@pytest.mark.fault
@pytest.mark.timeout(300)
def test_killed_workers_lose_no_step(tester):
    """V17: and do none twice."""
    for digit in range(10):
        create(tester, "101", free=f"000000{digit}", length="1m")
        create(tester, "201", free=f"000000{digit}")
    make_due()
    environment = {"DATABASE_URL": address_of_the_test_database(), "REDIS_URL": ""}
    environment["DJANGO_SETTINGS_MODULE"] = "smt_portal.settings"
    subprocess.run([sys.executable, "-c", KILLER, "8"], env=os.environ | environment, check=True, timeout=200)
    left = SandboxStep.objects.count()
    assert 0 < left < 20
    while run_due_steps():
        continue
    assert answers(Agreement.objects.all()) == [1] * 20 and not SandboxStep.objects.exists()
    assert Agreement.objects.filter(status=Status.COMPLETE, period_last_day__isnull=False).count() == 10


@pytest.mark.slow
def test_a_reset_while_steps_are_done(tester):
    """V17: nothing waits for the other for ever, and nothing is left."""
    for digit in range(6):
        create(tester, "201", free=f"000000{digit}")
    make_due()
    sandbox = Company.every.get(sandbox_of=tester.company)
    outcomes = together([lambda: reset_sandbox(sandbox), run_due_steps, run_due_steps])
    assert not [outcome for outcome in outcomes if isinstance(outcome, Exception)], outcomes
    assert not Agreement.objects.exists() and not SandboxStep.objects.exists()
    create(tester, "201")


def test_a_step_that_raises_waits_and_delays_no_other(tester, monkeypatch):
    """V17."""
    broken, other = create(tester, "101"), create(tester, "201")
    monkeypatch.setattr(steps, "store_year", lambda *_details: 1 / 0)
    make_due()
    assert run_due_steps() == 2
    assert Agreement.objects.get(number=other).status == Status.REJECTED
    assert Agreement.objects.get(number=broken).status == Status.PENDING
    assert SandboxStep.objects.get().due_at > timezone.now() + timedelta(seconds=30)
    monkeypatch.undo()
    make_due()
    run_due_steps()
    assert Agreement.objects.get(number=broken).status == Status.COMPLETE


@pytest.mark.parametrize(("code", "refusal"), [("303", "waiting"), ("302", "limit")])
def test_two_first_requests_at_once_make_one_premise(tester, code, refusal):
    """V16: and the agreements in the way once."""

    def send() -> Any:
        try:
            return ask(tester, body_of(code)).json()["errors"][0]["code"]
        finally:
            connection.close()

    assert together([send] * 3) == [refusal] * 3
    assert Agreement.objects.count() == {"303": 1, "302": 3}[code]


def test_two_first_test_clients_at_once_make_one_sandbox(db):
    """V15."""
    administrator = MembershipFactory(is_administrator=True)

    def make(name: str) -> Any:
        return make_program(administrator=administrator, name=name, environment=Environment.TEST).client.company.pk

    first, second = together([lambda: make("One"), lambda: make("Two")])
    assert first == second and Company.every.filter(sandbox_of=administrator.company).count() == 1
