"""Reminders that the portal sends on days 7 and 25, their end, and the third party's own Resend (C12)."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection
from django.urls import reverse

from agreements import actions, reminders
from agreements.corrections import correct_address
from agreements.models import EventKind, Reminder, ReminderOutcome, Submission
from agreements.models.reminder import reminder_times
from agreements.request import Person
from agreements.states import Channel
from agreements.tasks import send_due_reminders as sweep
from companies.models import CompanyStanding
from companies.registration import change_standing
from lib import link_tokens
from lib.central_time import CENTRAL
from notifications.models import Email, EmailState
from tests.factories import MembershipFactory, MeterFactory, OperatorFactory
from tests.support.agreements import initiate, registered_customer

pytestmark = pytest.mark.django_db
NOON = datetime(2026, 3, 2, 18, 0, tzinfo=UTC)  # in Central Time, six days before clocks go forward
DAY = timedelta(days=1)
DAY_7 = datetime(2026, 3, 9, 12, 0, tzinfo=CENTRAL)
DAY_25 = datetime(2026, 3, 27, 12, 0, tzinfo=CENTRAL)


@pytest.fixture
def member():
    return MembershipFactory().user


@pytest.fixture
def agreement(member):
    return initiate(member, at=NOON)[0]


def sent():
    return list(Email.objects.filter(kind="EM202").order_by("pk"))


def outcomes():
    return dict(Reminder.objects.values_list("day", "outcome"))


def stop_url(agreement):
    token = link_tokens.derive_token(bytes(agreement.submission.link_nonce))
    return reverse("invitation_reminders", args=[token])


class TestSchedule:
    def test_days_7_and_25_at_the_time_of_the_request(self, agreement):
        """C12: by the clock of Central Time, also when it changed in between."""
        assert not reminders.send_due_reminders(at=DAY_7 - timedelta(minutes=1))
        assert reminders.send_due_reminders(at=DAY_7) == 1
        assert not reminders.send_due_reminders(at=DAY_7 + DAY)
        assert reminders.send_due_reminders(at=DAY_25) == 1
        assert not reminders.send_due_reminders(at=DAY_25 + DAY)
        assert [email.to_address for email in sent()] == [agreement.email] * 2
        assert outcomes() == {7: "sent", 25: "sent"}
        events = agreement.events.filter(kind=EventKind.REMINDED)
        assert [(event.at, event.by, event.channel) for event in events] == [
            (DAY_7, None, Channel.CLOCK), (DAY_25, None, Channel.CLOCK),
        ]  # fmt: skip

    @pytest.mark.parametrize(("hour", "due"), [(2, 9), (8, 9), (9, 9), (16, 16), (17, 17), (18, 17), (23, 17)])
    def test_due_in_daytime(self, hour, due):
        """C12."""
        times = reminder_times(datetime(2026, 3, 2, hour, 0, tzinfo=CENTRAL))
        assert {at.astimezone(CENTRAL).hour for at in times.values()} == {due}

    @pytest.mark.parametrize("hour", [0, 8, 18, 23])
    def test_a_late_sweep_waits_for_the_morning(self, agreement, hour):
        """C12."""
        assert not reminders.send_due_reminders(at=DAY_7.replace(hour=hour) + DAY)
        assert reminders.send_due_reminders(at=DAY_7.replace(hour=9) + 2 * DAY) == 1

    def test_of_two_that_are_due_the_later_is_sent(self, agreement):
        """C12: after an outage nobody gets two at once."""
        assert reminders.send_due_reminders(at=DAY_25) == 1
        assert outcomes() == {7: ReminderOutcome.MISSED, 25: ReminderOutcome.SENT}

    def test_a_batch_is_bounded_and_the_rest_follows(self, member):
        """C12."""
        for _ in range(3):
            initiate(member, at=NOON)
        assert [reminders.send_due_reminders(at=DAY_7, batch=2) for _ in range(3)] == [2, 1, 0]

    def test_the_periodic_task_calls_it(self, member):
        initiate(member)
        sweep()
        assert not sent()


class TestOneEmail:
    def test_lists_what_is_still_pending(self, member):
        """C10, C12."""
        first, *others = initiate(member, *(MeterFactory() for _ in range(3)), at=NOON)
        actions.reject(first, channel=Channel.INVITATION, at=NOON + DAY)
        assert reminders.send_due_reminders(at=DAY_7) == 1
        (email,) = sent()
        assert email.about == [other.number for other in others]
        assert first.meter_number not in email.text

    def test_none_when_all_is_answered(self, agreement):
        actions.reject(agreement, channel=Channel.INVITATION, at=NOON + DAY)
        assert not reminders.send_due_reminders(at=DAY_7)
        assert Submission.objects.get().reminder_due_at is None and not Reminder.objects.exists()

    @pytest.mark.parametrize("count", [1, 2])
    def test_has_reject_and_stop_in_both_parts(self, member, count):
        """C12, C1: links to pages on which nothing is decided before a button is pressed."""
        agreements = initiate(member, *(MeterFactory() for _ in range(count)), at=NOON)
        reminders.send_due_reminders(at=DAY_7)
        (email,) = sent()
        stop = f"/invitation/{email.placeholder}/reminders/"
        assert stop in email.text and stop in email.html
        assert "?pressed=reject" in email.html
        assert "/reminders/" not in Email.objects.get(kind="EM201", about__contains=[agreements[0].number]).html


class TestNotSent:
    def test_while_the_company_is_suspended(self, agreement, member):
        """L9: it is put off, and sent after the suspension."""
        company, operator = member.membership.company, OperatorFactory()
        change_standing(company, CompanyStanding.SUSPENDED, by=operator, reason="Complaints.")
        assert not reminders.send_due_reminders(at=DAY_7)
        company.refresh_from_db()
        change_standing(company, CompanyStanding.APPROVED, by=operator, reason="Clarified.")
        assert not reminders.send_due_reminders(at=DAY_7 + timedelta(hours=1))
        assert reminders.send_due_reminders(at=DAY_7 + DAY) == 1

    def test_after_the_customer_said_that_the_company_is_unknown(self, agreement, member):
        """C8."""
        (other,) = initiate(member, MeterFactory(), at=NOON)
        actions.reject_unknown(other, channel=Channel.INVITATION, at=NOON + DAY)
        assert not reminders.send_due_reminders(at=DAY_7)
        assert not Submission.objects.exclude(reminder_due_at=None).exists()

    @pytest.mark.parametrize(
        ("state", "failure"),
        [(EmailState.BOUNCED, "no_such_address"), (EmailState.FAILED, "refused"), (EmailState.FAILED, "unreachable")],
    )
    def test_after_an_email_that_was_not_delivered(self, agreement, member, state, failure):
        """C12, E7: returned ones end the company's Resend, too; a server that was away may be back."""
        Email.objects.filter(kind="EM201").update(state=state, failure=failure, sent_at=NOON)
        if failure == "unreachable":
            assert actions.resend(agreement, by=member, at=NOON + DAY)
            return
        assert not reminders.send_due_reminders(at=DAY_7)
        assert outcomes() == {7: ReminderOutcome.UNDELIVERED}
        with pytest.raises(actions.ReminderStopped, match="returned"):
            actions.resend(agreement, by=member, at=DAY_7 + 3 * DAY)

    def test_soon_after_the_company_resent_the_email(self, agreement, member):
        """C12."""
        actions.resend(agreement, by=member, at=DAY_7 - DAY)
        assert not reminders.send_due_reminders(at=DAY_7)
        assert outcomes() == {7: ReminderOutcome.RESENT} and len(sent()) == 1
        assert reminders.send_due_reminders(at=DAY_25) == 1

    def test_the_company_cannot_resend_soon_after_a_reminder(self, agreement, member):
        """C12."""
        reminders.send_due_reminders(at=DAY_7)
        with pytest.raises(actions.ReminderStopped, match="just sent a reminder"):
            actions.resend(agreement, by=member, at=DAY_7 + timedelta(hours=23))
        assert actions.resend(agreement, by=member, at=DAY_7 + DAY)

    def test_more_than_the_mailboxs_daily_limit(self, member, settings):
        """X2: the rest follows on the next day."""
        settings.REMINDERS_PER_ADDRESS = 2
        for _ in range(3):
            initiate(member, MeterFactory(), at=NOON)
        assert reminders.send_due_reminders(at=DAY_7) == 2
        assert reminders.send_due_reminders(at=DAY_7 + DAY + timedelta(minutes=1)) == 1


class TestStop:
    def test_a_get_only_asks_and_a_post_without_cookie_stops(self, client, member):
        """C12: a scanner that opens the link stops nothing."""
        (agreement,) = initiate(member)
        for method in (client.get, client.head):
            assert method(stop_url(agreement)).status_code == 200
        agreement.submission.refresh_from_db()
        assert agreement.submission.reminders_stopped_at is None
        page = client.post(stop_url(agreement), follow=True)
        assert "Reminders stopped" in page.content.decode() and not client.cookies.get("sessionid")
        agreement.submission.refresh_from_db()
        assert agreement.submission.reminders_stopped_at and agreement.submission.reminder_due_at is None
        client.post(stop_url(agreement))
        assert agreement.events.filter(kind=EventKind.REMINDERS_STOPPED).count() == 1
        assert page.headers["X-Robots-Tag"] == "noindex, nofollow"

    def test_an_unknown_link_stops_nothing(self, client):
        assert client.post(reverse("invitation_reminders", args=["x" * 43])).status_code == 404

    def test_no_reminder_and_no_resend_follows(self, agreement, member):
        """C12; the customer can still answer."""
        reminders.stop_reminders(agreement.submission, channel=Channel.INVITATION, at=NOON + DAY)
        assert not reminders.send_due_reminders(at=DAY_7)
        with pytest.raises(actions.ReminderStopped, match="stopped reminders"):
            actions.resend(agreement, by=member, at=DAY_7)
        assert actions.accept(agreement, channel=Channel.INVITATION, at=DAY_7).was_answered

    def test_what_waits_is_not_sent(self, agreement):
        reminders.send_due_reminders(at=DAY_7)
        reminders.stop_reminders(agreement.submission, channel=Channel.INVITATION, at=DAY_7)
        assert [(email.state, email.failure) for email in sent()] == [(EmailState.WITHHELD, "no_reminders")]
        assert Email.objects.get(kind="EM201").state == EmailState.QUEUED

    def test_the_account_offers_the_same(self, client, member):
        """C12, C4."""
        claim, meter = registered_customer()
        (agreement,) = initiate(member, meter, registered=True, person=Person(email=claim.customer.user.email))
        client.force_login(claim.customer.user)
        page = reverse("customer_agreement", args=[agreement.number])
        url = reverse("customer_stop_reminders", args=[agreement.number])
        assert url in client.get(page).content.decode()
        assert "Reminders stopped" in client.post(url, follow=True).content.decode()
        assert "You stopped reminders" in client.get(page).content.decode()

    def test_another_customer_cannot(self, client, agreement):
        claim, _meter = registered_customer()
        client.force_login(claim.customer.user)
        assert client.post(reverse("customer_stop_reminders", args=[agreement.number])).status_code == 404

    def test_the_customer_at_a_corrected_address_is_reminded(self, agreement, member):
        """C12, T15: whoever stopped the reminders at the old one; the correction itself is an email."""
        reminders.stop_reminders(agreement.submission, channel=Channel.INVITATION, at=NOON + DAY)
        correct_address(agreement, "rosa.d@example.net", by=member, at=DAY_7 - DAY)
        assert not reminders.send_due_reminders(at=DAY_7)
        assert outcomes() == {7: ReminderOutcome.RESENT}
        assert reminders.send_due_reminders(at=DAY_25) == 1
        assert sent()[0].to_address == "rosa.d@example.net"


class TestThirdPartysPage:
    @pytest.fixture
    def read(self, client, member):
        client.force_login(member)

        def read(agreement):
            page = client.get(reverse("agreement", args=[agreement.number])).content.decode().replace("&#x27;", "'")
            return page, client.get(reverse("agreements")).content.decode()

        return read

    def test_shows_what_is_due_and_what_was_sent(self, member, read):
        """C12."""
        (agreement,) = initiate(member)
        page, listed = read(agreement)
        assert page.count("Reminder due") == 2 and "Send reminder" in listed
        reminders.send_due_reminders(at=max(reminder_times(agreement.initiated_at).values()))
        page, _listed = read(agreement)
        assert "Reminder due" not in page and "No reminder, because the next one was already due" in page

    def test_the_disabled_button_says_that_the_customer_stopped_them(self, member, read):
        """C12."""
        (agreement,) = initiate(member)
        reminders.stop_reminders(agreement.submission, channel=Channel.INVITATION)
        page, listed = read(agreement)
        assert reverse("agreement_resend", args=[agreement.number]) not in page + listed
        assert page.count("The customer stopped reminders") == 3  # the reason, the schedule and the history
        assert reverse("agreement_withdraw", args=[agreement.number]) in page

    def test_the_disabled_button_says_that_an_email_came_back(self, member, read):
        """C12, E7."""
        (agreement,) = initiate(member)
        Email.objects.update(state=EmailState.BOUNCED, failure="mailbox_full", sent_at=NOON)
        page, listed = read(agreement)
        assert "returned our email" in page
        assert reverse("agreement_resend", args=[agreement.number]) not in page + listed


def test_the_sweep_reads_an_index(agreement):
    """C12."""
    due = Submission.objects.reminder_due(at=DAY_7).order_by("reminder_due_at")[:500]
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")
        assert "submission_reminder_due" in due.explain()
