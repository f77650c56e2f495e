"""A report waits for the data that its utility delivers late (R2, R7)."""

from __future__ import annotations

import json
from datetime import date, datetime, timedelta
from html import unescape

import pytest
from django.urls import reverse
from django.utils.formats import date_format
from django.utils.timezone import localdate

from accounts.models import User
from agreements import actions
from agreements.consent_review import review_consent
from agreements.models import Agreement, Review
from agreements.period import fixed_period
from agreements.states import Channel, ReportState
from lib.link_tokens import derive_token
from meters.models import UsageDay
from notifications.models import Email
from reports.actions import end_waiting, generate_due_reports
from reports.manifest import render_manifest
from reports.models import Report
from tests.factories import (
    CustomerFactory,
    EsiidClaimFactory,
    MembershipFactory,
    MeterFactory,
    OperatorFactory,
    PremiseFactory,
)
from tests.support.accepted_agreements import CENTRAL, report_of
from tests.support.agreements import initiate
from tests.support.reviews import put_under_review
from tests.support.usage import every_day, store, usage

pytestmark = pytest.mark.django_db

TODAY = date(2026, 6, 15)


@pytest.fixture
def member() -> User:
    return MembershipFactory().user


def days_ago(count: int) -> date:
    return TODAY - timedelta(days=count)


def moment(hour: int, minute: int = 0, *, day: date = TODAY) -> datetime:
    return datetime(day.year, day.month, day.day, hour, minute, tzinfo=CENTRAL)


def accepted(member, at: datetime, premise=None, length: str = "1d") -> Agreement:
    meter = MeterFactory(premise=premise or PremiseFactory())
    (agreement,) = initiate(member, meter, at=at - timedelta(days=1), report_length=length)
    return actions.accept(agreement, channel=Channel.INVITATION, at=at)


def sweep(at: datetime) -> None:
    end_waiting(at=at)
    generate_due_reports(at=at)


def texts(agreement: Agreement, kind: str) -> dict[str, str]:
    emails = Email.objects.about(agreement.number).filter(kind=kind)
    return {email.key.rsplit(":", 1)[-1]: email.text for email in emails}


@pytest.mark.parametrize(
    ("hour", "on_file", "last"),
    [
        (1, 2, days_ago(2)),  # before the night's file: the file of the morning before is there
        (6, 2, days_ago(2)),
        (10, 1, days_ago(1)),  # after it
        (10, 3, days_ago(3)),  # of a utility that is two days later than usual
    ],
)
@pytest.mark.parametrize("length", ["1d", *(pytest.param(length, marks=pytest.mark.slow) for length in ("1m", "12m"))])
def test_the_period_ends_with_the_latest_day_on_file_at_the_acceptance(member, hour, on_file, last, length):
    """R2: at once, for one day too."""
    premise = PremiseFactory()
    store(premise, *every_day(days_ago(40), days_ago(on_file)))
    agreement = accepted(member, moment(hour), premise, length)
    assert not agreement.awaits_data
    assert agreement.period_last_day == last
    store(premise, *every_day(days_ago(on_file - 1), TODAY))  # what comes later changes nothing
    sweep(moment(hour, 1))
    report = report_of(agreement)
    assert (report.state, report.last_day) == (ReportState.READY, last)
    assert (
        report.first_day
        == {"1d": last, "1m": fixed_period(agreement).first, "12m": fixed_period(agreement).first}[length]
    )


def test_a_report_waits_for_a_utility_that_is_late_and_is_made_by_its_delivery(member):
    """R7: one day; both sides know; the letter says how the period will be chosen."""
    premise = PremiseFactory()
    store(premise, *every_day(days_ago(30), days_ago(4)))
    agreement = accepted(member, moment(1), premise)
    assert agreement.awaits_data and agreement.awaits_data_until == moment(1) + timedelta(hours=72)
    sweep(moment(9, 39))
    assert not Report.objects.exists()
    for side, text in texts(agreement, "EM203").items():
        assert "hasn't sent us readings for June 12, 2026 to June 14, 2026 yet" in text, side
        assert "We'll make the report when readings for one of these days arrive." in text, side
        assert "If none have arrived by June 18, 2026, 1:00 AM Central Time, there will be no report." in text, side
    signed = (
        "No readings were on file for June 12, 2026 to June 14, 2026 when I accepted. The report covers the first of"
    )
    assert signed in agreement.letter.text
    end = "If none have arrived by June 18, 2026, 1:00 AM Central Time, there may be no report."
    assert end in agreement.letter.text

    store(premise, usage(days_ago(2)))  # at 09:40
    sweep(moment(9, 41))
    report = report_of(agreement)
    assert (report.state, report.first_day, report.last_day) == (ReportState.READY, days_ago(2), days_ago(2))
    store(premise, usage(days_ago(1)))
    sweep(moment(9, 50))
    assert report_of(agreement).sha256 == report.sha256
    assert set(texts(agreement, "EM204")) == {agreement.number}


@pytest.mark.parametrize("length", ["1d", "1m"])
def test_of_a_silent_utility_the_report_is_made_of_what_is_on_file_or_says_that_nothing_came(member, length):
    """R7: never that nothing was used."""
    premise = PremiseFactory()
    store(premise, *every_day(days_ago(60), days_ago(10)))
    agreement = accepted(member, moment(1), premise, length)
    sweep(moment(1) + timedelta(hours=71, minutes=59))
    assert not Report.objects.exists()
    sweep(moment(1) + timedelta(hours=72))
    report = report_of(agreement)
    if length == "1m":
        assert (report.state, report.last_day) == (ReportState.READY, days_ago(10))
        assert (report.days, report.days_present) == (31, 31)
        (ready,) = texts(agreement, "EM204").values()
        assert "It ends on June 5, 2026 because" in ready and "for June 6, 2026 to June 14, 2026." in ready
        because = json.loads(render_manifest(report))["ended_early_because"]
        assert because == f"{premise.tdsp.name} had sent no readings for 2026-06-06 to 2026-06-14."
        assert "or on June 18, 2026, 1:00 AM Central Time at the latest." in agreement.letter.text
        return
    assert (report.state, report.last_day) == (ReportState.NO_DATA, days_ago(1))
    utility = premise.tdsp.name
    for side, text in texts(agreement, "EM204").items():
        assert f"{utility} had sent us no readings for June 12, 2026 to June 14, 2026, so there is no" in text, side
        assert "no usage" not in text.lower()


@pytest.mark.parametrize(
    ("length", "covers"),
    [
        ("1d", "One day from {} to {}, if it arrives within 72 hours."),
        ("3m", "The 3 months up to the latest day on file. We may wait 72 hours for more."),
    ],
)
def test_the_request_says_which_days_a_late_report_will_have(client, member, length, covers):
    """C7, R7: the first delivery ends the wait, even if later days come within the 72 hours."""
    premise = PremiseFactory()
    today = localdate()
    store(premise, *every_day(today - timedelta(days=20), today - timedelta(days=4)))
    (agreement,) = initiate(member, MeterFactory(premise=premise), report_length=length)
    path = reverse("invitation", args=[derive_token(bytes(agreement.submission.link_nonce))])
    page = unescape(client.get(path).content.decode())
    first, last = (date_format(today - timedelta(days=count), "DATE_FORMAT") for count in (3, 1))
    assert covers.format(first, last) in page
    assert "when you accept, or soon after" in texts(agreement, "EM201")[agreement.number]


@pytest.mark.parametrize("late_days", [1, 3])
def test_the_request_says_the_days_of_each_meter(client, member, late_days):
    """C7, C10, R7: of two utilities, or of two premises of which one has new service."""
    today = localdate()
    before = [today - timedelta(days=count) for count in range(4)]
    first, second = PremiseFactory(), PremiseFactory(service_since=before[1] if late_days == 3 else None)
    if late_days == 1:
        store(first, *every_day(before[3], before[1]))
    agreements = initiate(member, MeterFactory(premise=first), MeterFactory(premise=second), report_length="1d")
    path = reverse("invitation", args=[derive_token(bytes(agreements[0].submission.link_nonce))])
    page = " ".join(unescape(client.get(path).content.decode()).split())
    days = [date_format(day, "DATE_FORMAT") for day in before]
    waits = f"One day from {days[3]} to {days[1]}, if it arrives within 72 hours."
    new_service = f"If you accept now, the report covers {days[1]} if your utility sends us its readings"
    assert "The days differ from meter to meter. They're listed below." in page
    for words in (f"<b>{days[1]}</b>", waits) if late_days == 1 else (waits, new_service):
        assert page.count(words) == 2  # beside the meter's answer and in the request's details


def test_a_day_of_blank_rows_does_not_end_the_wait(member):
    """R7, R4: SMT prints blank rows for a day that was not read."""
    premise = PremiseFactory()
    store(premise, usage(days_ago(1), wh=[None] * 96))
    agreement = accepted(member, moment(10), premise)
    sweep(moment(11))
    assert not Report.objects.exists()
    UsageDay.objects.filter(premise_id=premise.pk).update(wh=[1] * 96)
    sweep(moment(12))
    assert report_of(agreement).state == ReportState.READY


def test_a_former_customers_day_does_not_end_the_wait(member):
    """R2, R7: the present customer's service began yesterday; the day before is not the customer's."""
    premise = PremiseFactory(service_since=days_ago(1))
    store(premise, usage(days_ago(2)))
    agreement = accepted(member, moment(1), premise)
    sweep(moment(2))
    assert agreement.awaits_data and not Report.objects.exists()
    assert "The report covers June 14, 2026. If its readings have not arrived by June 18" in agreement.letter.text
    assert all("hasn't sent us readings for June 14, 2026 yet" in text for text in texts(agreement, "EM203").values())
    store(premise, usage(days_ago(1)))
    sweep(moment(10))
    assert report_of(agreement).first_day == days_ago(1)


def test_a_service_that_begins_today_waits_for_nothing(member):
    """R2: no day of this customer can come."""
    agreement = accepted(member, moment(10), PremiseFactory(service_since=TODAY))
    assert not agreement.awaits_data
    sweep(moment(10, 1))
    assert report_of(agreement).state == ReportState.NO_DATA


def test_another_premises_delivery_ends_no_wait(member):
    """R7."""
    accepted(member, moment(1))
    store(PremiseFactory(), usage(days_ago(1)))
    sweep(moment(10))
    assert not Report.objects.exists()


def test_the_period_stays_as_accepted_whatever_changes_later(member):
    """R2: fixed at the acceptance; a service start that the utility corrects later does not move the signed days."""
    premise = PremiseFactory()
    store(premise, *every_day(days_ago(40), days_ago(1)))
    agreement = accepted(member, moment(10), premise, "1m")
    signed = agreement.letter.text
    EsiidClaimFactory(premise=premise, until=moment(1, day=days_ago(5)))
    premise.service_since = days_ago(3)
    premise.save()
    sweep(moment(10, 1))
    report = report_of(agreement)
    assert (report.first_day, report.last_day) == (date(2026, 5, 15), days_ago(1))
    assert "The report covers May 15, 2026 to June 14, 2026." in signed


def test_a_customer_who_came_back_keeps_the_days_of_the_first_stay(member):
    """R2, C4: also where the request was sent to another address and only the answer makes it the customer's."""
    premise, customer = PremiseFactory(), CustomerFactory()
    EsiidClaimFactory(premise=premise, customer=customer, until=moment(1, day=days_ago(5)))
    store(premise, *every_day(days_ago(40), days_ago(1)))
    (agreement,) = initiate(member, MeterFactory(premise=premise), at=moment(9), report_length="1m")
    agreement = actions.accept(agreement, channel=Channel.ACCOUNT, by=customer.user, at=moment(10))
    assert (agreement.period_first_day, agreement.period_last_day) == (date(2026, 5, 15), days_ago(1))


def test_a_held_report_waits_for_both(client, member):
    """R7, X1."""
    premise = PremiseFactory()
    agreement = accepted(member, moment(1), premise)
    review = put_under_review(agreement)
    client.force_login(member)
    for path in (
        reverse("invitation", args=[derive_token(bytes(agreement.submission.link_nonce))]),
        reverse("agreement", args=[agreement.number]),
    ):
        page = unescape(client.get(path).content.decode())
        assert "hasn't sent us readings for June 12, 2026 to June 14, 2026 yet" in page
        assert "If the answer is confirmed, the report will cover the first of these days to arrive" in page
        assert "If none have arrived by June 18, 2026, 1:00 AM Central Time, there may be no report." in page
    store(premise, usage(days_ago(1)))
    sweep(moment(10))
    agreement.refresh_from_db()
    assert agreement.period_last_day == days_ago(1) and not Report.objects.exists()
    review_consent(review, Review.RELEASED, by=OperatorFactory(), reason="She called us.")
    sweep(moment(11))
    assert report_of(agreement).state == ReportState.READY


def test_both_sides_read_what_is_awaited_and_until_when(client, member):
    """R7, C2."""
    agreement = accepted(member, moment(1))
    path = reverse("invitation", args=[derive_token(bytes(agreement.submission.link_nonce))])
    customers_page = unescape(client.get(path).content.decode())
    client.force_login(member)
    third_partys_page = unescape(client.get(reverse("agreement", args=[agreement.number])).content.decode())
    for page in (customers_page, third_partys_page):
        assert "readings for June 12, 2026 to June 14, 2026 yet" in page and "June 18, 2026, 1:00 AM" in page
        assert "being made" not in page.lower()
    listed = client.get(reverse("agreements")).content.decode()
    assert "Waiting for data" in listed


@pytest.mark.slow
def test_many_waiting_agreements_cost_as_many_queries_as_one(member, django_assert_max_num_queries):
    """R7: one question for each day of acceptance."""
    premise = PremiseFactory()
    for _number in range(6):
        accepted(member, moment(1))
    store(premise, usage(days_ago(1)))
    with django_assert_max_num_queries(4):
        assert end_waiting(at=moment(10)) == 0


def test_no_data_stays_true_when_the_utility_delivers_later(client, member):
    """R4, L5: all pages say until when nothing came; the company also that the agreement counts."""
    premise = PremiseFactory()
    agreement = accepted(member, moment(1), premise)
    sweep(moment(1) + timedelta(hours=72))
    store(premise, *every_day(days_ago(3), days_ago(1)))
    path = reverse("invitation", args=[derive_token(bytes(agreement.submission.link_nonce))])
    customers_page = unescape(client.get(path).content.decode())
    client.force_login(member)
    third_partys_page = unescape(client.get(reverse("agreement", args=[agreement.number])).content.decode())
    sentence = (
        f"By June 18, 2026, 1:00 AM Central Time, {premise.tdsp.name} had sent us no readings for June 12, 2026 to"
    )
    assert sentence in customers_page and sentence in third_partys_page
    refused = client.get(reverse("report_download", args=[agreement.number])).content.decode()
    assert "The utility had sent us no readings for the period in time" in refused
    counts = "This agreement counts toward the limit for its ESIID until June 14, 2027."
    assert counts in third_partys_page and counts not in customers_page
    assert [counts in text for text in texts(agreement, "EM204").values()].count(True) == 1


def test_the_company_reads_the_days_at_the_acceptance(client, member):
    """R2: in EM203, whose lines begin with no space, and while the report is being made."""
    premise = PremiseFactory()
    store(premise, *every_day(days_ago(40), days_ago(1)))
    agreement = accepted(member, moment(10), premise, "1m")
    client.force_login(member)
    page = unescape(client.get(reverse("agreement", args=[agreement.number])).content.decode())
    for text in (page, *texts(agreement, "EM203").values()):
        assert "The report covers May 15, 2026 to June 14, 2026." in text
    assert not [line for line in texts(agreement, "EM203")["third-party"].splitlines() if line.startswith(" ")]
