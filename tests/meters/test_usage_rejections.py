"""An invalid row is reported with line and reason, the good rows are stored (D2)."""

from __future__ import annotations

import pytest
from django.core.management import CommandError, call_command

from meters.imports import FileError, Reason
from meters.models import UsageDay
from tests.meters.usage_files import (
    DAY,
    ESIID,
    FALL,
    FALL_TIMES,
    HEADER,
    ORDINARY_TIMES,
    SPRING,
    import_rows,
    row,
    rows,
    spring_rows,
    stored_day,
    text,
)

pytestmark = pytest.mark.django_db

MIDNIGHT = ("00:00", "00:15")
GOOD = row(("00:15", "00:30"))


@pytest.mark.parametrize(
    ("bad", "reason"),
    [
        (row(MIDNIGHT, esiid="1044372000900001"), "esiid"),
        (row(MIDNIGHT, esiid="1044372000900001A"), "esiid"),
        (row(MIDNIGHT, esiid=""), "esiid"),
        (row(MIDNIGHT, esiid="１０４４３７２０００９００００１７"), "esiid"),
        (row(MIDNIGHT, esiid="10443720009000018"), "unknown_esiid"),
        (row(MIDNIGHT).replace("03/02/2026", "02/30/2026"), "no_such_day"),
        (row(MIDNIGHT).replace("03/02/2026", "02/29/2023"), "no_such_day"),
        (row(MIDNIGHT).replace("03/02/2026", "March 2"), "date"),
        (row(MIDNIGHT).replace("03/02/2026", "12/31/2006"), "date_limits"),
        (row(MIDNIGHT).replace("03/02/2026", "03/02/2126"), "date_ahead"),
        (row(MIDNIGHT, revision="03/01/2026 23:59:59"), "revision_early"),
        (row(MIDNIGHT, revision="03/03/2026"), "revision"),
        (row(MIDNIGHT, revision="03/03/2026 24:00:00"), "revision"),
        (row(MIDNIGHT, revision="03/03/9999 06:00:00"), "revision_ahead"),
        (row(MIDNIGHT, direction="Generation"), "direction"),
        (row(MIDNIGHT, direction=""), "direction"),
        (row(("00:00", "")), "time"),
        (row(("midnight", "00:15")), "time"),
        (row(("24:00", "24:15")), "time"),
        (row(("00:05", "00:20")), "off_quarter"),
        (row(("00:00", "00:30")), "off_quarter"),
        (row(("00:15", "00:00")), "off_quarter"),
        (row(("02:00", "01:15")), "no_such_time"),
        (row(MIDNIGHT, "-.1"), "kwh"),
        (row(MIDNIGHT, "-0"), "kwh"),
        (row(MIDNIGHT, "n/a"), "kwh"),
        (row(MIDNIGHT, "nan"), "kwh"),
        (row(MIDNIGHT, "1e3"), "kwh"),
        (row(MIDNIGHT, "."), "kwh"),
        (row(MIDNIGHT, ".1234"), "kwh"),
        (row(MIDNIGHT, "１"), "kwh"),
        (row(MIDNIGHT, "9999.001"), "kwh_limit"),
        (row(MIDNIGHT, "10000"), "kwh_limit"),
        (row(MIDNIGHT, "9" * 3000), "kwh_limit"),
        (row(MIDNIGHT, ".1", "X"), "flag"),
        (row(MIDNIGHT, ".1", "AE"), "flag"),
        (row(MIDNIGHT, "", "A"), "flag_without_kwh"),
        (row(MIDNIGHT, "", "E"), "flag_without_kwh"),
        (row(MIDNIGHT, ".1", ""), "kwh_without_flag"),
        (row(MIDNIGHT) + ",x", "columns"),
        (row(MIDNIGHT).removesuffix(",Consumption"), "columns"),
        ("total", "columns"),
        (row(MIDNIGHT, '"1'), "quotes"),
        (row(MIDNIGHT) + "x" * 5000, "too_long"),
        (row(("00:15", "00:30"), ".2"), "second_value"),
    ],
)
def test_an_invalid_row_is_rejected_and_the_good_ones_stored(tmp_path, premise, bad, reason):
    """D2: the line number and the reason of each."""
    result, rejected = import_rows(tmp_path, GOOD, bad, row(("00:30", "00:45")))
    assert rejected == [(3, reason)]
    assert (result.rows, result.rejected[Reason(reason)]) == (3, 1)
    assert stored_day(premise.pk).wh[:4] == [None, 145, 145, None]


@pytest.mark.slow
@pytest.mark.parametrize("junk", [b"\0", b"\xff\xfe\xfa", b"'\xe9t\xe9", b"\x1a", b",,,,,,,x", b'"' * 8], ids=repr)
@pytest.mark.parametrize("place", range(8))
def test_no_byte_in_any_column_raises_an_error(tmp_path, premise, junk, place):
    """D2, A2: wrong encodings and NUL bytes are rejected rows."""
    fields = row(MIDNIGHT).encode().split(b",")
    fields[place] += junk
    content = text(GOOD) + b",".join(fields) + b"\n" + row(("00:30", "00:45")).encode()
    _result, rejected = import_rows(tmp_path, content=content)
    assert [line for line, _reason in rejected] == [3]
    assert (rejected[0][1] == "not_text") is (junk in (b"\0", b"\xff\xfe\xfa", b"'\xe9t\xe9"))
    assert stored_day(premise.pk).wh[:4] == [None, 145, 145, None]


def test_a_value_in_the_missing_hour_of_the_spring_day_is_rejected(tmp_path, premise):
    """D2: on that day the four printed rows must be blank."""
    lines = spring_rows()
    lines[9] = row(("02:15", "02:30"), ".1", day=SPRING, revision="03/09/2026 08:37:54")
    lines[10] = row(("02:30", "02:45"), "", "A", day=SPRING, revision="03/09/2026 08:37:54")
    assert import_rows(tmp_path, *lines)[1] == [(11, "no_such_time"), (12, "no_such_time")]
    assert stored_day(premise.pk, SPRING).wh == [200] * 92


def test_times_that_go_back_start_the_second_pass(tmp_path, premise):
    """D2: on the fall day."""
    lines = rows(times=FALL_TIMES, day=FALL)
    result, rejected = import_rows(tmp_path, *lines[:8], *lines[9:])
    assert rejected == []
    assert stored_day(premise.pk, FALL).wh[4:13] == [5, 6, 7, 8, None, 10, 11, 12, 13]


def test_a_repeated_row_of_the_first_pass_is_rejected(tmp_path, premise):
    """D2: a second value for one interval is rejected on the fall day too, an equal one is ignored."""
    lines = rows(times=FALL_TIMES, day=FALL)
    other = lines[5].replace(".006", ".9")
    assert import_rows(tmp_path, *lines[:6], lines[5], other, *lines[6:])[1] == [(9, "second_value")]
    assert stored_day(premise.pk, FALL).wh == [*range(1, 101)]


def test_an_invalid_row_in_the_repeated_hour_moves_no_other(tmp_path, premise):
    """D2: rejecting the row that begins the second pass leaves the others in their places."""
    lines = rows(times=FALL_TIMES, day=FALL)
    lines[8] = lines[8].replace(",A,", ",?,")
    assert import_rows(tmp_path, *lines)[1] == [(10, "flag")]
    assert stored_day(premise.pk, FALL).wh[4:13] == [5, 6, 7, 8, None, 10, 11, 12, 13]


@pytest.mark.parametrize("blocks_at_once", [1, 1000], ids=["another batch", "the same batch"])
class TestADayInSeveralPlaces:
    """D2: its parts are merged, however far apart."""

    @pytest.fixture(autouse=True)
    def _batches(self, monkeypatch, blocks_at_once):
        monkeypatch.setattr("meters.imports.usage.DAYS_AT_ONCE", blocks_at_once)

    def test_is_merged(self, tmp_path, premise, other_premise):
        lines = rows()
        between = rows(esiid=other_premise.esiid)
        assert import_rows(tmp_path, *lines[:50], *between, *lines[50:])[1] == []
        assert stored_day(premise.pk).wh == [*range(1, 97)]

    def test_must_not_have_a_second_value(self, tmp_path, premise, other_premise):
        lines = rows()
        between = rows(esiid=other_premise.esiid)
        rejected = import_rows(tmp_path, *lines[:50], *between, *[lines[49].replace(".05", ".9")], *lines[50:])[1]
        assert rejected == [(1 + 50 + 96 + 1, "second_value")]
        assert stored_day(premise.pk).wh == [*range(1, 97)]

    def test_replaces_an_older_revision_with_all_its_parts(self, tmp_path, premise, other_premise):
        import_rows(tmp_path, *rows(["9"] * 96, revision="03/03/2026 01:00:00"))
        lines = rows()
        assert import_rows(tmp_path, *lines[:50], *rows(esiid=other_premise.esiid), *lines[50:])[1] == []
        assert stored_day(premise.pk).wh == [*range(1, 97)]

    def test_continues_the_second_pass_of_the_fall_day(self, tmp_path, premise, other_premise):
        lines = rows(times=FALL_TIMES, day=FALL)
        assert import_rows(tmp_path, *lines[:9], *rows(esiid=other_premise.esiid), *lines[9:])[1] == []
        assert stored_day(premise.pk, FALL).wh == [*range(1, 101)]


@pytest.mark.parametrize("order", [1, -1], ids=["the layout's columns", "columns in another order"])
@pytest.mark.parametrize(("misplaced", "rejected_row", "kept"), [(5, 60, 777), (80, 80, 61)], ids=["first", "second"])
def test_the_later_of_two_values_of_an_interval_is_rejected(tmp_path, premise, order, misplaced, rejected_row, kept):
    """D2: also where the rest of the day is as printed, and is taken at once."""
    lines = rows()
    lines[misplaced] = row(ORDINARY_TIMES[60], ".777")
    ordered = [b",".join(line.split(b",")[::order]) + b"\n" for line in text(*lines).splitlines()]
    assert import_rows(tmp_path, content=b"".join(ordered))[1] == [(rejected_row + 2, "second_value")]
    assert stored_day(premise.pk).wh[60] == kept and stored_day(premise.pk).wh[misplaced] is None


def test_rejected_rows_are_in_the_order_of_the_file(tmp_path, premise):
    """D2: also if a reason is found only when the batch is stored."""
    bad = row(("00:30", "00:45"), "x")
    unknown = [row(times, esiid="10443720009000018") for times in ORDINARY_TIMES[:2]]
    assert [line for line, _ in import_rows(tmp_path, unknown[0], bad, unknown[1], bad, GOOD)[1]] == [2, 3, 4, 5]


def test_rejected_rows_are_reported_while_the_file_is_read(tmp_path, premise, monkeypatch):
    """D2: not only at its end, so memory is bounded."""
    monkeypatch.setattr("meters.imports.usage.ROWS_AT_ONCE", 10)
    result, rejected = import_rows(tmp_path, GOOD, *[GOOD.replace(".145", f"{n}.9") for n in range(99)])
    assert [line for line, _ in rejected] == [*range(3, 102)]
    assert result.rejected == {Reason.SECOND_VALUE: 99}


@pytest.mark.parametrize(
    ("content", "cause"),
    [
        (b"", "no header line"),
        (b"\n", "no header line"),
        (b"\0\0\0", "no header line"),
        (b"x" * 10_000, "no header line"),
        (b"ESIID,KWH\n1,2\n", "does not match any known usage layout"),
        ((HEADER + ",EXTRA\n").encode(), "does not match any known usage layout"),
        (HEADER.replace("USAGE_KWH", "ESIID").encode(), "does not match any known usage layout"),
        (row(MIDNIGHT).encode(), "does not match any known usage layout"),
        (text(GOOD).decode().encode("utf-16"), "UTF-16"),
        (HEADER.replace("USAGE_KWH", "KWH").encode(), r"unexpected: KWH; missing: USAGE_KWH\)"),
        (HEADER.replace(",", ",,", 1).encode(), r"\(unexpected: \(empty\)\)"),
        ((HEADER + ",ESIID").encode(), r"\(twice: ESIID\)"),
        (b"-----BEGIN PGP MESSAGE-----\n", "encrypted with PGP. Decrypt it"),
        (b"\x85\x01\x0c\x03", "encrypted with PGP. Decrypt it"),
        (b'<?xml version="1.0"?>\n', "XML, perhaps Green Button"),
        (b"\xef\xbb\xbf\n<!DOCTYPE html>\n", "a web page"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "an Excel workbook"),
        (b"%PDF-1.7\n", "a PDF"),
        (b"7z\xbc\xaf\x27\x1c", "packed in a way"),
        (b'{"usage": []}', "JSON"),
        (b'"00000001","10443720009000017","1"\n', "an LSE file"),
        (b"ESIID,USAGE_DATE,REVISION_DATE,START_READING,END_READING,USAGE_KWH\n", "daily usage. Download"),
        (b"ESIID,START_DATE,END_DATE,REVISION_DATE,ACTUAL_KWH\n", "monthly usage. Download"),
        ((HEADER + ",START_UTC,UTC_OFFSET,USAGE_DATE_ISO").encode(), "has UTC columns. Download"),
        (b"ESIID,METER_NUMBER\n", "a file of meter numbers"),
        (b"PK\x03\x04" + b"x" * 100 + b"PK\x05\x06" + b"\0" * 18, "contains no CSV file"),
    ],
)
def test_a_file_without_usage_is_rejected_entirely(tmp_path, premise, content, cause):
    """D2: the message says why and what the header should be."""
    with pytest.raises(FileError, match=cause):
        import_rows(tmp_path, content=content)
    assert not UsageDay.objects.exists()


class TestTheCommand:
    """D2: exit status 0, 1 or 2; rejected rows on stderr, a summary on stdout."""

    def test_accepts_a_valid_file(self, tmp_path, capsys, premise):
        (tmp_path / "a.csv").write_bytes(text(*rows()))
        call_command("load_usage", str(tmp_path / "a.csv"))
        out, err = capsys.readouterr()
        assert out == f"{tmp_path}/a.csv: 96 rows read, 0 rejected; days: 1 new, 0 changed, 0 unchanged\n"
        assert err == ""

    def test_lists_rejected_rows_and_exits_with_1(self, tmp_path, capsys, premise):
        (tmp_path / "a.csv").write_bytes(text(GOOD, row(MIDNIGHT, "x")))
        with pytest.raises(CommandError, match="Some rows were rejected. Fix them") as failure:
            call_command("load_usage", str(tmp_path / "a.csv"))
        out, err = capsys.readouterr()
        assert failure.value.returncode == 1
        assert err.startswith(f"{tmp_path}/a.csv:3: The kWh must be a number")
        assert "1 rejected" in out and ESIID not in out + err
        assert stored_day(premise.pk).wh[1] == 145

    def test_exits_with_2_for_a_missing_file_and_imports_the_others(self, tmp_path, capsys, premise):
        (tmp_path / "b.csv").write_bytes(text(*rows()))
        with pytest.raises(CommandError) as failure:
            call_command("load_usage", str(tmp_path / "a.csv"), str(tmp_path), str(tmp_path / "b.csv"))
        assert failure.value.returncode == 2
        assert "a.csv can't be read: No such file or directory." in capsys.readouterr().err
        assert stored_day(premise.pk, DAY).wh == [*range(1, 97)]
