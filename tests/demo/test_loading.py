"""The demo is loaded once, spoils nothing, and looks like Texas (issue 2)."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.db.models import Max

from accounts.models import User
from agreements.models import Agreement, AgreementEvent, Draft, Review
from agreements.states import ReportState, Status
from companies.models import Company
from customers.models import Customer
from demo import loader, stories, usage
from demo.load_shapes import LOAD_SHAPES
from demo.loader import LoadOutcome
from demo.neighborhood import UTILITIES, neighborhood
from demo.people import BLUEBONNET
from meters.identifiers import normalize_esiid, normalize_meter_number
from meters.models import FlowDirection, Premise, UsageDay
from meters.usage.days import slots_on
from notices.models import Notice
from notifications.models import Email, EmailState
from reports.models import Download, Report
from tests.factories import PremiseFactory, UserFactory

pytestmark = [pytest.mark.slow, pytest.mark.django_db]

AT = datetime(2026, 11, 23, 18, 0, tzinfo=UTC)
TODAY = date(2026, 11, 23)


def _everything() -> dict[str, int]:
    models = [Premise, UsageDay, User, Company, Customer, Agreement, AgreementEvent, Email, Report, Download]
    return {model.__name__: model.objects.count() for model in models}


def test_with_its_neighbors_a_company_has_many_agreements_of_a_year_and_every_problem() -> None:
    """T1, T3, T8, D1, D8: tabs and search have something to show, and so do drafts, notices and every TDSP's staff."""
    loader.load_demo(premises=70, days=80, at=AT)
    bluebonnet = Company.objects.get(duns=BLUEBONNET.duns)
    agreements = Agreement.objects.filter(company=bluebonnet)
    assert agreements.count() == 43 and set(agreements.values_list("status", flat=True)) == set(Status.values)
    states = set(agreements.values_list("report_state", flat=True))
    assert {ReportState.FAILED, ReportState.AWAITING_DATA, ReportState.NO_DATA, ReportState.READY} <= states
    assert agreements.filter(initiated_at__lt=AT - timedelta(days=300)).exists()
    assert agreements.filter(review=Review.REFUSED).exists() and Agreement.objects.filter(review=Review.HELD).exists()
    assert Email.objects.filter(state=EmailState.BOUNCED).count() == 1 and Draft.objects.exists()
    assert Notice.objects.published(at=AT).count() == 3
    assert set(User.objects.filter(is_staff=True).values_list("tdsp__name", flat=True)) == {
        None, *(utility.name for utility in UTILITIES)
    }  # fmt: skip
    for agreement in Agreement.objects.prefetch_related("events"):
        times = [event.at for event in agreement.events.all()]
        assert times == sorted(times) and times[-1] < AT, agreement


def test_on_a_later_day_it_gets_the_days_between_and_keeps_what_a_user_loaded() -> None:
    loader.load_demo(premises=0, days=2, at=AT)
    premise = Premise.objects.get(esiid=neighborhood(0, TODAY)[0].esiid)
    own = UsageDay.objects.create(
        premise_id=premise.pk,
        day=TODAY + timedelta(days=1),
        channel=FlowDirection.CONSUMPTION,
        revision_at=AT,
        wh=[7] * 96,
    )
    later = loader.load_demo(premises=0, days=10, at=AT + timedelta(days=5))
    assert later.outcome is LoadOutcome.ALREADY_LOADED and later.usage_rows > 80
    latest = UsageDay.objects.aggregate(Max("day"))["day__max"]
    assert latest == TODAY + timedelta(days=4)
    own.refresh_from_db()
    assert own.wh == [7] * 96
    assert loader.load_demo(premises=0, days=2, at=AT + timedelta(days=5)).usage_rows == 0


@pytest.mark.parametrize("other", [PremiseFactory, UserFactory])
def test_a_database_in_use_is_left_alone(other: type[PremiseFactory] | type[UserFactory]) -> None:
    other()
    before = _everything()
    out = StringIO()
    call_command("load_demo", premises=0, days=2, stdout=out)
    assert "nothing was loaded" in out.getvalue() and "--force" in out.getvalue()
    assert _everything() == before


def test_a_database_in_use_gets_the_demo_if_forced() -> None:
    PremiseFactory()
    call_command("load_demo", premises=0, days=2, force=True, stdout=StringIO())
    assert loader.is_loaded()


def test_a_database_that_has_a_name_of_the_demo_is_told_so_and_left_alone() -> None:
    UserFactory(username="Operator")
    before = _everything()
    with pytest.raises(CommandError, match="are taken in this database"):
        call_command("load_demo", premises=0, days=2, force=True)
    assert _everything() == before


def test_a_stopped_load_leaves_nothing_and_a_second_load_changes_nothing(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def killed(*args: object, **kwargs: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched, pytest.raises(KeyboardInterrupt):
        patched.setattr(stories, "play_stories", killed)
        loader.load_demo(premises=0, days=2, at=AT)
    assert not any(_everything().values())
    assert loader.load_demo(premises=0, days=2, at=AT).outcome is LoadOutcome.LOADED
    loaded = _everything()
    again = loader.load_demo(premises=0, days=2, at=AT)
    assert (again.outcome, again.usage_rows) == (LoadOutcome.ALREADY_LOADED, 0)
    assert _everything() == loaded


def test_the_logins_text_tells_when_there_is_no_demo() -> None:
    out = StringIO()
    call_command("load_demo", "--show-logins", stdout=out)
    assert "load_demo" in out.getvalue()


def test_esiids_and_meters_look_like_their_tdsps() -> None:
    """docs/file-formats.md: ESIID."""
    places = neighborhood(320, TODAY)
    assert len(places) == len({place.esiid for place in places}) == len({place.meter for place in places}) == 320
    assert {place.utility for place in places} == set(UTILITIES)
    for place in places:
        assert normalize_esiid(place.esiid) == place.esiid and place.esiid.startswith(place.utility.esiid_prefix)
        assert len(place.esiid) == place.utility.esiid_length
        assert normalize_meter_number(place.meter) == place.meter
        assert place.kind in LOAD_SHAPES
    assert 0.07 < sum(place.solar_kw > 0 for place in places) / 320 < 0.13


@pytest.fixture
def clock_changes(db: None) -> Iterator[list[UsageDay]]:
    """Usage of both clock changes' days and their neighbors."""
    places = dict(enumerate(neighborhood(0, TODAY), start=1))
    for change in (date(2026, 3, 8), date(2025, 11, 2)):
        usage.copy_usage(places, change - timedelta(days=1), change + timedelta(days=1))
    return list(UsageDay.objects.all())


def test_days_have_as_many_slots_as_quarter_hours(clock_changes: list[UsageDay]) -> None:
    """A3"""
    assert {len(day.wh) for day in clock_changes} == {92, 96, 100}
    for day in clock_changes:
        assert len(day.wh) == slots_on(day.day)
        assert day.est is None or len(day.est) == (len(day.wh) + 7) // 8


def test_usage_is_believable() -> None:
    """Peaks on summer afternoons and winter mornings, quiet offices at weekends, and no negative usage."""
    places = dict(enumerate(neighborhood(0, TODAY), start=1))
    usage.copy_usage(places, date(2026, 1, 1), date(2026, 8, 31))
    by_key = {place.key: number for number, place in places.items()}

    def mean(key: str, month: int, slots: range, weekdays: range = range(7)) -> float:
        days = UsageDay.objects.filter(premise_id=by_key[key], day__month=month, channel=FlowDirection.CONSUMPTION)
        values = [day.wh[slot] or 0 for day in days if day.day.weekday() in weekdays for slot in slots]
        return sum(values) / len(values)

    afternoon, morning, night = range(60, 76), range(22, 30), range(4, 16)
    assert mean("okafor", 7, afternoon) > 2 * mean("okafor", 4, afternoon)
    assert mean("gap", 1, morning) > 2 * mean("gap", 5, morning)
    office, office_hours = "exchanged meter", range(40, 60)
    assert mean(office, 4, office_hours, range(5)) > 2 * mean(office, 4, office_hours, range(5, 7))
    assert mean("bakery", 4, night) > 2 * mean("bakery", 4, afternoon)
    sold = UsageDay.objects.filter(channel=FlowDirection.SURPLUS_GENERATION)
    assert sold.exists() and not any(day.wh[2] for day in sold)
    assert any(sum(filter(None, day.wh)) > 5_000 for day in sold)
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM usage_day, unnest(wh) AS part WHERE part < 0 OR part > 50000")
        assert cursor.fetchone() == (0,)
