"""The tabs of the third party's list: what is in each, and that its count is right (T3, T16)."""

from __future__ import annotations

import re
from datetime import timedelta
from itertools import product

import pytest
from django.utils import timezone

from agreements.models import Agreement, AgreementStage, Review
from agreements.models.review import REVIEW_PREVENTS_REPORT
from agreements.models.stage import REPORT_STAGES
from agreements.states import NOT_BEGUN, ReportState, Status
from notifications.failures import FailureReason
from tests.factories import AgreementFactory, EmailFactory, ReportFactory
from tests.support.agreement_stages import in_stage
from tests.support.third_party_pages import LIST, link_of, numbers, overdue_agreement, page_text

pytestmark = pytest.mark.django_db


def test_each_tab_has_its_count_and_its_agreements(client, member):
    """T3: the figure on every tab is the number of rows behind it."""
    for place, stage in enumerate(AgreementStage):
        for _time in range(1 + place % 3):
            in_stage(member.company, stage)
    overdue_agreement(member.company)
    body = client.get(LIST, {"status": "complete"}).content.decode()
    tabs = re.findall(r'<a href="([?][^"]*)"[^>]*>([^<]+)<span class="count">([0-9]+)</span></a>', body)
    assert [label for _url, label, _count in tabs] == [
        "All", "Pending", "Complete", "Rejected", "Not Accepted", "Withdrawn",
        *(stage.label for stage in REPORT_STAGES),
    ]  # fmt: skip
    for url, label, count in tabs:
        response = client.get(LIST + url.replace("&amp;", "&"))
        assert len(numbers(response)) == int(count) > 0, label
        assert f'aria-current="page">{label}' in response.content.decode()


@pytest.mark.parametrize("stage", AgreementStage)
def test_a_row_says_its_stage(client, member, stage):
    """T3"""
    in_stage(member.company, stage)
    words = page_text(client.get(LIST))
    assert str(stage.label) in words or stage not in REPORT_STAGES


def test_an_empty_tab_says_so(client, member):
    """T3"""
    pending = AgreementFactory(company=member.company)
    assert "No agreements here" in page_text(client.get(LIST, {"status": "withdrawn"}))
    assert numbers(client.get(LIST, {"status": "nonsense"})) == [pending.number]


def test_a_report_that_is_tried_again_is_being_made(client, member):
    """T3, R1."""
    agreement = in_stage(member.company, "failed")
    Agreement.objects.update(report_state=ReportState.RETRYING)
    assert numbers(client.get(LIST, {"report": "making"})) == [agreement.number]
    assert numbers(client.get(LIST, {"report": "failed"})) == []


def test_every_agreement_is_in_exactly_one_stage(member):
    """T3: the database has a stage for whatever it lets be stored."""
    for status, review in product(Status, Review):
        if review != Review.NONE and status != Status.COMPLETE:
            continue  # the database refuses it
        for state in (None, *(state for state in ReportState if state not in NOT_BEGUN)):
            if state and (status != Status.COMPLETE or review in REVIEW_PREVENTS_REPORT):
                continue  # no report is made
            agreement = AgreementFactory(company=member.company, status=status, review=review)
            if state:
                ReportFactory(agreement=agreement, state=state)
            agreement.refresh_from_db()
            stage = AgreementStage(agreement.stage)
            assert (stage in REPORT_STAGES) == (status == Status.COMPLETE), (status, review, state)
            assert (stage == AgreementStage.READY) == (state == ReportState.READY)


def test_the_next_page_keeps_tab_and_order(client, member):
    """T3."""
    AgreementFactory.create_batch(30, company=member.company, status=Status.COMPLETE)
    in_stage(member.company, "held")
    response = client.get(LIST, {"report": "making", "sort": "initiated"})
    assert len(numbers(response)) == 25 and "30 agreements, 25 on this page" in page_text(response)
    assert link_of(response, "next").startswith(f"{LIST}?report=making&sort=initiated&after=")
    assert len(numbers(client.get(link_of(response, "next")))) == 5


def test_what_has_to_be_done_is_a_list_of_its_own(client, member):
    """T16: expiring within seven days, not downloaded, and what needs attention."""
    soon = AgreementFactory(company=member.company, initiated_at=timezone.now() - timedelta(days=24))
    AgreementFactory(company=member.company, initiated_at=timezone.now() - timedelta(days=20))
    overdue_agreement(member.company)
    ready = in_stage(member.company, "ready")
    Agreement.objects.filter(pk=in_stage(member.company, "ready").pk).update(downloaded_at=timezone.now())
    refused, nothing = in_stage(member.company, "refused"), in_stage(member.company, "no_data")
    not_delivered = {"state": "bounced", "failure": FailureReason.REFUSED}
    bounced = AgreementFactory(company=member.company)
    EmailFactory(kind="EM201", about=[bounced.number], company_id=member.company_id, **not_delivered)
    reminded = AgreementFactory(company=member.company)
    EmailFactory(kind="EM201", about=[reminded.number], company_id=member.company_id, **not_delivered)
    EmailFactory(
        kind="EM202", about=[reminded.number], company_id=member.company_id, state="sent", sent_at=timezone.now()
    )
    assert numbers(client.get(LIST, {"show": "expiring"})) == [soon.number]
    assert numbers(client.get(LIST, {"show": "not_downloaded"})) == [ready.number]
    attention = client.get(LIST, {"show": "attention"})
    assert set(numbers(attention)) == {refused.number, nothing.number, bounced.number}
    assert "Needs attention 3" in page_text(attention)
