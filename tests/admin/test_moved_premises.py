"""A premise that moves to another TDSP takes what is about it along: staff find it by its own column (D1)."""

from __future__ import annotations

from pathlib import Path

import pytest
from django.db import connection
from django.test import Client
from django.utils import timezone

from agreements import actions
from agreements.consent_review import held_agreements
from agreements.models import Agreement, ConsentReview, Review
from agreements.states import Channel, Status
from meters.imports import import_premises
from meters.models import Premise
from notifications.models import Email, EmailState
from reports.actions import generate_due_reports
from reports.models import Report
from tests.factories import (
    AgreementFactory,
    EmailFactory,
    MembershipFactory,
    MeterFactory,
    OperatorFactory,
    ReportFactory,
    TdspFactory,
    UserFactory,
)
from tests.support.agreements import initiate
from tests.support.usage import deliver_usage

pytestmark = pytest.mark.django_db

ROW = (
    '"{esiid}","1 ELM ST",,"LAREDO","TX","78040","{duns}","19","Active","Residential","ERCOT",'
    '"_CD","LAREDO","N",,"Residential","N",,"N"'
)
LISTS = ["agreements/agreement", "notifications/email", "reports/report"]


def move_by_load(premise: Premise, duns: str, folder: Path) -> None:
    """Load an extract that names another TDSP for `premise`, as an operator does."""
    path = folder / "premises.csv"
    path.write_text(ROW.format(esiid=premise.esiid, duns=duns) + "\r\n")
    assert import_premises(path).changed == 1


def rows_seen(user, **query: str) -> list[int]:
    client = Client()
    client.force_login(user)
    return [len(client.get(f"/admin/{path}/", query).context["cl"].result_list) for path in LISTS]


@pytest.fixture
def held():
    """An agreement under review with a failed email, and an earlier one about the same premise with a report."""
    agreement = AgreementFactory(status=Status.COMPLETE, review=Review.HELD)
    EmailFactory(about=[agreement.number], state=EmailState.FAILED, failure="refused", failed_at=timezone.now())
    ReportFactory(agreement__premise=agreement.premise)
    return agreement


def test_agreements_emails_and_reports_follow_their_premise_to_another_tdsp(held, tmp_path):
    """D1: the former TDSP sees nothing of it any more, and the present one reviews it."""
    former, present = UserFactory(is_staff=True, tdsp=held.tdsp), UserFactory(is_staff=True, tdsp=TdspFactory())
    beside = AgreementFactory(premise__tdsp=held.tdsp)
    assert rows_seen(former) == [3, 1, 1] and rows_seen(present) == [0, 0, 0]
    move_by_load(held.premise, present.tdsp.duns, tmp_path)
    assert rows_seen(former) == [1, 0, 0] and rows_seen(present) == [2, 1, 1]
    assert Agreement.objects.visible_to(former).get() == beside
    assert ConsentReview.objects.visible_to(present).held().get() == held.consent_review
    assert not ConsentReview.objects.visible_to(former).exists()
    assert Report.objects.visible_to(present).get().agreement.premise == held.premise
    client = Client()
    for user, status in ((former, 404), (present, 200)):
        client.force_login(user)
        assert client.get(f"/admin/agreements/consentreview/{held.consent_review.pk}/review/").status_code == status


@pytest.mark.control
def test_without_the_triggers_the_former_tdsp_still_sees_them(held, tmp_path):
    """D1"""
    former, present = UserFactory(is_staff=True, tdsp=held.tdsp), TdspFactory()
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute("ALTER TABLE meters_premise DISABLE TRIGGER agreements_follow_premise")
    move_by_load(held.premise, present.duns, tmp_path)
    assert rows_seen(former) == [2, 1, 1]


def test_a_load_that_moves_nothing_leaves_them_alone(held, tmp_path):
    """D1"""
    move_by_load(held.premise, held.tdsp.duns, tmp_path)
    former = UserFactory(is_staff=True, tdsp=held.tdsp)
    assert rows_seen(former) == [2, 1, 1]


def test_every_email_about_an_agreement_has_its_tdsp():
    """D1: from the request to the report, to both sides."""
    meter = MeterFactory()
    (agreement,) = initiate(MembershipFactory().user, meter)
    deliver_usage(meter.premise)
    actions.resend(agreement, by=agreement.submission.initiated_by)
    actions.accept(agreement, channel=Channel.INVITATION)
    assert generate_due_reports() == 1
    emails = Email.objects.about(agreement.number)
    assert {"EM201", "EM202", "EM203", "EM204"} <= {email.kind for email in emails}
    assert {email.tdsp_id for email in emails} == {meter.premise.tdsp_id}
    assert Report.objects.get().tdsp == agreement.tdsp == meter.premise.tdsp


def test_only_operators_see_emails_about_no_agreement():
    """D1"""
    EmailFactory(about=[])
    staff, operator = UserFactory(is_staff=True, tdsp=TdspFactory()), OperatorFactory()
    assert rows_seen(staff)[1] == 0 and rows_seen(operator)[1] == 1


def agreements_under(review: ConsentReview) -> set[Agreement]:
    return {agreement for agreement, _claim in held_agreements(review)}


def test_an_open_review_follows_with_the_last_of_its_agreements(held, tmp_path):
    """D1: until then the former TDSP sees in it only what is still its own."""
    sibling = AgreementFactory(
        premise__tdsp=held.tdsp, company=held.company, submission=held.submission, status=Status.COMPLETE,
        review=Review.HELD, consent_review=held.consent_review,
    )  # fmt: skip
    former, present = held.tdsp, TdspFactory()
    move_by_load(held.premise, present.duns, tmp_path)
    review = ConsentReview.objects.get()
    assert review.tdsp == former and agreements_under(review) == {sibling}
    move_by_load(sibling.premise, present.duns, tmp_path)
    review = ConsentReview.objects.get()
    assert review.tdsp == present and agreements_under(review) == {held, sibling}
