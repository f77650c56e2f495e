"""Two publishers, and transactions that commit in another order than they began: no event is passed over (W1)."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest
from django.db import connections, transaction

from agreements.models import Agreement, EventKind
from agreements.states import Channel
from agreements.transitions import record_event
from api import publisher
from api.models import ApiEvent, PublisherPosition
from api.publisher import publish_events
from lib.central_time import utc_or_now
from tests.factories import AgreementFactory
from tests.support.api import ApiProgram, make_program
from tests.support.races import PATIENCE, met, together

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.fault]


@contextmanager
def open_transaction(change: Callable[[], object]) -> Iterator[Callable[[], None]]:
    """Make a change in a transaction of another connection; it commits when the yielded function is called."""
    changed, goes_on = threading.Event(), threading.Event()

    def work() -> None:
        with transaction.atomic():
            change()
            changed.set()
            goes_on.wait(PATIENCE)
        connections.close_all()

    thread = threading.Thread(target=work)
    thread.start()
    assert changed.wait(PATIENCE)

    def commit() -> None:
        goes_on.set()
        thread.join(PATIENCE)
        assert not thread.is_alive()

    try:
        yield commit
    finally:
        commit()


def happen(agreement: Agreement, kind: EventKind) -> None:
    record_event(agreement, kind, at=utc_or_now(), by=None, channel=Channel.CLOCK)


def poll(program: ApiProgram, cursor: str = "") -> tuple[list[str], str]:
    publish_events()
    page = program.get("/events", {"after": cursor} if cursor else {}).json()
    return [event["type"] for event in page["data"]], page["next"]


def late_commit(program: ApiProgram) -> list[list[str]]:
    """What three polls saw: A inserts, B inserts and commits, poll, poll, A commits, poll."""
    first, second = AgreementFactory(company=program.company), AgreementFactory(company=program.company)
    with open_transaction(lambda: happen(first, EventKind.HELD)) as commit:
        happen(second, EventKind.RESENT)
        early, cursor = poll(program)
        again, cursor = poll(program, cursor)
        commit()
        late, cursor = poll(program, cursor)
    return [early, again, late]


def test_a_transaction_that_commits_late_is_not_passed_over() -> None:
    """W1: and what committed first did not wait for it."""
    program = make_program()
    assert late_commit(program) == [["agreement.resent"], [], ["agreement.held"]]
    assert poll(program)[0] == ["agreement.resent", "agreement.held"]
    publish_events()
    assert not PublisherPosition.objects.exclude(checkpoint=None).exists()


@pytest.mark.control
def test_without_the_writers_it_is_passed_over(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(publisher, "_writers", lambda model: set())
    assert late_commit(make_program()) == [["agreement.resent"], [], []]


def test_many_transactions_overlap() -> None:
    """W1: a new one begins before the last one ends, for as long as you like; then everything is settled."""
    program = make_program()
    agreements = AgreementFactory.create_batch(4, company=program.company)
    seen, cursor = [], ""
    with open_transaction(lambda: happen(agreements[0], EventKind.HELD)) as first:
        with open_transaction(lambda: happen(agreements[1], EventKind.HELD)) as second:
            happen(agreements[2], EventKind.HELD)
            found, cursor = poll(program, cursor)
            seen += found
            first()
            found, cursor = poll(program, cursor)
            seen += found
            with open_transaction(lambda: happen(agreements[3], EventKind.HELD)) as third:
                second()
                found, cursor = poll(program, cursor)
                seen += found
                third()
    assert len(seen) + len(poll(program, cursor)[0]) == 4
    poll(program)
    position = PublisherPosition.objects.get(name="events")
    assert position.checkpoint is None and ApiEvent.objects.count() == 4


def test_two_publishers_number_each_event_once() -> None:
    """W1: while one works, the other does nothing."""
    program = make_program()
    for agreement in AgreementFactory.create_batch(20, company=program.company):
        happen(agreement, EventKind.HELD)
    outcomes = together([publish_events] * 8)
    assert sum(outcome for outcome in outcomes if isinstance(outcome, int)) == 20, outcomes
    assert sorted(ApiEvent.objects.values_list("number", flat=True)) == list(range(1, 21))


@pytest.mark.control
def test_without_the_lock_two_publishers_collide(monkeypatch: pytest.MonkeyPatch) -> None:
    program = make_program()
    publish_events()
    happen(AgreementFactory(company=program.company), EventKind.HELD)
    queryset = type(PublisherPosition.objects.all())
    monkeypatch.setattr(queryset, "select_for_update", lambda self, **options: self)
    monkeypatch.setattr(publisher, "_read_failed_invitations", met(publisher._read_failed_invitations, by=2))
    outcomes = together([publish_events] * 2)
    assert any(isinstance(outcome, Exception) for outcome in outcomes), outcomes
