"""Does the time of an answer tell what was right? (T7) Run it with its own servers:

    .venv/bin/python -m tests.support.servers .venv/bin/python scripts/measure_oracle.py [--requests 200] [--control]

Page 1 is posted with each combination of a right or wrong ESIID and meter number, of a registered and an unregistered
customer, all refused with the same words: in random order, so that whatever else the machine does falls on all alike.
Printed are the medians and, against "both wrong", the chance that one answer takes longer than another (0.5: no
difference) and p of the rank test (Mann-Whitney). `--control` delays what is asked about a right ESIID by 1 ms, and
must be seen: where it is not, the machine is too busy and the table says nothing. `--action` times what decides and
leaves the page around it out: less noise, and the control shows also on a busy machine.
The limits on guessing are lifted: this is what a guesser would learn without them.
"""

from __future__ import annotations

import argparse
import math
import os
import random
import statistics
import sys
import time
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "smt_portal.settings")

HALVES = ("right", "wrong")
WIDTH = 23  # of how a combination was asked, in its name
SEEN = 0.05 / 14  # fourteen comparisons at five in a hundred together
USABLE = 0.10  # of "both wrong": a shift that two hundred answers could tell from chance on a quiet machine


def rank_test(one: list[float], other: list[float]) -> tuple[float, float]:
    """The chance that a value of `one` is larger than one of `other`, and two-sided p by the normal approximation."""
    ranked = sorted((value, side) for side, values in enumerate((one, other)) for value in values)
    rank_sum = sum(rank for rank, (_value, side) in enumerate(ranked, 1) if side == 0)
    pairs = len(one) * len(other)
    larger = rank_sum - len(one) * (len(one) + 1) / 2
    deviation = math.sqrt(pairs * (len(one) + len(other) + 1) / 12)
    return larger / pairs, math.erfc(abs(larger - pairs / 2) / deviation / math.sqrt(2))


def combinations() -> dict[str, dict[str, str]]:
    """What is posted, by a name for it. Every one is refused: a right pair by the email or by the customer's kind."""
    from tests.factories import MeterFactory, PremiseFactory
    from tests.support.agreement_forms import page_1, page_1_registered, rows
    from tests.support.agreements import registered_customer

    PremiseFactory.create_batch(2000)
    _claim, registered = registered_customer()
    unregistered, foreign = MeterFactory(), MeterFactory()
    nobody = "10443729999999999"
    found = {}
    for customer, meter in (("registered", registered), ("unregistered", unregistered)):
        for esiid, number in ((True, True), (True, False), (False, True), (False, False)):
            typed = rows((
                meter.premise.esiid if esiid else nobody,
                meter.number if number else foreign.number,
            ))  # fmt: skip
            name = f"{customer}, ESIID {'right' if esiid else 'wrong'}, meter {'right' if number else 'wrong'}"
            found[f"{'asked as registered:':{WIDTH}}{name}"] = page_1_registered("guess@example.net") | typed
            if (customer, esiid, number) != ("unregistered", True, True):  # this one is right
                found[f"{'asked as unregistered:':{WIDTH}}{name}"] = page_1(email="guess@example.net") | typed
    return found


def measure(requests: int, control: bool, action: bool) -> int:
    from django.conf import settings
    from django.db import connection
    from django.test import Client
    from django.urls import reverse

    from agreements import creation
    from agreements.forms.request import AgreementRequestForm
    from lib.refusals import Refused
    from tests.factories import MembershipFactory

    for name in ("USER", "COMPANY", "ESIID"):
        setattr(settings, f"FAILED_MATCHES_PER_{name}", 10**9)
    posted = combinations()
    client, address = Client(), reverse("agreement_new")
    client.force_login(member := MembershipFactory().user)
    agreement_requests = {}
    for name, data in posted.items():
        form = AgreementRequestForm(data)
        assert form.is_valid()
        agreement_requests[name] = form.agreement_request()

    def act(name: str) -> None:
        try:
            creation.start_draft(agreement_requests[name], by=member)
        except Refused:
            return
        raise AssertionError(f"{name} was not refused")

    def ask(name: str) -> None:
        assert client.post(address, posted[name]).status_code == 200, f"{name} was not refused"

    times: dict[str, list[float]] = {name: [] for name in posted}
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
        for _round in range(requests + 5):
            for name in random.sample(sorted(posted), len(posted)):
                cursor.execute("TRUNCATE agreements_failedmatch, accounts_ratelimithit")
                began = time.perf_counter()
                (act if action else ask)(name)
                if control and "ESIID right" in name:
                    time.sleep(0.001)
                times[name].append((time.perf_counter() - began) * 1000)
    return report({name: taken[5:] for name, taken in times.items()})


def report(times: dict[str, list[float]]) -> int:
    """Print the table; returns how many combinations, or halves of all, could be told."""
    usable = 0
    print(f"{'':72} median ms  longer than both wrong        p")
    for name, taken in times.items():
        wrong = times[f"{name[:WIDTH]}registered, ESIID wrong, meter wrong"]
        chance, p = rank_test(taken, wrong) if taken is not wrong else (0.5, 1.0)
        told = p < SEEN and abs(chance - 0.5) > USABLE
        usable += told
        print(f"{name:72} {statistics.median(taken):9.2f}  {chance:21.3f} {p:8.4f}{'  can be told' if told else ''}")
    for half in ("ESIID", "meter"):  # all that have one thing right, against all that have it wrong
        right, wrong = ([one for name in times if f"{half} {is_}" in name for one in times[name]] for is_ in HALVES)
        chance, p = rank_test(right, wrong)
        usable += p < SEEN
        told = "  can be told" if p < SEEN else ""
        print(f"{f'all with {half} right':72} {statistics.median(right):9.2f}  {chance:21.3f} {p:8.4f}{told}")
    print(f"{usable} can be told.")
    return usable


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--requests", type=int, default=200)
    parser.add_argument("--control", action="store_true")
    parser.add_argument("--action", action="store_true")
    asked: Any = parser.parse_args()
    import django

    django.setup()
    from django.db import connection
    from django.test.utils import setup_test_environment, teardown_test_environment

    setup_test_environment()
    name = connection.creation.create_test_db(verbosity=0)
    try:
        usable = measure(asked.requests, asked.control, asked.action)
    finally:
        connection.creation.destroy_test_db(name, verbosity=0)
        teardown_test_environment()
    return int(bool(usable) != asked.control)


if __name__ == "__main__":
    sys.exit(main())
