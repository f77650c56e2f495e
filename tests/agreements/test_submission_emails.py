"""EM201 and EM202 of a submission with several meters, and what is counted by them (C10, E1, L5, T11, X2)."""

from __future__ import annotations

import html
import re
from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from agreements import actions, retention
from agreements.answers import AnswerForm, Decision, answer_requests
from agreements.models import Agreement
from agreements.states import Channel, Status
from lib import link_tokens
from lib.refusals import Refused
from notifications.actions import undelivered_numbers
from notifications.models import Email, EmailState
from tests.factories import MembershipFactory, MeterFactory, PremiseFactory, TdspFactory
from tests.support.agreements import initiate

pytestmark = pytest.mark.django_db
LATER = timedelta(minutes=5)


@pytest.fixture
def member():
    return MembershipFactory().user


@pytest.fixture
def agreements(member) -> list[Agreement]:
    return initiate(member, *(MeterFactory() for _ in range(3)))


def requests(kind: str = "EM201") -> list[Email]:
    return list(Email.objects.filter(kind=kind).order_by("pk"))


def parts(email: Email) -> list[str]:
    return [email.text, email.html]


def remind(agreement: Agreement) -> Email:
    actions.resend(agreement, by=agreement.submission.initiated_by, at=timezone.now() + LATER)
    return requests("EM202")[-1]


def test_a_submission_is_one_email_that_lists_its_meters(agreements):
    (email,) = requests()
    assert email.about == [agreement.number for agreement in agreements]
    for part in parts(email):
        for agreement in agreements:
            assert agreement.number in part and agreement.meter_number in part and agreement.masked_esiid in part
            assert agreement.esiid not in part
        assert f"/invitation/{email.placeholder}/" in part
        assert "pressed=" not in part and "/register/" not in part


def test_the_subject_has_the_number_of_meters_and_the_street(member):
    street = PremiseFactory().address
    initiate(member, MeterFactory(), MeterFactory())
    initiate(member, MeterFactory(), MeterFactory(premise__address="1 Elsewhere"))
    initiate(member, meter := MeterFactory())
    together, apart, single = [email.subject for email in requests()]
    assert "2 meters" in together and street in together and "other addresses" not in together
    assert "2 meters" in apart and "other addresses" in apart
    assert meter.number in single
    assert all(member.membership.company.legal_name in subject for subject in (together, apart, single))


def test_no_two_emails_to_one_customer_have_one_subject(agreements):
    """E1: mail programs fold equal subjects."""
    first, second, third = agreements
    for agreement in (first, second):
        actions.accept(agreement, channel=Channel.INVITATION)
    actions.reject(third, channel=Channel.INVITATION)
    for address in {first.email, first.contact_email}:
        subjects = list(Email.objects.filter(to_address=address).values_list("subject", flat=True))
        assert len(subjects) == len(set(subjects)) > 2


def test_names_every_utility_to_call(member):
    """C10: a phone per utility concerned."""
    tdsps = [TdspFactory(contact_phone="+18005550100"), TdspFactory(contact_phone="+18005550200")]
    initiate(member, *(MeterFactory(premise__tdsp=tdsp) for tdsp in (*tdsps, tdsps[0])))
    for part in parts(requests()[0]):
        for tdsp in tdsps:
            assert len(re.findall(f"call {re.escape(tdsp.name)}", part)) == 1


class TestReminder:
    def test_lists_what_is_still_pending(self, agreements):
        first, second, third = agreements
        actions.reject(first, channel=Channel.INVITATION)
        email = remind(third)
        assert email.about == [second.number, third.number]
        for part in parts(email):
            assert first.number not in part and second.number in part and third.number in part

    def test_of_the_last_pending_one_opens_its_page(self, client, agreements):
        for agreement in agreements[:2]:
            actions.reject(agreement, channel=Channel.INVITATION)
        email = remind(agreements[2])
        path = f"/invitation/{email.placeholder}/{agreements[2].number}/"
        for part in parts(email):
            assert path in part and f"{path}register/" in part
        token = link_tokens.derive_token(bytes(email.link_nonce))
        assert 'name="decision"' in client.get(path.replace(email.placeholder, token)).content.decode()

    def test_of_one_meter_is_not_followed_at_once_by_the_same_of_another(self, agreements):
        remind(agreements[0])
        with pytest.raises(actions.ResentTooOften):
            remind(agreements[1])
        assert len(requests("EM202")) == 1

    def test_at_an_earlier_time_lists_what_was_pending_then(self, member):
        """The demo plays what is long over."""
        at = timezone.now() - timedelta(days=50)
        (agreement,) = initiate(member, MeterFactory(), at=at)
        actions.resend(agreement, by=member, at=at + timedelta(days=3))
        assert requests("EM202")[0].about == [agreement.number]


class TestDelivery:
    def fail(self, email: Email) -> None:
        Email.objects.filter(pk=email.pk).update(
            state=EmailState.FAILED, failure="refused", failed_at=timezone.now(), last_error="550 no mailbox"
        )

    def test_an_undelivered_email_is_undelivered_for_every_agreement(self, agreements):
        """L5: none of them counts."""
        self.fail(requests()[0])
        numbers = {agreement.number for agreement in agreements}
        assert undelivered_numbers(numbers) == numbers
        assert undelivered_numbers([agreements[0].number]) == {agreements[0].number}

    def test_a_delivered_reminder_counts_for_those_that_it_lists(self, agreements):
        actions.withdraw(agreements[0], by=agreements[0].submission.initiated_by)
        remind(agreements[1])
        self.fail(requests()[0])
        assert undelivered_numbers(agreement.number for agreement in agreements) == {agreements[0].number}

    def test_each_agreements_page_shows_the_email_and_its_state(self, client, member, agreements):
        """T11."""
        client.force_login(member)
        for agreement in agreements:
            assert "Waiting to be sent" in client.get(reverse("agreement", args=[agreement.number])).content.decode()
        self.fail(requests()[0])
        for agreement in agreements:
            assert "Not delivered" in client.get(reverse("agreement", args=[agreement.number])).content.decode()


class TestLimits:
    def test_a_mailboxs_limit_counts_emails_and_not_meters(self, member, settings):
        """X2."""
        settings.INITIATIONS_PER_ADDRESS = 2
        for _ in range(2):
            initiate(member, *(MeterFactory() for _ in range(3)))
        with pytest.raises(Refused):
            initiate(member, MeterFactory())
        assert len(requests()) == 2


class TestRetention:
    def test_an_email_goes_with_its_last_agreement(self, agreements):
        numbers = [agreement.number for agreement in agreements]
        for number in numbers[:2]:
            retention.delete_agreements(Agreement.objects.filter(number=number))
        assert requests()[0].about == numbers[2:]
        retention.delete_agreements(Agreement.objects.all())
        assert not Email.objects.exists()

    def test_the_address_stays_while_an_agreement_of_the_email_has_it(self, agreements):
        """X6."""
        long_ago = timezone.now() - timedelta(days=100)
        first, second, third = agreements
        ended = Agreement.objects.filter(pk__in=[first.pk, second.pk])
        ended.update(status=Status.REJECTED, ended_at=long_ago)
        assert retention.delete_personal_data() == 2
        assert requests()[0].to_address == third.email
        Agreement.objects.filter(pk=third.pk).update(status=Status.REJECTED, ended_at=long_ago)
        assert retention.delete_personal_data() == 1
        assert requests()[0].to_address == ""


def test_a_reminder_offers_no_registration_while_a_sibling_is_in_doubt(member):
    """X7: its link fills in no form then."""
    held, waiting = initiate(member, MeterFactory(), MeterFactory())
    actions.accept(held, channel=Channel.INVITATION, was_too_fast=True)
    actions.resend(waiting, by=member)
    assert "/register/" not in Email.objects.get(kind="EM202").text


def test_a_reminder_about_one_meter_offers_registration(member):
    """X7: what the test above compares with."""
    (waiting,) = initiate(member)
    actions.resend(waiting, by=member)
    assert "/register/" in Email.objects.get(kind="EM202").text


def test_the_confirmation_names_every_utility_and_the_page_of_each_request(client):
    """C10: whom to call, if someone else accepted meters of two utilities at once; the link opens their list."""
    utilities = [TdspFactory(contact_phone=phone) for phone in ("+15125550111", "")]
    meters = [MeterFactory(premise__tdsp=tdsp) for tdsp in utilities]
    agreements = initiate(MembershipFactory().user, *meters)
    answer_requests([(each, Decision.ACCEPT) for each in agreements], AnswerForm(channel=Channel.INVITATION))
    email = Email.objects.get(kind="EM203", to_address=agreements[0].email)
    for part in (email.text, html.unescape(re.sub(r"<[^>]+>", "", email.html))):
        assert f"call {utilities[0].name}, your utility, at (512) 555-0111 right away" in part
        assert f"contact {utilities[1].name}, your utility, right away" in part
        assert "You can also tell us on the page of each request." in part
