"""Months of usage that are no longer kept go; what somebody loads on purpose stays, and is told (ADR 9)."""

from __future__ import annotations

import threading
from datetime import UTC, date, datetime, timedelta

import pytest
from django.core.management import call_command
from django.db import connection, connections, transaction

from meters.models import CarriedSlots, OldMonth, UsageDay
from meters.tasks import drop_expired_partitions as sweep
from meters.usage.partitions import drop_expired_partitions, ensure_partitions, make_coming_partitions
from tests.factories import CarriedSlotsFactory, UsageDayFactory
from tests.meters.files import load, row, rows, text
from tests.support.races import somebody_waits

pytestmark = pytest.mark.django_db

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
OLD_DAY = date(2022, 3, 2)
LAST_DROPPED, FIRST_KEPT = date(2024, 9, 30), date(2024, 10, 1)


@pytest.fixture(autouse=True)
def _two_years_and_a_month_are_kept(settings, db):
    """From no month at all: the tests' own days, and what other tests left, get old as the calendar goes on."""
    settings.USAGE_RETENTION_MONTHS = 25
    OldMonth.objects.all().delete()
    drop_expired_partitions(at=datetime.now(UTC) + timedelta(days=3650))


def days() -> set[date]:
    return set(UsageDay.objects.values_list("day", flat=True))


def kept_forever(premise, day: date) -> None:
    """As it lies there after a month became too old: loaded when it was not."""
    UsageDayFactory(premise_id=premise.pk, day=day)
    OldMonth.objects.all().delete()


def test_the_sweep_drops_whole_months_and_nothing_younger(premise):
    """D2."""
    for day in (OLD_DAY, LAST_DROPPED, FIRST_KEPT, NOW.date()):
        kept_forever(premise, day)
    assert drop_expired_partitions(at=NOW) == 2
    assert days() == {FIRST_KEPT, NOW.date()}
    assert drop_expired_partitions(at=NOW) == 0


def test_nothing_goes_where_everything_is_kept(premise, settings):
    settings.USAGE_RETENTION_MONTHS = 0
    kept_forever(premise, OLD_DAY)
    assert drop_expired_partitions(at=NOW) == 0
    assert days() == {OLD_DAY}


def test_a_month_goes_a_day_later_than_its_limit(premise):
    """D2: a load that began before midnight goes on by the limit of its beginning."""
    kept_forever(premise, date(2024, 10, 31))
    assert drop_expired_partitions(at=datetime(2026, 12, 1, 12, tzinfo=UTC)) == 0
    assert drop_expired_partitions(at=datetime(2026, 12, 2, 12, tzinfo=UTC)) == 1


def test_what_is_noted_of_single_slots_goes_with_their_month(premise):
    carried = CarriedSlotsFactory(usage__premise_id=premise.pk, usage__day=OLD_DAY)
    young = CarriedSlotsFactory(usage__premise_id=premise.pk, usage__day=FIRST_KEPT)
    OldMonth.objects.all().delete()
    drop_expired_partitions(at=NOW)
    assert list(CarriedSlots.objects.all()) == [young] != [carried]


class TestAnOldFile:
    """D2: it can be loaded on purpose, stays for the time that was told, and is never turned away."""

    def load(self, folder):
        return load(folder, *rows(day=OLD_DAY, revision="03/03/2022 06:18:33"))

    def test_is_loaded_and_stays_for_ninety_days(self, tmp_path, premise):
        result, rejected = self.load(tmp_path)
        assert (result.new, result.older, rejected) == (1, 1, [])
        now = datetime.now(UTC)
        assert drop_expired_partitions(at=now + timedelta(days=89)) == 0
        assert drop_expired_partitions(at=now + timedelta(days=91)) == 1
        assert not OldMonth.objects.exists() and not days()

    def test_stays_longer_when_it_is_loaded_again(self, tmp_path, premise):
        self.load(tmp_path)
        OldMonth.objects.update(kept_until=NOW)
        assert self.load(tmp_path)[0].unchanged == 1
        assert drop_expired_partitions(at=datetime.now(UTC) + timedelta(days=89)) == 0
        assert days() == {OLD_DAY}

    def test_is_told_in_the_summary(self, tmp_path, premise, capsys):
        (tmp_path / "old.csv").write_bytes(text(row(("00:00", "00:15"), day=OLD_DAY)))
        call_command("load_usage", str(tmp_path / "old.csv"))
        assert "1 of these days are older than the 25 months for which usage is kept" in capsys.readouterr().out

    def test_leaves_nothing_of_a_dry_run(self, tmp_path, premise, capsys):
        (tmp_path / "old.csv").write_bytes(text(row(("00:00", "00:15"), day=OLD_DAY)))
        call_command("load_usage", "--dry-run", str(tmp_path / "old.csv"))
        assert not OldMonth.objects.exists() and not days()

    def test_no_young_day_is_told_to_be_old(self, tmp_path, premise):
        yesterday = datetime.now(UTC).date() - timedelta(days=1)
        assert load(tmp_path, row(("04:00", "04:15"), day=yesterday))[0].older == 0
        assert not OldMonth.objects.exists()


@pytest.mark.django_db(transaction=True)
class TestReadersAndSweeps:
    """D2: a sweep makes nobody wait for longer than a second."""

    def test_a_month_that_is_being_read_is_left_to_the_next_sweep(self, premise):
        kept_forever(premise, OLD_DAY)
        reading, swept = threading.Event(), threading.Event()

        def read() -> None:
            with connections["default"].cursor() as cursor:
                cursor.execute("BEGIN")
                cursor.execute("SELECT count(*) FROM usage_day")
                reading.set()
                swept.wait(30)
                cursor.execute("COMMIT")
            connections.close_all()

        reader = threading.Thread(target=read)
        reader.start()
        try:
            assert reading.wait(30)
            assert drop_expired_partitions(at=NOW) == 0
        finally:
            swept.set()
            reader.join()
        assert days() == {OLD_DAY}
        assert drop_expired_partitions(at=NOW) == 1

    def sweep_while_a_load_keeps_the_month(self) -> int:
        """The sweep comes when a load has noted that it will write to the month, and has not committed that yet."""
        noted, go_on = threading.Event(), threading.Event()

        def keep() -> None:
            with transaction.atomic():
                ensure_partitions(OLD_DAY, OLD_DAY)
                noted.set()
                while not (somebody_waits() or go_on.wait(0.02)):
                    pass
            connections.close_all()

        loader = threading.Thread(target=keep)
        loader.start()
        try:
            assert noted.wait(30)
            return drop_expired_partitions(at=NOW)
        finally:
            go_on.set()
            loader.join()

    def test_a_month_that_a_load_is_about_to_write_to_stays(self, premise):
        kept_forever(premise, OLD_DAY)
        assert self.sweep_while_a_load_keeps_the_month() == 0
        assert days() == {OLD_DAY}

    @pytest.mark.control
    def test_it_goes_without_the_lock(self, premise, monkeypatch):
        """Control: the load would find no partition for its rows."""
        kept_forever(premise, OLD_DAY)
        monkeypatch.setattr("meters.usage.partitions._TAKE_LOCK", "SELECT %s")
        assert self.sweep_while_a_load_keeps_the_month() == 1

    def test_the_task_sweeps(self, premise):
        kept_forever(premise, OLD_DAY)
        sweep()
        assert not days()


def test_the_coming_months_are_there_before_anybody_needs_them(premise):
    """D2."""
    make_coming_partitions()
    assert make_coming_partitions() == 0
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_inherits WHERE inhparent = 'usage_day'::regclass")
        assert cursor.fetchone()[0] >= 3


def test_days_that_cannot_be_are_refused():
    with pytest.raises(ValueError, match="can be kept"):
        ensure_partitions(date(2006, 12, 31), date(2007, 1, 1))
