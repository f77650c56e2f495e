"""Nobody finds people by trying: limits on failed matches and on sending (X2, T7)."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from django.urls import reverse

from accounts.models import User
from agreements import actions, creation, daily_limits, locks, retention
from agreements.models import Agreement, Draft, FailedMatch
from lib.central_time import format_central
from lib.refusals import Refused
from meters.models import Meter
from notifications.models import Email
from tests.agreements.test_forged_consent import rosa_at
from tests.factories import (
    CompanyFactory,
    MembershipFactory,
    MeterFactory,
    OperatorFactory,
    PremiseFactory,
    UserFactory,
)
from tests.support.agreement_forms import page_1
from tests.support.agreements import agreement_request, initiate, submit_draft
from tests.support.races import met, together
from tests.support.third_party_pages import page_text

pytestmark = pytest.mark.django_db

NOON = datetime(2026, 3, 2, 18, 0, tzinfo=UTC)


@pytest.fixture
def member() -> User:
    return MembershipFactory().user


def wrong_meter(number: int = 0):
    """A meter that is not at its premise: each call another ESIID."""
    return MeterFactory.build(premise=PremiseFactory(), number=f"9{number}")


def refusal(by: User, *meters, at: datetime = NOON) -> list[str]:
    with pytest.raises(Refused) as refused:
        creation.start_draft(agreement_request(*meters), by=by, at=at)
    return [problem.code for problem in refused.value.problems]


def test_after_ten_failed_matches_a_user_must_wait(member):
    """X2: also when the eleventh entry is right, or the refusal itself would tell."""
    for number in range(10):
        assert refusal(member, wrong_meter(number), at=NOON + timedelta(minutes=number)) == ["mismatch"]
    assert refusal(member, wrong_meter(), at=NOON + timedelta(hours=1)) == ["guessing"]
    with pytest.raises(Refused) as refused:
        creation.start_draft(agreement_request(MeterFactory()), by=member, at=NOON + timedelta(hours=2))
    assert "March 3, 2026, 12:00 PM Central Time" in refused.value.problems[0].message
    later = NOON + timedelta(days=1, seconds=1)
    assert creation.start_draft(agreement_request(MeterFactory()), by=member, at=later)


def test_a_refused_attempt_does_not_extend_the_wait(member):
    """X2."""
    for number in range(10):
        refusal(member, wrong_meter(number))
    refusal(member, wrong_meter(), at=NOON + timedelta(hours=20))
    assert FailedMatch.objects.count() == 10


def warning(by: User, *meters) -> str:
    with pytest.raises(Refused) as refused:
        creation.start_draft(agreement_request(*meters), by=by)
    return refused.value.warning


def test_a_refusal_says_how_many_tries_are_left_before_the_last_ones(client, member):
    """X2: of the tightest limit, from the count of failures alone."""
    meter = MeterFactory()
    guess = MeterFactory.build(premise=meter.premise, number="123")
    words = "You have {} left within 24 hours for the ESIID that ends in " + meter.premise.esiid[-7:] + "."
    tries = [warning(member, guess) for _try in range(3)]
    assert tries == [words.format(left) for left in ("2 tries", "1 try", "0 tries")]
    for number in range(4):
        assert "2 tries left within 24 hours for the ESIID" in warning(member, wrong_meter(number))
    assert warning(member, wrong_meter()) == "You have 2 tries left within 24 hours."
    client.force_login(member)
    meter = MeterFactory()
    meter.number = "999"
    page = page_text(client.post(reverse("agreement_new"), page_1(meter)))
    assert "You have 1 try left within 24 hours." in page


def test_after_twenty_failed_matches_a_company_must_wait(member):
    """X2: another company goes on."""
    company = member.membership.company
    users = [MembershipFactory(company=company).user for _ in range(3)]
    for user in users[:2]:
        for number in range(10):
            refusal(user, wrong_meter(number))
    assert refusal(users[2], wrong_meter()) == ["guessing"]
    assert refusal(MembershipFactory().user, wrong_meter()) == ["mismatch"]


def test_after_three_failed_matches_about_an_esiid_a_company_must_wait(member):
    """X2: also about one that is not on record, or the limit itself would tell."""
    meter = MeterFactory()
    guess = MeterFactory.build(premise=meter.premise, number="123")
    unknown = MeterFactory.build(premise=PremiseFactory.build(), number="123")
    for tried in (guess, unknown):
        for _try in range(3):
            assert refusal(member, tried) == ["mismatch"]
        assert refusal(MembershipFactory(company=member.membership.company).user, tried) == ["guessing"]


def test_one_companys_failures_do_not_block_anothers_correct_request(member):
    """X2"""
    meter = MeterFactory()
    for _try in range(3):
        refusal(member, MeterFactory.build(premise=meter.premise, number="123"))
    assert refusal(member, meter) == ["guessing"]
    assert creation.start_draft(agreement_request(meter), by=MembershipFactory().user, at=NOON)


def test_several_guesses_on_one_form_all_count(member):
    """X2: also beside the right one, which would be the row that is not named."""
    meter = MeterFactory()
    guesses = [MeterFactory.build(premise=meter.premise, number=f"12{number}") for number in range(4)]
    assert refusal(member, *guesses, meter) == ["guessing"]
    assert refusal(member, meter) == ["guessing"]


def test_the_tdsp_is_told_of_failures_across_companies(member):
    """X2: one each, from three companies."""
    meter, operator = MeterFactory(), OperatorFactory()
    for user in (member, MembershipFactory().user, MembershipFactory().user):
        assert refusal(user, MeterFactory.build(premise=meter.premise, number="123")) == ["mismatch"]
    daily_limits.notify_of_guessing(at=NOON + timedelta(minutes=1))
    assert Email.objects.filter(kind="GUESSING", to_address=operator.email).count() == 3


@pytest.mark.django_db(transaction=True)
def test_twenty_simultaneous_users_of_a_company_get_three_answers_about_an_esiid():
    """X2."""
    assert answers_about_one_esiid() == 3


def answers_about_one_esiid() -> int:
    """How many of a company's twenty users who guess at once learn whether they were right."""
    guess, company = wrong_meter(), CompanyFactory()
    users = [MembershipFactory(company=company).user for _ in range(20)]
    results = together([lambda user=user: creation.start_draft(agreement_request(guess), by=user) for user in users])
    return [result.problems[0].code for result in results].count("mismatch")


@pytest.mark.control
@pytest.mark.django_db(transaction=True)
def test_control_without_the_lock_on_the_company_they_get_more_answers(monkeypatch):
    monkeypatch.setattr(locks, "lock_company", lambda company: None)
    monkeypatch.setattr(daily_limits, "record_failed_matches", met(daily_limits.record_failed_matches, by=20))
    assert answers_about_one_esiid() == 20


def test_a_form_of_many_rows_does_not_say_which_failed_once_the_limit_is_passed(member):
    """X2: twenty guesses at a click are twenty guesses."""
    assert refusal(member, *[wrong_meter(number) for number in range(11)], MeterFactory()) == ["guessing"]
    assert FailedMatch.objects.count() == 11


@pytest.mark.django_db(transaction=True)
def test_twenty_simultaneous_guesses_get_ten_answers():
    """X2."""
    assert answers_to_one_user() == 10


def answers_to_one_user() -> int:
    """How many of twenty guesses that one user makes at once are answered."""
    member = MembershipFactory().user
    meters = [wrong_meter(number) for number in range(20)]
    results = together(
        [lambda meter=meter: creation.start_draft(agreement_request(meter), by=member) for meter in meters]
    )
    return [result.problems[0].code for result in results].count("mismatch")


@pytest.mark.control
@pytest.mark.django_db(transaction=True)
def test_control_without_the_lock_there_are_more_answers(monkeypatch):
    monkeypatch.setattr(locks, "lock_company", lambda company: None)
    monkeypatch.setattr(daily_limits, "record_failed_matches", met(daily_limits.record_failed_matches, by=20))
    assert answers_to_one_user() == 20


def test_reaching_a_limit_notifies_the_tdsp_once_a_day(member):
    """X2."""
    meter = MeterFactory()
    staff, operator = UserFactory(is_staff=True, tdsp=meter.premise.tdsp), OperatorFactory()
    for _try in range(3):
        refusal(member, MeterFactory.build(premise=meter.premise, number="123"))
    for number in range(7):
        refusal(member, wrong_meter(number))
    assert not Email.objects.exists(), "the time of an answer must not tell whom it concerns"
    for minutes in (1, 2, 14 * 60):
        daily_limits.notify_of_guessing(at=NOON + timedelta(minutes=minutes))
    notices = Email.objects.filter(kind="GUESSING")
    assert {email.to_address for email in notices} == {staff.email, operator.email}
    assert notices.count() == 2


def test_a_meter_that_no_longer_matches_on_page_2_counts(member):
    """X2: an old draft would otherwise tell any number of times when a customer registers or a meter is replaced."""
    meter = MeterFactory()
    draft = creation.start_draft(agreement_request(meter), by=member, at=NOON)
    Meter.objects.filter(pk=meter.pk).update(number="7")
    answers = []
    for minute in range(1, 5):
        with pytest.raises(Refused) as refused:
            submit_draft(draft, by=member, at=NOON + timedelta(minutes=minute))
        answers += [problem.code for problem in refused.value.problems]
    assert answers == ["mismatch", "mismatch", "mismatch", "guessing"]
    assert FailedMatch.objects.filter(esiid=meter.premise.esiid, user=member).count() == 4
    assert not Agreement.objects.exists()


def test_limits_need_no_redis(member, settings):
    """X2: they live in PostgreSQL."""
    settings.REDIS_URL = settings.CELERY_BROKER_URL = "redis://127.0.0.1:1/0"
    for number in range(10):
        assert refusal(member, wrong_meter(number)) == ["mismatch"]
    assert refusal(member, wrong_meter()) == ["guessing"]


def test_a_company_and_an_address_are_limited_a_day(member, settings):
    """X2."""
    settings.INITIATIONS_PER_COMPANY, settings.INITIATIONS_PER_ADDRESS = 3, 1
    initiate(member, MeterFactory(), MeterFactory(), at=NOON)
    assert refusal(member, MeterFactory()) == ["flooding"]
    settings.INITIATIONS_PER_ADDRESS = 10
    assert refusal(member, MeterFactory(), MeterFactory()) == ["flooding"]
    assert not Draft.objects.filter(submitted_at=None).exists()
    assert initiate(member, MeterFactory(), at=NOON + timedelta(days=1, seconds=1))


def test_other_spellings_of_an_address_count_as_one_mailbox(member, settings):
    """X2: `rosa+1@`, `rosa+2@` are one mailbox."""
    settings.INITIATIONS_PER_ADDRESS = 2
    for tag in (1, 2):
        initiate(member, person=rosa_at(f"rosa+{tag}@example.net"), at=NOON)
    with pytest.raises(Refused) as refused:
        initiate(member, person=rosa_at("Rosa@example.net"), at=NOON)
    assert [problem.code for problem in refused.value.problems] == ["flooding"]


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
def test_twenty_simultaneous_submissions_stay_within_a_days_limits(settings):
    """X2: of one company, and of twenty companies to one customer."""
    settings.INITIATIONS_PER_COMPANY, settings.INITIATIONS_PER_ADDRESS = 5, 100
    one = MembershipFactory().user
    assert count_created([one] * 20) == 5
    settings.INITIATIONS_PER_ADDRESS = 7
    Agreement.objects.update(email="ann@example.org")
    assert count_created([MembershipFactory().user for _ in range(20)]) == 7


@pytest.mark.slow
@pytest.mark.control
@pytest.mark.django_db(transaction=True)
def test_control_without_the_locks_more_are_created(settings, monkeypatch):
    settings.INITIATIONS_PER_ADDRESS = 7
    monkeypatch.setattr(locks, "lock_mailbox", lambda address: None)
    monkeypatch.setattr(daily_limits, "refuse_flooding", met(daily_limits.refuse_flooding, by=20))
    assert count_created([MembershipFactory().user for _ in range(20)]) == 20


def count_created(users: list[User]) -> int:
    before = Agreement.objects.count()
    drafts = [creation.start_draft(agreement_request(MeterFactory()), by=user) for user in users]
    together([lambda draft=draft: submit_draft(draft, by=draft.user) for draft in drafts])
    return Agreement.objects.count() - before


def test_reminders_are_limited_a_day(member, settings):
    """X2."""
    settings.REMINDERS_PER_ADDRESS = 2
    (agreement,) = initiate(member, at=NOON)
    for hour in (1, 2):
        actions.resend(agreement, by=member, at=NOON + timedelta(hours=hour))
    with pytest.raises(actions.ResentTooOften):
        actions.resend(agreement, by=member, at=NOON + timedelta(hours=3))
    assert actions.resend(agreement, by=member, at=NOON + timedelta(days=2))


def test_old_failed_matches_are_deleted(member):
    """X6."""
    refusal(member, wrong_meter())
    assert retention.delete_old_failed_matches(at=NOON + timedelta(days=29)) == 0
    assert retention.delete_old_failed_matches(at=NOON + timedelta(days=31)) == 1


def test_the_limit_holds_on_the_page_while_redis_is_down(client, member, settings, redis_server):
    """X2, A2: with the time to try again, and everything typed; Redis dies after the fourth."""
    settings.REDIS_URL = settings.CELERY_BROKER_URL = redis_server.url
    client.force_login(member)
    for number in range(10):
        if number == 4:
            redis_server.kill()
        page = client.post(reverse("agreement_new"), page_1(wrong_meter(number)))
        assert "doesn't match our records" in page_text(page)
    free_at = FailedMatch.objects.order_by("at")[0].at + daily_limits.DAY
    for meter in (wrong_meter(), MeterFactory()):
        page = client.post(reverse("agreement_new"), page_1(meter))
        words = page_text(page)
        assert "doesn't match our records" not in words and f"try again after {format_central(free_at)}" in words
        assert f'value="{meter.premise.esiid}"' in page.content.decode()
    assert FailedMatch.objects.count() == 10
