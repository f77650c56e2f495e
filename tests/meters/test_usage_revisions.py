"""A re-load changes nothing, a newer revision replaces, an older never does, nothing is lost (D2)."""

from __future__ import annotations

import random
from datetime import date, timedelta
from pathlib import Path

import pytest
from django.db import OperationalError, connection

from meters.imports import import_usage
from meters.imports import usage_merge as merge
from meters.models import CarriedSlots, Premise, UsageDay
from meters.usage import partitions
from meters.usage.partitions import ensure_partitions
from tests.factories import CarriedSlotsFactory, PremiseFactory, UsageDayFactory
from tests.meters.files import ESIID, load, load_together, row, rows, stored, text
from tests.support.races import met, together

OLDER, NEWER, NEWEST = "03/03/2026 01:00:00", "03/04/2026 06:00:00", "03/09/2026 06:00:00"


def counts(result) -> tuple[int, int, int]:
    return result.new, result.changed, result.unchanged


@pytest.mark.django_db
class TestRevisions:
    def test_a_re_load_changes_nothing(self, tmp_path, premise):
        """D2: not even the row's place on disk."""
        load(tmp_path, *rows())
        before = _version_of_rows()
        assert counts(load(tmp_path, *rows())[0]) == (0, 0, 1)
        assert _version_of_rows() == before

    def test_a_newer_revision_replaces_the_day(self, tmp_path, premise):
        """D2: blanks and flags of the newer one included."""
        load(tmp_path, *rows(flag="E"))
        newer = rows(["", *["2"] * 95], revision=NEWER)
        assert counts(load(tmp_path, *newer)[0]) == (0, 1, 0)
        assert (stored(premise.pk).wh, stored(premise.pk).est) == ([None, *[2000] * 95], None)

    def test_an_older_revision_changes_nothing(self, tmp_path, premise):
        """D2: whole or in part."""
        load(tmp_path, *rows(["", *["2"] * 95]))
        before = stored(premise.pk)
        assert counts(load(tmp_path, *rows(revision=OLDER))[0]) == (0, 0, 1)
        assert counts(load(tmp_path, *rows(revision=OLDER)[:5])[0]) == (0, 0, 1)
        assert stored(premise.pk) == before

    def test_the_same_revision_fills_what_is_still_missing_and_nothing_else(self, tmp_path, premise):
        """D2: a file mended after rejected rows can be loaded again."""
        lines = rows()
        spoilt = [*lines[:3], lines[3].replace(",A,", ",?,"), *lines[4:]]
        _, rejected = load(tmp_path, *spoilt)
        assert (rejected, stored(premise.pk).wh[3]) == ([(5, "flag")], None)
        mended = [lines[0].replace(".001", "7"), *lines[1:3], lines[3].replace(",A,", ",E,"), *lines[4:]]
        assert counts(load(tmp_path, *mended)[0]) == (0, 1, 0)
        assert stored(premise.pk).wh == [*range(1, 97)]
        assert stored(premise.pk).est == (1 << 3).to_bytes(12, "little")
        assert counts(load(tmp_path, *mended)[0]) == (0, 0, 1)

    def test_rows_that_a_newer_revision_lacks_keep_their_values(self, tmp_path, premise):
        """D2: nothing is lost; blank is not absent."""
        load(tmp_path, *rows(flag="E"))
        newer = rows(["", *["2"] * 95], revision=NEWER)
        assert counts(load(tmp_path, *newer[:10])[0]) == (0, 1, 0)
        usage = stored(premise.pk)
        assert usage.wh == [None, *[2000] * 9, *range(11, 97)]
        assert usage.est == ((1 << 96) - (1 << 10)).to_bytes(12, "little")
        assert usage.revision_at.isoformat() == "2026-03-04T12:00:00+00:00"
        assert counts(load(tmp_path, *newer[:10])[0]) == (0, 0, 1)

    def test_a_mended_newer_revision_takes_the_place_of_what_was_kept(self, tmp_path, premise):
        """D2: a kept value is of an older revision, so a row of the newer one still replaces it; an older one never."""
        load(tmp_path, *rows())
        newer = rows(["2"] * 96, revision=NEWER)
        load(tmp_path, *newer[:10])
        load(tmp_path, *rows(["5"] * 96))
        assert stored(premise.pk).wh == [*[2000] * 10, *range(11, 97)]
        load(tmp_path, *newer[8:50])
        assert stored(premise.pk).wh == [*[2000] * 50, *range(51, 97)]
        assert counts(load(tmp_path, *newer)[0]) == (0, 1, 0)
        assert stored(premise.pk).wh == [2000] * 96
        assert counts(load(tmp_path, *rows(["3"] * 96, revision=NEWER))[0]) == (0, 0, 1)
        assert not CarriedSlots.objects.exists()

    def test_a_whole_newest_revision_ends_what_was_kept(self, tmp_path, premise):
        """D2: nothing older is left to remember."""
        load(tmp_path, *rows())
        load(tmp_path, *rows(["2"] * 96, revision=NEWER)[:10])
        assert CarriedSlots.objects.count() == 1
        load(tmp_path, *rows(["3"] * 96, revision=NEWEST))
        assert stored(premise.pk).wh == [3000] * 96
        assert not CarriedSlots.objects.exists()

    def test_directions_have_revisions_of_their_own(self, tmp_path, premise):
        """D2: a newer consumption leaves the surplus as it was."""
        load(tmp_path, *rows(), *rows(direction="Surplus Generation"))
        load(tmp_path, *rows(["2"] * 96, revision=NEWER))
        consumption, surplus = UsageDay.objects.order_by("channel")
        assert (consumption.wh, surplus.wh) == ([2000] * 96, [*range(1, 97)])

    def test_a_value_that_stands_for_an_older_revision_may_be_filled(self, tmp_path, premise):
        """D2: as the record beside the day says."""
        usage = UsageDayFactory(premise=premise)
        CarriedSlotsFactory(usage=usage)
        at = f"{usage.day + timedelta(days=1):%m/%d/%Y} 08:00:00"
        load(tmp_path, row(("00:00", "00:15"), "9", revision=at), row(("00:15", "00:30"), "9", revision=at))
        assert stored(premise.pk).wh[:3] == [9000, 1, 2]

    def test_any_order_of_whole_revisions_ends_with_the_newest(self, tmp_path, premise):
        """D2: twenty shuffles of five revisions."""
        dice = random.Random(2)
        for _ in range(20):
            UsageDay.objects.all().delete()
            for hour in dice.sample(range(5), 5):
                load(tmp_path, *rows([str(hour)] * 96, revision=f"03/03/2026 0{hour}:00:00"))
            assert stored(premise.pk).wh == [4000] * 96


def _version_of_rows() -> list:
    with connection.cursor() as cursor:
        cursor.execute("SELECT ctid, xmin FROM usage_day")
        return cursor.fetchall()


@pytest.mark.django_db(transaction=True)
class TestLoadsAtTheSameTime:
    """D2: several loaders at once end as one after the other would have."""

    @pytest.fixture(autouse=True)
    def _leave_no_usage(self, transactional_db):
        """Django empties only the tables that it manages."""
        yield
        UsageDay.objects.all().delete()

    def test_the_same_file_twice(self, tmp_path):
        path = _year(tmp_path / "year.csv", PremiseFactory(esiid=ESIID))
        results = load_together(import_usage, [path] * 4)
        assert [result.rejections for result in results] == [0] * 4
        assert sum(result.new for result in results) == UsageDay.objects.count() == 120
        assert sum(result.changed for result in results) == 0

    def test_the_same_days_in_opposite_orders(self, tmp_path, monkeypatch):
        """Four revisions of the same days, in files of opposite orders: no deadlock, the newest stays."""
        premises = [PremiseFactory() for _ in range(6)]
        paths = [_days(tmp_path / f"{n}.csv", premises, n, backwards=bool(n % 2)) for n in range(4)]
        results = load_together(import_usage, paths)
        assert [result.rejections for result in results] == [0] * 4
        assert {tuple(usage.wh) for usage in UsageDay.objects.all()} == {(3000,) * 96}

    @pytest.mark.control
    def test_the_same_days_in_opposite_orders_lock_up_without_the_order_of_the_key(self, tmp_path, monkeypatch):
        """Control: rows taken as the file has them deadlock."""
        slow = merge._UPSERT.replace(
            "SELECT premise_id, day", "SELECT premise_id + 0 * length(pg_sleep(.01)::text), day", 1
        )
        monkeypatch.setattr(merge, "_UPSERT", slow.replace("ORDER BY premise_id, day, channel", ""))
        premises = [PremiseFactory() for _ in range(6)]
        paths = [_days(tmp_path / f"{n}.csv", premises, n, backwards=bool(n % 2)) for n in range(4)]
        ensure_partitions(date(2026, 3, 1), date(2026, 3, 31))
        monkeypatch.setattr(merge, "stage_days", met(merge.stage_days, by=4))
        with pytest.raises(OperationalError, match="deadlock"):
            load_together(import_usage, paths)

    def test_parts_of_one_revision(self, tmp_path):
        """Each file has other rows of the same newer revision; all of them stay, whoever is first."""
        PremiseFactory(esiid=ESIID)
        load(tmp_path, *rows())
        paths = _quarters(tmp_path, rows(["2"] * 96, revision=NEWER))
        load_together(import_usage, paths)
        assert stored(Premise.objects.get().pk).wh == [2000] * 96

    @pytest.mark.control
    def test_parts_of_one_revision_get_lost_without_the_lock(self, tmp_path, monkeypatch):
        """Control: read without a lock, written over each other."""
        PremiseFactory(esiid=ESIID)
        load(tmp_path, *rows())
        paths = _quarters(tmp_path, rows(["2"] * 96, revision=NEWER))
        monkeypatch.setattr(merge, "_UPSERT", "SELECT FROM usage_stage WHERE false")
        monkeypatch.setattr(merge, "_TO_MERGE", merge._TO_MERGE.replace("FOR UPDATE OF u", ""))
        monkeypatch.setattr(merge, "merge_slots", met(merge.merge_slots, by=4))
        load_together(import_usage, paths)
        assert stored(Premise.objects.get().pk).wh != [2000] * 96

    def test_partitions_are_made_once(self):
        """Two loaders that need the same months do not stumble over each other."""
        _drop_partitions()
        made = together([lambda: ensure_partitions(date(2012, 1, 1), date(2012, 12, 31))] * 6)
        assert sorted(made, key=str) == [0] * 5 + [12]

    @pytest.mark.control
    def test_partitions_collide_without_the_lock(self, monkeypatch):
        """Control: the months that another loader is making are made again."""
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
    days = [date(2026, 1, 1) + timedelta(days=n) for n in range(120)]
    path.write_bytes(
        text(
            *(line for day in days if day != date(2026, 3, 8) for line in rows(day=day)),
            row(("00:00", "00:15"), day=date(2026, 3, 8)),
        )
    )
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
