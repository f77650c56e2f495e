"""The customer's address is corrected while nobody has answered (T15, C10)."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from django.core.exceptions import PermissionDenied
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from agreements import actions, retention
from agreements.corrections import correct_address
from agreements.models import AddressCorrection, Agreement, EventKind
from agreements.states import Channel, Status
from agreements.third_party_wording import why_not_correct
from agreements.transitions import TransitionRefused
from agreements.yearly_limit import counted_agreements
from companies.models import Company
from companies.request_pauses import pause_requests
from lib import link_tokens
from lib.refusals import Refused
from notifications.actions import retry_failed
from notifications.delivery import with_link
from notifications.models import Email, EmailState
from tests.factories import CustomerFactory, MembershipFactory, MeterFactory, OperatorFactory
from tests.support.agreements import ROSA, initiate
from tests.support.corrections import RIGHT, refusal_of, requests_to
from tests.support.decisions import decision_form
from tests.support.third_party_pages import agreement_url, page_text

pytestmark = pytest.mark.django_db


@pytest.fixture
def member():
    return MembershipFactory().user


@pytest.fixture
def agreement(member) -> Agreement:
    return initiate(member)[0]


def link(agreement: Agreement, name: str = "invitation", *args: str) -> str:
    nonce = Agreement.objects.get(pk=agreement.pk).submission.link_nonce
    return reverse(name, args=[link_tokens.derive_token(bytes(nonce)), *args])


class TestWhatItDoes:
    def test_the_new_address_gets_the_request_with_a_new_link_and_the_old_deadline(self, client, agreement, member):
        """T15."""
        old_link = link(agreement)
        correct_address(agreement, RIGHT, by=member)
        fresh = Agreement.objects.get(pk=agreement.pk)
        assert (fresh.email, fresh.expires_at, fresh.status) == (RIGHT, agreement.expires_at, Status.PENDING)
        assert requests_to(RIGHT) == [("EM201", EmailState.QUEUED)]
        email = Email.objects.get(to_address=RIGHT)
        assert link(agreement) in with_link(email, email.text) and link(agreement) in with_link(email, email.html)
        assert link(agreement) != old_link
        client.post(link(agreement), decision_form(agreement, "accept"))
        fresh.refresh_from_db()
        assert fresh.status == Status.COMPLETE
        assert Email.objects.filter(kind="EM203", to_address=RIGHT).exists()
        assert not Email.objects.filter(kind="EM203", to_address=agreement.email).exists()

    def test_the_old_link_says_so_without_an_address_and_decides_nothing(self, client, agreement, member):
        """T15, X5: whoever got the first email may be a stranger."""
        pages = [link(agreement), link(agreement, "invitation_agreement", agreement.number)]
        asides = [
            link(agreement, name)
            for name in ("invitation_register", "invitation_authorization", "invitation_reminders")
        ]
        correct_address(agreement, RIGHT, by=member)
        for page in pages:
            for answer in (client.get(page), client.post(page, decision_form(agreement, "accept"))):
                text = answer.content.decode()
                assert answer.status_code == 410 and "was sent to a different address" in text
                secrets = (RIGHT, ROSA.email, agreement.esiid, agreement.esiid[-7:], ROSA.last_name, "Boxwood",
                           agreement.meter_number, agreement.premise.address)  # fmt: skip
                assert not [secret for secret in secrets if secret in text]
                assert "noindex" in answer["X-Robots-Tag"]
        for page in asides:
            assert "was sent to a different address" in client.get(page, follow=True).content.decode()
        assert Agreement.objects.get(pk=agreement.pk).status == Status.PENDING
        assert not Email.objects.filter(kind__in=["EM203", "EM205"]).exists()

    def test_the_old_links_page_speaks_the_customers_language(self, client, member):
        """A1."""
        (agreement,) = initiate(member, person=replace(ROSA, language="es"))
        old_link = link(agreement)
        correct_address(agreement, RIGHT, by=member)
        answer = client.get(old_link)
        assert answer["Content-Language"] == "es" and "a otra dirección" in answer.content.decode()

    @pytest.mark.parametrize("state", [EmailState.QUEUED, EmailState.ON_HOLD, EmailState.SENDING])
    def test_what_waits_for_the_old_address_is_not_sent(self, agreement, member, state):
        """T15: also what a worker has claimed, as long as no byte has gone out."""
        Email.objects.update(state=state)
        correct_address(agreement, RIGHT, by=member)
        old = Email.objects.get(to_address=ROSA.email)
        assert (old.state, old.failure, old.lease) == (EmailState.WITHHELD, "corrected", None)

    def test_what_is_being_handed_over_is_not_tried_again(self, agreement, member):
        Email.objects.update(state=EmailState.HANDED)
        correct_address(agreement, RIGHT, by=member)
        assert Email.objects.get(to_address=ROSA.email).useful_until <= timezone.now()

    def test_nobody_can_send_a_failed_email_to_the_old_address_again(self, agreement, member):
        Email.objects.update(state=EmailState.FAILED, failure="refused", failed_at=timezone.now())
        correct_address(agreement, RIGHT, by=member)
        assert not retry_failed(Email.objects.get(to_address=ROSA.email), by=OperatorFactory())

    def test_reminder_withdrawal_and_expiry_go_to_the_new_address_only(self, agreement, member):
        """The old address gets no further email."""
        correct_address(agreement, RIGHT, by=member)
        before = set(Email.objects.values_list("pk", flat=True))
        actions.resend(agreement, by=member)
        actions.withdraw(agreement, by=member)
        later = Email.objects.exclude(pk__in=before).values_list("to_address", flat=True)
        assert set(later) == {RIGHT, agreement.contact_email}

    def test_it_corrects_the_submission_with_all_its_pending_meters(self, client, member):
        """C10: one email and one link; what was withdrawn is not asked again."""
        first, second, third = initiate(member, *(MeterFactory() for _ in range(3)))
        actions.withdraw(third, by=member)
        correct_address(second, RIGHT, by=member)
        addresses = list(Agreement.objects.order_by("number").values_list("email", flat=True))
        assert addresses == [RIGHT, RIGHT, ROSA.email]
        email = Email.objects.get(to_address=RIGHT)
        assert email.about == [first.number, second.number] and third.meter_number not in email.text
        kinds = {each.number: each.events.filter(kind=EventKind.CORRECTED).count() for each in (first, second, third)}
        assert list(kinds.values()) == [1, 1, 0]
        assert first.meter_number in client.get(link(first)).content.decode()

    def test_the_history_says_who_and_when_with_masked_addresses(self, client, agreement, member):
        """L8."""
        at = timezone.now()
        correct_address(agreement, RIGHT, by=member, at=at)
        event = agreement.events.get(kind=EventKind.CORRECTED)
        assert (event.at, event.by, event.channel) == (at, member, Channel.THIRD_PARTY)
        client.force_login(member)
        text = page_text(client.get(agreement_url(agreement)))
        assert "Customer's email corrected" in text and "From r•••@example.net to r•••@example.org" in text
        admin = Client()
        admin.force_login(OperatorFactory())
        page = admin.get(reverse("admin:agreements_agreement_change", args=[agreement.pk])).content.decode()
        assert "r•••@example.net → r•••@example.org" in page

    def test_it_uses_up_no_further_agreement_of_the_year(self, agreement, member):
        """L5, T15."""
        for number in range(3):
            correct_address(agreement, f"rosa{number}@example.org", by=member)
        company = Company.objects.get()
        counted = counted_agreements(company, [agreement.premise_id], at=timezone.now())
        assert len(counted[agreement.premise_id].initiated) == 1

    @pytest.mark.parametrize("old_state", [EmailState.BOUNCED, EmailState.WITHHELD])
    def test_what_reached_neither_address_does_not_count(self, agreement, member, old_state):
        """L5, E7."""
        if old_state == EmailState.BOUNCED:
            Email.objects.update(state=old_state, failure="no_such_address", sent_at=timezone.now())
        correct_address(agreement, RIGHT, by=member)
        new = {"state": EmailState.BOUNCED, "failure": "no_such_address", "sent_at": timezone.now()}
        Email.objects.filter(to_address=RIGHT).update(**new)
        counted = counted_agreements(Company.objects.get(), [agreement.premise_id], at=timezone.now())
        assert not counted[agreement.premise_id].initiated

    def test_a_bounce_of_the_new_address_is_reported_and_of_the_old_one_not(self, client, agreement, member):
        """E7, T11, T16: the page and the list speak of the present address."""
        client.force_login(member)
        bounced = {"state": EmailState.BOUNCED, "failure": "no_such_address", "sent_at": timezone.now()}
        Email.objects.update(**bounced)
        assert "We couldn't reach the customer" in page_text(client.get(agreement_url(agreement)))
        correct_address(agreement, RIGHT, by=member)
        assert "We couldn't reach the customer" not in page_text(client.get(agreement_url(agreement)))
        Email.objects.filter(to_address=ROSA.email).update(state=EmailState.SENT)
        Email.objects.filter(to_address=RIGHT).update(**bounced)
        assert "We couldn't reach the customer" in page_text(client.get(agreement_url(agreement)))
        attention = client.get(reverse("agreements"), {"show": "attention"}).content.decode()
        assert agreement.number in attention

    def test_whoever_signed_up_with_the_old_address_does_not_see_it_any_more(self, client, agreement, member):
        """X7: the old address may be a stranger's."""
        stranger = CustomerFactory(user__email=ROSA.email)
        Agreement.objects.update(customer=stranger)
        client.force_login(stranger.user)
        page = reverse("customer_agreement", args=[agreement.number])
        assert client.get(page).status_code == 200
        correct_address(agreement, RIGHT, by=member)
        assert client.get(page).status_code == 404
        decide = reverse("customer_agreement", args=[agreement.number])
        assert client.post(decide, {"decision": "accept"}).status_code == 404

    def test_personal_data_is_deleted_with_the_old_address(self, agreement, member):
        """X6."""
        Email.objects.update(state=EmailState.SENT, sent_at=timezone.now())
        correct_address(agreement, RIGHT, by=member)
        actions.withdraw(agreement, by=member)
        retention.delete_personal_data(at=timezone.now() + timedelta(days=91))
        rows = [*AddressCorrection.objects.values(), *Email.objects.about(agreement.number).values("to_address")]
        assert "rosa" not in str(rows) and "r•••" not in str(rows)
        retention.delete_old_agreements(at=timezone.now() + timedelta(days=4 * 365))
        assert not AddressCorrection.objects.exists()


class TestWhatItRefuses:
    @pytest.mark.parametrize("address", [ROSA.email, ROSA.email.upper()])
    def test_the_same_address(self, client, agreement, member, address):
        """T15."""
        client.force_login(member)
        page = client.post(agreement_url(agreement, "agreement_correct"), {"email": address})
        assert "The request already went to this address." in page_text(page)
        assert Email.objects.requests().count() == 1 and not AddressCorrection.objects.exists()

    def test_the_same_address_twice_in_a_row(self, agreement, member):
        """A double click sends one email."""
        correct_address(agreement, RIGHT, by=member)
        assert refusal_of(agreement, RIGHT, member).problems[0].code == "same"
        assert len(requests_to(RIGHT)) == 1

    def test_more_corrections_than_the_setting(self, agreement, member, settings):
        settings.CORRECTIONS_PER_SUBMISSION = 2
        correct_address(agreement, RIGHT, by=member)
        correct_address(agreement, ROSA.email, by=member)
        problem = refusal_of(agreement, RIGHT, member).problems[0]
        on_page = Agreement.objects.with_overdue().get(pk=agreement.pk)
        assert problem.code == "corrections" and problem.message == why_not_correct(on_page, member)

    def test_more_corrections_of_a_company_in_a_day_than_the_setting(self, agreement, member, settings):
        """X2."""
        settings.CORRECTIONS_PER_COMPANY = 1
        correct_address(agreement, RIGHT, by=member)
        (other,) = initiate(member)
        assert refusal_of(other, RIGHT, member).problems[0].code == "corrections"

    def test_more_emails_to_a_mailbox_than_requests_could_send(self, agreement, member, settings):
        """X2: an address that was corrected away counts on for the day."""
        settings.INITIATIONS_PER_ADDRESS = 2
        correct_address(agreement, RIGHT, by=member)
        (other,) = initiate(member, person=replace(ROSA, email="other@example.net"))
        correct_address(other, ROSA.email, by=member)
        (third,) = initiate(member, person=replace(ROSA, email="third@example.net"))
        assert refusal_of(third, ROSA.email, member).problems[0].code == "flooding"
        with pytest.raises(Refused):
            initiate(member)

    @pytest.mark.parametrize("end", ["accept", "reject", "withdraw", "expire"])
    def test_an_agreement_that_has_ended(self, client, agreement, member, end):
        """L1."""
        client.force_login(member)
        at = agreement.expires_at + timedelta(seconds=1)
        if end == "withdraw":
            actions.withdraw(agreement, by=member)
        elif end == "expire":
            actions.expire_overdue(at=at)
        else:
            getattr(actions, end)(agreement, channel=Channel.INVITATION)
        with pytest.raises(TransitionRefused):
            correct_address(agreement, RIGHT, by=member)
        answer = client.post(agreement_url(agreement, "agreement_correct"), {"email": RIGHT}, follow=True)
        assert "only while the agreement is Pending" in page_text(answer)
        assert not requests_to(RIGHT)

    def test_an_overdue_agreement(self, agreement, member):
        """L3."""
        with pytest.raises(TransitionRefused) as refusal:
            correct_address(agreement, RIGHT, by=member, at=agreement.expires_at + timedelta(seconds=1))
        assert refusal.value.expired

    def test_a_submission_of_which_a_request_was_answered(self, member):
        """The link reached somebody who answered: it stays theirs."""
        first, second = initiate(member, MeterFactory(), MeterFactory())
        actions.reject(first, channel=Channel.INVITATION)
        assert refusal_of(second, RIGHT, member).problems[0].code == "answered"

    def test_users_without_the_permission_and_suspended_or_paused_companies(self, agreement, member):
        """T12, C8: a paused company sends no request to a new person."""
        viewer = MembershipFactory(company=agreement.company, may_resend_or_withdraw=False).user
        with pytest.raises(PermissionDenied):
            correct_address(agreement, RIGHT, by=viewer)
        pause_requests(agreement.company, answer_count=5, at=timezone.now())
        with pytest.raises(PermissionDenied):
            correct_address(agreement, RIGHT, by=member)
        actions.resend(agreement, by=member)  # everything else works

    def test_another_companys_agreement(self, client, agreement):
        """D1."""
        client.force_login(MembershipFactory().user)
        assert client.post(agreement_url(agreement, "agreement_correct"), {"email": RIGHT}).status_code == 404

    def test_a_form_without_an_address(self, client, agreement, member):
        """A2: what was typed stays."""
        client.force_login(member)
        page = client.post(agreement_url(agreement, "agreement_correct"), {"email": "rosa at example"})
        assert 'value="rosa at example"' in page.content.decode() and page.status_code == 200
