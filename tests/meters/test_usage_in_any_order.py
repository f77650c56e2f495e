"""Revisions, repetitions and contradictions end the same whether they are in one file or in several (D2, ADR 31)."""

from __future__ import annotations

import csv
import random
from datetime import timedelta

import pytest
from django.core.management import CommandError, call_command

from meters.imports import import_usage
from meters.models import UsageDay
from tests.meters.usage_files import (
    DAY,
    FALL,
    FALL_TIMES,
    ORDINARY_TIMES,
    OTHER_ESIID,
    import_rows,
    row,
    rows,
    stored_day,
    text,
)

pytestmark = pytest.mark.django_db

MIDNIGHT = ("00:00", "00:15")
OLDER, NEWER = "03/03/2026 01:00:00", "03/04/2026 06:00:00"
OLD = rows(["1"] * 96, revision=OLDER)
NEW = rows(["2"] * 96, revision=NEWER)


def counts(result) -> tuple[int, int, int, int, int]:
    return result.new, result.changed, result.unchanged, result.superseded, result.contradicted


@pytest.fixture(params=[1, 1_000], ids=["each day in its batch", "one batch"])
def _batches(request, monkeypatch):
    monkeypatch.setattr("meters.imports.usage.DAYS_AT_ONCE", request.param)


@pytest.mark.usefixtures("_batches")
class TestSeveralRevisionsInAFile:
    @pytest.mark.slow
    @pytest.mark.parametrize(
        "lines",
        [[*OLD, *NEW], [*NEW, *OLD], [line for pair in zip(OLD, NEW, strict=True) for line in pair]],
        ids=["older first", "newer first", "alternating"],
    )
    def test_the_newest_one_is_stored(self, tmp_path, premise, lines):
        """D2: and the others are counted, no error; the file again changes nothing."""
        result, rejected = import_rows(tmp_path, *lines)
        assert rejected == [] and (result.new, result.changed, result.unchanged) == (1, 0, 0)
        assert stored_day(premise.pk).wh == [2000] * 96
        again, rejected = import_rows(tmp_path, *lines)
        assert rejected == [] and counts(again) == (0, 0, 1, 96, 0)

    def test_each_day_has_its_own_newest_one(self, tmp_path, premise):
        """D2: five revisions of six days, shuffled."""
        dice = random.Random(4)
        days = [DAY - timedelta(days=n) for n in range(6)]
        parts = [rows([str(n)] * 96, day=day, revision=f"03/0{n + 3}/2026 06:00:00") for day in days for n in range(5)]
        dice.shuffle(parts)
        result, rejected = import_rows(tmp_path, *(line for part in parts for line in part))
        assert (result.new, result.changed, rejected) == (6, 0, [])
        assert {tuple(usage.wh) for usage in UsageDay.objects.all()} == {(4000,) * 96}

    def test_an_incomplete_newer_one_keeps_the_older_values_of_the_others(self, tmp_path, premise):
        """D2: nothing is lost, and a fixed row replaces the older value."""
        assert import_rows(tmp_path, *OLD, *NEW[:40], *NEW[41:])[1] == []
        assert stored_day(premise.pk).wh == [*[2000] * 40, 1000, *[2000] * 55]
        import_rows(tmp_path, NEW[40])
        assert stored_day(premise.pk).wh == [2000] * 96


@pytest.mark.usefixtures("_batches")
class TestRepetitions:
    def test_a_doubled_file_is_no_error(self, tmp_path, premise, other_premise):
        """D2: equal rows, next to each other or a file apart."""
        lines = [*rows(), *rows(esiid=OTHER_ESIID)]
        result, rejected = import_rows(tmp_path, *lines, *lines)
        assert (counts(result), rejected, result.rows) == ((2, 0, 0, 0, 0), [], 384)
        pairs = [line for line in lines for _time in range(2)]
        result, rejected = import_rows(tmp_path, *pairs)
        assert (counts(result), rejected) == ((0, 0, 2, 0, 0), [])

    def test_a_dry_run_counts_a_day_once(self, tmp_path, premise, other_premise):
        """D2: although it stores nothing that a later part of the file could be compared with."""
        lines = [*rows(), *rows(esiid=OTHER_ESIID)]
        path = tmp_path / "usage.csv"
        path.write_bytes(text(*lines, *lines))
        assert counts(import_usage(path, dry_run=True)) == (2, 0, 0, 0, 0)
        assert not UsageDay.objects.exists()

    def test_the_second_hour_of_the_fall_day_may_come_later(self, tmp_path, premise, other_premise):
        """D2: rows labeled alike, with another ESIID's day between the two hours."""
        first = rows(times=FALL_TIMES, day=FALL)
        second = rows([f".{number:03}" for number in range(9, 13)], times=ORDINARY_TIMES[4:8], day=FALL)
        result, rejected = import_rows(tmp_path, *first[:8], *rows(esiid=OTHER_ESIID), *second, *first[12:])
        assert (rejected, result.new) == ([], 2)
        assert stored_day(premise.pk, FALL).wh == [*range(1, 101)]

    def test_a_blank_row_contradicts_no_value(self, tmp_path, premise):
        """D2: in either order, it says that nothing was read."""
        blank = row(MIDNIGHT, "", "")
        assert import_rows(tmp_path, blank, row(MIDNIGHT, "1"), blank)[1] == []
        assert stored_day(premise.pk).wh[0] == 1000

    def test_another_value_in_the_same_file_is_rejected(self, tmp_path, premise, other_premise):
        """D2: the first one stays."""
        between = rows(esiid=OTHER_ESIID)
        result, rejected = import_rows(tmp_path, *rows(), *between, row(MIDNIGHT, "7"))
        assert (rejected, result.new) == ([(194, "second_value")], 2)
        assert stored_day(premise.pk).wh[0] == 1


class TestContradictions:
    """D2: other values under the revision on record are kept out, counted and reported."""

    def test_are_rejected_row_by_row(self, tmp_path, premise):
        import_rows(tmp_path, *rows())
        wrong = [*rows()[:10], *rows(["9"] * 96)[10:12], *rows(flag="E")[12:13], *rows()[13:]]
        result, rejected = import_rows(tmp_path, *wrong)
        assert counts(result) == (0, 0, 0, 0, 3)
        assert rejected == [(line, "other_value") for line in (12, 13, 14)]
        assert stored_day(premise.pk).wh == [*range(1, 97)] and stored_day(premise.pk).est is None

    def test_do_not_keep_other_rows_of_the_day_out(self, tmp_path, premise):
        import_rows(tmp_path, *rows()[:50])
        result, rejected = import_rows(tmp_path, *rows(["9"] * 96)[:1], *rows()[1:])
        assert (counts(result), rejected) == ((0, 1, 0, 0, 1), [(2, "other_value")])
        assert stored_day(premise.pk).wh == [*range(1, 97)]

    def test_are_told_in_the_summary_and_written_to_the_rejected_rows(self, tmp_path, premise, capsys):
        path = tmp_path / "usage.csv"
        path.write_bytes(text(*rows(), *OLD))
        call_command("load_usage", str(path))
        assert "  older revision, ignored: 96 rows\n" in capsys.readouterr().out
        path.write_bytes(text(*rows(["9"] * 96)))
        with pytest.raises(CommandError) as failure:
            call_command("load_usage", "--rejected", str(tmp_path / "rejected.csv"), str(path))
        assert failure.value.returncode == 1
        summary = capsys.readouterr().out
        assert "0 new, 0 changed, 0 unchanged\n  kept, although the file has different values: 96 rows\n" in summary
        with (tmp_path / "rejected.csv").open(encoding="utf-8", newline="") as file:
            written = list(csv.DictReader(file))
        assert len(written) == 96 and {one["REASON"] for one in written} == {"other_value"}
