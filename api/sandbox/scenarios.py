"""The scenarios of the sandbox. The last three digits of a test ESIID choose one (V16)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum

from agreements.models import ReportScope, Review
from meters.identifiers import TEST_PREFIX

ANSWERED_AFTER = timedelta(seconds=5)
LATER = timedelta(seconds=30)  # a review is decided, data comes
MUCH_LATER = timedelta(seconds=60)  # a request expires, a file is deleted
REGISTERED_EMAIL = "registered@sandbox.example"


class Reaction(StrEnum):
    """What becomes of a request."""

    ACCEPT = "accept"
    REJECT = "reject"
    EXPIRE = "expire"
    BOUNCE = "bounce"
    NOTHING = "nothing"


@dataclass(frozen=True)
class Scenario:
    """What happens to requests about a test ESIID. `text` says it to a developer.

    `service_days` and `meter_days` count back from the day on which the ESIID was first used.
    """

    code: str
    text: str
    reaction: Reaction = Reaction.ACCEPT
    has_surplus: bool = False
    has_gaps: bool = False
    has_estimates: bool = False
    has_usage: bool = True
    usage_comes_later: bool = False
    service_days: int | None = None
    meter_days: int | None = None
    granted: ReportScope | None = None
    review: Review | None = None
    failed_attempts: int = 0
    is_purged: bool = False
    is_registered: bool = False
    is_used_up: bool = False
    is_waiting: bool = False


SCENARIOS = {
    scenario.code: scenario
    for scenario in (
        Scenario("101", "The customer accepts after 5 seconds. Every 15-minute reading is on file."),
        Scenario("102", "Like 101, with surplus generation from 10 AM to 4 PM.", has_surplus=True),
        Scenario(
            "103",
            "Like 101, with gaps. Counted back from the day on which you first used the ESIID: days 20 to 14 are "
            "missing, day 10 is missing its first hour, and day 5 is missing three readings.",
            has_gaps=True,
        ),
        Scenario(
            "104",
            "Like 101, with two blocks of 16 estimated readings in each month: from 10 AM on the 5th, and from 10 PM "
            "on "
            "the 9th across midnight.",
            has_estimates=True,
        ),
        Scenario("105", "Like 101, but there is no data. The report ends as no_data.", has_usage=False),
        Scenario("106", "Like 101, but the customer's service began 40 days ago: a longer report is shortened.",
                 service_days=40),
        Scenario("107", "Like 101, but the first meter was installed 100 days ago.", meter_days=100),
        Scenario("108", "Like 101, but the readings for the last few days arrive 30 seconds later. Until then, the "
        "report waits for them.", usage_comes_later=True),
        Scenario("109", "Like 101, but the customer shares less than you asked for: daily readings of one month at "
                 "most.", granted=ReportScope("daily", "1m")),
        Scenario("201", "The customer rejects after 5 seconds.", Reaction.REJECT),
        Scenario("202", "The request expires after 60 seconds.", Reaction.EXPIRE),
        Scenario("203", "The customer never answers.", Reaction.NOTHING),
        Scenario("204", "The email can't be delivered: after 5 seconds, invitation.delivery is failed.",
                 Reaction.BOUNCE),
        Scenario("205", "The customer accepts in a way that looks suspicious. The report is under review, and released "
                 "after 30 seconds.", review=Review.RELEASED),
        Scenario("206", "Like 205, but the report is refused after 30 seconds.", review=Review.REFUSED),
        Scenario("301", f"Like 101, for a registered customer with the email {REGISTERED_EMAIL}.", is_registered=True),
        Scenario("302", "The yearly limit for the ESIID is used up, so nothing is created.", Reaction.NOTHING,
                 is_used_up=True),
        Scenario("303", "An agreement for this report is already waiting for an answer, so nothing is created.",
                 Reaction.NOTHING, is_waiting=True),
        Scenario("401", "Like 101, but the report fails twice. It is ready about a minute later.", failed_attempts=2),
        Scenario("402", "Like 101, but the report file is deleted 60 seconds after it is ready.", is_purged=True),
    )
}  # fmt: skip


def scenario_of(esiid: str) -> Scenario | None:
    """Return the scenario of a test ESIID; None for another ESIID, and where the last digits name none."""
    return SCENARIOS.get(esiid[-3:]) if esiid.startswith(TEST_PREFIX) and len(esiid) in (17, 22) else None


def meter_number_of(esiid: str) -> str:
    """Return the number of the only meter of a test ESIID."""
    return f"9{esiid[-8:]}"
