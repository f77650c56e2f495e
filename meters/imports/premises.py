"""Import premises from ERCOT's TDSP ESIID extract (D2, docs/file-formats.md)."""

from __future__ import annotations

from itertools import islice
from pathlib import Path

from django.db import connection, transaction

from meters.identifiers import TEST_PREFIX, ends_in_zeros, is_rounded_number, normalize_esiid
from meters.imports.archives import open_sources
from meters.imports.results import ImportResult, InvalidRow, OnRejection, Progress, Reason
from meters.imports.text_lines import Line, TextWindow, split_fields, trim_fields
from meters.models import Premise, Tdsp

ROWS_AT_ONCE = 5_000

# The extract has no header. Its columns are Premise's fields in their order, and the TDSP's DUNS after the county.
_NOT_IN_EXTRACTS = ("id", "tdsp", "service_since", "provider_number")
_FIELDS = [field for field in Premise._meta.concrete_fields if field.name not in _NOT_IN_EXTRACTS]
_STORED = tuple(field.name for field in _FIELDS)
_COLUMNS = (*_STORED[:7], "duns", *_STORED[7:])
_NOT_IN_OLD_EXTRACTS = ("county", "metered_service_type", "metered_service_type_description")
_OLD_COLUMNS = tuple(column for column in _COLUMNS if column not in _NOT_IN_OLD_EXTRACTS)
_LAYOUTS = {len(columns): columns for columns in (_COLUMNS, _OLD_COLUMNS)}
# Where the extract names a column otherwise than Premise its field.
_NAMES_OF_ERCOT = {
    "zip_code": "ZIPCODE",
    "station_code": "STATIONCODE",
    "station_name": "STATIONNAME",
    "metered_service_type_description": "METERED_SERVICE_TYPE_DESC",
}
_MAX_LENGTHS = {field.name: field.max_length or 0 for field in _FIELDS}

_LOCK = 0x534D5402  # "SMT", 2: one batch of premises at a time
_TARGETS = ("tdsp_id", *_STORED[1:])
_STAGED = {column: f"s.{column}" for column in _TARGETS}
# Columns that old extracts lack stay as they are.
_UPDATED = _STAGED | {column: f"coalesce(s.{column}, p.{column})" for column in _NOT_IN_OLD_EXTRACTS}
_INSERTED = _STAGED | {column: f"coalesce(s.{column}, '')" for column in _NOT_IN_OLD_EXTRACTS}

_CREATE = f"""
    DROP TABLE IF EXISTS pg_temp.premise_stage;
    CREATE TEMP TABLE premise_stage (esiid text, tdsp_id int8, {", ".join(f"{column} text" for column in _STORED[1:])});
"""
# Two statements instead of ON CONFLICT DO UPDATE, which draws an id for each row that it does not insert. Ids of four
# bytes would run out after some hundred imports of a large extract.
_UPDATE = f"""
    UPDATE meters_premise p SET {", ".join(f"{column} = {value}" for column, value in _UPDATED.items())}
    FROM premise_stage s WHERE s.esiid = p.esiid
    AND ({", ".join(f"p.{column}" for column in _TARGETS)}) IS DISTINCT FROM ({", ".join(_UPDATED.values())})
"""
_INSERT = f"""
    INSERT INTO meters_premise (esiid, {", ".join(_TARGETS)}) SELECT s.esiid, {", ".join(_INSERTED.values())}
    FROM premise_stage s WHERE NOT EXISTS (SELECT FROM meters_premise p WHERE p.esiid = s.esiid) ORDER BY s.esiid
    ON CONFLICT (esiid) DO NOTHING
"""

Row = dict[str, str | int | None]


def import_premises(
    path: str | Path,
    on_rejection: OnRejection | None = None,
    progress: Progress | None = None,
    *,
    only_tdsp: int | None = None,
    dry_run: bool = False,
) -> ImportResult:
    """Import the extract (plain, gzip or ZIP) at `path`; the result counts premises; a `dry_run` stores nothing.

    A premise on record takes the file's values and keeps `service_since` and `provider_number`. With `only_tdsp`, the
    id of a TDSP, rows of another TDSP, or for another's premises, are rejected (D1). FileError if the file can't be
    read.
    """
    result = ImportResult(str(path), "premises", on_rejection=on_rejection)
    tdsps = {duns.strip().zfill(9): pk for duns, pk in Tdsp.objects.values_list("duns", "pk")}
    for source in open_sources(path):
        lines = TextWindow(source, progress).lines()
        while batch := list(islice(lines, ROWS_AT_ONCE)):
            parsed: list[tuple[Line, Row]] = []
            for line in batch:
                number, content = line
                if content == b"":
                    continue
                result.rows += 1
                try:
                    fields = split_fields(content)
                    if number == 1 and fields[0].upper() == "ESIID":  # a header
                        result.rows -= 1
                        continue
                    row = _parse_row(fields, tdsps)
                    if only_tdsp not in (None, row["tdsp_id"]):
                        raise InvalidRow(Reason.OTHER_TDSP)
                except InvalidRow as invalid:
                    result.reject(source.name, number, invalid.reason, content, invalid.column)
                    continue
                parsed.append((line, row))
            if _were_cut(parsed):
                for (number, content), _row in parsed:
                    result.reject(source.name, number, Reason.CUT_ESIID, content)
                continue
            rows: dict[str, tuple[Line, Row]] = {}
            for line, row in parsed:
                esiid = str(row["esiid"])
                if esiid in rows:  # the later row wins, as it would in a later file
                    _store(rows, source.name, result, only_tdsp, dry_run)
                    rows.clear()
                rows[esiid] = line, row
            _store(rows, source.name, result, only_tdsp, dry_run)
    return result


def _parse_row(fields: list[str], tdsps: dict[str, int]) -> Row:
    columns = _LAYOUTS.get(len(fields)) or _COLUMNS
    fields = trim_fields(fields, len(columns))
    row = dict(zip(columns, fields, strict=True))
    esiid = normalize_esiid(row["esiid"])
    if esiid is None:
        raise InvalidRow(Reason.CUT_ESIID if is_rounded_number(row["esiid"]) else Reason.ESIID)
    tdsp_id = tdsps.get(row["duns"].strip().zfill(9))  # spreadsheets drop leading zeros
    if tdsp_id is None:
        raise InvalidRow(Reason.UNKNOWN_DUNS)
    if esiid.startswith(TEST_PREFIX):
        raise InvalidRow(Reason.OTHER_TDSP)  # the sandbox's
    row["esiid"] = esiid
    for column, limit in _MAX_LENGTHS.items():
        if len(row.get(column, "")) > limit:
            raise InvalidRow(Reason.FIELD_TOO_LONG, _NAMES_OF_ERCOT.get(column, column.upper()))
    return {"tdsp_id": tdsp_id} | {column: row.get(column) for column in _STORED}


def _were_cut(parsed: list[tuple[Line, Row]]) -> bool:
    """Whether a spreadsheet cut the ESIIDs of a batch: it cuts all of them, and adds no apostrophe (D2)."""
    esiids = {str(row["esiid"]) for _line, row in parsed}
    has_apostrophe = any(b"'" in (content or b"").partition(b",")[0] for (_number, content), _row in parsed)
    return len(esiids) > 1 and all(map(ends_in_zeros, esiids)) and not has_apostrophe


def _store(
    rows: dict[str, tuple[Line, Row]], file: str, result: ImportResult, only_tdsp: int | None, dry_run: bool
) -> None:
    """Store `rows`, by ESIID; reject those whose ESIID is on record with another TDSP."""
    if not rows:
        return
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [_LOCK])
        others = set()
        if only_tdsp is not None:
            others = set(Premise.objects.filter(esiid__in=rows).exclude(tdsp=only_tdsp).values_list("esiid", flat=True))
        cursor.execute(_CREATE)
        with cursor.copy(f"COPY premise_stage (esiid, {', '.join(_TARGETS)}) FROM STDIN") as copy:
            for esiid, (_line, row) in rows.items():
                if esiid not in others:
                    copy.write_row([esiid, *(row[column] for column in _TARGETS)])
        cursor.execute(_UPDATE)
        changed = cursor.rowcount
        cursor.execute(_INSERT)
        new = cursor.rowcount
        cursor.execute("DROP TABLE premise_stage")
        if dry_run:
            transaction.set_rollback(True)
    result.new += new
    result.changed += changed
    result.unchanged += len(rows) - len(others) - new - changed
    for esiid, ((number, content), _row) in rows.items():
        if esiid in others:
            result.reject(file, number, Reason.OTHER_TDSP, content)
