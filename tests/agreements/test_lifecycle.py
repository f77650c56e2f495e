"""An agreement's life, seen from outside: what may follow what, until when, and what is written down (L1 to L8)."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from django.core.exceptions import PermissionDenied
from django.db import InternalError, connection, transaction
from django.db.utils import Error as DatabaseError

from agreements import actions, creation, retention
from agreements.models import Agreement, AgreementEvent, DayCounter, Draft, EventKind
from agreements.models.submission import NumbersExhausted, take_numbers
from agreements.states import FINAL, INITIAL, TRANSITIONS, Channel, Status
from agreements.transitions import TransitionRefused, transition
from companies.models import CompanyStanding
from lib.refusals import Refused
from notifications.failures import FailureReason
from notifications.models import Email, EmailState
from tests.factories import MembershipFactory, MeterFactory
from tests.support.agreements import agreement_request, initiate, registered_customer, submit_draft

pytestmark = pytest.mark.django_db

NOON = datetime(2026, 3, 2, 18, 0, tzinfo=UTC)
DAY_30 = NOON + timedelta(days=30)


@pytest.fixture
def member():
    return MembershipFactory().user


def emails(kind: str, agreement: Agreement) -> int:
    return Email.objects.about(agreement.number).filter(kind=kind).count()


def decide(name: str, agreement: Agreement, by, at: datetime):
    if name == "withdraw":
        return actions.withdraw(agreement, by=by, at=at)
    if name == "expire":
        with transaction.atomic():
            return transition(agreement, "expire", at=at, by=None, channel=Channel.CLOCK)
    return getattr(actions, name)(agreement, channel=Channel.INVITATION, at=at)


def test_initiating_makes_a_pending_agreement_with_its_event_and_its_invitation(member):
    """L6, L7, L8, EM201."""
    (agreement,) = initiate(member, at=NOON)
    assert agreement.status == Status.PENDING
    assert agreement.number == "030226000001"
    assert agreement.expires_at == DAY_30
    assert [(e.kind, e.from_status, e.to_status, e.by) for e in agreement.events.all()] == [
        (EventKind.INITIATED, "", Status.PENDING, member)
    ]
    assert emails("EM201", agreement) == 1


def test_the_day_of_a_number_is_the_central_day(member):
    """L7: half past eleven in the evening in Texas is the next day in UTC."""
    (agreement,) = initiate(member, at=datetime(2026, 3, 3, 5, 30, tzinfo=UTC))
    assert agreement.number.startswith("030226")


def test_a_day_without_numbers_left_raises():
    """L7: 12 digits hold 999,999 a day; the next one is refused, never repeated."""
    day = NOON.date()
    DayCounter.objects.create(day=day, last=999_998)
    assert take_numbers(day, 1) == ["030226999999"]
    with pytest.raises(NumbersExhausted), transaction.atomic():
        take_numbers(day, 1)


@pytest.mark.slow
@pytest.mark.parametrize("status", Status.values)
@pytest.mark.parametrize("name", TRANSITIONS)
def test_every_transition_from_every_status(member, name, status):
    """L1, L8: only the table's transitions happen; any other leaves agreement, events and emails as they were."""
    (agreement,) = initiate(member, at=NOON)
    first = {"complete": "accept", "rejected": "reject", "withdrawn": "withdraw", "not_accepted": "expire"}
    if status != Status.PENDING:
        when = DAY_30 + timedelta(seconds=1) if status == Status.NOT_ACCEPTED else NOON + timedelta(hours=1)
        decide(first[status], agreement, member, when)
    at = DAY_30 + timedelta(seconds=2) if name == "expire" else NOON + timedelta(hours=2)
    before = AgreementEvent.objects.count(), Email.objects.count()
    if status == TRANSITIONS[name].source:
        assert decide(name, agreement, member, at).status == TRANSITIONS[name].target
        assert agreement.events.last().kind == name
    else:
        with pytest.raises(TransitionRefused):
            decide(name, agreement, member, at)
        agreement.refresh_from_db()
        assert agreement.status == status
        assert (AgreementEvent.objects.count(), Email.objects.count()) == before


@pytest.mark.parametrize("name", ["accept", "reject", "withdraw"])
def test_the_deadline_holds_to_the_second_before_any_sweep(member, name):
    """L2: day 30 still counts, one second later does not, though nobody has recorded the expiry."""
    in_time, late = initiate(member, MeterFactory(), MeterFactory(), at=NOON)
    assert decide(name, in_time, member, DAY_30).status == TRANSITIONS[name].target
    with pytest.raises(TransitionRefused) as refusal:
        decide(name, late, member, DAY_30 + timedelta(seconds=1))
    assert refusal.value.expired


def test_a_resend_does_not_extend_the_period(member):
    """L2, L4, EM202; the reminder carries the same link."""
    (agreement,) = initiate(member, at=NOON)
    actions.resend(agreement, by=member, at=NOON + timedelta(days=20))
    agreement.refresh_from_db()
    assert agreement.expires_at == DAY_30
    assert emails("EM202", agreement) == 1
    assert len({bytes(email.link_nonce) for email in Email.objects.about(agreement.number)}) == 1


@pytest.mark.parametrize("name", TRANSITIONS)
def test_resend_is_refused_once_it_is_not_pending(member, name):
    """L4."""
    (agreement,) = initiate(member, at=NOON)
    decide(name, agreement, member, DAY_30 + timedelta(seconds=1) if name == "expire" else NOON)
    with pytest.raises(TransitionRefused):
        actions.resend(agreement, by=member, at=NOON + timedelta(minutes=5))
    assert emails("EM202", agreement) == 0


def test_a_double_click_on_resend_sends_one_reminder(member):
    """T9's sense for EM202: nothing is sent twice."""
    (agreement,) = initiate(member, at=NOON)
    actions.resend(agreement, by=member, at=NOON + timedelta(minutes=5))
    with pytest.raises(actions.ResentTooOften):
        actions.resend(agreement, by=member, at=NOON + timedelta(minutes=5, seconds=1))
    assert emails("EM202", agreement) == 1


def test_the_sweep_records_an_expiry_once(member):
    """L2: Not Accepted, one event, one notice to the third party."""
    overdue, open_still = initiate(member, MeterFactory(), at=NOON) + initiate(
        member, MeterFactory(), at=NOON + timedelta(days=1)
    )
    moment = DAY_30 + timedelta(seconds=1)
    assert actions.expire_overdue(at=moment) == 1
    assert actions.expire_overdue(at=moment) == 0
    overdue.refresh_from_db()
    open_still.refresh_from_db()
    assert (overdue.status, open_still.status) == (Status.NOT_ACCEPTED, Status.PENDING)
    assert emails("NOT_ACCEPTED", overdue) == 1


@pytest.mark.parametrize(
    ("name", "sent"),
    [
        ("accept", {"EM203": 2}),
        ("reject", {"EM205": 2}),
        ("withdraw", {"WITHDRAWN": 2}),
    ],
)
def test_both_sides_are_notified(member, name, sent):
    """EM203, EM205, withdrawn: customer and third party each get theirs."""
    (agreement,) = initiate(member, at=NOON)
    decide(name, agreement, member, NOON)
    for kind, count in sent.items():
        rows = Email.objects.about(agreement.number).filter(kind=kind)
        assert rows.count() == count
        assert {row.to_address for row in rows} == {agreement.email, agreement.contact_email}


def test_events_cannot_be_edited_or_deleted_even_by_sql(member):
    """L8."""
    (agreement,) = initiate(member)
    for statement in (
        "UPDATE agreements_agreementevent SET to_status = 'complete'",
        "DELETE FROM agreements_agreementevent",
    ):
        with pytest.raises(DatabaseError, match="never changed"), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(statement)
    assert agreement.events.count() == 1
    assert issubclass(InternalError, DatabaseError)


def test_at_most_three_agreements_per_esiid_within_365_days(member):
    """L5: whatever became of them; the refusal says when the next is free; another third party has its own three."""
    meter = MeterFactory()
    for month in range(3):
        (agreement,) = initiate(member, meter, at=NOON + timedelta(days=40 * month))
        decide("reject", agreement, member, NOON + timedelta(days=40 * month))
    with pytest.raises(Refused) as refused:
        initiate(member, meter, at=NOON + timedelta(days=120))
    (problem,) = refused.value.problems
    assert (problem.code, problem.row) == ("limit", 1)
    assert "March 2, 2027" in problem.message
    with pytest.raises(Refused):
        initiate(member, meter, at=NOON + timedelta(days=365) - timedelta(seconds=1))
    assert initiate(member, meter, at=NOON + timedelta(days=365))
    assert initiate(MembershipFactory().user, meter, at=NOON + timedelta(days=120))


@pytest.mark.parametrize("state", [EmailState.FAILED, EmailState.BOUNCED])
def test_an_agreement_whose_invitation_nobody_got_does_not_count(member, state):
    """L5: but one that the customer answered in the account does, whatever became of its email."""
    meter = MeterFactory()
    for name in ("withdraw", "withdraw", "reject"):
        decide(name, initiate(member, meter, at=NOON)[0], member, NOON)
    with pytest.raises(Refused):
        initiate(member, meter, at=NOON)
    undelivered = {"state": state, "failure": FailureReason.REFUSED, "failed_at": NOON}
    Email.objects.filter(kind="EM201").update(**undelivered)
    for _ in range(2):
        decide("withdraw", initiate(member, meter, at=NOON)[0], member, NOON)
    with pytest.raises(Refused):
        initiate(member, meter, at=NOON)


def test_the_limit_is_a_setting(member, settings):
    """L5."""
    settings.AGREEMENT_LIMIT_PER_ESIID = 1
    meter = MeterFactory()
    decide("reject", initiate(member, meter, at=NOON)[0], member, NOON)
    with pytest.raises(Refused):
        initiate(member, meter, at=NOON + timedelta(days=1))


def test_one_bad_row_refuses_the_whole_form(member):
    """L6: all or none."""
    known, unknown = MeterFactory(), MeterFactory.build(premise=MeterFactory().premise, number="999")
    with pytest.raises(Refused) as refused:
        initiate(member, known, unknown)
    assert [(problem.code, problem.row) for problem in refused.value.problems] == [("mismatch", 2)]
    assert not Agreement.objects.exists()


def test_the_same_esiid_twice_on_a_form_is_refused(member):
    """L6."""
    meter = MeterFactory()
    with pytest.raises(Refused) as refused:
        initiate(member, meter, meter)
    assert [(problem.code, problem.row) for problem in refused.value.problems] == [("repeated", 2)]


def test_a_request_is_refused_while_the_same_one_is_pending(member):
    """L6: an agreement is one answer to one question; the same question waits once, another one may be asked."""
    meter = MeterFactory()
    (agreement,) = initiate(member, meter, at=NOON)
    with pytest.raises(Refused) as refused:
        initiate(member, meter, at=NOON + timedelta(hours=1))
    assert refused.value.problems[0].code == "waiting"
    assert agreement.number in refused.value.problems[0].message
    assert initiate(member, meter, at=NOON + timedelta(hours=1), report_length="1d")
    decide("withdraw", agreement, member, NOON + timedelta(hours=2))
    assert initiate(member, meter, at=NOON + timedelta(hours=3))


def test_an_overdue_request_does_not_count_as_pending(member):
    """L2, L6: the clock has closed it."""
    meter = MeterFactory()
    (old,) = initiate(member, meter, at=NOON)
    assert initiate(member, meter, at=DAY_30 + timedelta(seconds=1))
    old.refresh_from_db()
    assert old.status == Status.NOT_ACCEPTED


def test_submitting_twice_creates_once(member):
    """T9."""
    draft = creation.start_draft(agreement_request(MeterFactory(), MeterFactory()), by=member)
    first, second = submit_draft(draft, by=member), submit_draft(draft, by=member)
    assert [a.number for a in first] == [a.number for a in second]
    assert Agreement.objects.count() == 2
    assert Email.objects.filter(kind="EM201").count() == 1


def test_without_the_attestation_nothing_is_created(member):
    """T8, BR-019.012."""
    draft = creation.start_draft(agreement_request(MeterFactory()), by=member)
    with pytest.raises(Refused) as refused:
        submit_draft(draft, by=member, attested=False)
    assert refused.value.problems[0].code == "attestation"
    assert not Agreement.objects.exists()


def test_another_users_draft_cannot_be_submitted(member):
    draft = creation.start_draft(agreement_request(MeterFactory()), by=member)
    with pytest.raises(Draft.DoesNotExist):
        submit_draft(draft, by=MembershipFactory(company=member.membership.company).user)


@pytest.mark.parametrize("standing", [CompanyStanding.PENDING, CompanyStanding.SUSPENDED])
def test_a_company_that_is_not_approved_initiates_and_resends_nothing(member, standing):
    """D1, T13: at once, also for a draft begun before."""
    (agreement,) = initiate(member)
    draft = creation.start_draft(agreement_request(MeterFactory()), by=member)
    company = member.membership.company
    company.standing = standing
    company.save()
    for attempt in (
        lambda: submit_draft(draft, by=member),
        lambda: initiate(member),
        lambda: actions.resend(agreement, by=member),
    ):
        with pytest.raises(PermissionDenied):
            attempt()


def test_a_registered_customers_name_and_address_come_from_the_account(member):
    """T6, functional rule 2."""
    claim, meter = registered_customer()
    from agreements.request import Person

    typed = Person(email=claim.customer.user.email.upper(), first_name="Somebody", last_name="Else")
    (agreement,) = initiate(member, meter, registered=True, person=typed)
    assert (agreement.first_name, agreement.last_name) == ("Chika", "Akin")
    assert agreement.street == claim.premise.address
    assert agreement.customer == claim.customer


def test_abandoned_drafts_are_deleted(member):
    """X6: they hold personal data of people who were never asked."""
    creation.start_draft(agreement_request(MeterFactory()), by=member)
    assert retention.delete_old_drafts() == 0
    assert retention.delete_old_drafts(at=datetime.now(UTC) + timedelta(days=2)) == 1


def draw_transitions() -> str:
    """Draw the table of transitions as a Mermaid state diagram."""
    lines = ["stateDiagram-v2", f"    [*] --> {INITIAL.value}: third party initiates"]
    lines += [
        f"    {change.source.value} --> {change.target.value}: {change.trigger}" for change in TRANSITIONS.values()
    ]
    lines += [f"    {status.value} --> [*]" for status in Status if status in FINAL]
    return "\n".join(lines) + "\n"


def test_the_diagram_in_the_docs_is_drawn_from_the_table():
    """L8."""
    page = (Path(__file__).parents[2] / "docs" / "lifecycle.md").read_text()
    assert draw_transitions() in page
    assert {change.source for change in TRANSITIONS.values()} == {Status.PENDING}
    assert set(Status) - {Status.PENDING} == FINAL
