"""The output of the load commands: dry runs, rejected rows as CSV, progress, exit status (D2)."""

from __future__ import annotations

import csv
import io
import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest
from django.conf import settings
from django.core.management import CommandError, call_command

from meters.imports.progress import format_progress
from meters.management.commands.load_usage import Command
from meters.models import Meter, Premise, UsageDay
from tests.factories import PremiseFactory, TdspFactory
from tests.meters.usage_files import ESIID, OTHER_ESIID, SPRING, row, rows, text

pytestmark = pytest.mark.django_db

MIDNIGHT = ("00:00", "00:15")
BAD_NUMBER = row(MIDNIGHT, "1.2345", day=SPRING, revision="03/09/2026 06:18:33")


@pytest.fixture
def usage(tmp_path):
    """A whole day, then a row with a bad number and one that is no UTF-8."""
    path = tmp_path / "usage.csv"
    bad = [BAD_NUMBER, row(MIDNIGHT, esiid=OTHER_ESIID)]
    path.write_bytes(text(*rows(), *bad) + b"\xff\0,\n" + b"y" * 5_000 + b"\n")
    return str(path)


def rejected_rows(folder: Path) -> list[dict[str, str]]:
    with (folder / "rejected.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


class TestADryRun:
    """D2: it reports what an import would do, and stores nothing."""

    def test_of_usage(self, usage, premise, capsys):
        with pytest.raises(CommandError) as failure:
            call_command("load_usage", "--dry-run", usage)
        out = capsys.readouterr().out
        assert failure.value.returncode == 1
        assert "100 rows read, 4 rejected; days: 1 new, 0 changed, 0 unchanged" in out
        assert out.endswith("Nothing was stored: this was a dry run.\n")
        assert not UsageDay.objects.exists()

    def test_of_premises_and_meters(self, tmp_path, capsys):
        duns = TdspFactory().duns
        extract, meters = tmp_path / "extract.csv", tmp_path / "meters.csv"
        extract.write_text(",".join([f'"{ESIID}","1 A ST",,"DALLAS","TX","75201",,"{duns}"', *['""'] * 14]) + "\n")
        call_command("load_premises", "--dry-run", str(extract))
        assert "premises: 1 new" in capsys.readouterr().out
        assert not Premise.objects.exists()
        PremiseFactory(esiid=ESIID)
        meters.write_text(f"ESIID,METER_NUMBER\n{ESIID},142606737LG\n")
        call_command("load_meters", "--dry-run", str(meters))
        assert "meters: 1 new" in capsys.readouterr().out
        assert not Meter.objects.exists()

    def test_reports_the_same_as_the_real_import(self, usage, premise, capsys):
        summaries = []
        for options in (["--dry-run"], [], []):
            with pytest.raises(CommandError):
                call_command("load_usage", *options, usage)
            summaries.append(capsys.readouterr().out.splitlines()[0])
        assert (
            summaries[0] == summaries[1] and "1 new" in summaries[1] and "0 new, 0 changed, 1 unchanged" in summaries[2]
        )


class TestRejectedRows:
    """D2: as a CSV with file, line and reason, and the row's text, readable by its owner only."""

    def test_are_written_whatever_they_contain(self, usage, premise, tmp_path, capsys):
        with pytest.raises(CommandError):
            call_command("load_usage", "--rejected", str(tmp_path / "rejected.csv"), usage)
        written = rejected_rows(tmp_path)
        assert [(one["FILE"], one["LINE"], one["REASON"]) for one in written] == [
            (usage, "98", "kwh"),
            (usage, "99", "unknown_esiid"),
            (usage, "100", "not_text"),
            (usage, "101", "too_long"),
        ]
        assert written[0]["ROW"] == BAD_NUMBER
        assert written[0]["EXPLANATION"].startswith("The kWh must be a number")
        assert written[2]["ROW"] == r"\xff\x00,"
        assert stat.S_IMODE(os.stat(tmp_path / "rejected.csv").st_mode) == 0o600
        out, err = capsys.readouterr()
        assert "100 rows read, 4 rejected" in out and err == ""

    def test_complete_the_day_when_fixed_and_imported(self, premise, tmp_path):
        lines = rows()
        bad = lines[40].replace(",.041,", ",O.041,")
        (tmp_path / "a.csv").write_bytes(text(*lines[:40], bad, *lines[41:]))
        with pytest.raises(CommandError):
            call_command("load_usage", "--rejected", str(tmp_path / "rejected.csv"), str(tmp_path / "a.csv"))
        (written,) = rejected_rows(tmp_path)
        (tmp_path / "b.csv").write_bytes(text(written["ROW"].replace("O", "")))
        call_command("load_usage", str(tmp_path / "b.csv"))
        assert UsageDay.objects.get().wh == [*range(1, 97)]

    def test_that_cannot_be_written_stop_the_import_before_it_starts(self, usage, premise, tmp_path):
        with pytest.raises(CommandError, match="can't be written.*Choose a different file") as failure:
            call_command("load_usage", "--rejected", str(tmp_path / "no" / "rejected.csv"), usage)
        assert failure.value.returncode == 2
        assert not UsageDay.objects.exists()

    def test_never_overwrite_an_input_file(self, usage, premise, tmp_path):
        before = Path(usage).read_bytes()
        (tmp_path / "link.csv").symlink_to(usage)
        for same in (usage, str(tmp_path / "link.csv")):
            with pytest.raises(CommandError, match="is one of the files to load. Choose a different file") as failure:
                call_command("load_usage", "--rejected", same, usage)
            assert failure.value.returncode == 2
        assert Path(usage).read_bytes() == before and not UsageDay.objects.exists()

    def test_on_a_full_disk_exit_with_2_and_the_cause(self, usage, premise):
        with pytest.raises(CommandError, match="No space left.*Rows already loaded are kept. Free up space") as failure:
            call_command("load_usage", "--rejected", "/dev/full", usage)
        assert failure.value.returncode == 2
        with pytest.raises(CommandError, match="The result can't be written.*Nothing was stored"):
            call_command("load_usage", "--dry-run", "--rejected", "/dev/full", usage)


def test_only_the_first_rejected_rows_are_listed(premise, tmp_path, capsys):
    """D2: a wrong file does not flood the terminal; the last line says how to get all."""
    (tmp_path / "a.csv").write_bytes(text(*[row(MIDNIGHT, "x")] * 500))
    with pytest.raises(CommandError):
        call_command("load_usage", str(tmp_path / "a.csv"))
    listed = capsys.readouterr().err.splitlines()
    assert len(listed) == 21 and listed[-1].endswith("load the file with --rejected FILE.")


def test_a_file_without_rows_is_not_loaded(premise, tmp_path, capsys):
    """D2: as in the administration, it fails."""
    (tmp_path / "a.csv").write_bytes(text())
    with pytest.raises(CommandError) as failure:
        call_command("load_usage", str(tmp_path / "a.csv"))
    assert failure.value.returncode == 2
    assert "a.csv: The file has no rows" in capsys.readouterr().err


class TestTheLastMessage:
    """D2: it is true about the good rows."""

    @pytest.mark.parametrize("options", [[], ["--dry-run"]])
    def test_where_every_row_was_rejected(self, premise, tmp_path, options):
        (tmp_path / "a.csv").write_bytes(text(row(MIDNIGHT, "x"), row(MIDNIGHT, "y")))
        with pytest.raises(CommandError, match="Every row was rejected, and nothing was loaded") as failure:
            call_command("load_usage", *options, str(tmp_path / "a.csv"))
        assert failure.value.returncode == 1

    def test_where_some_were_and_nothing_is_stored(self, usage, premise):
        with pytest.raises(CommandError, match="Some rows would be rejected") as failure:
            call_command("load_usage", "--dry-run", usage)
        assert failure.value.returncode == 1

    def test_where_another_file_was_good(self, usage, premise, tmp_path):
        (tmp_path / "a.csv").write_bytes(text(row(MIDNIGHT, "x")))
        with pytest.raises(CommandError, match="Some rows were rejected. Fix them"):
            call_command("load_usage", usage, str(tmp_path / "a.csv"))


@pytest.mark.slow
def test_an_unreachable_database_exits_with_2(usage):
    """D2: the status is 2, in one sentence."""
    environment = {**os.environ, "DATABASE_URL": "postgres://nobody@127.0.0.1:1/nothing"}
    command = [sys.executable, "manage.py", "load_usage", usage]
    ended = subprocess.run(command, env=environment, cwd=settings.BASE_DIR, capture_output=True, text=True, check=False)
    assert ended.returncode == 2
    assert "The database is not responding" in ended.stderr and "Traceback" not in ended.stderr


def test_progress_shows_percent_rate_and_time_left():
    """D2."""
    assert format_progress(42_000_000, 100_000_000, 3.5) == " 42 %  12.0 MB/s  0:05 left"
    assert format_progress(1_000_000, 60_000_000_000, 0.5) == "  0 %  2.0 MB/s  8:20:00 left"
    assert format_progress(0, 0, 0) == "  0 %  0.0 MB/s  0:00 left"


def test_progress_is_shown_on_a_terminal_only(usage, premise, monkeypatch):
    """D2: a log file gets no overwritten lines."""

    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    for stream, has_progress in ((Terminal(), True), (io.StringIO(), False)):
        monkeypatch.setattr("sys.stderr", stream)
        command = Command(stdout=io.StringIO(), stderr=stream)
        with pytest.raises(CommandError):
            call_command(command, usage)
        assert ("100 %" in stream.getvalue()) is has_progress
