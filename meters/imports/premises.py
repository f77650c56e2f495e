"""Loading premises from ERCOT's TDSP ESIID extract (D2, FORMATS.md)."""

from __future__ import annotations

from itertools import islice
from pathlib import Path

from django.db import connection, transaction

from meters.identifiers import normal_esiid
from meters.imports import text_lines
from meters.imports.results import ImportResult, OnRejection, Progress, Reason
from meters.models import Premise, Tdsp

ROWS_AT_ONCE = 5_000

# The extract has no header; these are its columns in order, as Premise names them.
_COLUMNS = (
    "esiid",
    "address",
    "address_overflow",
    "city",
    "state",
    "zip_code",
    "county",
    "duns",
    "meter_read_cycle",
    "status",
    "premise_type",
    "power_region",
    "station_code",
    "station_name",
    "metered",
    "open_service_orders",
    "polr_customer_class",
    "settlement_ams_indicator",
    "tdsp_ams_indicator",
    "switch_hold_indicator",
    "metered_service_type",
    "metered_service_type_description",
)
_NOT_IN_THE_OLD_FORM = ("county", "metered_service_type", "metered_service_type_description")
_OLD_COLUMNS = tuple(column for column in _COLUMNS if column not in _NOT_IN_THE_OLD_FORM)
_LAYOUTS = {len(columns): columns for columns in (_COLUMNS, _OLD_COLUMNS)}
_STORED = tuple(column for column in _COLUMNS if column != "duns")
_LIMITS = {column: getattr(Premise._meta.get_field(column), "max_length", None) or 0 for column in _STORED}

_LOCK = 0x534D5402  # "SMT", 2: one batch of premises at a time
_TARGETS = ("tdsp_id", *_STORED[1:])
_STAGED = {column: f"s.{column}" for column in _TARGETS}
# What the old form does not have stays as it is.
_KEPT = _STAGED | {column: f"coalesce(s.{column}, p.{column})" for column in _NOT_IN_THE_OLD_FORM}
_ADDED = _STAGED | {column: f"coalesce(s.{column}, '')" for column in _NOT_IN_THE_OLD_FORM}

_CREATE = f"""
    DROP TABLE IF EXISTS pg_temp.premise_stage;
    CREATE TEMP TABLE premise_stage (esiid text, tdsp_id int8, {", ".join(f"{column} text" for column in _STORED[1:])});
"""
# Two statements instead of ON CONFLICT DO UPDATE: that one takes a number for each row it does not insert, and ids of
# four bytes would run out after some hundred re-loads of a large extract.
_UPDATE = f"""
    UPDATE meters_premise p SET {", ".join(f"{column} = {value}" for column, value in _KEPT.items())}
    FROM premise_stage s WHERE s.esiid = p.esiid
    AND ({", ".join(f"p.{column}" for column in _TARGETS)}) IS DISTINCT FROM ({", ".join(_KEPT.values())})
"""
_INSERT = f"""
    INSERT INTO meters_premise (esiid, {", ".join(_TARGETS)}) SELECT s.esiid, {", ".join(_ADDED.values())}
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
    """Load the extract (plain, gzip or ZIP) at `path`; the result counts premises; of a `dry_run` nothing stays.

    A premise that is on record takes the file's values; `service_since` stays. With `only_tdsp`, a TDSP's key, rows
    that name another TDSP, or an ESIID that is another's, are rejected (D1). FileError if the file cannot be read.
    """
    result = ImportResult(str(path), "premises", on_rejection=on_rejection)
    tdsps = {_nine_digits(duns): pk for duns, pk in Tdsp.objects.values_list("duns", "pk")}
    for source in text_lines.sources(path):
        numbered = text_lines.lines(text_lines.Text(source, progress))
        while batch := list(islice(numbered, ROWS_AT_ONCE)):
            _load(batch, source.name, tdsps, result, only_tdsp, dry_run)
    return result


def _load(
    batch: list[text_lines.Line],
    name: str,
    tdsps: dict[str, int],
    result: ImportResult,
    only_tdsp: int | None,
    dry_run: bool,
) -> None:
    rows: dict[str, Row] = {}
    lines: dict[str, text_lines.Line] = {}

    def merge() -> None:
        for esiid in _merge(rows, result, only_tdsp, dry_run):
            number, line = lines[esiid]
            result.reject(name, number, Reason.OTHER_TDSP, line)

    for number, line in batch:
        if line == b"":
            continue
        fields = text_lines.text_fields(line)
        if number == 1 and not isinstance(fields, Reason) and fields[0].upper() == "ESIID":
            continue
        result.rows += 1
        row = fields if isinstance(fields, Reason) else _row(fields, tdsps)
        if not isinstance(row, Reason) and only_tdsp not in (None, row["tdsp_id"]):
            row = Reason.OTHER_TDSP
        if isinstance(row, Reason):
            result.reject(name, number, row, line)
            continue
        esiid = str(row["esiid"])
        if esiid in rows:  # the later row counts, as it would from a later file
            merge()
            rows.clear()
        rows[esiid], lines[esiid] = row, (number, line)
    merge()


def _row(fields: list[str], tdsps: dict[str, int]) -> Row | Reason:
    columns = _LAYOUTS.get(len(fields))
    if columns is None:
        return Reason.COLUMNS
    given = dict(zip(columns, fields, strict=True))
    esiid = normal_esiid(given["esiid"])
    if esiid is None:
        return Reason.ESIID
    tdsp_id = tdsps.get(_nine_digits(given["duns"]))
    if tdsp_id is None:
        return Reason.UNKNOWN_DUNS
    given["esiid"] = esiid
    if any(len(given.get(column, "")) > limit for column, limit in _LIMITS.items()):
        return Reason.FIELD_TOO_LONG
    return {"tdsp_id": tdsp_id} | {column: given.get(column) for column in _STORED}


def _nine_digits(duns: str) -> str:
    """A spreadsheet takes the zeros in front; they are given back."""
    return duns.strip().zfill(9)


def _merge(rows: dict[str, Row], result: ImportResult, only_tdsp: int | None, dry_run: bool) -> list[str]:
    """Store `rows`, but for those whose ESIIDs are on record as another TDSP's; these ESIIDs come back."""
    if not rows:
        return []
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [_LOCK])
        others = _of_others(rows, only_tdsp)
        cursor.execute(_CREATE)
        with cursor.copy(f"COPY premise_stage (esiid, {', '.join(_TARGETS)}) FROM STDIN") as copy:
            kept = [row for esiid, row in rows.items() if esiid not in others]
            for row in kept:
                copy.write_row([row["esiid"], *(row[column] for column in _TARGETS)])
        cursor.execute(_UPDATE)
        changed = cursor.rowcount
        cursor.execute(_INSERT)
        new = cursor.rowcount
        cursor.execute("DROP TABLE premise_stage")
        if dry_run:
            transaction.set_rollback(True)
    result.new += new
    result.changed += changed
    result.unchanged += len(kept) - new - changed
    return sorted(others, key=list(rows).index)


def _of_others(rows: dict[str, Row], only_tdsp: int | None) -> set[str]:
    if only_tdsp is None:
        return set()
    return set(Premise.objects.filter(esiid__in=rows).exclude(tdsp=only_tdsp).values_list("esiid", flat=True))
