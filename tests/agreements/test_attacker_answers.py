"""An attacker posts answers: by another's link or number, with forged fields, and after "I don't know this company".

Strangers, a neighbor with an account who knows the ESIID, its meter number and the number of the request, and the
company that was refused (C8, C9, C10, X5, X7).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from accounts.models import User
from agreements import actions, creation
from agreements.models import Agreement, ContactStop, Letter, stops_contact
from agreements.states import Channel, Status
from lib import link_tokens
from lib.refusals import Refused
from meters.models import Meter
from notifications.models import Email
from tests.factories import (
    AgreementFactory,
    CompanyFactory,
    EsiidClaimFactory,
    MembershipFactory,
    MeterFactory,
    TdspFactory,
)
from tests.support.agreements import ROSA, agreement_request, initiate, submit_draft
from tests.support.claims import claim_by_form, metered
from tests.support.decisions import decision_form, decision_link, submission_form

pytestmark = pytest.mark.django_db

EVERY_ANSWER = ["accept", "reject", "unknown"]


@pytest.fixture
def member() -> User:
    return MembershipFactory(company=CompanyFactory()).user


@pytest.fixture
def agreement(member: User) -> Agreement:
    return initiate(member)[0]


def page_of(agreement: Agreement, links_of: Agreement) -> str:
    """Return the address of one agreement's page below the link of `links_of`."""
    token = link_tokens.derive_token(bytes(links_of.submission.link_nonce))
    return reverse("invitation_agreement", args=[token, agreement.number])


def statuses(*agreements: Agreement) -> set[str]:
    return set(Agreement.objects.filter(pk__in=[each.pk for each in agreements]).values_list("status", flat=True))


def assert_nothing_happened(*agreements: Agreement) -> None:
    assert statuses(*agreements) == {Status.PENDING}
    assert not ContactStop.objects.exists() and not Letter.objects.exists()
    assert not Email.objects.exclude(kind="EM201").filter(about__overlap=[each.number for each in agreements]).exists()


class TestAnswersOfOthers:
    @pytest.mark.parametrize("decision", EVERY_ANSWER)
    def test_no_answer_without_the_link_or_the_account(self, client, agreement, member, decision):
        """C8, X5: nobody signed in, the company itself, another company, and another customer."""
        form = decision_form(agreement, decision)
        in_account = reverse("customer_agreement", args=[agreement.number])
        users = [None, member, MembershipFactory().user, EsiidClaimFactory().customer.user]
        for user in users:
            browser = Client()
            if user:
                browser.force_login(user)
            assert browser.post(in_account, form).status_code in (302, 404)
            for token in ("x" * 43, agreement.number, agreement.submission.link_hash):
                assert browser.post(reverse("invitation", args=[token]), form).status_code == 404
        assert_nothing_happened(agreement)

    @pytest.mark.parametrize("provider", ["Bright Star Energy", "Pecan Power"], ids=["right", "wrong"])
    @pytest.mark.parametrize("decision", EVERY_ANSWER)
    def test_a_neighbor_with_the_numbers_answers_nothing(self, client, member, decision, provider):
        """C4, X7: an account for the ESIID is no right to a request that went to the resident's address."""
        meter: Meter = metered()
        (agreement,) = initiate(member, meter, person=replace(ROSA, email="resident@example.org"))
        if provider == "Bright Star Energy":
            claim_by_form(client, meter)
        answer = client.post(reverse("customer_agreement", args=[agreement.number]), decision_form(agreement, decision))
        assert answer.status_code == (404 if provider == "Bright Star Energy" else 302)
        assert_nothing_happened(agreement)

    @pytest.mark.parametrize("decision", EVERY_ANSWER)
    def test_a_link_answers_no_request_of_another_link(self, client, agreement, member, decision):
        """C10: neither by the address of its page nor by a number in the form; also of another utility."""
        (other,) = initiate(
            MembershipFactory().user, MeterFactory(premise__tdsp=TdspFactory()),
            person=replace(ROSA, email="other@example.net"),
        )  # fmt: skip
        assert client.post(page_of(other, agreement), decision_form(other, decision)).status_code == 404
        assert client.get(page_of(other, agreement)).status_code == 404
        mine = initiate(member, MeterFactory(), MeterFactory(), person=replace(ROSA, email="two@example.net"))
        fields = {f"answer_{other.number}": decision}
        for form in (submission_form([*mine, other], decision), submission_form(mine, "each", **fields)):
            client.post(decision_link(mine[0]), {**form, "number": [other.number]})
            assert statuses(other) == {Status.PENDING}
        assert_nothing_happened(other)

    def test_an_answer_for_one_meter_is_no_third_one(self, client, member):
        """C8: a single meter can be accepted or rejected; the contact ends for all or not at all."""
        agreements = initiate(member, MeterFactory(), MeterFactory())
        fields = {f"answer_{each.number}": "unknown" for each in agreements}
        assert (
            client.post(decision_link(agreements[0]), submission_form(agreements, "each", **fields)).status_code == 400
        )
        assert_nothing_happened(*agreements)


def ended_agreements(member: User) -> Iterator[tuple[str, list[Agreement]]]:
    """Yield pairs of one submission of which the first has ended, each in another way."""
    for number, end in enumerate((
        lambda each: actions.withdraw(each, by=member),
        lambda each: actions.reject(each, channel=Channel.INVITATION),
        lambda each: Agreement.objects.filter(pk=each.pk).update(
            initiated_at=timezone.now() - timedelta(days=31), expires_at=timezone.now() - timedelta(days=1)
        ),
    )):  # fmt: skip
        agreements = initiate(
            member, MeterFactory(), MeterFactory(), person=replace(ROSA, email=f"n{number}@x.example")
        )
        end(agreements[0])
        yield str(number), agreements


@pytest.mark.parametrize("decision", ["accept", "unknown"])
def test_what_ended_is_not_answered_by_its_number(client, member, decision):
    """C10, L1: the form names it, or its page is posted; the open one beside it is answered if it is named."""
    for _way, (ended, still_open) in ended_agreements(member):
        before = statuses(ended)
        answer = client.post(decision_link(ended), {**submission_form([ended], decision)})
        assert answer.status_code == 409
        assert client.post(page_of(ended, ended), decision_form(ended, decision)).status_code == 409
        assert statuses(ended) == before and statuses(still_open) == {Status.PENDING}
        assert not Letter.objects.filter(agreement=ended).exists()
    assert not ContactStop.objects.exists()


FORGED_SCOPES = [
    {"type": "interval", "length": "12m"}, {"type": "interval", "length": "3m"}, {"type": "interval", "length": "1d"},
    {"type": "daily", "length": "6m"}, {"type": "daily", "length": "999m"}, {"type": "monthly", "length": "1d"},
    {"type": "all", "length": "3m"}, {"type": "daily", "length": ""}, {"type": "", "length": "12m"},
    {"type": "INTERVAL", "length": "3M"}, {"type": "daily\x00", "length": "3m"}, {"type": "daily' --", "length": "3m"},
]  # fmt: skip


@pytest.mark.parametrize("scope", FORGED_SCOPES, ids=lambda scope: f"{scope['type']!r} {scope['length']!r}")
@pytest.mark.parametrize("where", ["link", "account", "several"])
def test_a_forged_share_is_never_more_than_was_asked(client, member, scope, where):
    """C9: for a request of daily totals of three months, whoever posts what; an empty field is what was asked for."""
    meter = MeterFactory()
    details = {"report_type": "daily", "report_length": "3m"}
    account = {"premise": meter.premise, "customer__user__email": ROSA.email}
    user = EsiidClaimFactory(**account).customer.user if where == "account" else None
    meters = [meter, MeterFactory()] if where == "several" else [meter]
    agreements = initiate(member, *meters, registered=where == "account", **details)
    form = submission_form(agreements) if where == "several" else decision_form(agreements[0])
    path = decision_link(agreements[0])
    if user:
        client.force_login(user)
        path = reverse("customer_agreement", args=[agreements[0].number])
    answer = client.post(path, form | scope)
    granted = {(each.granted_type, each.granted_length) for each in Agreement.objects.all()}
    if scope == {"type": "daily", "length": ""}:
        assert answer.status_code == 302 and granted == {("daily", "3m")}
    else:
        assert answer.status_code in (400, 404)
        assert granted == {("", "")} and statuses(*agreements) == {Status.PENDING}


class TestAfterTheThirdAnswer:
    """C8: what the company that was refused can find out."""

    def wrong_and_stopped(self, member: User, **details) -> list[tuple[Refused, int]]:
        """Return the refusals of a wrong meter number and of the stopped address, with the queries that each cost."""
        found = []
        for meter_number in ("999999999", None):
            meter = MeterFactory()
            request = agreement_request(meter, **details)
            if meter_number:
                request = replace(request, rows=(replace(request.rows[0], meter_number=meter_number),))
            with CaptureQueriesContext(connection) as queries, pytest.raises(Refused) as refused:
                creation.start_draft(request, by=member)
            found.append((refused.value, len(queries)))
        return found

    def test_asking_again_costs_and_says_what_a_wrong_number_does(self, agreement, member):
        """T7: same words, causes and queries, so that neither a reader nor a clock tells them apart."""
        actions.reject_unknown(agreement, channel=Channel.INVITATION)
        for email in (ROSA.email, ROSA.email.upper()):
            (wrong, wrong_cost), (stopped, cost) = self.wrong_and_stopped(member, person=replace(ROSA, email=email))
            assert (stopped.problems, stopped.causes, cost) == (wrong.problems, wrong.causes, wrong_cost)

    def test_a_form_from_before_the_answer_is_refused_alike(self, agreement, member):
        """The second page checks again: a draft that was begun before is no way around the stop."""
        meter = MeterFactory()
        draft = creation.start_draft(agreement_request(meter), by=member)
        actions.reject_unknown(agreement, channel=Channel.INVITATION)
        with pytest.raises(Refused) as stopped:
            submit_draft(draft, by=member)
        (wrong, _cost), _stopped = self.wrong_and_stopped(member)
        assert stopped.value.problems == wrong.problems and stopped.value.causes == wrong.causes
        assert Agreement.objects.count() == 1

    def test_the_third_answer_is_given_once_and_first(self, client, agreement):
        """L1: after an acceptance it is a conflict, repeated it changes nothing, and nothing takes it back."""
        for _post in range(3):
            assert client.post(decision_link(agreement), decision_form(agreement, "unknown")).status_code == 302
        assert client.post(decision_link(agreement), decision_form(agreement, "accept")).status_code == 409
        assert (
            client.post(decision_link(agreement), decision_form(agreement, "reject")).status_code == 302
        )  # it is rejected
        agreement.refresh_from_db()
        assert agreement.is_company_unknown and ContactStop.objects.count() == 1
        assert Email.objects.filter(kind__in=["EM205", "EM203"]).count() == 2

    def test_the_company_reads_the_reason_only_with_its_own_agreement(self, client, agreement, member):
        """X5: another request to the address, and what another company sees, name no reason and no customer's word."""
        (other,) = initiate(member, MeterFactory())
        rival = MembershipFactory().user
        (theirs,) = initiate(rival, MeterFactory())
        actions.reject_unknown(agreement, channel=Channel.INVITATION)
        for user, number in ((member, other.number), (rival, theirs.number)):
            client.force_login(user)
            page = client.get(reverse("agreement", args=[number])).content.decode().replace("&#x27;", "'")
            assert "don't know" not in page and "doesn't know" not in page
        assert "doesn't want emails" not in page  # of the rival
        assert stops_contact(member.membership.company_id, ROSA.email)
        assert not stops_contact(rival.membership.company_id, ROSA.email)

    def test_a_made_up_customer_pauses_no_rival(self, member):
        """A company cannot answer its rival's requests: only the mailbox's link, or the account, counts."""
        rival = MembershipFactory().user
        theirs = [AgreementFactory(company=rival.membership.company) for _agreement in range(6)]
        browser = Client()
        browser.force_login(member)
        for each in theirs:
            assert (
                browser.post(reverse("customer_agreement", args=[each.number]), {"decision": "unknown"}).status_code
                == 404
            )
        rival.membership.company.refresh_from_db()
        assert rival.membership.company.requests_paused_at is None and not ContactStop.objects.exists()


def test_no_page_behind_a_wrong_link_tells_numbers_apart(client, agreement):
    """X5: an agreement's number below a made-up link looks like one that does not exist."""
    pages = []
    for number in (agreement.number, "010100999999"):
        answer = client.get(reverse("invitation_agreement", args=["x" * 43, number]))
        pages.append((answer.status_code, re.sub(number, "N", answer.content.decode())))
    assert pages[0] == pages[1] and pages[0][0] == 404
