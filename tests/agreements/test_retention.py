"""What is kept no longer than needed (X6)."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

import reports.actions
from agreements import actions, retention
from agreements.models import Agreement, AgreementEvent, Letter
from agreements.request import Person
from agreements.states import Channel, Status
from lib.refusals import Refused
from notifications.models import Email
from reports.models import Download, Report, ReportFile
from tests.factories import MembershipFactory, MeterFactory
from tests.support.agreements import ROSA, initiate, registered_customer
from tests.support.usage import deliver_usage

pytestmark = pytest.mark.django_db

NOON = datetime(2026, 3, 2, 18, 0, tzinfo=UTC)


@pytest.fixture
def member():
    return MembershipFactory().user


def everything_about(agreement: Agreement) -> str:
    rows = [Agreement.objects.filter(pk=agreement.pk).values().get()]
    rows += Email.objects.about(agreement.number).values("to_address", "subject")
    return str(rows)


@pytest.mark.parametrize("end", ["reject", "withdraw", "expire"])
def test_personal_data_of_unaccepted_agreements_is_deleted_after_90_days(member, end):
    """X6: what happened stays on record, who the customer was does not."""
    (agreement,) = initiate(member, at=NOON)
    ended = NOON + timedelta(days=31 if end == "expire" else 1)
    if end == "reject":
        actions.reject(agreement, channel=Channel.INVITATION, at=ended)
    elif end == "withdraw":
        actions.withdraw(agreement, by=member, at=ended)
    else:
        actions.expire_overdue(at=ended)
    assert retention.delete_personal_data(at=ended + timedelta(days=90)) == 0
    assert retention.delete_personal_data(at=ended + timedelta(days=90, seconds=1)) == 1
    assert retention.delete_personal_data(at=ended + timedelta(days=91)) == 0
    kept = everything_about(agreement)
    for personal in (ROSA.email, ROSA.first_name, ROSA.last_name, ROSA.street, "5550102"):
        assert personal not in kept
    agreement.refresh_from_db()
    assert agreement.status in (Status.REJECTED, Status.WITHDRAWN, Status.NOT_ACCEPTED)
    assert agreement.events.count() == 2


def test_personal_data_of_registered_customers_is_deleted_too(member):
    """X6."""
    claim, meter = registered_customer()
    (agreement,) = initiate(member, meter, registered=True, person=Person(email=claim.customer.user.email), at=NOON)
    actions.reject(agreement, channel=Channel.ACCOUNT, by=claim.customer.user, at=NOON)
    assert retention.delete_personal_data(at=NOON + timedelta(days=91)) == 1
    agreement.refresh_from_db()
    assert agreement.customer is None
    assert "Akin" not in everything_about(agreement)


def test_the_address_of_the_account_that_answered_is_deleted_too(member):
    """X6, C4: the outcome also went there."""
    claim, _meter = registered_customer()
    (agreement,) = initiate(member, at=NOON)
    actions.reject(agreement, channel=Channel.ACCOUNT, by=claim.customer.user, at=NOON)
    assert claim.customer.user.email in everything_about(agreement)
    assert retention.delete_personal_data(at=NOON + timedelta(days=91)) == 1
    assert claim.customer.user.email not in everything_about(agreement)


def test_pending_and_accepted_agreements_keep_personal_data(member):
    """X6."""
    pending, accepted = initiate(member, MeterFactory(), MeterFactory(), at=NOON)
    actions.accept(accepted, channel=Channel.INVITATION, at=NOON)
    assert retention.delete_personal_data(at=NOON + timedelta(days=200)) == 0
    assert ROSA.email in everything_about(accepted)
    assert ROSA.email in everything_about(pending)


def test_an_agreement_without_personal_data_counts_for_the_limit(member, settings):
    """L5, X6."""
    settings.AGREEMENT_LIMIT_PER_ESIID = 1
    meter = MeterFactory()
    (agreement,) = initiate(member, meter, at=NOON)
    actions.reject(agreement, channel=Channel.INVITATION, at=NOON)
    retention.delete_personal_data(at=NOON + timedelta(days=91))
    with pytest.raises(Refused):
        initiate(member, meter, at=NOON + timedelta(days=92))


def test_after_three_years_an_agreement_is_deleted_with_its_rows(member):
    """X6: events too, which nothing else may delete; younger ones stay."""
    old, young = initiate(member, MeterFactory(), MeterFactory(), at=NOON)
    deliver_usage(old.premise, NOON)
    deliver_usage(young.premise, NOON + timedelta(days=5))
    actions.accept(old, channel=Channel.INVITATION, at=NOON)
    actions.accept(young, channel=Channel.INVITATION, at=NOON + timedelta(days=5))
    reports.actions.generate_due_reports()
    later = NOON + timedelta(days=3 * 365 + 2)
    assert retention.delete_old_agreements(at=later) == 0  # an agreement with a report goes together with it
    assert reports.actions.delete_old_reports(at=later) == 1
    assert list(Agreement.objects.all()) == [young]
    for model in (AgreementEvent, Letter):
        assert set(model.objects.values_list("agreement", flat=True)) == {young.pk}
    assert Report.objects.count() == 1
    assert not Email.objects.about(old.number).exists()
    assert ReportFile.objects.count() + Download.objects.count() <= 1
