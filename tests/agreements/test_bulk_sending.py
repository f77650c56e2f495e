"""The worker that sends the rows of a file: the rules, limits and emails of the form (K4, K5, K7)."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.core.exceptions import PermissionDenied
from django.db.models import F
from django.utils import timezone

from agreements.bulk import sending
from agreements.bulk.actions import cancel_bulk, continue_bulk, send_bulk
from agreements.bulk.sending import send_due_bulks, send_next_request
from agreements.models import (
    Agreement,
    BulkInvitation,
    BulkState,
    Draft,
    FailedMatch,
    Submission,
)
from agreements.request import mismatch_problem
from companies.models import Company, CompanyStanding
from lib.refusals import Refused
from notifications.models import Email
from tests.factories import MembershipFactory, MeterFactory
from tests.support.agreements import initiate, registered_customer
from tests.support.bulk import CONTACT, bulk_row, good_rows, outcomes, upload, upload_and_send

pytestmark = pytest.mark.django_db
CREATED, REFUSED = ("created", ""), "refused"


@pytest.fixture(autouse=True)
def without_a_pause(settings):
    settings.BULK_ROWS_A_MINUTE = 10_000


@pytest.fixture
def user():
    return MembershipFactory(is_administrator=True).user


@pytest.mark.slow
def test_480_good_rows_do_not_wait_for_20_wrong_ones(user):
    """K5: partial success is the rule. The good rows are of 60 customers with eight meters each."""
    wrong = [bulk_row(MeterFactory(), 1000 + number, EMAIL="nobody") for number in range(12)]
    wrong += [bulk_row(None, 2000 + number) for number in range(8)]
    good = [bulk_row(MeterFactory(), number % 60) for number in range(480)]
    bulk = upload_and_send(user, [*wrong[:10], *good, *wrong[10:]])
    while send_due_bulks():
        pass
    bulk.refresh_from_db()
    assert bulk.state == BulkState.FINISHED
    assert bulk.counts() == {"not_checked": 0, "created": 480, "refused": 20, "canceled": 0}
    assert Agreement.objects.count() == 480 and Email.objects.filter(kind="EM201").count() == 60
    assert [code for _state, code in outcomes(bulk)[:10]] == ["invalid"] * 10
    assert [code for _state, code in outcomes(bulk)[-10:]] == ["invalid"] * 2 + ["mismatch"] * 8
    assert FailedMatch.objects.count() == 8 and not Draft.objects.filter(submitted_at=None).exists()


def test_a_mismatch_has_the_words_of_the_form(user):
    """K6, T7: the same for every cause."""
    meter, other = MeterFactory(), MeterFactory()
    claim, registered = registered_customer()
    rows = [
        bulk_row(None, 1),
        bulk_row(meter, 2, METER_NUMBER=other.number),
        bulk_row(registered, 3),
        bulk_row(registered, 4, ESIID=registered.premise.esiid, REGISTERED="yes"),
    ]
    bulk = upload_and_send(user, rows[:3])
    send_due_bulks()
    for row in bulk.rows.all():
        assert (row.code, row.message) == ("mismatch", mismatch_problem(row.number).message)
    bulk = upload_and_send(user, [bulk_row(registered, 5, REGISTERED="yes", EMAIL=claim.customer.user.email)])
    send_due_bulks()
    assert outcomes(bulk) == [CREATED]


def test_rows_of_one_customer_are_one_request(user):
    """K3, C10: one email, one link; a row that is refused does not keep the others back."""
    rows = [bulk_row(MeterFactory(), 7, AUTHORIZATION_REFERENCE="binder 7") for _row in range(3)]
    for row in rows:
        row["EXTERNAL_ID"] = row["ESIID"]
    wrong = bulk_row(None, 7, EXTERNAL_ID="wrong", AUTHORIZATION_REFERENCE="binder 7")
    bulk = upload_and_send(user, [rows[0], wrong, *rows[1:], bulk_row(MeterFactory(), 8)])
    send_due_bulks()
    assert outcomes(bulk) == [CREATED, (REFUSED, "mismatch"), CREATED, CREATED, CREATED]
    assert Submission.objects.count() == Email.objects.filter(kind="EM201").count() == 2
    assert FailedMatch.objects.count() == 1, "counted once, though the others were tried again"
    assert Agreement.objects.filter(external_id=F("esiid"), submission__authorization_reference="binder 7").count() == 3
    numbers = list(bulk.rows.order_by("number").values_list("agreement_number", flat=True))
    by_number = dict(Agreement.objects.values_list("number", "esiid"))
    assert [by_number[number] for number in (numbers[0], numbers[2])] == [rows[0]["ESIID"], rows[1]["ESIID"]]


def test_one_request_has_no_more_meters_than_the_form(user, settings):
    """T4."""
    settings.AGREEMENT_METERS_PER_FORM = 2
    rows = [bulk_row(MeterFactory(), 7, EXTERNAL_ID=str(number)) for number in range(5)]
    upload_and_send(user, rows)
    send_due_bulks()
    assert Agreement.objects.count() == 5 and Submission.objects.count() == 3


def test_what_the_company_itself_did_is_said_before_anything_is_sent(user, settings):
    """K4: the same ESIID twice, a request that waits, the yearly limit."""
    meter, waiting, used_up = MeterFactory(), MeterFactory(), MeterFactory()
    initiate(user, waiting)
    for length in ("1m", "6m", "12m"):
        initiate(user, used_up, report_length=length)
    rows = [bulk_row(each, number) for number, each in enumerate((meter, meter, waiting, used_up))]
    assert outcomes(upload(user, rows)) == [
        ("not_checked", ""),
        (REFUSED, "repeated"),
        (REFUSED, "waiting"),
        (REFUSED, "limit"),
    ]
    stranger = MembershipFactory(is_administrator=True).user
    assert outcomes(upload(stranger, rows[2:])) == [("not_checked", "")] * 2, "another company's are not told"


def test_reading_a_file_tells_nothing_about_matches(user):
    """K4, T7: it looks up no ESIID and counts no failed match."""
    good, wrong = bulk_row(MeterFactory(), 1), bulk_row(None, 1)
    first, second = upload(user, [good]), upload(user, [wrong])
    assert outcomes(first) == outcomes(second) == [("not_checked", "")]
    assert not FailedMatch.objects.exists()


def test_the_same_file_is_sent_once(user):
    """K5: also in another order; a canceled one, and corrected rows, can be sent."""
    rows = good_rows(3)
    first, early = upload_and_send(user, rows[:2]), upload(user, rows)
    for again in (rows[:2], rows[1::-1]):
        with pytest.raises(Refused) as refused:
            upload(user, again)
        assert refused.value.problems[0].code == "same-rows"
    send_bulk(first, CONTACT, by=user)
    send_due_bulks()
    send_bulk(early, CONTACT, by=user)
    with pytest.raises(Refused):
        send_bulk(upload_twice(early), CONTACT, by=user)
    send_due_bulks()
    assert Agreement.objects.count() == 3 and outcomes(early)[:2] == [(REFUSED, "waiting")] * 2
    stranger = MembershipFactory(is_administrator=True).user
    assert upload(stranger, rows[:2])


def upload_twice(bulk: BulkInvitation) -> BulkInvitation:
    """A second file with the same rows, read before the first one was sent."""
    same = BulkInvitation.objects.get(pk=bulk.pk)
    same.pk, same.state, same.attested_at = None, BulkState.PREVIEW, None
    same._state.adding = True
    same.id = BulkInvitation().id
    same.save()
    return same


def test_sending_twice_changes_nothing(user):
    """T9."""
    bulk = upload_and_send(user, good_rows(1))
    sent_at = bulk.attested_at
    send_bulk(bulk, CONTACT | {"contact_name": "Another"}, by=user)
    bulk.refresh_from_db()
    assert (bulk.attested_at, bulk.contact) == (sent_at, CONTACT)


def test_a_file_without_a_good_row_is_not_sent(user):
    """K4."""
    with pytest.raises(Refused):
        upload_and_send(user, [bulk_row(EMAIL="nobody")])


def test_guessing_stops_the_file(user, settings):
    """K5, X2: at the limit of failed matches; it can go on a day later."""
    settings.FAILED_MATCHES_PER_USER = 2
    rows = [*(bulk_row(None, number) for number in range(2)), bulk_row(MeterFactory(), 7), bulk_row(None, 8)]
    bulk = upload_and_send(user, rows)
    send_due_bulks()
    bulk.refresh_from_db()
    assert outcomes(bulk) == [(REFUSED, "mismatch")] * 2 + [("not_checked", "")] * 2
    assert bulk.state == BulkState.STOPPED and "match our records" in bulk.stop_reason
    with pytest.raises(Refused):
        continue_bulk(bulk, by=user)
    later = timezone.now() + timedelta(hours=24, minutes=1)
    continue_bulk(bulk, by=user, at=later)
    send_due_bulks(at=later)
    bulk.refresh_from_db()
    assert outcomes(bulk)[2:] == [CREATED, (REFUSED, "mismatch")] and bulk.state == BulkState.FINISHED


def test_the_limit_of_one_esiid_stops_only_its_row(user, settings):
    """X2."""
    settings.FAILED_MATCHES_PER_ESIID = 1
    upload_and_send(user, [bulk_row(None, 1)])
    send_due_bulks()
    bulk = upload_and_send(user, [bulk_row(None, 1, EXTERNAL_ID="again"), bulk_row(MeterFactory(), 2)])
    send_due_bulks()
    assert outcomes(bulk) == [(REFUSED, "guessing"), CREATED]


def test_the_daily_limit_makes_the_rest_wait_for_the_next_day(user, settings):
    """K5, X2: it goes on by itself."""
    settings.INITIATIONS_PER_COMPANY = 2
    bulk = upload_and_send(user, good_rows(3))
    send_due_bulks()
    bulk.refresh_from_db()
    assert bulk.counts()["created"] == 2 and bulk.state == BulkState.SENDING
    assert bulk.stop_reason and bulk.due_at > timezone.now() + timedelta(hours=23)
    assert send_due_bulks() == 0
    send_due_bulks(at=bulk.due_at + timedelta(seconds=1))
    bulk.refresh_from_db()
    assert (bulk.counts()["created"], bulk.state, bulk.stop_reason) == (3, BulkState.FINISHED, "")


def test_a_mailbox_gets_no_more_than_its_daily_requests(user, settings):
    """X2, K7."""
    settings.INITIATIONS_PER_ADDRESS = 2
    rows = [bulk_row(MeterFactory(), number, EMAIL="one@example.net") for number in range(3)]
    bulk = upload_and_send(user, rows)
    send_due_bulks()
    assert outcomes(bulk) == [CREATED, CREATED, (REFUSED, "flooding")]


def test_rows_are_sent_sixty_a_minute(user, settings):
    """K5."""
    settings.BULK_ROWS_A_MINUTE = 2
    bulk = upload_and_send(user, good_rows(3))
    send_due_bulks()
    assert bulk.counts()["created"] == 2
    send_due_bulks(at=timezone.now() + timedelta(minutes=1, seconds=10))
    assert bulk.counts()["created"] == 3


def test_most_mailboxes_are_not_the_companys_own(user):
    """K7, X1."""
    Company.objects.update(email="office@green-energy.example")
    own = [bulk_row(MeterFactory(), number, EMAIL=f"x{number}@green-energy.example") for number in range(2)]
    with pytest.raises(Refused) as refused:
        upload(user, [*own, bulk_row(MeterFactory(), 5)])
    assert refused.value.problems[0].code == "own-domain"
    assert upload(user, [own[0], bulk_row(MeterFactory(), 5)])


def test_cancel_stops_what_is_not_created_yet(user):
    """K6."""
    bulk = upload_and_send(user, good_rows(3))
    assert send_next_request(bulk.pk)
    assert cancel_bulk(bulk, by=user) and not cancel_bulk(bulk, by=user)
    assert not send_next_request(bulk.pk) and send_due_bulks() == 0
    bulk.refresh_from_db()
    assert bulk.counts() == {"not_checked": 0, "created": 1, "refused": 0, "canceled": 2}
    assert bulk.state == BulkState.CANCELED and Agreement.objects.count() == 1


@pytest.mark.parametrize("standing", [CompanyStanding.PENDING, CompanyStanding.SUSPENDED])
def test_a_company_that_may_not_ask_sends_nothing(user, standing):
    """D1, L9: and goes on when it may again."""
    bulk = upload_and_send(user, good_rows(2))
    assert send_next_request(bulk.pk)
    Company.objects.update(standing=standing)
    send_due_bulks()
    bulk.refresh_from_db()
    assert (bulk.state, bulk.counts()["created"]) == (BulkState.STOPPED, 1) and bulk.stop_reason
    assert not Draft.objects.filter(submitted_at=None).exists()
    for action in (lambda: continue_bulk(bulk, by=user), lambda: upload(user, good_rows(1))):
        with pytest.raises(PermissionDenied):
            action()
    Company.objects.update(standing=CompanyStanding.APPROVED)
    continue_bulk(bulk, by=user)
    send_due_bulks()
    assert bulk.counts()["created"] == 2


def test_a_row_that_always_fails_is_given_up_and_the_others_are_sent(user, monkeypatch):
    """K5."""
    bulk = upload_and_send(user, good_rows(2))
    first = bulk.rows.order_by("number").first()
    send = sending._send

    def fail_at_the_first(bulk, rows, *details):
        if rows[0].pk == first.pk:
            raise RuntimeError
        send(bulk, rows, *details)

    monkeypatch.setattr(sending, "_send", fail_at_the_first)
    for minute in range(sending.MAX_ATTEMPTS + 1):
        send_due_bulks(at=timezone.now() + timedelta(minutes=2 * minute))
    assert outcomes(bulk) == [(REFUSED, "failed"), CREATED]
