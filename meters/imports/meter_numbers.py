"""Import meter numbers (D2, docs/file-formats.md): `ESIID,METER_NUMBER[,INSTALLED_ON][,SERVICE_SINCE][,REP]`.

The rows of one file for an ESIID are its current meters. The meters on record that they leave out are removed.
"""

from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path

from django.db import connection, transaction
from django.utils.translation import gettext as _

from lib.central_time import central_day
from meters.identifiers import is_certificate_number, is_rounded_number, normalize_esiid, normalize_meter_number
from meters.imports.archives import open_sources
from meters.imports.file_kinds import describe_columns
from meters.imports.results import FileError, ImportResult, InvalidRow, OnRejection, Progress, Reason
from meters.imports.text_lines import TextWindow, split_fields, trim_fields
from meters.usage.days import is_day_written, parse_day

_REQUIRED = ("ESIID", "METER_NUMBER")
_OPTIONAL = ("INSTALLED_ON", "SERVICE_SINCE", "REP")
_LOCK = 0x534D5403  # "SMT", 3: one file of meters at a time

_CREATE = """
    DROP TABLE IF EXISTS pg_temp.meter_stage;
    CREATE TEMP TABLE meter_stage (
        line int4, esiid text, number text, installed_on date, service_since date, provider text, premise_id int4,
        rejected text, field text NOT NULL DEFAULT '', text bytea, outcome text);
"""
# A spreadsheet cuts all ESIIDs of a file. Of real ones, one in a hundred ends in such zeros.
_CUT = """
    UPDATE meter_stage SET rejected = 'cut_esiid' WHERE rejected IS NULL
    AND (SELECT count(DISTINCT esiid) > 1 AND bool_and(rtrim(substr(esiid, 16), '0') = '') FROM meter_stage)
    AND NOT EXISTS (SELECT FROM meter_stage WHERE position('\\x27'::bytea IN text) > 0)
"""
_PREMISES = """
    UPDATE meter_stage s SET premise_id = p.id FROM meters_premise p
    WHERE p.esiid = s.esiid AND p.tdsp_id NOT IN (SELECT id FROM meters_tdsp WHERE is_sandbox)
"""
_OTHER_TDSP = """
    UPDATE meter_stage s SET rejected = 'other_tdsp' FROM meters_premise p
    WHERE p.id = s.premise_id AND p.tdsp_id <> %s AND s.rejected IS NULL
"""
_INDEX = """
    UPDATE meter_stage SET rejected = 'unknown_esiid' WHERE premise_id IS NULL AND rejected IS NULL;
    UPDATE meter_stage s SET rejected = 'second_meter' FROM (
        SELECT line, row_number() OVER (PARTITION BY premise_id, number ORDER BY line) AS nth FROM meter_stage
        WHERE rejected IS NULL) n
    WHERE n.line = s.line AND n.nth > 1;
    UPDATE meter_stage s SET rejected = 'second_service' FROM (
        SELECT line, service_since, first_value(service_since) OVER (PARTITION BY premise_id ORDER BY line) AS first
        FROM meter_stage WHERE rejected IS NULL AND service_since IS NOT NULL) n
    WHERE n.line = s.line AND n.service_since <> n.first;
    UPDATE meter_stage s SET rejected = 'second_provider' FROM (
        SELECT line, provider, first_value(provider) OVER (PARTITION BY premise_id ORDER BY line) AS first
        FROM meter_stage WHERE rejected IS NULL AND provider IS NOT NULL) n
    WHERE n.line = s.line AND n.provider <> n.first;
    CREATE INDEX ON meter_stage (premise_id);
    UPDATE meter_stage s SET outcome = 'new' WHERE rejected IS NULL
    AND NOT EXISTS (SELECT FROM meters_meter m WHERE m.premise_id = s.premise_id AND m.number = s.number);
    UPDATE meter_stage s SET outcome = 'returned'
    FROM (SELECT premise_id, number, max(coalesce(removed_on, 'infinity')) AS removed_on
          FROM meters_meter GROUP BY premise_id, number) m
    WHERE m.premise_id = s.premise_id AND m.number = s.number AND s.rejected IS NULL AND s.installed_on >= m.removed_on;
    ANALYZE meter_stage;
"""
_COPY = (
    "COPY meter_stage (line, esiid, number, installed_on, service_since, provider, rejected, field, text) FROM STDIN"
)
_REJECTED = "SELECT line, rejected, text, field FROM meter_stage WHERE rejected IS NOT NULL ORDER BY line"
_SERVICE = """
    WITH done AS (
        UPDATE meters_premise p SET service_since = s.service_since FROM meter_stage s
        WHERE s.premise_id = p.id AND s.rejected IS NULL AND s.service_since IS NOT NULL
        AND p.service_since IS DISTINCT FROM s.service_since RETURNING s.line
    ) UPDATE meter_stage s SET outcome = coalesce(s.outcome, 'changed') FROM done WHERE done.line = s.line
"""
_PROVIDER = """
    WITH done AS (
        UPDATE meters_premise p SET provider_number = s.provider FROM meter_stage s
        WHERE s.premise_id = p.id AND s.rejected IS NULL AND p.provider_number <> s.provider RETURNING s.line
    ) UPDATE meter_stage s SET outcome = coalesce(s.outcome, 'changed') FROM done WHERE done.line = s.line
"""
_KNOWN = """
    WITH done AS (
        UPDATE meters_meter m SET installed_on = coalesce(s.installed_on, m.installed_on), removed_on = NULL
        FROM meter_stage s WHERE m.premise_id = s.premise_id AND m.number = s.number AND s.rejected IS NULL
        AND s.outcome IS DISTINCT FROM 'returned'
        AND m.id = (SELECT id FROM meters_meter last WHERE last.premise_id = s.premise_id AND last.number = s.number
                    ORDER BY last.removed_on DESC NULLS FIRST, last.id DESC LIMIT 1)
        AND (m.removed_on IS NOT NULL OR m.installed_on IS DISTINCT FROM coalesce(s.installed_on, m.installed_on))
        RETURNING s.line
    ) UPDATE meter_stage s SET outcome = 'changed' FROM done WHERE done.line = s.line
"""
_NEW = """
    INSERT INTO meters_meter (premise_id, number, installed_on)
    SELECT premise_id, number, installed_on FROM meter_stage WHERE outcome IN ('new', 'returned')
    ORDER BY premise_id, number
"""
_COUNTS = """
    SELECT count(*) FILTER (WHERE outcome = 'new'), count(*) FILTER (WHERE outcome IN ('changed', 'returned')),
           count(*) FILTER (WHERE outcome IS NULL) FROM meter_stage WHERE rejected IS NULL
"""
# Where a row of the ESIID was rejected the file may mean the very meter it seems to leave out: nothing is taken away.
_REMOVED = """
    UPDATE meters_meter m SET removed_on = greatest(
        coalesce(s.came_on, (now() AT TIME ZONE 'America/Chicago')::date), m.installed_on)
    FROM (SELECT premise_id, max(installed_on) FILTER (WHERE outcome IN ('new', 'returned')) AS came_on,
                 array_agg(number) AS numbers FROM meter_stage
          WHERE premise_id IS NOT NULL GROUP BY premise_id
          HAVING bool_and(rejected IS NULL OR rejected = 'second_meter')) s
    WHERE m.premise_id = s.premise_id AND m.removed_on IS NULL AND m.number <> ALL (s.numbers)
"""


def import_meters(
    path: str | Path,
    on_rejection: OnRejection | None = None,
    progress: Progress | None = None,
    *,
    only_tdsp: int | None = None,
    dry_run: bool = False,
) -> ImportResult:
    """Import the meter numbers (plain, gzip or ZIP) at `path`; the result counts rows as new, changed or unchanged.

    A premise's meters that the file leaves out are removed as of the INSTALLED_ON of the one that comes, or today. A
    meter that comes back on or after the day of its removal has a second row from then on. SERVICE_SINCE and REP are
    stored at the premise; a blank REP means that the provider is not known. One transaction per CSV; a `dry_run` rolls
    it back. With `only_tdsp`, the id of a TDSP, rows of other TDSPs' premises are rejected (D1).
    FileError if the file can't be read or its header has other columns.
    """
    result = ImportResult(str(path), "meters", on_rejection=on_rejection)
    for source in open_sources(path):
        text = TextWindow(source, progress)
        names = text.read_header()
        used = (*_REQUIRED, *(name for name in _OPTIONAL if name in names))
        if sorted(names) != sorted(used):
            raise FileError(
                _(
                    "%(file)s: the first line must be the header "
                    "ESIID,METER_NUMBER[,INSTALLED_ON][,SERVICE_SINCE][,REP] (%(difference)s)."
                )
                % {"file": source.name, "difference": describe_columns(names, used)}
            )
        with transaction.atomic():
            _stage_rows(text, names, result)
            with connection.cursor() as cursor:
                cursor.execute(_CUT)
                cursor.execute(_PREMISES)
                if only_tdsp is not None:
                    cursor.execute(_OTHER_TDSP, [only_tdsp])
                for statement in (_INDEX, _SERVICE, _PROVIDER, _KNOWN, _NEW, _REMOVED, _COUNTS):
                    cursor.execute(statement)
                new, changed, unchanged = cursor.fetchone()
            with connection.chunked_cursor() as cursor:
                cursor.execute(_REJECTED)
                for line_number, reason, row, field in cursor:
                    result.reject(source.name, line_number, Reason(reason), row, field)
            with connection.cursor() as cursor:
                cursor.execute("DROP TABLE meter_stage")
            if dry_run:
                transaction.set_rollback(True)
        result.new += new
        result.changed += changed
        result.unchanged += unchanged
    return result


def _stage_rows(text: TextWindow, names: list[str], result: ImportResult) -> None:
    """Copy every row into the staging table: what can be read of it, and the reason if it is invalid."""
    today = central_day(datetime.now(UTC))
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [_LOCK])
        cursor.execute(_CREATE)
        with cursor.copy(_COPY) as copy:
            for line_number, line in text.lines():
                if line == b"":
                    continue
                result.rows += 1
                esiid = number = installed_on = service_since = provider = reason = None
                field = ""
                try:
                    fields = split_fields(line)
                    row = dict(zip(names, trim_fields(fields, len(names)), strict=True))
                    esiid = normalize_esiid(row["ESIID"])
                    if esiid is None:
                        raise InvalidRow(Reason.CUT_ESIID if is_rounded_number(row["ESIID"]) else Reason.ESIID)
                    number = normalize_meter_number(row["METER_NUMBER"])
                    if number is None:
                        raise InvalidRow(Reason.METER_NUMBER)
                    installed_on = _parse_past_day(row, "INSTALLED_ON", today)
                    service_since = _parse_past_day(row, "SERVICE_SINCE", today)
                    provider = row.get("REP")
                    if provider and not is_certificate_number(provider):
                        raise InvalidRow(Reason.PROVIDER)
                except InvalidRow as invalid:
                    reason, field = invalid.reason, invalid.column
                copy.write_row([line_number, esiid, number, installed_on, service_since, provider, reason, field, line])


def _parse_past_day(row: dict[str, str], column: str, today: date) -> date | None:
    """Return the day in an optional column, which must not be after `today`."""
    if not row.get(column):
        return None
    try:
        day = parse_day(row[column])
    except ValueError as error:
        raise InvalidRow(Reason.NO_SUCH_DAY if is_day_written(row[column]) else Reason.DATE, column) from error
    if day > today:
        raise InvalidRow(Reason.DATE_AHEAD, column)
    return day
