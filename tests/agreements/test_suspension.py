"""While a company is suspended, nobody gives it data by mistake, and nothing is lost (L9)."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.core.exceptions import PermissionDenied
from django.test import Client
from django.urls import reverse
from django.utils import timezone

import reports.actions
from agreements import actions
from agreements.consent_review import review_consent
from agreements.models import Agreement, Review
from agreements.request import Person
from agreements.states import Channel, Status
from agreements.transitions import CompanySuspended, TransitionRefused
from companies.models import CompanyStanding
from companies.registration import change_standing
from notifications import delivery
from notifications.models import Email, EmailState, PausedCompany
from tests.factories import EmailFactory, MembershipFactory, OperatorFactory, ReportFactory
from tests.support.agreements import initiate, registered_customer
from tests.support.decisions import decision_form, decision_link
from tests.support.reviews import put_under_review, review_of

pytestmark = pytest.mark.django_db
SUSPENDED = "is suspended from this portal and can't receive data right now"


@pytest.fixture
def member():
    return MembershipFactory(is_administrator=True).user


def change(member, standing: CompanyStanding) -> None:
    change_standing(member.membership.company, standing, by=OperatorFactory(), reason="Forged consent.")


def suspend(member) -> None:
    change(member, CompanyStanding.SUSPENDED)


def reinstate(member) -> None:
    change(member, CompanyStanding.APPROVED)


def status_of(agreement: Agreement) -> str:
    return Agreement.objects.get(pk=agreement.pk).status


class TestTheLink:
    def test_the_page_says_so_and_offers_only_to_reject(self, client, member):
        """L9: with the deadline, which runs on, and without the operator's reason."""
        (agreement,) = initiate(member)
        assert SUSPENDED not in client.get(decision_link(agreement)).content.decode()
        suspend(member)
        page = client.get(decision_link(agreement)).content.decode()
        assert SUSPENDED in page and "answer by" in page and "Share less" not in page
        assert 'value="reject"' in page and 'value="accept"' not in page
        assert "Forged consent." not in page
        spanish = client.get(decision_link(agreement), {"lang": "es"}).content.decode()
        assert "suspendida" in spanish and "suspended" not in spanish

    def test_an_acceptance_is_not_recorded_and_the_page_says_so(self, client, member):
        """L9: for example on a page that was open before the suspension."""
        (agreement,) = initiate(member)
        suspend(member)
        answer = client.post(decision_link(agreement), decision_form(agreement))
        assert answer.status_code == 409
        assert "Your answer was not recorded" in answer.content.decode()
        assert status_of(agreement) == Status.PENDING
        assert not agreement.events.exclude(kind="initiated").exists()
        assert not Email.objects.filter(kind="EM203").exists()

    def test_rejecting_stays_possible_and_says_nothing_false(self, client, member):
        """L9: the company's copy waits, so nobody is told now."""
        (agreement,) = initiate(member)
        suspend(member)
        page = client.post(decision_link(agreement), {"decision": "reject"}, follow=True).content.decode()
        assert status_of(agreement) == Status.REJECTED
        assert "You rejected the request" in page and "We&#x27;ll tell" not in page

    def test_no_decision_asks_for_what_is_possible(self, client, member):
        """L9."""
        (agreement,) = initiate(member)
        suspend(member)
        answer = client.post(decision_link(agreement))
        assert answer.status_code == 400 and "Choose Accept" not in answer.content.decode()

    def test_who_accepted_before_is_not_told_that_it_was_not_recorded(self, client, member):
        """L9, C2: the same click again is no conflict; the report's state is the truth."""
        (agreement,) = initiate(member)
        client.post(decision_link(agreement), decision_form(agreement))
        suspend(member)
        page = client.post(decision_link(agreement), decision_form(agreement), follow=True)
        assert page.status_code == 200
        assert "You accepted the request" in page.content.decode() and SUSPENDED in page.content.decode()

    def test_nobody_reads_that_the_company_can_download_or_ask_again(self, client, member):
        """L9: not on the page of a report, and not after the deadline or a withdrawal."""
        report = ReportFactory(agreement__company=member.membership.company)
        late, withdrawn = initiate(member)[0], initiate(member)[0]
        actions.withdraw(withdrawn, by=member)
        suspend(member)
        Agreement.objects.filter(pk=late.pk).update(expires_at=timezone.now() - timedelta(seconds=1))
        page = client.get(decision_link(report.agreement)).content.decode()
        assert "If the suspension ends" in page
        for agreement in (late, withdrawn):
            page = client.get(decision_link(agreement)).content.decode()
            assert "can't send new requests right now" in page
            assert "ask it to send" not in page and "can send you a new one" not in page


class TestTheAccount:
    @pytest.fixture
    def agreement(self, client, member) -> Agreement:
        claim, meter = registered_customer()
        client.force_login(claim.customer.user)
        (agreement,) = initiate(member, meter, registered=True, person=Person(email=claim.customer.user.email))
        return agreement

    def test_lists_and_page_say_so(self, client, member, agreement):
        """L9."""
        addresses = [reverse("home"), reverse("customer_agreements")]
        addresses.append(reverse("customer_agreement", args=[agreement.number]))
        for address in addresses:
            assert SUSPENDED not in client.get(address).content.decode()
        suspend(member)
        for address in addresses:
            assert SUSPENDED in client.get(address).content.decode(), address
        assert 'value="accept"' not in client.get(addresses[-1]).content.decode()

    def test_accepting_is_refused_and_rejecting_works(self, client, member, agreement):
        """L9."""
        suspend(member)
        decide = reverse("customer_agreement", args=[agreement.number])
        page = client.post(decide, decision_form(agreement), follow=True).content.decode()
        assert "Your answer was not recorded" in page and SUSPENDED in page
        assert status_of(agreement) == Status.PENDING
        client.post(decide, {"decision": "reject"})
        assert status_of(agreement) == Status.REJECTED


def test_the_deadline_runs_on(member):
    """L9, L2."""
    (agreement,) = initiate(member)
    suspend(member)
    after = agreement.expires_at + timedelta(seconds=1)
    with pytest.raises(TransitionRefused) as refusal:
        actions.accept(agreement, channel=Channel.INVITATION, at=after)
    assert refusal.value.expired and not isinstance(refusal.value, CompanySuspended)
    assert actions.expire_overdue(at=after) == 1
    assert status_of(agreement) == Status.NOT_ACCEPTED


def test_nobody_withdraws_or_resends_for_it(member):
    """L9, D1."""
    (agreement,) = initiate(member)
    suspend(member)
    for action in (actions.withdraw, actions.resend):
        with pytest.raises(PermissionDenied):
            action(agreement, by=member)


def test_reinstating_gives_everything_back(client, member):
    """L9: accept, withdraw, download."""
    first, second = initiate(member)[0], initiate(member)[0]
    report = ReportFactory(agreement__company=member.membership.company)
    suspend(member)
    client.force_login(member)
    download = reverse("report_manifest", args=[report.agreement.number])
    assert client.get(download).status_code == 403
    reinstate(member)
    assert client.get(download).status_code == 200
    assert Client().post(decision_link(first), decision_form(first)).status_code == 302
    actions.withdraw(second, by=member)
    assert (status_of(first), status_of(second)) == (Status.COMPLETE, Status.WITHDRAWN)


def kinds(*states: EmailState) -> list[str]:
    emails = Email.objects.filter(state__in=states).exclude(kind__startswith="COMPANY_")
    return sorted(f"{email.kind} {email.to_address.partition('@')[0]}" for email in emails)


class TestEmails:
    """What a run delivers is claimed here as a worker claims it; a claimed email goes out."""

    @staticmethod
    def claim_all() -> None:
        shares: dict = delivery.Counter()
        while delivery._claim(None, shares):
            pass

    @pytest.fixture
    def no_transactions(self, monkeypatch):
        """Let a claim run inside the test's transaction."""
        monkeypatch.setattr(delivery.transaction, "atomic", lambda **options: _Nothing())

    @pytest.mark.usefixtures("no_transactions")
    def test_the_companys_wait_and_the_customers_go_out(self, member):
        """L9: an outcome reaches the customer at once; the company's copy, and what asks a customer, wait."""
        rejected, expired, held = initiate(member)[0], initiate(member)[0], initiate(member)[0]
        actions.accept(held, channel=Channel.INVITATION)
        put_under_review(held)
        suspend(member)
        Email.objects.filter(kind="EM203").delete()
        actions.reject(rejected, channel=Channel.INVITATION)
        actions.expire_overdue(premise_ids=[expired.premise_id], at=expired.expires_at + timedelta(seconds=1))
        review_consent(review_of(held), Review.RELEASED, by=OperatorFactory(), reason="She called us.")
        self.claim_all()
        waiting = ["EM201 rosa"] * 3 + ["EM205 james", "NOT_ACCEPTED james", "REVIEWED james"]
        assert kinds(EmailState.ON_HOLD) == waiting
        assert kinds(EmailState.SENDING) == ["EM205 rosa", "REVIEWED rosa"]
        told = Email.objects.get(kind="REVIEWED", to_address="rosa@example.net")
        assert SUSPENDED in told.text and SUSPENDED in told.html
        reinstate(member)
        assert kinds(EmailState.QUEUED) == waiting and not PausedCompany.objects.exists()
        self.claim_all()
        assert kinds(EmailState.ON_HOLD) == []

    @pytest.mark.usefixtures("no_transactions")
    def test_another_companys_emails_do_not_wait(self, member):
        """L9."""
        suspend(member)
        initiate(MembershipFactory().user)
        self.claim_all()
        assert kinds(EmailState.SENDING) == ["EM201 rosa"]

    def test_a_report_is_made_and_its_notice_waits(self, member):
        """L9: completed agreements keep their report."""
        (agreement,) = initiate(member)
        actions.accept(agreement, channel=Channel.INVITATION)
        suspend(member)
        reports.actions.end_waiting(at=timezone.now() + timedelta(days=4))
        assert reports.actions.generate_due_reports() == 1
        to_company, to_customer = Email.objects.filter(kind="EM204").order_by("-pauses")
        assert to_company.pauses and not to_customer.pauses

    def test_the_third_partys_page_says_that_an_email_waits(self, client, member):
        """L9, T11: and that it was not sent for good."""
        (agreement,) = initiate(member)
        suspend(member)
        client.force_login(member)
        for state, words in ((EmailState.ON_HOLD, "On hold"), (EmailState.WITHHELD, "longer than we keep")):
            Email.objects.about(agreement.number).update(state=state, failure="suspended")
            page = client.get(reverse("agreement", args=[agreement.number])).content.decode()
            assert words in page and "accept it while your company is suspended" in page

    def test_the_companys_administrators_read_what_it_means(self, member):
        """L9, D1: at the suspension and at its end."""
        suspend(member)
        reinstate(member)
        suspended = Email.objects.get(kind="COMPANY_SUSPENDED")
        approved = Email.objects.get(kind="COMPANY_APPROVED")
        for part in ("text", "html"):
            assert "accept your pending requests" in getattr(suspended, part)
            assert "accept your pending requests again" in getattr(approved, part)
        assert not suspended.pauses and not approved.pauses

    def test_the_operator_reads_what_it_means(self, client, member):
        """L9, D1: before a suspension, and before its end."""
        client.force_login(OperatorFactory())
        address = reverse("admin:companies_company_standing", args=[member.membership.company_id])
        assert "Its requests still expire" in client.get(address).content.decode()
        suspend(member)
        assert "Requests that expired stay expired" in client.get(address).content.decode()

    def test_a_first_approval_mentions_no_suspension(self):
        """T13."""
        member = MembershipFactory(is_administrator=True, company__standing=CompanyStanding.PENDING).user
        reinstate(member)
        assert "again" not in Email.objects.get(kind="COMPANY_APPROVED").text

    def test_an_invitation_of_a_suspended_company_is_not_sent_after_its_deadline(self, member):
        """L9: a reminder would say that its link still works."""
        (agreement,) = initiate(member)
        assert Email.objects.get(kind="EM201").useful_until == agreement.expires_at
        assert EmailFactory().useful_until is None


class _Nothing:
    def __enter__(self) -> None: ...

    def __exit__(self, *error: object) -> None: ...
