"""Premises from ERCOT's TDSP ESIID extract (D2)."""

from __future__ import annotations

import zipfile
from datetime import date
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from django.db import connection

from meters.imports import FileError, ImportResult, RejectedRow, import_premises
from meters.models import Premise
from tests.factories import TdspFactory
from tests.meters.usage_files import import_together

pytestmark = pytest.mark.django_db

NEW_FORM = (
    '"1008901000000000000102","206 BOXWOOD DR","APT 2","BAYTOWN","TX","77520","CHAMBERS","957877905","19","Active",'
    '"Small Non-Residential","ERCOT","_CD","CEDAR BAYOU OLD","Y","06/01/2026,Move In","Small Non-Residential","Y",'
    '"AMSM","N","M04","FIREWORKS STAND"'
)
OLD_FORM = (
    '"10032780000000103","1 ELM ST",,"LAREDO","TX","78040","007924772","19","Inactive","Residential","ERCOT",'
    '"_CD","LAREDO","N",,"Residential","N",,"N"'
)
CENTERPOINT, AEP = "957877905", "007924772"


@pytest.fixture(autouse=True)
def tdsps(db):
    return [TdspFactory(name="CenterPoint", duns=CENTERPOINT), TdspFactory(name="AEP Texas Central", duns=AEP)]


def import_rows(folder: Path, *lines: str, content: bytes | None = None) -> tuple[ImportResult, list[tuple[int, str]]]:
    path = folder / "premises.csv"
    path.write_bytes("".join(line + "\r\n" for line in lines).encode() if content is None else content)
    rejections: list[RejectedRow] = []
    result = import_premises(path, rejections.append)
    return result, [(rejection.line, rejection.reason.value) for rejection in rejections]


def counts(result: ImportResult) -> tuple[int, int, int, int]:
    return result.rows, result.new, result.changed, result.unchanged


def test_both_layouts_of_the_extract_are_read(tmp_path):
    """D2: 22 columns and the older 19."""
    result, rejected = import_rows(tmp_path, NEW_FORM, OLD_FORM)
    assert (counts(result), rejected) == ((2, 2, 0, 0), [])
    old, new = Premise.objects.order_by("tdsp__name")
    assert (new.esiid, new.tdsp.name, new.address, new.address_overflow) == (
        "1008901000000000000102",
        "CenterPoint",
        "206 BOXWOOD DR",
        "APT 2",
    )
    assert (new.county, new.open_service_orders, new.metered_service_type, new.metered_service_type_description) == (
        "CHAMBERS",
        "06/01/2026,Move In",
        "M04",
        "FIREWORKS STAND",
    )
    assert (old.tdsp.name, old.city, old.status, old.county, old.switch_hold_indicator) == (
        "AEP Texas Central",
        "LAREDO",
        "Inactive",
        "",
        "N",
    )


def test_importing_again_changes_nothing_and_uses_no_ids(tmp_path):
    """D2: ids have four bytes and must not be used up by re-loads."""
    import_rows(tmp_path, NEW_FORM, OLD_FORM)
    before = _rows_and_next_id()
    assert counts(import_rows(tmp_path, NEW_FORM, OLD_FORM)[0]) == (2, 0, 0, 2)
    assert _rows_and_next_id() == before


def test_a_changed_row_is_stored_and_service_since_stays(tmp_path):
    """D2, R2: `service_since` does not come from the extract."""
    import_rows(tmp_path, NEW_FORM)
    Premise.objects.update(service_since=date(2026, 1, 1))
    assert counts(import_rows(tmp_path, NEW_FORM.replace("BAYTOWN", "HOUSTON"))[0]) == (1, 0, 1, 0)
    premise = Premise.objects.get()
    assert (premise.city, premise.service_since) == ("HOUSTON", date(2026, 1, 1))


def test_the_older_layout_keeps_columns_that_it_lacks(tmp_path):
    """D2: the 19 columns have no county."""
    import_rows(tmp_path, NEW_FORM)
    fields = NEW_FORM.replace("06/01/2026,Move In", "").split(",")
    del fields[20:], fields[6]
    assert counts(import_rows(tmp_path, ",".join(fields))[0]) == (1, 0, 1, 0)
    premise = Premise.objects.get()
    assert (premise.county, premise.metered_service_type, premise.open_service_orders) == ("CHAMBERS", "M04", "")


def test_the_later_of_two_rows_wins(tmp_path):
    """D2: as it would in a later file."""
    result, _ = import_rows(tmp_path, NEW_FORM, NEW_FORM.replace("BAYTOWN", "HOUSTON"))
    assert (counts(result), Premise.objects.get().city) == ((2, 1, 1, 0), "HOUSTON")


@pytest.mark.parametrize(
    ("bad", "reason"),
    [
        (NEW_FORM.replace('"1008901000000000000102"', '"100890100000000000010"'), "esiid"),
        (NEW_FORM.replace('"1008901000000000000102"', ""), "esiid"),
        (NEW_FORM.replace(CENTERPOINT, "957877906"), "unknown_duns"),
        (NEW_FORM.replace(f'"{CENTERPOINT}"', ""), "unknown_duns"),
        (NEW_FORM.replace('"1008901000000000000102"', '"1.0089E+21"'), "cut_esiid"),
        (NEW_FORM.replace("206 BOXWOOD DR", "X" * 201), "field_too_long"),
        (NEW_FORM.replace('"TX"', '"TEXAS, U.S.A."'), "field_too_long"),
        (NEW_FORM + ',"X"', "columns"),
        ("total 2", "columns"),
        (NEW_FORM.replace('"BAYTOWN"', '"BAYTOWN'), "quotes"),
        (NEW_FORM.replace("BAYTOWN", "BAY\0TOWN"), "not_text"),
        (NEW_FORM + "x" * 5000, "too_long"),
    ],
)
def test_an_invalid_row_is_rejected_and_the_good_one_stored(tmp_path, bad, reason):
    """D2: line and reason."""
    result, rejected = import_rows(tmp_path, bad, OLD_FORM)
    assert rejected == [(1, reason)]
    assert counts(result) == (2, 1, 0, 0)


# ERCOT's own limits, by the column of NEW_FORM that they belong to.
ERCOT_LENGTHS = {
    "206 BOXWOOD DR": 200, "APT 2": 100, "BAYTOWN": 50, "TX": 10, "77520": 30, "_CD": 64, "CEDAR BAYOU OLD": 64,
    "Y": 10, "06/01/2026,Move In": 2000,
}  # fmt: skip


def test_a_file_whose_every_esiid_a_spreadsheet_cut_is_rejected(tmp_path):
    """D2: it would add premises that do not exist. A whole ESIID, or an apostrophe, shows that none was cut."""
    cut = [
        NEW_FORM.replace("1008901000000000000102", f"{esiid}0000000")
        for esiid in ("100890100000001", "100890100000002")
    ]
    assert import_rows(tmp_path, *cut)[1] == [(1, "cut_esiid"), (2, "cut_esiid")]
    assert not Premise.objects.exists()
    assert import_rows(tmp_path, *cut, NEW_FORM)[1] == []
    assert import_rows(tmp_path, *[row.replace('"1008', "\"'1008") for row in cut])[1] == []


def test_fields_as_long_as_ercot_allows_are_stored(tmp_path):
    """D2: all at once, and empty columns that a spreadsheet added at the end."""
    row = NEW_FORM
    for value, length in ERCOT_LENGTHS.items():
        row = row.replace(f'"{value}"', f'"{value.ljust(length, "X")}"', 1)
    assert import_rows(tmp_path, row + ",,")[1] == []
    premise = Premise.objects.get()
    assert (len(premise.open_service_orders), len(premise.state)) == (2000, 10)


def test_the_field_that_is_too_long_is_named(tmp_path, capsys):
    """D2: a TDSP sees which column to look at."""
    path = tmp_path / "premises.csv"
    path.write_text(NEW_FORM.replace("CEDAR BAYOU OLD", "X" * 65))
    with pytest.raises(CommandError):
        call_command("load_premises", "--rejected", str(tmp_path / "rejected.csv"), str(path))
    assert "STATIONNAME: The field is longer" in (tmp_path / "rejected.csv").read_text()


def test_a_row_in_another_encoding_is_rejected(tmp_path):
    """D2: no address is guessed."""
    content = NEW_FORM.replace("BAYTOWN", "PEÑA").encode("latin-1") + b"\n" + OLD_FORM.encode()
    assert import_rows(tmp_path, content=content)[1] == [(1, "not_text")]
    assert import_rows(tmp_path, content=b"\xef\xbb\xbf" + NEW_FORM.replace("BAYTOWN", "PEÑA").encode())[1] == []


def test_a_duns_without_leading_zeros_is_read(tmp_path):
    """D2: 7924772 is 007924772."""
    assert import_rows(tmp_path, OLD_FORM.replace(AEP, AEP.lstrip("0")))[1] == []


def test_a_zip_of_extracts_is_read_and_rejections_name_its_member(tmp_path, capsys):
    """D2: as ERCOT publishes it; exit status 1 with the good rows in."""
    path = tmp_path / "extract.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("A.CSV", NEW_FORM)
        archive.writestr("readme.txt", "nothing")
        archive.writestr("b.csv", f"{OLD_FORM}\nbad")
    with pytest.raises(CommandError) as failure:
        call_command("load_premises", str(path))
    out, err = capsys.readouterr()
    assert failure.value.returncode == 1
    assert f"{path}/b.csv:2: " in err
    assert "3 rows read, 1 rejected; premises: 2 new" in out


def test_a_damaged_zip_is_rejected(tmp_path):
    """D2: with what to do."""
    path = tmp_path / "extract.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a.csv", NEW_FORM * 50)
    damaged = bytearray(path.read_bytes())
    damaged[60:90] = bytes(30)
    path.write_bytes(damaged)
    with pytest.raises(FileError, match="can't be read"):
        import_premises(path)


@pytest.mark.django_db(transaction=True)
def test_simultaneous_imports_of_a_file_end_like_one(tmp_path):
    """D2: each premise exists once and no row is rejected."""
    path = tmp_path / "premises.csv"
    path.write_text("\n".join(NEW_FORM.replace("0102", f"{n:04}") for n in range(2000)))
    results = import_together(import_premises, [path] * 3)
    assert sorted(result.new for result in results) == [0, 0, 2000]
    assert Premise.objects.count() == 2000


def _rows_and_next_id() -> tuple:
    with connection.cursor() as cursor:
        cursor.execute("SELECT array_agg(ctid ORDER BY id) FROM meters_premise")
        rows = cursor.fetchone()
        cursor.execute("SELECT last_value FROM meters_premise_id_seq")
        return rows, cursor.fetchone()
