"""The daily summary: once, in the morning, nothing twice and nothing lost (T17)."""

from __future__ import annotations

import threading
from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection, transaction

from agreements import actions, daily_summary
from agreements.models import Agreement, CompanyEmail, EmailTiming, NotificationSettings, SummaryEntry
from agreements.notification_settings import change_settings
from agreements.request import Person
from agreements.states import Channel
from agreements.tasks import delete_old_summary_entries, send_due_summaries
from companies import members
from companies.models import CompanyStanding, Membership
from companies.registration import change_standing
from lib.central_time import CENTRAL
from notifications import delivery
from notifications.models import Email, EmailState
from tests.factories import MembershipFactory, MeterFactory, OperatorFactory
from tests.support.agreements import initiate_as_contact, registered_customer
from tests.support.races import PATIENCE, together

pytestmark = pytest.mark.django_db
EVENING = datetime(2026, 3, 2, 22, 0, tzinfo=UTC)  # 4 PM in Central Time
MORNING = datetime(2026, 3, 3, 8, 0, tzinfo=CENTRAL)
DAY = timedelta(days=1)


@pytest.fixture
def reader():
    return make_reader()


def make_reader() -> Membership:
    membership = MembershipFactory()
    choose(membership, EmailTiming.DAILY)
    return membership


def choose(membership: Membership, timing: str, *, covers_company: bool = False) -> None:
    timings = dict.fromkeys(CompanyEmail.values, timing)
    change_settings(membership, covers_company=covers_company, timings=timings)


def rejected(membership: Membership, *meters, at: datetime = EVENING, **details) -> Agreement:
    """Return an agreement that was rejected, of which the summary's entry is from `at`."""
    (agreement,) = initiate_as_contact(membership.user, *meters, **details)
    actions.reject(agreement, channel=Channel.INVITATION)
    SummaryEntry.objects.filter(agreement=agreement).update(at=at)
    return agreement


def summaries() -> list[Email]:
    return list(Email.objects.filter(kind="DIGEST").order_by("pk"))


class TestWhatItSays:
    def test_each_agreement_once_with_its_outcome_and_link(self, reader):
        """T17, E1: by what has become of it since, in both parts."""
        first, second = rejected(reader), rejected(reader)
        (accepted,) = initiate_as_contact(reader.user)
        actions.accept(accepted, channel=Channel.INVITATION)
        SummaryEntry.objects.update(at=EVENING)
        assert daily_summary.send_due_summaries(at=MORNING) == 1
        (email,) = summaries()
        assert email.to_address == reader.user.email and email.pauses and email.company_id == reader.company_id
        assert sorted(email.about) == sorted([first.number, second.number, accepted.number])
        assert email.subject == "Daily summary: 3 agreements have changed"
        for part in (email.text, email.html):
            assert "2 requests were rejected" in part and "1 accepted, waiting for data" in part
            for agreement in (first, second, accepted):
                assert f"/agreements/{agreement.number}/" in part
                assert agreement.meter_number in part and agreement.esiid not in part
            assert "Rosa Delgado" in part
            assert "you chose a daily summary" in part and "/third-party/my-profile/emails/" in part

    def test_two_events_of_one_agreement_are_one_line(self, reader):
        """T17."""
        agreement = rejected(reader)
        SummaryEntry.objects.create(
            membership=reader, agreement=agreement, kind=CompanyEmail.REPORT, is_contact=True, at=EVENING
        )
        daily_summary.send_due_summaries(at=MORNING)
        assert summaries()[0].subject == "Daily summary: 1 agreement has changed"

    def test_a_registered_customers_name_stays_masked(self, reader):
        """T6."""
        claim, meter = registered_customer()
        rejected(reader, meter, registered=True, person=Person(email=claim.customer.user.email))
        daily_summary.send_due_summaries(at=MORNING)
        (email,) = summaries()
        assert claim.customer.user.last_name not in email.text and "•••" in email.text

    def test_a_long_one_says_how_many_it_leaves_out(self, reader, monkeypatch):
        """T17, E1."""
        monkeypatch.setattr(daily_summary, "LISTED", 2)
        for _ in range(3):
            rejected(reader)
        daily_summary.send_due_summaries(at=MORNING)
        (email,) = summaries()
        assert "3 requests were rejected" in email.text and "1 more agreement isn't listed here." in email.text
        assert email.text.count("Meter number") == 2 and len(email.about) == 3


class TestWhen:
    @pytest.mark.parametrize("hour", [0, 7, 18, 23])
    def test_not_at_night(self, reader, hour):
        """T17."""
        rejected(reader)
        assert not daily_summary.send_due_summaries(at=MORNING.replace(hour=hour))
        assert daily_summary.send_due_summaries(at=MORNING.replace(hour=17) + DAY) == 1

    def test_once_a_day(self, reader):
        """T17."""
        rejected(reader)
        assert daily_summary.send_due_summaries(at=MORNING) == 1
        assert not daily_summary.send_due_summaries(at=MORNING + timedelta(hours=1))
        assert not daily_summary.send_due_summaries(at=MORNING + DAY) and len(summaries()) == 1

    def test_what_comes_after_the_hour_waits_for_the_next_morning(self, reader):
        """T17."""
        rejected(reader, at=MORNING + timedelta(minutes=1))
        assert not daily_summary.send_due_summaries(at=MORNING + timedelta(hours=3))
        assert daily_summary.send_due_summaries(at=MORNING + DAY) == 1

    def test_what_was_written_late_is_not_lost(self, reader):
        """T17: a transaction that began before the hour and ended after the summary."""
        rejected(reader)
        daily_summary.send_due_summaries(at=MORNING)
        late = rejected(reader, at=MORNING - timedelta(seconds=1))
        assert not daily_summary.send_due_summaries(at=MORNING + timedelta(minutes=1))
        assert daily_summary.send_due_summaries(at=MORNING + DAY) == 1
        assert summaries()[1].about == [late.number]

    def test_not_without_news(self, reader):
        """T17."""
        assert not daily_summary.send_due_summaries(at=MORNING) and not summaries()

    def test_the_periodic_tasks_call_it(self, reader):
        rejected(reader, at=datetime(2020, 1, 1, tzinfo=UTC))
        delete_old_summary_entries()
        assert not SummaryEntry.objects.exists()
        send_due_summaries()
        assert not summaries()


class TestWhoGetsIt:
    def test_not_a_user_who_left(self, reader):
        """T17: also not after joining again."""
        admin = MembershipFactory(company=reader.company, is_administrator=True)
        rejected(reader)
        members.remove_member(reader, by=admin.user)
        assert not daily_summary.send_due_summaries(at=MORNING)
        Membership.objects.filter(pk=reader.pk).update(ended_at=None)
        assert not daily_summary.send_due_summaries(at=MORNING + DAY) and not summaries()

    def test_not_in_another_company(self, reader):
        """T12."""
        rejected(reader)
        Membership.objects.filter(pk=reader.pk).update(company=MembershipFactory().company)
        assert not daily_summary.send_due_summaries(at=MORNING)

    def test_a_colleague_who_follows_all_until_viewing_is_not_allowed(self, reader):
        """T17, T12."""
        colleague = MembershipFactory(company=reader.company)
        choose(colleague, EmailTiming.DAILY, covers_company=True)
        rejected(reader)
        assert daily_summary.send_due_summaries(at=MORNING) == 2
        rejected(reader, at=MORNING + timedelta(hours=1))
        Membership.objects.filter(pk=colleague.pk).update(may_view=False)
        assert daily_summary.send_due_summaries(at=MORNING + DAY) == 1
        assert [email.to_address for email in summaries()].count(colleague.user.email) == 1

    def test_what_was_turned_off_meanwhile_is_left_out(self, reader):
        """T17; what now comes at once is still listed."""
        rejected(reader)
        choose(reader, EmailTiming.OFF)
        assert not daily_summary.send_due_summaries(at=MORNING)
        choose(reader, EmailTiming.DAILY)
        rejected(reader, at=MORNING + timedelta(hours=1))
        choose(reader, EmailTiming.AT_ONCE)
        assert daily_summary.send_due_summaries(at=MORNING + DAY) == 1


class TestSuspendedCompany:
    def test_the_entries_wait_and_come_in_one_summary(self, reader):
        """L9, T17."""
        operator, company = OperatorFactory(), reader.company
        rejected(reader)
        change_standing(company, CompanyStanding.SUSPENDED, by=operator, reason="Complaints.")
        for day in range(3):
            rejected_later(reader, at=MORNING + day * DAY)
            assert not daily_summary.send_due_summaries(at=MORNING + day * DAY + timedelta(hours=1))
        company.refresh_from_db()
        change_standing(company, CompanyStanding.APPROVED, by=operator)
        assert daily_summary.send_due_summaries(at=MORNING + 4 * DAY) == 1
        assert len(summaries()[0].about) == 4

    def test_not_what_is_older_than_an_emails_text(self, reader):
        """L9, X6."""
        rejected(reader)
        assert daily_summary.delete_old_entries(at=EVENING + timedelta(days=31)) == 1
        assert not daily_summary.send_due_summaries(at=MORNING + timedelta(days=31))


def rejected_later(membership: Membership, *, at: datetime) -> Agreement:
    """Return an agreement of a suspended company that was rejected, which stays possible."""
    company = membership.company
    type(company).objects.filter(pk=company.pk).update(standing=CompanyStanding.APPROVED)
    (agreement,) = initiate_as_contact(Membership.objects.get(pk=membership.pk).user, MeterFactory())
    type(company).objects.filter(pk=company.pk).update(standing=CompanyStanding.SUSPENDED)
    actions.reject(agreement, channel=Channel.INVITATION)
    SummaryEntry.objects.filter(agreement=agreement).update(at=at)
    return agreement


@pytest.mark.django_db(transaction=True)
class TestSummaryRaces:
    def test_many_workers_send_one(self):
        """T17."""
        rejected(make_reader())
        results = together([lambda: daily_summary.send_due_summaries(at=MORNING) for _ in range(8)])
        assert sorted(results) == [0] * 7 + [1] and len(summaries()) == 1

    @pytest.mark.control
    def test_control_without_the_lock_one_is_lost(self, monkeypatch):
        """T17: the second worker's email is the first one's, which does not have the entry that came in between."""
        reader = make_reader()
        first = rejected(reader)
        monkeypatch.setattr(daily_summary, "lock_settings", lambda pk: NotificationSettings.objects.get(pk=pk))
        queue, has_read, may_queue = daily_summary._queue_summary, threading.Event(), threading.Event()

        def hesitate(*args, **options):
            if threading.current_thread() is early:
                has_read.set()
                assert may_queue.wait(PATIENCE)
            else:
                may_queue.set()
                early.join()
            queue(*args, **options)

        def send():
            daily_summary.send_due_summaries(at=MORNING)
            connection.close()

        monkeypatch.setattr(daily_summary, "_queue_summary", hesitate)
        early = threading.Thread(target=send)
        early.start()
        assert has_read.wait(PATIENCE)
        rejected(reader)
        daily_summary.send_due_summaries(at=MORNING)
        assert not SummaryEntry.objects.filter(done_at=None).exists()
        assert [email.about for email in summaries()] == [[first.number]]

    def test_a_killed_worker_leaves_nothing_behind(self, monkeypatch):
        """T17: and the next one sends it once."""
        rejected(make_reader())
        with monkeypatch.context() as patch:
            patch.setattr(daily_summary, "queue_email", lambda *args: 1 / 0)
            with pytest.raises(ZeroDivisionError):
                daily_summary.send_due_summaries(at=MORNING)
        assert not summaries() and SummaryEntry.objects.filter(done_at=None).exists()
        assert daily_summary.send_due_summaries(at=MORNING + timedelta(minutes=1)) == 1

    def test_an_entry_that_commits_while_it_is_made_is_in_the_next_one(self):
        """T17: nothing is lost between reading the entries and marking them as listed."""
        reader = make_reader()
        rejected(reader)
        with transaction.atomic():
            assert daily_summary.send_due_summaries(at=MORNING) == 1
            (late,) = together([lambda: rejected(reader)])
        assert list(SummaryEntry.objects.filter(done_at=None).values_list("agreement", flat=True)) == [late.pk]
        assert daily_summary.send_due_summaries(at=MORNING + DAY) == 1 and len(summaries()) == 2


def test_on_hold_if_the_company_is_suspended_before_it_is_sent(reader, mail_server):
    """L9."""
    rejected(reader)
    Email.objects.all().delete()
    daily_summary.send_due_summaries(at=MORNING)
    change_standing(reader.company, CompanyStanding.SUSPENDED, by=OperatorFactory(), reason="Complaints.")
    delivery.deliver_due()
    assert summaries()[0].state == EmailState.ON_HOLD


def test_the_sweep_reads_an_index(reader):
    """T17, O9."""
    waiting = SummaryEntry.objects.waiting(before=MORNING).order_by().values_list("membership", flat=True).distinct()
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")
        assert "summary_entry_waiting" in waiting.explain()
