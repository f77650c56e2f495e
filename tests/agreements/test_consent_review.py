"""One review per submission and TDSP: who joins it, who decides, and what happens when nobody does (C10, X1)."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from django.core.exceptions import PermissionDenied
from django.db import IntegrityError, transaction
from django.urls import reverse
from django.utils import timezone

from agreements import actions, retention
from agreements.consent_review import AlreadyReviewed, escalate_overdue_reviews, review_consent
from agreements.models import Agreement, AgreementEvent, ConsentReview, EventKind, Review
from agreements.states import Channel, Status
from agreements.yearly_limit import counted_agreements
from lib.central_time import CENTRAL
from notifications.models import Email
from tests.factories import AgreementFactory, MembershipFactory, MeterFactory, OperatorFactory, TdspFactory, UserFactory
from tests.support.agreements import ROSA, initiate
from tests.support.races import together
from tests.support.reviews import review_of

pytestmark = pytest.mark.django_db
MONDAY = datetime(2026, 3, 2, 18, 0, tzinfo=UTC)
WHY = "The customer confirmed it."


@pytest.fixture
def member():
    return MembershipFactory().user


def submit(member, *meters) -> list[Agreement]:
    """Submit a form to the company's own mailbox: every acceptance has signals."""
    person = ROSA.__class__(**{**ROSA.__dict__, "email": member.email})
    return initiate(member, *(meters or (MeterFactory(), MeterFactory())), person=person)


def accept(agreement: Agreement, at: datetime | None = None) -> Agreement:
    return actions.accept(agreement, channel=Channel.INVITATION, at=at)


def state_of(agreement: Agreement) -> str:
    return Agreement.objects.get(pk=agreement.pk).review


def staff_emails() -> list[str]:
    return list(Email.objects.filter(kind="REVIEW").order_by("pk").values_list("to_address", flat=True))


def central(day: int, month: int = 3, **time: int) -> datetime:
    return datetime(2026, month, day, **time, tzinfo=CENTRAL)


class TestJoining:
    def test_agreements_of_a_submission_are_one_review_and_one_email(self, member):
        first, second = submit(member)
        staff = UserFactory(is_staff=True, tdsp=first.tdsp)
        Agreement.objects.filter(pk=second.pk).update(tdsp=first.tdsp)
        second.refresh_from_db()
        accept(first)
        accept(second)
        assert review_of(first) == review_of(second) == ConsentReview.objects.get()
        assert staff_emails() == [staff.email]

    def test_each_tdsp_has_its_own(self, member):
        tdsps = [TdspFactory(), TdspFactory()]
        staff = [UserFactory(is_staff=True, tdsp=tdsp) for tdsp in tdsps]
        agreements = submit(member, *(MeterFactory(premise__tdsp=tdsp) for tdsp in tdsps))
        for agreement in agreements:
            accept(agreement)
        assert {(review.tdsp) for review in ConsentReview.objects.all()} == set(tdsps)
        assert staff_emails() == [user.email for user in staff]
        assert list(ConsentReview.objects.visible_to(staff[0])) == [review_of(agreements[0])]

    def test_an_acceptance_without_signals_joins_an_open_review(self, member):
        """C10: who may have answered for one meter may have answered for all."""
        tdsp = TdspFactory()
        first, second = initiate(member, *(MeterFactory(premise__tdsp=tdsp) for _ in range(2)))
        first.signals.create(kind="own_domain", at=timezone.now())
        accept(first)
        accept(second)
        assert state_of(second) == Review.HELD and review_of(second) == review_of(first)

    @pytest.mark.control
    def test_control_without_an_open_review_it_is_not_held(self, member):
        tdsp = TdspFactory()
        first, second = initiate(member, *(MeterFactory(premise__tdsp=tdsp) for _ in range(2)))
        accept(first)
        accept(second)
        assert state_of(first) == state_of(second) == Review.NONE

    def test_after_the_decision_another_review_opens(self, member):
        tdsp = TdspFactory()
        first, second = submit(member, *(MeterFactory(premise__tdsp=tdsp) for _ in range(2)))
        accept(first)
        review_consent(review_of(first), Review.RELEASED, by=OperatorFactory(), reason=WHY)
        accept(second)
        assert (state_of(first), state_of(second)) == (Review.RELEASED, Review.HELD)
        assert review_of(first) != review_of(second)

    @pytest.mark.django_db(transaction=True)
    def test_simultaneous_acceptances_open_one(self, member):
        tdsp = TdspFactory()
        agreements = submit(member, *(MeterFactory(premise__tdsp=tdsp) for _ in range(4)))
        results = together([lambda each=each: accept(each) for each in agreements])
        assert not [result for result in results if isinstance(result, Exception)]
        assert ConsentReview.objects.get().agreements.count() == 4

    def test_the_database_knows_no_agreement_under_review_without_one(self):
        agreement = AgreementFactory(status=Status.COMPLETE)
        with pytest.raises(IntegrityError), transaction.atomic():
            Agreement.objects.filter(pk=agreement.pk).update(review=Review.HELD)


class TestDeciding:
    def test_decides_about_all_of_its_agreements(self, member):
        tdsp = TdspFactory()
        agreements = submit(member, *(MeterFactory(premise__tdsp=tdsp) for _ in range(2)))
        for agreement in agreements:
            accept(agreement)
        review = review_consent(review_of(agreements[0]), Review.REFUSED, by=OperatorFactory(), reason=WHY)
        assert (review.state, review.reason) == (Review.REFUSED, WHY)
        for agreement in agreements:
            assert state_of(agreement) == Review.REFUSED
            assert agreement.events.filter(kind=EventKind.REFUSED, channel=Channel.REVIEW).count() == 1
            told = Email.objects.about(agreement.number).filter(kind="REVIEWED")
            assert told.count() == 2 and all(WHY in part for email in told for part in (email.text, email.html))
        with pytest.raises(AlreadyReviewed):
            review_consent(review, Review.RELEASED, by=OperatorFactory(), reason=WHY)

    def test_is_for_its_tdsp_and_operators(self, member):
        """D1."""
        agreement = accept(submit(member)[0])
        for user in (UserFactory(is_staff=True, tdsp=TdspFactory()), member, UserFactory()):
            with pytest.raises(PermissionDenied):
                review_consent(review_of(agreement), Review.RELEASED, by=user, reason=WHY)


class TestQueue:
    """D1, X1: the administration's list and page."""

    def test_shows_open_reviews_oldest_first_with_their_age_and_agreements(self, client, member):
        later, earlier = (accept(submit(member)[0]) for _ in range(2))
        ConsentReview.objects.filter(agreements=earlier).update(opened_at=timezone.now() - timedelta(days=3))
        client.force_login(OperatorFactory())
        text = client.get(reverse("admin:agreements_consentreview_changelist")).content.decode()
        assert text.index(earlier.number) < text.index(later.number)
        assert "3 days" in text and "0 days" in text

    def test_is_decided_there_once_for_all_agreements(self, client, member):
        tdsp = TdspFactory()
        agreements = submit(member, *(MeterFactory(premise__tdsp=tdsp) for _ in range(2)))
        for agreement in agreements:
            accept(agreement)
        client.force_login(UserFactory(is_staff=True, tdsp=tdsp))
        page = reverse("admin:agreements_consentreview_review", args=[review_of(agreements[0]).pk])
        text = client.get(page).content.decode()
        assert all(agreement.number in text for agreement in agreements)
        assert "Choose whether" in client.post(page, {"reason": WHY}).content.decode()
        client.post(page, {"outcome": "released", "reason": WHY})
        assert {state_of(agreement) for agreement in agreements} == {Review.RELEASED}
        again = client.post(page, {"outcome": "refused", "reason": WHY}, follow=True)
        assert "no longer under review" in again.content.decode()

    def test_another_tdsps_review_is_a_404(self, client, member):
        """D1."""
        agreement = accept(submit(member)[0])
        client.force_login(UserFactory(is_staff=True, tdsp=TdspFactory()))
        for name in ("review", "change"):
            address = reverse(f"admin:agreements_consentreview_{name}", args=[review_of(agreement).pk])
            assert client.get(address).status_code == 404


class TestEscalation:
    """X1: five working days for the TDSP, five more for the operators."""

    @pytest.fixture
    def agreement(self, member) -> Agreement:
        (agreement,) = initiate(member, MeterFactory(), at=MONDAY - timedelta(days=1))
        agreement.signals.create(kind="own_domain", at=MONDAY)
        return accept(agreement, at=MONDAY)

    def test_the_operators_are_told_once_after_five_working_days(self, agreement):
        operator = OperatorFactory()
        Email.objects.filter(kind="REVIEW").delete()
        assert escalate_overdue_reviews(at=central(9, hour=23, minute=59)) == 0
        assert escalate_overdue_reviews(at=central(10)) == 1
        assert escalate_overdue_reviews(at=central(10, hour=1)) == 0
        (email,) = Email.objects.filter(kind="REVIEW")
        assert email.to_address == operator.email and "overdue" in email.subject
        for part in (email.text, email.html):
            assert agreement.tdsp.name in part and agreement.number in part
        assert state_of(agreement) == Review.HELD

    def test_after_five_more_the_report_is_refused_and_both_are_told_so(self, client, agreement):
        escalate_overdue_reviews(at=central(10, minute=30))
        assert escalate_overdue_reviews(at=central(16, hour=23)) == 0
        assert escalate_overdue_reviews(at=central(17)) == 1
        assert state_of(agreement) == Review.UNREVIEWED
        event = AgreementEvent.objects.get(kind=EventKind.UNREVIEWED)
        assert (event.agreement, event.channel, event.by) == (agreement, Channel.CLOCK, None)
        told = Email.objects.filter(kind="REVIEWED")
        assert {email.to_address for email in told} == {agreement.email, agreement.contact_email}
        for email in told:
            assert "not reviewed in time" in email.subject
            for part in (email.text, email.html):
                assert "in time" in part and "has been reviewed" not in part and "Reason:" not in part
        assert escalate_overdue_reviews(at=central(30)) == 0
        with pytest.raises(AlreadyReviewed):
            review_consent(review_of(agreement), Review.RELEASED, by=OperatorFactory(), reason=WHY)

    def test_holidays_and_weekends_do_not_count(self, member):
        """The Friday before Memorial Day 2026."""
        friday = central(22, month=5, hour=12)
        (agreement,) = initiate(member, MeterFactory(), at=friday - timedelta(days=1))
        agreement.signals.create(kind="own_domain", at=friday)
        review = review_of(accept(agreement, at=friday))
        assert review.due_at == central(2, month=6)

    def test_a_late_escalation_leaves_the_operators_their_days(self, agreement):
        """The sweep may have been down for weeks."""
        escalate_overdue_reviews(at=central(30, hour=9))
        assert escalate_overdue_reviews(at=central(31)) == 0
        assert state_of(agreement) == Review.HELD
        assert escalate_overdue_reviews(at=central(10, month=4)) == 1

    def test_such_an_agreement_does_not_count_for_the_yearly_limit(self, agreement):
        """L5."""
        counted = counted_agreements(agreement.company, [agreement.premise_id], at=central(17))
        assert len(counted[agreement.premise_id].initiated) == 1
        escalate_overdue_reviews(at=central(10))
        escalate_overdue_reviews(at=central(17))
        counted = counted_agreements(agreement.company, [agreement.premise_id], at=central(17))
        assert len(counted[agreement.premise_id].initiated) == 0

    def test_both_sides_pages_say_so(self, client, member, agreement):
        escalate_overdue_reviews(at=central(10))
        escalate_overdue_reviews(at=central(17))
        client.force_login(member)
        text = client.get(reverse("agreement", args=[agreement.number])).content.decode()
        assert "did not review" in text and "Under review" not in text
        listed = client.get(reverse("agreements"), {"report": "refused"}).content.decode()
        assert agreement.number in listed

    @pytest.mark.django_db(transaction=True)
    def test_a_reviewer_and_the_sweep_at_the_same_moment_have_one_outcome(self, agreement):
        operator = OperatorFactory()
        escalate_overdue_reviews(at=central(10))
        review = review_of(agreement)
        sweep = lambda: escalate_overdue_reviews(at=central(17))  # noqa: E731
        decide = lambda: review_consent(  # noqa: E731
            ConsentReview.objects.get(pk=review.pk), Review.RELEASED, by=operator, reason=WHY
        )
        together([sweep, decide] * 4)
        ended = AgreementEvent.objects.filter(kind__in=[EventKind.RELEASED, EventKind.UNREVIEWED])
        assert ended.count() == 1 and Email.objects.filter(kind="REVIEWED").count() == 2
        review.refresh_from_db()
        assert ended.get().kind == review.state == state_of(agreement)


def test_a_review_is_deleted_with_its_last_agreement():
    """X6."""
    first = AgreementFactory(status=Status.COMPLETE, review=Review.REFUSED)
    second = AgreementFactory(submission=first.submission, company=first.company)
    retention.delete_agreements(Agreement.objects.filter(pk=first.pk))
    assert not ConsentReview.objects.exists() and Agreement.objects.get() == second
