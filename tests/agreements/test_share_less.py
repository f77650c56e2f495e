"""Share less: a customer grants a coarser or a shorter report than the company asked for (C9)."""

from __future__ import annotations

import json
import re

import pytest
from django.db import IntegrityError, transaction
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from agreements import actions, creation
from agreements.answers import ScopeRefused
from agreements.models import Agreement, ReportLength, ReportScope, ReportType
from agreements.states import Channel, Status
from lib.central_time import ONE_DAY
from lib.refusals import Refused
from notifications.models import Email
from reports.actions import generate_due_reports
from reports.manifest import render_manifest
from reports.models import Report
from tests.factories import AgreementFactory, MembershipFactory, MeterFactory
from tests.support.agreements import agreement_request, initiate, registered_customer
from tests.support.decisions import decision_form, decision_link
from tests.support.usage import CONSUMPTION, every_day, store

pytestmark = pytest.mark.django_db

ALL = [ReportScope(kind, length) for kind in ReportType for length in ReportLength]
ASKABLE = [scope for scope in ALL if scope.exists]
LESS = {"type": "daily", "length": "1m"}


@pytest.fixture
def member():
    return MembershipFactory().user


@pytest.fixture
def agreement(member) -> Agreement:
    """A request for a year of 15-minute readings, of which four days are on file."""
    agreement = initiate(member, report_length="12m")[0]
    today = timezone.localdate()
    store(agreement.premise, *every_day(today - 4 * ONE_DAY, today - ONE_DAY, CONSUMPTION))
    return agreement


@pytest.mark.parametrize("asked", ASKABLE, ids=lambda scope: scope.label)
def test_only_what_is_not_finer_and_not_longer_can_be_granted(asked):
    """The whole matrix, in the action's rule and in the database."""
    types, lengths = list(ReportType), list(ReportLength)
    for granted in ALL:
        is_less_or_equal = types.index(granted.report_type) >= types.index(asked.report_type) and lengths.index(
            granted.report_length
        ) <= lengths.index(asked.report_length)
        expected = is_less_or_equal and (granted.report_type, granted.report_length) != ("monthly", "1d")
        assert granted.is_within(asked) == expected
        columns = {"report_type": asked.report_type, "report_length": asked.report_length}
        columns |= {"granted_type": granted.report_type, "granted_length": granted.report_length}
        if expected:
            AgreementFactory(status=Status.COMPLETE, **columns)
        else:
            with pytest.raises(IntegrityError), transaction.atomic():
                AgreementFactory(status=Status.COMPLETE, **columns)


@pytest.mark.parametrize("status", set(Status) - {Status.COMPLETE})
def test_nothing_is_granted_without_an_acceptance(status):
    with pytest.raises(IntegrityError), transaction.atomic():
        AgreementFactory(status=status, granted_type="daily", granted_length="1m")


def test_the_page_shows_the_smaller_share_before_it_is_accepted(client, agreement):
    """By a link and a form without script; the GET decides nothing."""
    page = client.get(decision_link(agreement), LESS).content.decode()
    assert "Less than it asked for: 15-minute readings, 1 year" in page
    assert "<b>One report</b> of your daily electricity use" in page
    assert "readings can show when" not in page and 'class="day' not in page
    assert 'name="type" value="daily"' in page and 'name="length" value="1m"' in page
    agreement.refresh_from_db()
    assert (agreement.status, agreement.granted_type) == (Status.PENDING, "")


@pytest.mark.parametrize("where", ["link", "account"])
def test_accepting_less_makes_the_smaller_report_and_tells_both(client, member, where):
    """LOA, EM203, file, manifest and pages go by what was granted and say what was asked for."""
    claim, meter = registered_customer()
    person = agreement_request(meter).person.__class__(email=claim.customer.user.email)
    (agreement,) = initiate(member, meter, registered=True, person=person, report_length="12m")
    today = timezone.localdate()
    store(agreement.premise, *every_day(today - 4 * ONE_DAY, today - ONE_DAY, CONSUMPTION))
    page = post = decision_link(agreement)
    if where == "account":
        client.force_login(claim.customer.user)
        page, post = (
            reverse("customer_agreement", args=[agreement.number]),
            reverse("customer_agreement", args=[agreement.number]),
        )
    seen = client.get(page, LESS).content.decode()
    first, last = re.search(r"<b><span>(\w+ \d+, \d{4}) to</span> <span>(\w+ \d+, \d{4})</span></b>", seen).groups()
    client.post(post, decision_form(agreement) | LESS)
    agreement.refresh_from_db()
    assert (agreement.status, agreement.granted_type, agreement.granted_length) == (Status.COMPLETE, "daily", "1m")
    assert (agreement.report_type, agreement.report_length) == ("interval", "12m")
    letter = agreement.letter
    assert f"The report covers {first} to {last}." in letter.text
    assert "one report of daily electricity use" in letter.text
    assert "It asked for: 15-minute readings, 1 year." in letter.text
    assert "One report of your daily electricity use" in letter.decision_text
    assert f"{first} to {last}" in letter.decision_text
    for email in Email.objects.filter(kind="EM203"):
        for part in (email.text, email.html):
            assert "Daily totals" in part and "less than" in part and "15-minute readings, 1 year" in part
    generate_due_reports()
    report = Report.objects.get(agreement=agreement)
    assert report.file_name.endswith("-daily.csv") and (report.last_day - report.first_day).days < 32
    manifest = json.loads(render_manifest(report))
    assert (manifest["report_type"], manifest["report_length"]) == ("daily", "1m")
    assert manifest["requested"] == {"report_type": "interval", "report_length": "12m"}
    ready = Email.objects.get(kind="EM204")
    assert "The customer shared less than you asked for" in ready.text and "The customer shared less" in ready.html
    company = Client()
    company.force_login(member)
    detail = company.get(reverse("agreement", args=[agreement.number])).content.decode()
    assert "The customer shared less than you asked for, which was: 15-minute readings, 1 year." in detail
    listed = company.get(reverse("agreements")).content.decode()
    assert "Daily totals" in listed and "(less than asked)" in listed
    outcome = client.get(page).content.decode()
    assert "Daily totals" in outcome and "15-minute readings, 1 year" in outcome


def test_accepting_all_says_nothing_about_less(client, agreement):
    """The control."""
    client.post(decision_link(agreement), decision_form(agreement))
    agreement.refresh_from_db()
    assert agreement.shared == agreement.asked and not agreement.shares_less
    assert "share less" not in agreement.letter.text
    assert not any("less than" in email.text + email.html for email in Email.objects.filter(kind="EM203"))


@pytest.mark.parametrize(
    "data",
    [
        {"type": "monthly", "length": "1d"},
        {"type": "interval", "length": "24m"},
        {"type": "raw", "length": "1m"},
        {"type": "\x00", "length": "1m"},
    ],
)
def test_no_such_report_is_refused_and_nothing_is_recorded(client, agreement, data):
    """A2: with the reason, next to the field and above."""
    answer = client.post(decision_link(agreement), decision_form(agreement) | data)
    assert answer.status_code == 400
    assert answer.content.decode().count("Choose at least 1 month for a monthly report.") == 2
    agreement.refresh_from_db()
    assert agreement.status == Status.PENDING
    assert client.get(decision_link(agreement), data).status_code == 200


def test_more_than_asked_is_refused(client, member):
    """A forged form cannot widen the request."""
    (agreement,) = initiate(member, report_type="daily", report_length="1m")
    for data in ({"type": "interval", "length": "1m"}, {"type": "daily", "length": "12m"}):
        assert client.post(decision_link(agreement), decision_form(agreement) | data).status_code == 400
        with pytest.raises(ScopeRefused):
            scope = ReportScope(data["type"], data["length"])
            actions.accept(agreement, channel=Channel.INVITATION, scope=scope)
    agreement.refresh_from_db()
    assert agreement.status == Status.PENDING


def test_the_smallest_request_offers_nothing_less(client, member):
    (agreement,) = initiate(member, report_type="monthly", report_length="1m")
    assert "Share less" not in client.get(decision_link(agreement)).content.decode()


def test_what_was_asked_for_counts_as_the_same_request(member):
    """L6: a request that waits blocks one for the same report, whatever its customer will grant."""
    meter = MeterFactory()
    initiate(member, meter, report_length="12m")
    with pytest.raises(Refused):
        creation.start_draft(agreement_request(meter, report_length="12m"), by=member)
    assert creation.start_draft(agreement_request(meter, report_type="daily", report_length="1m"), by=member)
