"""One link for all agreements of a submission: the list behind it and the page of each (C10, X5, X7)."""

from __future__ import annotations

import pytest
from django.urls import reverse

from agreements import actions, retention
from agreements.models import Agreement, Review, Submission
from agreements.states import Channel, Status
from lib import link_tokens
from tests.factories import AgreementFactory, MembershipFactory, MeterFactory
from tests.support.agreements import initiate
from tests.support.decisions import decision_form
from tests.support.reviews import put_under_review

pytestmark = pytest.mark.django_db


@pytest.fixture
def agreements() -> list[Agreement]:
    return initiate(MembershipFactory().user, *(MeterFactory() for _ in range(3)))


def address(name: str, agreement: Agreement, *numbers: str) -> str:
    return reverse(name, args=[link_tokens.derive_token(bytes(agreement.submission.link_nonce)), *numbers])


def page_of(agreement: Agreement) -> str:
    return address("invitation_agreement", agreement, agreement.number)


def test_a_form_is_one_submission_with_one_link(agreements):
    submission = Submission.objects.get()
    assert {agreement.submission for agreement in agreements} == {submission}
    assert submission.company == agreements[0].company


def test_the_link_lists_every_meter_and_the_closed_ones_with_status_and_page(client, agreements):
    actions.reject(agreements[1], channel=Channel.INVITATION)
    text = client.get(address("invitation", agreements[0])).content.decode()
    for agreement in agreements:
        assert agreement.meter_number in text and agreement.masked_esiid in text
        assert agreement.premise.service_address in text and agreement.esiid not in text
        assert (page_of(agreement) in text) == (agreement == agreements[1])
        assert (f'name="answer_{agreement.number}"' in text) == (agreement != agreements[1])
    assert text.count("You rejected") == 1 and "Accept all" in text


def test_the_link_of_one_meter_is_its_decision_page(client):
    (agreement,) = initiate(MembershipFactory().user, MeterFactory())
    text = client.get(address("invitation", agreement)).content.decode()
    assert 'name="decision"' in text and "All requests in this email" not in text
    assert 'name="decision"' in client.get(page_of(agreement)).content.decode()


def test_each_page_answers_its_own_request_and_leads_back(client, agreements):
    first, second, third = agreements
    assert address("invitation", first) in client.get(page_of(second)).content.decode()
    assert client.post(page_of(second), decision_form(second))["Location"] == page_of(second)
    assert client.post(page_of(third), {"decision": "reject"})["Location"] == page_of(third)
    statuses = Agreement.objects.order_by("number").values_list("status", flat=True)
    assert list(statuses) == [Status.PENDING, Status.COMPLETE, Status.REJECTED]


def test_nothing_is_decided_without_the_meters_that_the_form_showed(client, agreements):
    """C10: the answer to several at once is no guess about which were meant."""
    answer = client.post(address("invitation", agreements[0]), {"decision": "accept"})
    assert answer.status_code == 400 and "Choose an answer for at least one meter." in answer.content.decode()
    assert set(Agreement.objects.values_list("status", flat=True)) == {Status.PENDING}


@pytest.mark.parametrize(
    "name", ["invitation_agreement", "invitation_agreement_authorization", "invitation_agreement_register"]
)
def test_a_number_of_another_submission_is_unknown(client, agreements, name):
    """X5: a link is good for its own submission only."""
    (foreign,) = initiate(MembershipFactory().user, MeterFactory())
    actions.accept(foreign, channel=Channel.INVITATION)
    path = address(name, agreements[0], foreign.number)
    answer = client.get(path, follow=True)
    assert answer.status_code == 404 and foreign.meter_number not in answer.content.decode()
    assert client.post(address("invitation_agreement", agreements[0], foreign.number)).status_code == 404


@pytest.mark.parametrize("name", ["invitation_authorization", "invitation_register"])
def test_what_is_about_one_meter_leads_to_the_list_of_several(client, agreements, name):
    assert client.get(address(name, agreements[0]))["Location"] == address("invitation", agreements[0])


def test_the_letter_of_each_meter(client, agreements):
    actions.accept(agreements[1], channel=Channel.INVITATION)
    path = address("invitation_agreement_authorization", agreements[1], agreements[1].number)
    text = client.get(path).content.decode()
    assert agreements[1].number in text and page_of(agreements[1]) in text
    assert client.get(path + "?as=pdf")["Content-Type"] == "application/pdf"
    unanswered = address("invitation_agreement_authorization", agreements[0], agreements[0].number)
    assert client.get(unanswered)["Location"] == page_of(agreements[0])


class TestRegistration:
    def prefill(self, client, agreement: Agreement):
        return client.get(address("invitation_agreement_register", agreement, agreement.number))

    def test_fills_in_the_form_about_its_meter(self, client, agreements):
        form = self.prefill(client, agreements[1]).context["form"]
        assert form.invited.meter.esiid == agreements[1].esiid

    @pytest.mark.parametrize("review", [Review.HELD, Review.REFUSED, Review.UNREVIEWED])
    def test_of_no_meter_if_one_answer_is_in_doubt(self, client, agreements, review):
        """X7: who may have answered for one meter may have the link of all."""
        accepted = actions.accept(agreements[0], channel=Channel.INVITATION)
        put_under_review(accepted, review)
        for agreement in agreements:
            assert self.prefill(client, agreement)["Location"] == page_of(agreement)
            assert "filled in the form" not in client.get(page_of(agreement)).content.decode()

    @pytest.mark.control
    def test_control_a_released_answer_prevents_nothing(self, client, agreements):
        accepted = actions.accept(agreements[0], channel=Channel.INVITATION)
        put_under_review(accepted, Review.RELEASED)
        assert self.prefill(client, agreements[1]).context["form"].invited

    def test_not_of_a_rejected_one_but_of_the_others(self, client, agreements):
        actions.reject(agreements[0], channel=Channel.INVITATION)
        assert self.prefill(client, agreements[0]).status_code == 302
        assert self.prefill(client, agreements[1]).status_code == 200


def test_a_submission_is_deleted_with_its_last_agreement():
    """X6."""
    first = AgreementFactory()
    second = AgreementFactory(submission=first.submission, company=first.company)
    assert retention.delete_agreements(Agreement.objects.filter(pk=first.pk)) == 1
    assert Submission.objects.get() == second.submission
    assert retention.delete_agreements(Agreement.objects.all()) == 1
    assert not Submission.objects.exists()
