"""“I don't know this company”: the third answer (C8)."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import timedelta

import pytest
from django.core.exceptions import PermissionDenied
from django.db import IntegrityError, transaction
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from agreements import actions, creation
from agreements.models import Agreement, ContactStop, EventKind, stops_contact
from agreements.states import Channel, Status
from agreements.transitions import TransitionRefused
from companies.models import CompanyEventKind
from lib.refusals import Refused
from notifications.models import Email, EmailState
from tests.factories import AgreementFactory, MembershipFactory, MeterFactory, OperatorFactory, UserFactory
from tests.support.agreements import ROSA, agreement_request, initiate, registered_customer
from tests.support.decisions import decision_form, decision_link

pytestmark = pytest.mark.django_db


@pytest.fixture
def member():
    return MembershipFactory().user


@pytest.fixture
def agreement(member) -> Agreement:
    return initiate(member)[0]


def disown(agreement: Agreement, **form) -> Agreement:
    return actions.reject_unknown(agreement, channel=Channel.INVITATION, **form)


def disown_many(member, count: int, **form) -> None:
    for number in range(count):
        person = replace(ROSA, email=f"customer{number}@customers{number}.example")
        disown(initiate(member, MeterFactory(), person=person)[0], **form)


def refusal_of(member, **details) -> Refused:
    with pytest.raises(Refused) as refused:
        creation.start_draft(agreement_request(MeterFactory(), **details), by=member)
    return refused.value


class TestTheAnswer:
    @pytest.mark.parametrize("where", ["link", "account"])
    def test_rejects_with_its_reason_as_event_and_column(self, client, member, where):
        """C8: by one POST of its own button; both pages say what it did."""
        claim, meter = registered_customer()
        person = replace(ROSA, email=claim.customer.user.email)
        (agreement,) = initiate(member, meter, registered=True, person=person)
        page = post = decision_link(agreement)
        if where == "account":
            client.force_login(claim.customer.user)
            page = reverse("customer_agreement", args=[agreement.number])
            post = reverse("customer_agreement", args=[agreement.number])
        before = client.get(page).content.decode()
        assert "I don&#x27;t know this company" in before or "I don't know this company" in before
        assert client.post(post, decision_form(agreement, "unknown")).status_code == 302
        agreement.refresh_from_db()
        assert (agreement.status, agreement.is_company_unknown) == (Status.REJECTED, True)
        kinds = list(agreement.events.values_list("kind", flat=True))
        assert kinds == [EventKind.INITIATED, EventKind.REJECTED, EventKind.COMPANY_UNKNOWN]
        outcome = client.get(page).content.decode()
        assert "The company can't send requests to your email address anymore." in outcome.replace("&#x27;", "'")
        assert Email.objects.filter(kind="EM203").count() == 0

    @pytest.mark.slow
    def test_a_get_never_decides(self, client, agreement):
        """C1: scanners."""
        for _visit in range(20):
            client.get(decision_link(agreement), {"decision": "unknown"})
            client.head(decision_link(agreement), {"decision": "unknown"})
        agreement.refresh_from_db()
        assert agreement.status == Status.PENDING and not ContactStop.objects.exists()

    def test_both_sides_and_the_tdsp_are_told(self, agreement, member):
        staff = UserFactory(is_staff=True, tdsp=agreement.tdsp)
        disown(agreement)
        to_customer = Email.objects.get(kind="EM205", to_address=agreement.email)
        to_company = Email.objects.get(kind="EM205", to_address=agreement.contact_email)
        to_staff = Email.objects.get(kind="UNKNOWN")
        assert to_staff.to_address == staff.email
        for part in (to_customer.text, to_customer.html):
            assert "You told us that you don't know" in part.replace("&#x27;", "'")
            assert agreement.contact_email not in part
        for part in (to_company.text, to_company.html):
            assert "they don't know your company" in part.replace("&#x27;", "'") and "within 30 days" in part
        for part in (to_staff.text, to_staff.html):
            assert agreement.number in part and "are paused" in part
        page = Client()
        page.force_login(member)
        detail = page.get(reverse("agreement", args=[agreement.number])).content.decode().replace("&#x27;", "'")
        assert "The customer's reason: they don't know your company." in detail
        assert "The customer doesn't know your company" in detail

    @pytest.mark.parametrize("first", ["accept", "reject"])
    def test_after_another_answer_it_is_a_conflict_and_stops_nothing(self, client, agreement, first):
        """L1."""
        client.post(decision_link(agreement), decision_form(agreement, first))
        assert client.post(decision_link(agreement), decision_form(agreement, "unknown")).status_code == 409
        assert not ContactStop.objects.exists()
        with pytest.raises(TransitionRefused):
            disown(agreement)

    def test_twice_is_no_conflict(self, client, agreement):
        """C2."""
        for _click in range(2):
            assert client.post(decision_link(agreement), decision_form(agreement, "unknown")).status_code == 302
        assert ContactStop.objects.count() == 1 and Email.objects.filter(kind="EM205").count() == 2

    @pytest.mark.parametrize("status", set(Status) - {Status.REJECTED})
    def test_only_a_rejection_has_the_reason(self, status):
        with pytest.raises(IntegrityError), transaction.atomic():
            AgreementFactory(status=status, is_company_unknown=True)


class TestTheStop:
    def test_asking_again_gets_the_refusal_of_a_wrong_meter_number(self, agreement, member):
        """C8, T7: same words, causes, size and count of failed matches, however the address is spelled."""
        person = replace(ROSA, email="rosa@example.net")
        control = refusal_of(member, person=replace(person, email="nobody@example.org"), registered=True)
        disown(agreement)
        for email in ("rosa@example.net", "ROSA@Example.net", "rosa+bills@example.net"):
            stopped = refusal_of(member, person=replace(person, email=email))
            assert stopped.problems == control.problems and stopped.causes == control.causes

    def test_the_page_is_byte_for_byte_the_one_of_a_wrong_number(self, agreement, member, client):
        """T7: so the page says nothing about the customer."""
        disown(agreement)
        client.force_login(member)
        pages = []
        for wrong in (True, False):
            meter = MeterFactory()
            form = {
                "registered": "no", "kind": "residential", "email": ROSA.email, "email_again": ROSA.email,
                "first_name": "Rosa", "last_name": "Delgado", "street": ROSA.street, "city": ROSA.city, "state": "TX",
                "zip_code": ROSA.zip_code, "report_type": "daily", "report_length": "1m", "language": "en",
                "esiid_1": meter.premise.esiid, "meter_number_1": "999999999" if wrong else meter.number,
            }  # fmt: skip
            page = client.post(reverse("agreement_new"), form).content.decode()
            for secret in (meter.premise.esiid, "999999999", meter.number):
                page = page.replace(secret, "X")
            pages.append(re.sub(r'name="(csrfmiddlewaretoken|form_owner)" value="[^"]+"', "", page))
        assert pages[0] == pages[1]

    def test_another_company_and_another_address_are_free(self, agreement, member):
        """The control."""
        disown(agreement)
        assert initiate(MembershipFactory().user, MeterFactory())
        assert initiate(member, MeterFactory(), person=replace(ROSA, email="other@example.net"))

    def test_what_waits_is_not_sent_and_no_reminder_follows(self, agreement, member):
        """Other pending requests can still be answered by their links."""
        (other,) = initiate(member, MeterFactory())
        disown(agreement)
        email = Email.objects.get(kind="EM201", about=[other.number])
        assert (email.state, email.failure) == (EmailState.WITHHELD, "stopped")
        with pytest.raises(actions.ReminderStopped):
            actions.resend(other, by=member, at=timezone.now() + timedelta(days=3))
        assert actions.accept(other, channel=Channel.INVITATION).status == Status.COMPLETE
        assert Email.objects.filter(kind="EM203", to_address=other.email).exists()

    def test_an_email_that_is_being_handed_over_is_not_tried_again(self, agreement, member):
        (other,) = initiate(member, MeterFactory())
        Email.objects.filter(about=[other.number]).update(state=EmailState.HANDED)
        disown(agreement)
        email = Email.objects.get(kind="EM201", about=[other.number])
        assert email.useful_until <= timezone.now()

    def test_an_email_of_which_no_byte_has_gone_out_is_not_sent(self, agreement, member):
        """A worker that has claimed it finds its claim gone."""
        (other,) = initiate(member, MeterFactory())
        Email.objects.filter(about=[other.number]).update(state=EmailState.SENDING)
        disown(agreement)
        assert Email.objects.get(kind="EM201", about=[other.number]).state == EmailState.WITHHELD

    def test_a_withdrawal_is_not_told_to_the_customer(self, agreement, member):
        (other,) = initiate(member, MeterFactory())
        disown(agreement)
        actions.withdraw(other, by=member)
        assert list(Email.objects.filter(kind="WITHDRAWN").values_list("to_address", flat=True)) == [
            other.contact_email
        ]

    def test_it_is_a_keyed_hash_that_survives_a_new_key_and_the_agreement(self, agreement, settings):
        """X6, A4."""
        disown(agreement)
        stop = ContactStop.objects.get()
        assert ROSA.email not in str(stop.__dict__)
        settings.SECRET_KEY_FALLBACKS, settings.SECRET_KEY = [settings.SECRET_KEY], "another key " * 5
        assert stops_contact(agreement.company_id, ROSA.email)
        assert not [field for field in ContactStop._meta.fields if field.related_model is Agreement]


@pytest.mark.slow
class TestThePause:
    def test_as_many_as_the_setting_says_pause_new_requests_and_nothing_else(self, member, settings):
        """C8."""
        company, pending = member.membership.company, initiate(member, MeterFactory())[0]
        operator = OperatorFactory()
        disown_many(member, settings.UNKNOWN_COMPANY_LIMIT - 1)
        company.refresh_from_db()
        assert company.requests_paused_at is None
        person = replace(ROSA, email="last@last.example")
        disown(initiate(member, MeterFactory(), person=person)[0])
        company.refresh_from_db()
        assert company.requests_paused_at and company.is_active
        with pytest.raises(PermissionDenied, match="paused"):
            creation.start_draft(agreement_request(MeterFactory()), by=member)
        assert actions.resend(pending, by=member, at=timezone.now() + timedelta(days=1))
        assert actions.accept(pending, channel=Channel.INVITATION).status == Status.COMPLETE
        told = set(Email.objects.filter(kind="REQUESTS_PAUSED").values_list("to_address", flat=True))
        assert {operator.email} <= told

    def test_the_company_sees_rule_and_state(self, client, member, settings):
        client.force_login(member)
        rule = "customers tell us within 30 days that they don't know your company"
        new = client.get(reverse("agreement_new")).content.decode().replace("&#x27;", "'")
        assert f"If {settings.UNKNOWN_COMPANY_LIMIT} {rule}" in new and "said so" not in new
        disown_many(member, 1)
        text = client.get(reverse("agreement_new")).content.decode().replace("&#x27;", "'")
        assert rule in text and "1 customer has said so." in text
        assert rule in client.get(reverse("home")).content.decode().replace("&#x27;", "'")
        member.membership.company.refresh_from_db()
        company = member.membership.company
        company.requests_paused_at = timezone.now()
        company.save()
        assert "New requests are paused" in client.get(reverse("home")).content.decode()
        refused = client.get(reverse("agreement_new"))
        assert refused.status_code == 403 and "are paused" in refused.content.decode()

    def test_answers_faster_than_a_reader_and_old_ones_do_not_count(self, client, member, settings):
        """X1: they stop the emails, though."""
        for number in range(settings.UNKNOWN_COMPANY_LIMIT):
            person = replace(ROSA, email=f"fast{number}@fast{number}.example")
            (agreement,) = initiate(member, MeterFactory(), person=person)
            client.post(decision_link(agreement), {"decision": "unknown"})
            assert stops_contact(agreement.company_id, person.email)
        ContactStop.objects.create(
            company=member.membership.company, mailbox_hash="x", counts=True, at=timezone.now() - timedelta(days=31)
        )
        member.membership.company.refresh_from_db()
        assert member.membership.company.requests_paused_at is None

    def test_one_mailbox_counts_once(self, member, settings):
        for _time in range(settings.UNKNOWN_COMPANY_LIMIT):
            AgreementFactory(company=member.membership.company)
        for agreement in Agreement.objects.all():
            Agreement.objects.filter(pk=agreement.pk).update(email="one@example.net")
        for agreement in Agreement.objects.all():
            disown(agreement)
        member.membership.company.refresh_from_db()
        assert ContactStop.objects.count() == 1 and member.membership.company.requests_paused_at is None

    def test_an_operator_ends_it_with_a_reason_and_it_counts_anew(self, client, member, settings):
        """On the company's history and the operators' log."""
        company, operator = member.membership.company, OperatorFactory()
        MembershipFactory(company=company, is_administrator=True)
        disown_many(member, settings.UNKNOWN_COMPANY_LIMIT)
        company.refresh_from_db()
        client.force_login(operator)
        address = reverse("admin:companies_company_resume", args=[company.pk])
        for page in (reverse("home"), reverse("admin:companies_company_change", args=[company.pk])):
            assert f'href="{address}"' in client.get(page).content.decode(), page
        assert "Can" in client.get(address).content.decode()
        assert "Enter a reason" in client.post(address, {"reason": " "}).content.decode()
        company.refresh_from_db()
        assert company.requests_paused_at
        form = {"reason": "We called three customers."}
        assert "can send new requests again" in client.post(address, form, follow=True).content.decode()
        assert "paused" in client.post(address, form, follow=True).content.decode(), "another operator was faster"
        company.refresh_from_db()
        assert company.requests_paused_at is None
        event = company.events.get(kind=CompanyEventKind.RESUMED)
        assert (event.by, event.changes["reason"][1]) == (operator, "We called three customers.")
        assert Email.objects.filter(kind="REQUESTS_RESUMED").exists()
        disown(initiate(member, MeterFactory(), person=replace(ROSA, email="new@new.example"))[0])
        company.refresh_from_db()
        assert company.requests_paused_at is None
