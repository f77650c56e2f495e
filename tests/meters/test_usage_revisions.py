"""A re-load changes nothing, a newer revision replaces, an older never does, nothing is lost (D2)."""

from __future__ import annotations

import random
from datetime import date, timedelta
from pathlib import Path

import psycopg
import pytest
from django.db import OperationalError, connection

from meters.imports import import_usage
from meters.imports import usage_merge as merge
from meters.models import CarriedSlots, Premise, UsageDay
from meters.usage import partitions
from meters.usage.partitions import ensure_partitions
from tests.factories import CarriedSlotsFactory, PremiseFactory, UsageDayFactory
from tests.meters.usage_files import ESIID, SPRING, import_rows, import_together, row, rows, stored_day, text
from tests.support.races import met, together

OLDER, NEWER, NEWEST = "03/03/2026 01:00:00", "03/04/2026 06:00:00", "03/09/2026 06:00:00"
LATE = "05/04/2026 06:00:00"


def counts(result) -> tuple[int, int, int]:
    return result.new, result.changed, result.unchanged


@pytest.mark.django_db
class TestRevisions:
    def test_importing_again_changes_nothing(self, tmp_path, premise):
        """D2: not even the row's place on disk."""
        import_rows(tmp_path, *rows())
        before = _version_of_rows()
        assert counts(import_rows(tmp_path, *rows())[0]) == (0, 0, 1)
        assert _version_of_rows() == before

    def test_a_newer_revision_replaces_the_day(self, tmp_path, premise):
        """D2: including blanks and flags."""
        import_rows(tmp_path, *rows(flag="E"))
        newer = rows(["", *["2"] * 95], revision=NEWER)
        assert counts(import_rows(tmp_path, *newer)[0]) == (0, 1, 0)
        assert (stored_day(premise.pk).wh, stored_day(premise.pk).est) == ([None, *[2000] * 95], None)

    def test_an_older_revision_changes_nothing(self, tmp_path, premise):
        """D2: whole or in part."""
        import_rows(tmp_path, *rows(["", *["2"] * 95]))
        before = stored_day(premise.pk)
        result, rejected = import_rows(tmp_path, *rows(revision=OLDER))
        assert (counts(result), result.superseded, rejected) == ((0, 0, 0), 96, [])
        result, rejected = import_rows(tmp_path, *rows(revision=OLDER)[:5])
        assert (counts(result), result.superseded, rejected) == ((0, 0, 0), 5, [])
        assert stored_day(premise.pk) == before

    def test_the_same_revision_only_fills_missing_slots(self, tmp_path, premise):
        """D2: a file can be imported again after its rejected rows are fixed."""
        lines = rows()
        damaged = [*lines[:3], lines[3].replace(",A,", ",?,"), *lines[4:]]
        _, rejected = import_rows(tmp_path, *damaged)
        assert (rejected, stored_day(premise.pk).wh[3]) == ([(5, "flag")], None)
        fixed = [lines[0].replace(".001", "7"), *lines[1:3], lines[3].replace(",A,", ",E,"), *lines[4:]]
        result, rejected = import_rows(tmp_path, *fixed)
        assert (counts(result), rejected) == ((0, 1, 0), [(2, "other_value")])
        assert stored_day(premise.pk).wh == [*range(1, 97)]
        assert stored_day(premise.pk).est == (1 << 3).to_bytes(12, "little")
        assert counts(import_rows(tmp_path, *lines[:3], fixed[3], *lines[4:])[0]) == (0, 0, 1)

    def test_slots_without_rows_in_a_newer_revision_keep_their_values(self, tmp_path, premise):
        """D2: nothing is lost; blank is not absent."""
        import_rows(tmp_path, *rows(flag="E"))
        newer = rows(["", *["2"] * 95], revision=NEWER)
        assert counts(import_rows(tmp_path, *newer[:10])[0]) == (0, 1, 0)
        usage = stored_day(premise.pk)
        assert usage.wh == [None, *[2000] * 9, *range(11, 97)]
        assert usage.est == ((1 << 96) - (1 << 10)).to_bytes(12, "little")
        assert usage.revision_at.isoformat() == "2026-03-04T12:00:00+00:00"
        assert counts(import_rows(tmp_path, *newer[:10])[0]) == (0, 0, 1)

    def test_a_fixed_newer_revision_replaces_carried_slots(self, tmp_path, premise):
        """D2: a row of the newer revision replaces it, one of an older revision does not."""
        import_rows(tmp_path, *rows())
        newer = rows(["2"] * 96, revision=NEWER)
        import_rows(tmp_path, *newer[:10])
        import_rows(tmp_path, *rows(["5"] * 96))
        assert stored_day(premise.pk).wh == [*[2000] * 10, *range(11, 97)]
        import_rows(tmp_path, *newer[8:50])
        assert stored_day(premise.pk).wh == [*[2000] * 50, *range(51, 97)]
        assert counts(import_rows(tmp_path, *newer)[0]) == (0, 1, 0)
        assert stored_day(premise.pk).wh == [2000] * 96
        result, _rejected = import_rows(tmp_path, *rows(["3"] * 96, revision=NEWER))
        assert (counts(result), result.contradicted) == ((0, 0, 0), 96)
        assert not CarriedSlots.objects.exists()

    def test_a_complete_newer_revision_leaves_no_carried_slots(self, tmp_path, premise):
        """D2: no older value is left."""
        import_rows(tmp_path, *rows())
        import_rows(tmp_path, *rows(["2"] * 96, revision=NEWER)[:10])
        assert CarriedSlots.objects.count() == 1
        import_rows(tmp_path, *rows(["3"] * 96, revision=NEWEST))
        assert stored_day(premise.pk).wh == [3000] * 96
        assert not CarriedSlots.objects.exists()

    def test_directions_have_separate_revisions(self, tmp_path, premise):
        """D2: a newer consumption does not change the surplus."""
        import_rows(tmp_path, *rows(), *rows(direction="Surplus Generation"))
        import_rows(tmp_path, *rows(["2"] * 96, revision=NEWER))
        consumption, surplus = UsageDay.objects.order_by("channel")
        assert (consumption.wh, surplus.wh) == ([2000] * 96, [*range(1, 97)])

    def test_a_carried_slot_may_be_filled(self, tmp_path, premise):
        """D2: as CarriedSlots says."""
        usage = UsageDayFactory(premise=premise)
        CarriedSlotsFactory(usage=usage)
        at = f"{usage.day + timedelta(days=1):%m/%d/%Y} 08:00:00"
        import_rows(tmp_path, row(("00:00", "00:15"), "9", revision=at), row(("00:15", "00:30"), "9", revision=at))
        assert stored_day(premise.pk).wh[:3] == [9000, 1, 2]

    def test_any_order_of_revisions_ends_with_the_newest(self, tmp_path, premise):
        """D2: eight shuffles of five revisions."""
        dice = random.Random(2)
        for _ in range(8):
            UsageDay.objects.all().delete()
            for hour in dice.sample(range(5), 5):
                import_rows(tmp_path, *rows([str(hour)] * 96, revision=f"03/03/2026 0{hour}:00:00"))
            assert stored_day(premise.pk).wh == [4000] * 96


def _version_of_rows() -> list:
    with connection.cursor() as cursor:
        cursor.execute("SELECT ctid, xmin FROM usage_day")
        return cursor.fetchall()


@pytest.mark.django_db(transaction=True)
class TestSimultaneousImports:
    """D2: simultaneous imports end like consecutive ones."""

    @pytest.fixture(autouse=True)
    def _leave_no_usage(self, transactional_db):
        """Django truncates only the tables that it manages."""
        yield
        UsageDay.objects.all().delete()

    def test_the_same_file_twice(self, tmp_path):
        path = _year(tmp_path / "year.csv", PremiseFactory(esiid=ESIID))
        results = import_together(import_usage, [path] * 4)
        assert [result.rejections for result in results] == [0] * 4
        assert sum(result.new for result in results) == UsageDay.objects.count() == 120
        assert sum(result.changed for result in results) == 0

    def test_the_same_days_in_opposite_orders(self, tmp_path, monkeypatch):
        """Four revisions of the same days, in files of opposite orders: no deadlock, the newest stays."""
        premises = [PremiseFactory() for _ in range(6)]
        paths = [_days(tmp_path / f"{n}.csv", premises, n, backwards=bool(n % 2)) for n in range(4)]
        results = import_together(import_usage, paths)
        assert [result.rejections for result in results] == [0] * 4
        assert {tuple(usage.wh) for usage in UsageDay.objects.all()} == {(3000,) * 96}

    @pytest.mark.slow
    @pytest.mark.control
    def test_without_the_order_of_the_key_opposite_orders_deadlock(self, tmp_path, monkeypatch):
        """Control: rows in the file's order deadlock."""
        slow = merge._INSERT.replace(
            "SELECT premise_id, day", "SELECT premise_id + 0 * length(pg_sleep(.01)::text), day", 1
        )
        monkeypatch.setattr(merge, "_INSERT", slow.replace("ORDER BY premise_id, day, channel", ""))
        premises = [PremiseFactory() for _ in range(2)]
        paths = [_days(tmp_path / f"{n}.csv", premises, n, backwards=bool(n % 2)) for n in range(4)]
        ensure_partitions(date(2026, 3, 1), date(2026, 3, 31))
        monkeypatch.setattr(merge, "stage_days", met(merge.stage_days, by=4))
        with pytest.raises(OperationalError, match="deadlock"):
            import_together(import_usage, paths)

    def test_a_backup_keeps_no_import_waiting(self, tmp_path):
        """D2: pg_dump holds a lock on each table for hours, also on a stage that would have to be emptied."""
        premise = PremiseFactory(esiid=ESIID)
        import_rows(tmp_path, *rows())
        parameters = connection.get_connection_params() | {"cursor_factory": psycopg.Cursor, "context": None}
        with psycopg.connect(**parameters) as backup, connection.cursor() as cursor:
            backup.execute("LOCK TABLE usage_stage_0 IN ACCESS SHARE MODE")
            cursor.execute("SET lock_timeout = '300ms'")
            with pytest.raises(OperationalError):  # control: emptying it would wait
                cursor.execute("TRUNCATE usage_stage_0")
            assert counts(import_rows(tmp_path, *rows(["2"] * 96, revision=NEWER))[0]) == (0, 1, 0)
            cursor.execute("RESET lock_timeout")
        assert stored_day(premise.pk).wh == [2000] * 96

    def test_parts_of_one_revision(self, tmp_path):
        """Each file has other rows of the same newer revision; all of them stay, in any order."""
        PremiseFactory(esiid=ESIID)
        import_rows(tmp_path, *rows())
        paths = _quarters(tmp_path, rows(["2"] * 96, revision=NEWER))
        import_together(import_usage, paths)
        assert stored_day(Premise.objects.get().pk).wh == [2000] * 96

    @pytest.mark.control
    def test_without_the_lock_parts_of_one_revision_are_lost(self, tmp_path, monkeypatch):
        """Control: without a lock they overwrite each other."""
        PremiseFactory(esiid=ESIID)
        import_rows(tmp_path, *rows())
        paths = _quarters(tmp_path, rows(["2"] * 96, revision=NEWER))
        without = "DO NOTHING RETURNING"
        start, end = merge._INSERT.index("DO UPDATE"), merge._INSERT.index("RETURNING") + len("RETURNING")
        monkeypatch.setattr(merge, "_INSERT", merge._INSERT[:start] + without + merge._INSERT[end:])
        monkeypatch.setattr(merge, "merge_slots", met(merge.merge_slots, by=4))
        import_together(import_usage, paths)
        assert stored_day(Premise.objects.get().pk).wh != [2000] * 96

    def test_partitions_are_made_once(self):
        """Two imports that need the same months do not collide."""
        _drop_partitions()
        made = together([lambda: ensure_partitions(date(2012, 1, 1), date(2012, 12, 31))] * 6)
        assert sorted(made, key=str) == [0] * 5 + [12]

    @pytest.mark.control
    def test_without_the_lock_partitions_collide(self, monkeypatch):
        """Control: both make the same months."""
        _drop_partitions()
        monkeypatch.setattr(partitions, "_TAKE_LOCK", "SELECT %s")
        monkeypatch.setattr(partitions, "_attached", met(partitions._attached, by=6))
        made = together([lambda: ensure_partitions(date(2012, 1, 1), date(2012, 12, 31))] * 6)
        assert any(isinstance(one, Exception) for one in made)


def _drop_partitions() -> None:
    with connection.cursor() as cursor:
        for month in range(1, 13):
            cursor.execute(f"DROP TABLE IF EXISTS usage_day_y2012m{month:02}")


def _year(path: Path, premise) -> Path:
    """120 days, the spring day with a single row."""
    days = [date(2026, 1, 1) + timedelta(days=n) for n in range(120)]
    lines = [line for day in days if day != SPRING for line in rows(day=day, revision=LATE)]
    path.write_bytes(text(*lines, row(("00:00", "00:15"), day=SPRING, revision=LATE)))
    return path


def _days(path: Path, premises: list, value: int, backwards: bool) -> Path:
    lines = []
    for premise in sorted(premises, key=lambda premise: premise.pk, reverse=backwards):
        days = [date(2026, 3, 20) + timedelta(days=n) for n in range(10)]
        for day in reversed(days) if backwards else days:
            lines += rows([str(value)] * 96, day=day, esiid=premise.esiid, revision=f"04/0{value + 1}/2026 06:00:00")
    path.write_bytes(text(*lines))
    return path


def _quarters(folder: Path, lines: list[str]) -> list[Path]:
    paths = [folder / f"{n}.csv" for n in range(4)]
    for n, path in enumerate(paths):
        path.write_bytes(text(*lines[n * 24 : (n + 1) * 24]))
    return paths
