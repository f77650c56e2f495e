"""One page and one POST for the meters of a submission: all of them, or each its own answer (C10)."""

from __future__ import annotations

import pytest
from django.db import connection
from django.urls import reverse
from django.utils import timezone

from agreements import actions
from agreements.models import Agreement, ContactStop, Letter, Review
from agreements.states import Channel, Status
from companies.models import Company, CompanyStanding
from companies.registration import change_standing
from lib import link_tokens
from notifications.models import Email
from tests.factories import MembershipFactory, MeterFactory, OperatorFactory, PremiseFactory, TdspFactory
from tests.support.agreements import ROSA, initiate
from tests.support.decisions import submission_form

pytestmark = pytest.mark.django_db


@pytest.fixture
def member():
    return MembershipFactory().user


@pytest.fixture
def agreements(member) -> list[Agreement]:
    return initiate(member, *(MeterFactory() for _ in range(3)), report_length="12m")


def link(agreements: list[Agreement]) -> str:
    return reverse("invitation", args=[link_tokens.derive_token(bytes(agreements[0].submission.link_nonce))])


def statuses() -> list[str]:
    return list(Agreement.objects.order_by("number").values_list("status", flat=True))


def expire(agreement: Agreement) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE agreements_agreement SET initiated_at = clock_timestamp() - interval '30 days 1 second',"
            " expires_at = clock_timestamp() - interval '1 second' WHERE id = %s",
            [agreement.pk],
        )


def test_a_get_decides_nothing(client, agreements):
    """C1."""
    query = {"decision": "accept", "number": [each.number for each in agreements]}
    for _visit in range(10):
        assert client.get(link(agreements), query).status_code == 200
        assert client.head(link(agreements), query).status_code == 200
    assert client.put(link(agreements)).status_code == 405
    assert set(statuses()) == {Status.PENDING}


@pytest.mark.parametrize(
    ("decision", "status", "kind"),
    [("accept", Status.COMPLETE, "EM203"), ("reject", Status.REJECTED, "EM205"), ("unknown", Status.REJECTED, "EM205")],
)
def test_one_post_answers_all(client, agreements, decision, status, kind):
    """One email to each side; an acceptance has a letter for each agreement attached."""
    client = type(client)(enforce_csrf_checks=True)
    answer = client.post(link(agreements), submission_form(agreements, decision))
    assert (answer.status_code, answer["Location"]) == (302, link(agreements))
    assert set(statuses()) == {status}
    numbers = [each.number for each in agreements]
    to_customer = Email.objects.get(kind=kind, to_address=ROSA.email)
    to_company = Email.objects.get(kind=kind, to_address=agreements[0].contact_email)
    for email in (to_customer, to_company):
        assert email.about == numbers
        for part in (email.text, email.html):
            assert all(number in part for number in numbers)
    names = [attachment.name for attachment in to_customer.attachments.all()]
    assert names == ([f"smt-{number}-authorization.pdf" for number in numbers] if decision == "accept" else [])
    assert Letter.objects.count() == len(names)
    assert ContactStop.objects.count() == (1 if decision == "unknown" else 0)
    page = client.get(link(agreements)).content.decode()
    assert page.count("You accepted" if decision == "accept" else "You rejected") == 3 and "Accept all" not in page


def test_each_meter_has_its_own_answer_and_one_stays_open(client, agreements):
    """One POST, one transaction, one email for what was accepted and one for what was rejected."""
    first, second, third = agreements
    answers = {f"answer_{first.number}": "accept", f"answer_{second.number}": "reject"}
    assert client.post(link(agreements), submission_form(agreements, "each", **answers)).status_code == 302
    assert statuses() == [Status.COMPLETE, Status.REJECTED, Status.PENDING]
    assert Email.objects.filter(kind__in=["EM203", "EM205"]).count() == 4
    page = client.get(link(agreements)).content.decode()
    assert f'name="number" value="{third.number}"' in page and f'value="{first.number}"' not in page
    assert "2 other requests from this email are closed" in page
    answers = {f"answer_{first.number}": "reject"}
    again = client.post(link(agreements), submission_form(agreements, "each", **answers))
    assert again.status_code == 409 and "Not recorded" in again.content.decode()
    assert statuses() == [Status.COMPLETE, Status.REJECTED, Status.PENDING]


def test_a_double_post_is_no_conflict(client, agreements):
    """C2."""
    for _click in range(3):
        assert client.post(link(agreements), submission_form(agreements)).status_code == 302
    assert Email.objects.filter(kind="EM203").count() == 2 and Letter.objects.count() == 3


def test_what_ended_meanwhile_is_said_and_left_alone(client, agreements, member):
    """L3: the page was open; each meter has its own outcome."""
    form = submission_form(agreements)
    actions.withdraw(agreements[0], by=member)
    expire(agreements[1])
    answer = client.post(link(agreements), form)
    page = answer.content.decode()
    assert answer.status_code == 409 and statuses() == [Status.WITHDRAWN, Status.PENDING, Status.COMPLETE]
    assert "Not recorded: the status of this request changed on" in page
    assert "Not recorded: you had until" in page and "We recorded your answer." in page
    email = Email.objects.get(kind="EM203", to_address=ROSA.email)
    assert email.about == [agreements[2].number]


def test_while_the_company_is_suspended_only_a_rejection_is_recorded(client, agreements):
    """L9."""
    operator = OperatorFactory()
    change_standing(Company.objects.get(), CompanyStanding.SUSPENDED, by=operator, reason="Forged consent.")
    page = client.get(link(agreements)).content.decode()
    assert 'value="accept"' not in page and "Reject all" in page
    answers = {f"answer_{agreements[0].number}": "accept", f"answer_{agreements[1].number}": "reject"}
    answer = client.post(link(agreements), submission_form(agreements, "each", **answers))
    assert answer.status_code == 409 and "You can still reject the request." in answer.content.decode()
    assert statuses() == [Status.PENDING, Status.REJECTED, Status.PENDING]


@pytest.mark.parametrize(
    "form",
    [{}, {"decision": "each"}, {"decision": "maybe"}, {"decision": "accept"}, {"decision": "accept", "number": "1"}],
)
def test_no_answer_is_an_error(client, agreements, form):
    """A2."""
    assert client.post(link(agreements), form).status_code == 400
    assert set(statuses()) == {Status.PENDING}


def test_a_smaller_share_is_for_all_that_is_accepted(client, agreements):
    """C9; the page shows it before, and the letters keep that page."""
    less = {"type": "monthly", "length": "3m"}
    page = client.get(link(agreements), less).content.decode()
    assert "<b>One report per meter</b>: your monthly electricity use" in page
    client.post(link(agreements), submission_form(agreements) | less)
    granted = set(Agreement.objects.values_list("granted_type", "granted_length"))
    assert granted == {("monthly", "3m")}
    texts = set(Letter.objects.values_list("decision_text", flat=True))
    assert len(texts) == 1 and "One report per meter: your monthly electricity use" in texts.pop()
    refused = client.post(link(agreements), submission_form(agreements) | {"type": "monthly", "length": "1d"})
    assert refused.status_code == 400


def test_a_number_of_another_submission_is_not_answered(client, agreements, member):
    """X5: a link is good for its own submission."""
    (foreign,) = initiate(MembershipFactory().user, MeterFactory())
    form = submission_form(agreements) | {"number": [foreign.number]}
    assert client.post(link(agreements), form).status_code == 400
    form = submission_form(agreements, "each", **{f"answer_{foreign.number}": "accept"})
    assert client.post(link(agreements), form).status_code == 400
    assert set(statuses()) == {Status.PENDING}


@pytest.mark.parametrize("served", ["", "x", None])
def test_an_answer_faster_than_a_reader_holds_all_reports_in_one_review(client, member, served):
    """X1, C10."""
    tdsp = TdspFactory()
    agreements = initiate(member, *(MeterFactory(premise__tdsp=tdsp) for _ in range(3)))
    form = submission_form(agreements) | {"served": served or ""}
    client.post(link(agreements), form)
    assert set(Agreement.objects.values_list("review", flat=True)) == {Review.HELD}
    assert Agreement.objects.values("consent_review").distinct().count() == 1


def test_a_time_of_another_submission_counts_as_none(client, agreements):
    """X1."""
    others = initiate(MembershipFactory().user, MeterFactory(), MeterFactory())
    form = submission_form(agreements) | {"served": submission_form(others)["served"]}
    client.post(link(agreements), form)
    assert set(Agreement.objects.filter(submission=agreements[0].submission).values_list("review", flat=True)) == {
        Review.HELD
    }


def test_different_days_are_listed_for_each_meter(client, member):
    """C7: for example of premises with different starts of service."""
    premises = [PremiseFactory(service_since=timezone.localdate()), PremiseFactory()]
    agreements = initiate(member, *(MeterFactory(premise=premise) for premise in premises))
    page = client.get(link(agreements)).content.decode()
    assert "The days differ from meter to meter." in page.replace("&#x27;", "'")
    assert "there is no complete day of your service" in page


def test_every_utility_is_named(client, member):
    """C7, C10."""
    agreements = initiate(member, MeterFactory(), MeterFactory())
    page = client.get(link(agreements)).content.decode()
    assert all(agreement.tdsp.name in page for agreement in agreements)


def test_the_last_open_one_is_a_single_request_with_the_others_below(client, agreements):
    for agreement in agreements[:2]:
        actions.reject(agreement, channel=Channel.INVITATION)
    page = client.get(link(agreements)).content.decode()
    assert "<b>One report</b> of your" in page and "Accept all" not in page and page.count("You rejected") == 2
    assert client.post(link(agreements), submission_form(agreements[2:])).status_code == 302
    assert statuses() == [Status.REJECTED, Status.REJECTED, Status.COMPLETE]
    assert Agreement.objects.get(pk=agreements[2].pk).review == Review.NONE
