"""Files of bulk invitations as programs and spreadsheets write them (K2, K3)."""

from __future__ import annotations

import pytest

from agreements.bulk.files import EXAMPLE, FIELDS, read_table, table_of_rows, template_csv, write_csv
from agreements.bulk.rows import RowRequest, read_row
from agreements.models import BulkInvitation
from lib.refusals import Refused
from tests.support.bulk import HEADER, bulk_csv, bulk_row


def problems(row: dict[str, str]) -> list[tuple[str, str]]:
    """Column and code of what is wrong with a row, as the worker and the preview read it."""
    table = table_of_rows([row])
    bulk = BulkInvitation(header=list(table.header), report_type="interval", report_length="3m")
    reading = read_row(bulk, 2, table.rows[0].cells)
    return [] if isinstance(reading, RowRequest) else [(each.column, each.code) for each in reading]


def message(row: dict[str, str]) -> str:
    table = table_of_rows([row])
    bulk = BulkInvitation(header=list(table.header), report_type="interval", report_length="3m")
    reading = read_row(bulk, 2, table.rows[0].cells)
    assert isinstance(reading, list)
    return " ".join(each.message for each in reading)


def test_a_file_that_a_spreadsheet_wrote_is_read():
    """K2: BOM, CRLF, a sep line, semicolons, formulas around numbers, empty columns and rows."""
    lines = [
        "sep=;",
        "esiid;Meter Number;REGISTERED;customer-type;EMAIL;;",
        '"=""10443720009000017""";="104051941";No;Residential;rosa@example.net;;',
        ";;;;;;",
        "'1044372000 9000025;104051942;YES;business;ana@example.net;;",
    ]
    table = read_table(b"\xef\xbb\xbf" + "\r\n".join(lines).encode())
    assert table.header == ("ESIID", "METER_NUMBER", "REGISTERED", "CUSTOMER_TYPE", "EMAIL")
    assert [row.number for row in table.rows] == [2, 4]
    assert [row.cells[:3] for row in table.rows] == [
        ("10443720009000017", "104051941", "No"),
        ("1044372000 9000025", "104051942", "YES"),
    ]
    assert read_table("\n".join([";".join(HEADER), ";".join(bulk_row().values())]).encode()).header == HEADER


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_the_same_rows_have_one_name_however_they_are_saved(delimiter):
    """K5: so that a file that was saved again is not sent again."""
    rows = [bulk_row(number=1), bulk_row(number=2)]
    first = read_table(bulk_csv(rows)).rows_hash()
    saved_again = read_table(b"\xef\xbb\xbf" + bulk_csv(rows[::-1], delimiter=delimiter))
    assert saved_again.rows_hash() == first
    assert read_table(bulk_csv([bulk_row(number=1)])).rows_hash() != first


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"", "empty"),
        (b"PK\x03\x04 a workbook", "not-csv"),
        (b"\xd0\xcf\x11\xe0 an old workbook", "not-csv"),
        ("ESIID,METER_NUMBER".encode("utf-16"), "encoding"),
        (bulk_csv([bulk_row(FIRST_NAME="José")]).decode().encode("cp1252"), "encoding"),
        (b"10443720009000017,104051941\n", "no-header"),
        (b"ESIID,METER_NUMBER,REGISTERED\n1,2,3\n", "missing-column"),
        (bulk_csv([bulk_row(SHOE_SIZE="9")]), "unknown-column"),
        (b"ESIID,ESIID,METER_NUMBER,REGISTERED,CUSTOMER_TYPE,EMAIL\n1,2,3,4,5,6\n", "same-column"),
        (",".join(HEADER).encode() + b"\n,,,\n", "empty"),
        (bulk_csv([bulk_row()]) + b'"1,2\n', "not-csv"),
        (bulk_csv([bulk_row(number=number) for number in range(501)]), "too-many-rows"),
        (b"ESIID" + b" " * 1024 * 1024, "too-large"),
    ],
)
def test_a_file_that_cannot_be_read_is_refused_in_one_sentence(content, code):
    """K2, K3."""
    with pytest.raises(Refused) as refused:
        read_table(content)
    assert [problem.code for problem in refused.value.problems] == [code]


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"ESIID": "1.04437E+16"}, [("ESIID", "rounded")]),
        ({"ESIID": "1,04437E+16"}, [("ESIID", "rounded")]),
        ({"ESIID": "1044372000900001"}, [("ESIID", "lost-zero")]),
        ({"METER_NUMBER": "1.04E+08"}, [("METER_NUMBER", "rounded")]),
        ({"ZIP": "7752"}, [("ZIP", "lost-zero")]),
        ({"ESIID": EXAMPLE["ESIID"]}, [("ESIID", "example")]),
        ({"ESIID": ""}, [("ESIID", "invalid")]),
        ({"METER_NUMBER": "??"}, [("METER_NUMBER", "invalid")]),
        ({"REGISTERED": "perhaps"}, [("REGISTERED", "choice")]),
        ({"REGISTERED": ""}, [("REGISTERED", "invalid")]),
        ({"CUSTOMER_TYPE": "school"}, [("CUSTOMER_TYPE", "choice")]),
        ({"EMAIL": "rosa"}, [("EMAIL", "invalid")]),
        ({"LAST_NAME": ""}, [("LAST_NAME", "invalid")]),
        ({"COMMENTS": "x" * 1001}, [("COMMENTS", "invalid")]),
        ({"EXTERNAL_ID": "x" * 65}, [("EXTERNAL_ID", "pattern")]),
        ({"EXTERNAL_ID": "deal 77"}, [("EXTERNAL_ID", "pattern")]),
        ({"EXTERNAL_ID": "CRM:deal-77_a.b", "AUTHORIZATION_REFERENCE": "x" * 100}, []),
        ({"AUTHORIZATION_REFERENCE": "x" * 101}, [("AUTHORIZATION_REFERENCE", "length")]),
        ({"REPORT_TYPE": "monthly", "REPORT_LENGTH": "1d"}, [("REPORT_LENGTH", "invalid")]),
        ({"REGISTERED": "yes", "LAST_NAME": ""}, []),
        ({"CUSTOMER_TYPE": "Business", "COMPANY_NAME": "Delgado LLC", "LANGUAGE": ""}, []),
        ({"STATE": "tx", "PHONE": "512-555-0100"}, []),
    ],
)
def test_a_row_is_checked_as_the_form_checks_it(change, expected):
    """K3, P11: and what a spreadsheet does to numbers is named as the cause."""
    assert problems(bulk_row() | change) == expected


def test_the_spreadsheet_is_named_as_the_cause():
    """K3."""
    assert "1.04437E+16" in message(bulk_row(ESIID="1.04437E+16"))
    assert "zero at the beginning" in message(bulk_row(ZIP="7752"))


def test_the_template_has_every_column_and_an_example_that_is_refused():
    """K2."""
    table = read_table(template_csv().encode())
    assert table.header == tuple(FIELDS)
    assert problems(dict(zip(table.header, table.rows[0].cells, strict=True))) == [("ESIID", "example")]


def test_no_cell_of_a_written_file_is_a_formula():
    """K6: and a file that was downloaded can be uploaded again."""
    written = write_csv(["ESIID"], [["=1+1"], ["+1 512 555 0100"], ["@x"], ["-1"], ["\tx"], ["'t Hooft"]])
    assert written.split("\r\n")[1:7] == ["'=1+1", "'+1 512 555 0100", "'@x", "'-1", "'\tx", "'t Hooft"]
    phone, name = (table_of_rows([bulk_row(PHONE=cell)]).rows[0].cells[-1] for cell in ("'+1 512", "'t Hooft"))
    assert (phone, name) == ("+1 512", "'t Hooft")
