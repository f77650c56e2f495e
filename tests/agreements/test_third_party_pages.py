"""The third party's page of one agreement (T11, T12)."""

from __future__ import annotations

import pytest
from django.urls import reverse
from django.utils import timezone

from agreements import actions
from agreements.models import EventKind
from agreements.states import Channel, Status
from companies.models import CompanyLinkKind
from lib import link_tokens
from lib.central_time import format_central
from notifications.bounces import record_bounce
from notifications.delivery import deliver_due
from notifications.models import Email
from tests.factories import (
    AgreementEventFactory,
    AgreementFactory,
    CompanyLinkFactory,
    CustomerFactory,
    MembershipFactory,
    NoticeFactory,
    OperatorFactory,
    ReportFactory,
    UserFactory,
)
from tests.support.agreements import initiate
from tests.support.bounces import bounce, headers
from tests.support.third_party_pages import agreement_url, overdue_agreement, page_text

pytestmark = pytest.mark.django_db


class TestAgreement:
    def test_shows_everything_about_it(self, client, member):
        """T11."""
        agreement = initiate(member.user)[0]
        words = page_text(client.get(agreement_url(agreement)))
        for value in (
            agreement.number, "One-Time Energy Data", "Pending", "Rosa Delgado", "206 Boxwood Drive, Baytown, TX 77520",
            "(512) 555-0102", "rosa@example.net", member.company.legal_name, "James Wilson", "(512) 555-0101",
            "james@green-energy.example", agreement.esiid, agreement.meter_number, "15-minute readings", "3 months",
            "Request created", "By James Wilson", "Request, to the customer", "Waiting to be sent",
        ):  # fmt: skip
            assert value in words, value

    def test_says_when_it_started_and_when_it_ended_or_expires(self, client, member):
        """T11: in the 2012 design the end was N/A until there was one."""
        agreement = initiate(member.user)[0]
        since = f"Start date {format_central(agreement.initiated_at)} End date "
        until = f"Open. The invitation expires on {format_central(agreement.expires_at)}."
        assert since + until in page_text(client.get(agreement_url(agreement)))
        actions.reject(agreement, channel=Channel.INVITATION)
        agreement.refresh_from_db()
        assert since + format_central(agreement.ended_at) in page_text(client.get(agreement_url(agreement)))

    def test_costs_an_administrator_seven_queries_with_everything_on_it(self, client, django_assert_max_num_queries):
        """T2, T11: history, emails and downloads are three logs; both numbers of the navigation are one question."""
        member = MembershipFactory(is_administrator=True)
        client.force_login(member.user)
        CompanyLinkFactory(company=member.company, kind=CompanyLinkKind.JOIN_REQUEST, confirmed_at=timezone.now())
        NoticeFactory.create_batch(2)
        agreement = initiate(member.user)[0]
        actions.accept(agreement, channel=Channel.INVITATION)
        ReportFactory(agreement=agreement)
        client.get(agreement_url(agreement))  # once: the browser's mark is new
        with django_assert_max_num_queries(7):
            words = page_text(client.get(agreement_url(agreement)))
        assert "Notices 2" in words and "Pending Approvals 1" in words

    def test_leads_only_to_pages_that_the_third_party_has(self, client, member):
        """T2: the customer on the page is not the one who reads it."""
        page = client.get(agreement_url(initiate(member.user)[0])).content.decode()
        assert f'href="{reverse("agreements")}"' in page and f'href="{reverse("usage")}"' not in page

    @pytest.mark.parametrize(
        ("decide", "sentence"),
        [
            ("accept", "The customer accepted on "),
            ("reject", "The customer rejected your request on "),
            ("withdraw", "Your company withdrew this request on "),
        ],
    )
    def test_the_status_is_one_sentence(self, client, member, decide, sentence):
        """T11."""
        agreement = initiate(member.user)[0]
        how = {"by": member.user} if decide == "withdraw" else {"channel": Channel.INVITATION}
        getattr(actions, decide)(agreement, **how)
        response = client.get(agreement_url(agreement))
        assert (
            sentence in page_text(response)
            and 'action="' + agreement_url(agreement, "agreement_resend") not in response.content.decode()
        )

    def test_a_pending_agreement_shows_its_deadline(self, client, member):
        """T11, A3: in Central time."""
        agreement = AgreementFactory(company=member.company)
        ends = timezone.localtime(agreement.expires_at)
        words = page_text(client.get(agreement_url(agreement)))
        assert f"Waiting for the customer's answer until {ends:%B} {ends.day}, {ends.year}, " in words

    def test_an_overdue_agreement_says_so_before_the_sweep(self, client, member):
        """L2: the clock binds, the sweep only records."""
        words = page_text(client.get(agreement_url(overdue_agreement(member.company))))
        assert "The invitation expired on" in words and "Waiting for the customer" not in words
        assert "the invitation has expired" in words

    def test_an_invitation_that_was_not_delivered_is_shown_with_the_next_step(self, client, member, mail_server):
        """E2: without the mail server's words, which may hold anything."""
        agreement = initiate(member.user)[0]
        mail_server.rcpt_reply = "550 5.1.1 <secret@host> no such user"
        deliver_due()
        response = client.get(agreement_url(agreement))
        words = page_text(response)
        assert "We couldn't deliver the email" in words and "If it's wrong, correct it." in words
        assert "Not delivered" in words and "email server refused the message" in words
        assert "5.1.1" not in words and "secret@host" not in response.content.decode()

    def test_an_invitation_that_came_back_says_why(self, client, member, mail_server):
        """E7"""
        agreement = initiate(member.user)[0]
        deliver_due()
        record_bounce(bounce(headers(Email.objects.get())))
        words = page_text(client.get(agreement_url(agreement)))
        assert "We couldn't deliver the email" in words
        assert "Not delivered" in words and "The address does not exist." in words

    def test_an_invitation_that_waits_for_the_mail_server_is_not_called_failed(self, client, member, mail_server):
        """E5"""
        agreement = initiate(member.user)[0]
        mail_server.mail_reply = "554 5.7.1 you may not send"
        deliver_due()
        words = page_text(client.get(agreement_url(agreement)))
        assert "We couldn't send it yet. We'll try again automatically." in words
        assert "We couldn't deliver the email" not in words

    def test_never_shows_the_decision_link(self, client, member):
        """X5: nor a part of an email's text."""
        agreement = initiate(member.user)[0]
        email = Email.objects.get()
        body = client.get(agreement_url(agreement)).content.decode()
        submission = agreement.submission
        assert link_tokens.derive_token(bytes(submission.link_nonce)) not in body and email.placeholder not in body
        assert submission.link_hash not in body and "/invitation/" not in body

    @pytest.mark.parametrize("name", ["agreement", "agreement_resend", "agreement_withdraw"])
    def test_another_companys_agreement_is_not_found(self, client, member, name):
        """T12: 404, never 403."""
        foreign = AgreementFactory()
        assert client.get(agreement_url(foreign, name)).status_code in (404, 405)
        assert client.post(agreement_url(foreign, name)).status_code == 404
        foreign.refresh_from_db()
        assert foreign.status == Status.PENDING and not Email.objects.exists()

    def test_customers_and_operators_have_their_own_pages(self, client):
        """T12: what they may see elsewhere is not shown here."""
        customer = CustomerFactory()
        agreement = AgreementFactory(customer=customer)
        for user in (customer.user, OperatorFactory()):
            client.force_login(user)
            assert client.get(agreement_url(agreement)).status_code == 404

    def test_an_operator_with_a_membership_sees_only_that_companys(self, client):
        """T12: all others are in the admin."""
        membership = MembershipFactory(user=OperatorFactory())
        client.force_login(membership.user)
        foreign, own = AgreementFactory(), AgreementFactory(company=membership.company)
        assert (
            client.get(agreement_url(foreign)).status_code == 404 and client.get(agreement_url(own)).status_code == 200
        )

    def test_a_number_has_twelve_digits(self, client, member):
        """L7."""
        for number in ("1", "1025120002331", "10251200023x", "１０２５１２０００２３３"):
            assert client.get(f"/agreements/{number}/").status_code == 404


class TestResendAndWithdraw:
    def test_resend_sends_a_reminder_and_says_so(self, client, member):
        """L4, EM202."""
        agreement = initiate(member.user)[0]
        response = client.post(agreement_url(agreement, "agreement_resend"), follow=True)
        assert response.redirect_chain == [(agreement_url(agreement), 302)]
        assert "Email resent" in page_text(response) and "Email resent" in page_text(response)
        assert Email.objects.filter(kind="EM202").count() == 1

    def test_a_double_click_on_resend_sends_one_reminder(self, client, member):
        """L4: the second click is told when the next one may go."""
        agreement = initiate(member.user)[0]
        client.post(agreement_url(agreement, "agreement_resend"))
        response = client.post(agreement_url(agreement, "agreement_resend"), follow=True)
        assert "A reminder was just sent" in page_text(response)
        assert Email.objects.filter(kind="EM202").count() == 1

    def test_withdraw_asks_first_and_then_withdraws(self, client, member):
        """L1."""
        agreement = initiate(member.user)[0]
        question = client.get(agreement_url(agreement, "agreement_withdraw"))
        agreement.refresh_from_db()
        assert "You can't undo this" in page_text(question) and agreement.status == Status.PENDING
        response = client.post(agreement_url(agreement, "agreement_withdraw"), follow=True)
        agreement.refresh_from_db()
        assert agreement.status == Status.WITHDRAWN and "Agreement withdrawn" in page_text(response)

    @pytest.mark.parametrize("name", ["agreement_resend", "agreement_withdraw"])
    def test_after_a_decision_they_are_refused_with_the_status(self, client, member, name):
        """L1, L4."""
        agreement = initiate(member.user)[0]
        actions.reject(agreement, channel=Channel.INVITATION)
        before = Email.objects.count()
        response = client.post(agreement_url(agreement, name), follow=True)
        words = page_text(response)
        assert "the agreement is no longer pending" in words and "Rejected since" in words
        assert Email.objects.count() == before

    @pytest.mark.parametrize("name", ["agreement_resend", "agreement_withdraw"])
    def test_after_the_period_they_are_refused_with_the_reason(self, client, member, name):
        """L2."""
        response = client.post(agreement_url(overdue_agreement(member.company), name), follow=True)
        assert "because the invitation expired on" in page_text(response)
        assert not Email.objects.exists()

    def test_the_withdrawal_page_is_not_shown_too_late(self, client, member):
        """T11."""
        agreement = AgreementFactory(company=member.company, status=Status.REJECTED)
        response = client.get(agreement_url(agreement, "agreement_withdraw"), follow=True)
        assert response.redirect_chain == [(agreement_url(agreement), 302)] and "This one is Rejected" in page_text(
            response
        )

    def test_resend_by_get_does_nothing(self, client, member):
        """C1's rule for the other side: a GET changes nothing."""
        agreement = initiate(member.user)[0]
        assert client.get(agreement_url(agreement, "agreement_resend")).status_code == 405
        assert not Email.objects.filter(kind="EM202").exists()


PERMISSIONS = ("may_view", "may_initiate", "may_resend_or_withdraw", "may_download")


@pytest.mark.parametrize("lacking", [*PERMISSIONS, None])
class TestPermissions:
    """T12: each permission opens its own doors and no other; a missing one is said and refused."""

    @pytest.fixture
    def lacks(self, client, lacking):
        membership = MembershipFactory(**({lacking: False} if lacking else {}))
        client.force_login(membership.user)
        return membership

    @pytest.fixture
    def agreement(self, lacks):
        colleague = MembershipFactory(company=lacks.company)
        return initiate(colleague.user)[0]

    def test_viewing(self, client, lacks, agreement, lacking):
        expected = 404 if lacking == "may_view" else 200
        assert client.get(agreement_url(agreement)).status_code == expected

    def test_initiating(self, client, lacks, lacking):
        assert client.get("/agreements/new/").status_code == (403 if lacking == "may_initiate" else 200)

    @pytest.mark.parametrize("name", ["agreement_resend", "agreement_withdraw"])
    def test_resending_and_withdrawing(self, client, lacks, agreement, lacking, name):
        before = Email.objects.count()
        status = client.post(agreement_url(agreement, name)).status_code
        refused = {"may_view": 404, "may_resend_or_withdraw": 403}
        assert status == refused.get(lacking, 302)
        assert (Email.objects.count() == before) == (lacking in refused)

    def test_the_buttons(self, client, lacks, agreement, lacking):
        body = client.get(agreement_url(agreement)).content.decode()
        if lacking == "may_resend_or_withdraw":
            assert body.count('aria-disabled="true"') == 2 and agreement_url(agreement, "agreement_resend") not in body
            assert 'id="why-not"' in body
        elif lacking != "may_view":
            assert agreement_url(agreement, "agreement_resend") in body and 'aria-disabled="true"' not in body

    def test_the_download(self, client, lacks, lacking):
        done = AgreementFactory(company=lacks.company, status=Status.COMPLETE)
        ReportFactory(agreement=done)
        body = client.get(agreement_url(done)).content.decode()
        assert ("report.csv" in body) == (lacking not in ("may_view", "may_download"))


def test_the_history_shows_actor_and_channel(client, member):
    """L8, T11."""
    agreement = AgreementFactory(company=member.company, status=Status.NOT_ACCEPTED)
    AgreementEventFactory(agreement=agreement, by=member.user)
    AgreementEventFactory(agreement=agreement, kind=EventKind.RESENT, from_status=Status.PENDING, by=member.user)
    AgreementEventFactory(
        agreement=agreement,
        kind=EventKind.EXPIRED,
        from_status=Status.PENDING,
        to_status=Status.NOT_ACCEPTED,
        channel=Channel.CLOCK,
        by=None,
    )
    words = page_text(client.get(agreement_url(agreement)))
    assert "Request created" in words and "Email resent" in words
    assert "Not accepted: the invitation had expired" in words and "By the portal" in words


def test_the_history_says_who_reviewed(client, member):
    """X1: the operator may decide in the utility's place."""
    agreement = AgreementFactory(company=member.company, status=Status.COMPLETE)
    staff = UserFactory(is_staff=True, tdsp=agreement.tdsp)
    for reviewer, words in ((staff, "By the utility"), (OperatorFactory(), "By the operator of this portal")):
        AgreementEventFactory(agreement=agreement, kind=EventKind.RELEASED, channel=Channel.REVIEW, by=reviewer)
        assert words in page_text(client.get(agreement_url(agreement)))
