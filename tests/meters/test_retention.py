"""Expired months of usage are dropped; older ones imported on purpose stay for a while (ADR 9)."""

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
from tests.meters.usage_files import import_rows, row, rows, text
from tests.support.races import somebody_waits

pytestmark = pytest.mark.django_db

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
OLD_DAY = date(2022, 3, 2)
LAST_DROPPED, FIRST_KEPT = date(2024, 9, 30), date(2024, 10, 1)


@pytest.fixture(autouse=True)
def _two_years_and_a_month_are_kept(settings, db):
    """Of the tests' own days, whatever today's date is."""
    settings.USAGE_RETENTION_MONTHS = 25
    OldMonth.objects.all().delete()
    drop_expired_partitions(at=datetime.now(UTC) + timedelta(days=3650))


def days() -> set[date]:
    return set(UsageDay.objects.values_list("day", flat=True))


def kept_forever(premise, day: date) -> None:
    """Usage that expired after it was imported."""
    UsageDayFactory(premise_id=premise.pk, day=day)
    OldMonth.objects.all().delete()


def test_the_sweep_drops_expired_months_only(premise):
    """D2."""
    for day in (OLD_DAY, LAST_DROPPED, FIRST_KEPT, NOW.date()):
        kept_forever(premise, day)
    assert drop_expired_partitions(at=NOW) == 2
    assert days() == {FIRST_KEPT, NOW.date()}
    assert drop_expired_partitions(at=NOW) == 0


def test_without_a_retention_time_nothing_is_dropped(premise, settings):
    settings.USAGE_RETENTION_MONTHS = 0
    kept_forever(premise, OLD_DAY)
    assert drop_expired_partitions(at=NOW) == 0
    assert days() == {OLD_DAY}


def test_a_month_is_dropped_a_day_after_its_limit(premise):
    """D2: an import that began before midnight uses the limit of its start."""
    kept_forever(premise, date(2024, 10, 31))
    assert drop_expired_partitions(at=datetime(2026, 12, 1, 12, tzinfo=UTC)) == 0
    assert drop_expired_partitions(at=datetime(2026, 12, 2, 12, tzinfo=UTC)) == 1


def test_carried_slots_are_deleted_with_their_month(premise):
    carried = CarriedSlotsFactory(usage__premise_id=premise.pk, usage__day=OLD_DAY)
    young = CarriedSlotsFactory(usage__premise_id=premise.pk, usage__day=FIRST_KEPT)
    OldMonth.objects.all().delete()
    drop_expired_partitions(at=NOW)
    assert list(CarriedSlots.objects.all()) == [young] != [carried]


class TestAnOldFile:
    """D2: it can be imported, is kept for the stated time, and is not rejected."""

    def import_old_rows(self, folder):
        return import_rows(folder, *rows(day=OLD_DAY, revision="03/03/2022 06:18:33"))

    def test_is_imported_and_kept_for_ninety_days(self, tmp_path, premise):
        result, rejected = self.import_old_rows(tmp_path)
        assert (result.new, result.older, rejected) == (1, 1, [])
        now = datetime.now(UTC)
        assert drop_expired_partitions(at=now + timedelta(days=89)) == 0
        assert drop_expired_partitions(at=now + timedelta(days=91)) == 1
        assert not OldMonth.objects.exists() and not days()

    def test_is_kept_longer_when_it_is_imported_again(self, tmp_path, premise):
        self.import_old_rows(tmp_path)
        OldMonth.objects.update(kept_until=NOW)
        assert self.import_old_rows(tmp_path)[0].unchanged == 1
        assert drop_expired_partitions(at=datetime.now(UTC) + timedelta(days=89)) == 0
        assert days() == {OLD_DAY}

    def test_is_mentioned_in_the_summary(self, tmp_path, premise, capsys):
        (tmp_path / "old.csv").write_bytes(text(row(("00:00", "00:15"), day=OLD_DAY)))
        call_command("load_usage", str(tmp_path / "old.csv"))
        assert "1 of these days are older than the 25 months for which usage is kept" in capsys.readouterr().out

    def test_leaves_nothing_after_a_dry_run(self, tmp_path, premise, capsys):
        (tmp_path / "old.csv").write_bytes(text(row(("00:00", "00:15"), day=OLD_DAY)))
        call_command("load_usage", "--dry-run", str(tmp_path / "old.csv"))
        assert not OldMonth.objects.exists() and not days()

    def test_recent_days_are_not_called_old(self, tmp_path, premise):
        yesterday = datetime.now(UTC).date() - timedelta(days=1)
        assert import_rows(tmp_path, row(("04:00", "04:15"), day=yesterday))[0].older == 0
        assert not OldMonth.objects.exists()


@pytest.mark.django_db(transaction=True)
class TestReadersAndSweeps:
    """D2: a sweep blocks others for at most a second."""

    @pytest.mark.slow
    def test_a_month_being_read_is_left_to_the_next_sweep(self, premise):
        kept_forever(premise, OLD_DAY)
        reading, swept = threading.Event(), threading.Event()

        def read_month() -> None:
            with connections["default"].cursor() as cursor:
                cursor.execute("BEGIN")
                cursor.execute("SELECT count(*) FROM usage_day")
                reading.set()
                swept.wait(30)
                cursor.execute("COMMIT")
            connections.close_all()

        reader = threading.Thread(target=read_month)
        reader.start()
        try:
            assert reading.wait(30)
            assert drop_expired_partitions(at=NOW) == 0
        finally:
            swept.set()
            reader.join()
        assert days() == {OLD_DAY}
        assert drop_expired_partitions(at=NOW) == 1

    def sweep_during_an_import(self) -> int:
        """Sweep after an import announced the month and before it committed that."""
        announced, go_on = threading.Event(), threading.Event()

        def announce_month() -> None:
            with transaction.atomic():
                ensure_partitions(OLD_DAY, OLD_DAY)
                announced.set()
                while not (somebody_waits() or go_on.wait(0.02)):
                    pass
            connections.close_all()

        loader = threading.Thread(target=announce_month)
        loader.start()
        try:
            assert announced.wait(30)
            return drop_expired_partitions(at=NOW)
        finally:
            go_on.set()
            loader.join()

    def test_a_month_that_an_import_will_write_to_stays(self, premise):
        kept_forever(premise, OLD_DAY)
        assert self.sweep_during_an_import() == 0
        assert days() == {OLD_DAY}

    @pytest.mark.control
    def test_without_the_lock_the_month_is_dropped(self, premise, monkeypatch):
        """Control: the import would find no partition for its rows."""
        kept_forever(premise, OLD_DAY)
        monkeypatch.setattr("meters.usage.partitions._TAKE_LOCK", "SELECT %s")
        assert self.sweep_during_an_import() == 1

    def test_the_task_drops_expired_months(self, premise):
        kept_forever(premise, OLD_DAY)
        sweep()
        assert not days()


def test_the_coming_months_are_made_early(premise):
    """D2."""
    make_coming_partitions()
    assert make_coming_partitions() == 0
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_inherits WHERE inhparent = 'usage_day'::regclass")
        assert cursor.fetchone()[0] >= 3


def test_impossible_days_are_refused():
    with pytest.raises(ValueError, match="can be kept"):
        ensure_partitions(date(2006, 12, 31), date(2007, 1, 1))
